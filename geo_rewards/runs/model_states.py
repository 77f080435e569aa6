"""How much memory and disk a model's states take: weights, gradients, optimizer, KL reference.

Exact but for buffers: counted from the number of parameters, as PyTorch and DeepSpeed lay them out.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_LIVE_PARAMETERS = 10**9  # DeepSpeed's own default
SUB_GROUP_SIZE = 10**9  # likewise
FP32_BYTES = 4


@dataclass(frozen=True, slots=True)
class ModelSize:
    """How large a model is.

    Attributes:
        parameters: Number of values, adapters included.
        trained: How many of them are trained.
        largest_layer: Number of values of the largest module.
        has_adapters: Adapters are trained instead of the model.
    """

    parameters: int
    trained: int
    largest_layer: int
    has_adapters: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How a run lays out the model's states over its ranks.

    Attributes:
        ranks: Processes of the run.
        stage: DeepSpeed's ZeRO stage; None without DeepSpeed.
        load_bytes: Bytes of a value as it is loaded.
        weight_bytes: Bytes of a value as it is trained.
        optimizer_bytes: Bytes of the optimizer's state for a trained value.
        offloads_optimizer: The optimizer's part is kept in the host's memory.
        offloads_weights: So are the weights that are not in use.
        has_reference: A second copy of the weights is kept for the KL divergence.
        gathers_to_generate: Under ZeRO-3, each rank holds all weights while it generates.
        max_live: Most values that ZeRO-3 gathers at a time in training.
        sub_group: How many values the optimizer of ZeRO-3 updates at a time.
    """

    ranks: int
    stage: int | None
    load_bytes: float
    weight_bytes: float
    optimizer_bytes: float
    offloads_optimizer: bool = False
    offloads_weights: bool = False
    has_reference: bool = False
    gathers_to_generate: bool = False
    max_live: int = MAX_LIVE_PARAMETERS
    sub_group: int = SUB_GROUP_SIZE


@dataclass(frozen=True, slots=True)
class ModelStates:
    """Bytes of a rank.

    Attributes:
        weights: The rank's share of the weights, on the device.
        gradients: The gradients that are kept until the step, on the device.
        optimizer: Master weights and moments, on the device.
        step: Gradients in full precision, only while the optimizer steps; on the device.
        reference: The weights of the reference model, on the device.
        gathered: Weights of other ranks that are fetched for training, at most, and their gradients.
        gathered_to_generate: Weights of other ranks that are fetched for generation.
        host: What is offloaded.
    """

    weights: float
    gradients: float
    optimizer: float
    step: float = 0.0
    reference: float = 0.0
    gathered: float = 0.0
    gathered_to_generate: float = 0.0
    host: float = 0.0

    @property
    def held(self) -> float:
        """What stays on the device all the time."""
        return self.weights + self.gradients + self.optimizer + self.reference

    @property
    def peak(self) -> float:
        """The most on the device at any time, without activations."""
        generating = self.held - self.gradients + self.gathered_to_generate
        return max(self.held + max(self.step, self.gathered), generating)


def model_states(model: ModelSize, layout: Layout) -> ModelStates:
    """Return what a rank holds of the model."""
    if layout.stage is None:
        return _plain_states(model, layout)
    share = 1 / layout.ranks if layout.stage >= 1 else 1.0
    trained = model.trained
    weights = model.parameters * layout.weight_bytes * (share if layout.stage == 3 else 1.0)
    gradients = trained * layout.weight_bytes * (share if layout.stage >= 2 else 1.0)
    optimizer = trained * layout.optimizer_bytes * share
    step = FP32_BYTES * (min(trained * share, layout.sub_group) if layout.stage == 3 else trained * share)
    reference = weights if layout.has_reference else 0.0
    host = 0.0
    if layout.offloads_optimizer:
        host += optimizer + step + gradients
        optimizer = step = gradients = 0.0
    if layout.offloads_weights:
        host += weights + reference
        weights = reference = 0.0
    return ModelStates(
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        step=step,
        reference=reference,
        gathered=_gathered(model, layout),
        gathered_to_generate=model.parameters * layout.weight_bytes if layout.gathers_to_generate else 0.0,
        host=host,
    )


def checkpoint_bytes(model: ModelSize, layout: Layout, *, only_model: bool) -> float:
    """Return the size of a checkpoint: the weights as they are read again, and what a resume needs."""
    weights = saved_model_bytes(model, layout)
    if only_model:
        return weights
    states = model.trained * layout.optimizer_bytes
    if layout.stage is None:
        return weights + states
    # DeepSpeed saves the module too: under ZeRO-3 only what is frozen, beside adapters only what is trained.
    module = model.trained if model.has_adapters else model.parameters
    module -= model.trained if layout.stage == 3 else 0
    return weights + states + layout.weight_bytes * module


def saved_model_bytes(model: ModelSize, layout: Layout) -> float:
    """Return the size of the weights that a run saves: only the adapters, if there are any."""
    if model.has_adapters:
        return model.trained * (layout.weight_bytes if layout.stage == 3 else FP32_BYTES)
    return model.parameters * layout.weight_bytes


def _plain_states(model: ModelSize, layout: Layout) -> ModelStates:
    """Return what a rank holds without DeepSpeed: everything, and, among several, each gradient twice."""
    trained_bytes = FP32_BYTES if model.has_adapters else layout.load_bytes
    frozen = model.parameters - model.trained
    return ModelStates(
        weights=frozen * layout.load_bytes + model.trained * trained_bytes,
        gradients=model.trained * trained_bytes * (2 if layout.ranks > 1 else 1),
        optimizer=model.trained * layout.optimizer_bytes,
        reference=model.parameters * layout.load_bytes if layout.has_reference else 0.0,
    )


def _gathered(model: ModelSize, layout: Layout) -> float:
    if layout.stage != 3:
        return 0.0
    live = min(model.parameters, max(layout.max_live, model.largest_layer))
    return layout.weight_bytes * (live + model.largest_layer)

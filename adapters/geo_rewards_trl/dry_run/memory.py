"""How much memory the model's states take on each rank: weights, gradients, optimizer, reference.

Exact but for buffers: counted from the parameters of the model, as PyTorch and DeepSpeed lay them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.dry_run.outline import ModelOutline

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_FP32 = 4
# What an optimizer keeps for each trained value, in values; others are taken for Adam's.
_STATES_PER_VALUE = {"sgd": 0.0, "adafactor": 0.0, "lion": 1.0}
_ADAM_STATES = 2.0
_MAX_LIVE_PARAMETERS = 10**9  # DeepSpeed's own default
_SUB_GROUP_SIZE = 10**9  # likewise


@dataclass(frozen=True, slots=True)
class Layout:
    """How a run lays the model's states out over its ranks.

    Attributes:
        ranks: Processes of the run.
        stage: DeepSpeed's ZeRO stage; None without DeepSpeed.
        load_bytes: Bytes of a value as it is loaded.
        weight_bytes: Bytes of a value as it is trained.
        activation_bytes: Bytes of a value in the forward pass.
        optimizer_bytes: Bytes of the optimizer's state for a trained value.
        offloads_optimizer: The optimizer's part stays in the host's memory.
        offloads_weights: So do the weights that are not in use.
        has_reference: A second copy of the weights is kept for the KL divergence.
        gathers_to_generate: Under ZeRO-3, each rank holds all weights while it generates.
        max_live: Most values that ZeRO-3 gathers at a time in training.
        sub_group: How many values the optimizer of ZeRO-3 updates at a time.
    """

    ranks: int
    stage: int | None
    load_bytes: float
    weight_bytes: float
    activation_bytes: int
    optimizer_bytes: float
    offloads_optimizer: bool = False
    offloads_weights: bool = False
    has_reference: bool = False
    gathers_to_generate: bool = False
    max_live: int = _MAX_LIVE_PARAMETERS
    sub_group: int = _SUB_GROUP_SIZE


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
    step: float
    reference: float
    gathered: float
    gathered_to_generate: float
    host: float

    @property
    def held(self) -> float:
        """What stays on the device all the time."""
        return self.weights + self.gradients + self.optimizer + self.reference


def layout_of(training: GRPOConfig, model_args: ModelConfig, outline: ModelOutline) -> Layout:
    """Return how this run lays its model out."""
    load_bytes = _load_bytes(model_args, outline)
    half = bool(training.bf16 or training.fp16)
    common: dict[str, Any] = {
        "ranks": training.world_size,
        "load_bytes": load_bytes,
        "activation_bytes": 2 if half else int(max(load_bytes, 2)),
        "has_reference": training.beta != 0.0 and not outline.has_adapters,
    }
    if training.deepspeed is None:
        states = _states_per_value(training) * (_FP32 if outline.has_adapters else load_bytes)
        return Layout(stage=None, weight_bytes=load_bytes, optimizer_bytes=states, **common)
    config = training.hf_deepspeed_config.config
    zero = config.get("zero_optimization", {})
    stage = int(zero.get("stage", 0))
    return Layout(
        stage=stage,
        weight_bytes=2 if _half_engine(config, half=half) else load_bytes,
        optimizer_bytes=_FP32 * (1 + _states_per_value(training)),
        offloads_optimizer=_is_offloaded(zero, "offload_optimizer"),
        offloads_weights=stage == 3 and _is_offloaded(zero, "offload_param"),
        gathers_to_generate=stage == 3 and training.ds3_gather_for_generation and not training.use_vllm,
        max_live=int(zero.get("stage3_max_live_parameters", _MAX_LIVE_PARAMETERS)),
        sub_group=int(zero.get("sub_group_size", _SUB_GROUP_SIZE)),
        **common,
    )


def model_states(outline: ModelOutline, layout: Layout) -> ModelStates:
    """Return what a rank holds of the model."""
    if layout.stage is None:
        return _plain_states(outline, layout)
    share = 1 / layout.ranks if layout.stage >= 1 else 1.0
    trained = outline.trained
    weights = outline.parameters * layout.weight_bytes * (share if layout.stage == 3 else 1.0)
    gradients = trained * layout.weight_bytes * (share if layout.stage >= 2 else 1.0)
    optimizer = trained * layout.optimizer_bytes * share
    at_a_time = min(trained * share, layout.sub_group) if layout.stage == 3 else trained * share
    step = _FP32 * at_a_time
    host = 0.0
    reference = outline.parameters * layout.weight_bytes * (share if layout.stage == 3 else 1.0)
    if layout.offloads_optimizer:
        host += optimizer + step + gradients
        optimizer = step = gradients = 0.0
    if layout.offloads_weights:
        host += weights * (2 if layout.has_reference else 1)
        weights = reference = 0.0
    return ModelStates(
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        step=step,
        reference=reference if layout.has_reference else 0.0,
        gathered=_gathered(outline, layout),
        gathered_to_generate=outline.parameters * layout.weight_bytes if layout.gathers_to_generate else 0.0,
        host=host,
    )


def checkpoint_bytes(outline: ModelOutline, layout: Layout, *, only_model: bool) -> float:
    """Return the size of a checkpoint: the weights as they are read again, and what a resume needs."""
    weights = saved_model_bytes(outline, layout)
    if only_model:
        return weights
    states = outline.trained * layout.optimizer_bytes
    if layout.stage is None:
        return weights + states
    if layout.stage < 3:  # DeepSpeed saves the module too, without what is frozen beside adapters
        return weights + states + layout.weight_bytes * _engine_values(outline)
    return weights + states + layout.weight_bytes * (_engine_values(outline) - outline.trained)


def saved_model_bytes(outline: ModelOutline, layout: Layout) -> float:
    """Return the size of the weights that a run saves: of the adapters alone, if there are any."""
    if outline.has_adapters:
        return outline.trained * (layout.weight_bytes if layout.stage == 3 else _FP32)
    return outline.parameters * layout.weight_bytes


def _engine_values(outline: ModelOutline) -> int:
    return outline.trained if outline.has_adapters else outline.parameters


def _plain_states(outline: ModelOutline, layout: Layout) -> ModelStates:
    """Return what a rank holds without DeepSpeed: everything, and, among several, each gradient twice."""
    trained_bytes = _FP32 if outline.has_adapters else layout.load_bytes
    frozen = outline.parameters - outline.trained
    gradients = outline.trained * trained_bytes
    return ModelStates(
        weights=frozen * layout.load_bytes + outline.trained * trained_bytes,
        gradients=gradients * (2 if layout.ranks > 1 else 1),
        optimizer=outline.trained * layout.optimizer_bytes,
        step=0.0,
        reference=outline.parameters * layout.load_bytes if layout.has_reference else 0.0,
        gathered=0.0,
        gathered_to_generate=0.0,
        host=0.0,
    )


def _gathered(outline: ModelOutline, layout: Layout) -> float:
    if layout.stage != 3:
        return 0.0
    live = min(outline.parameters, max(layout.max_live, outline.largest_layer))
    return layout.weight_bytes * (live + outline.largest_layer)


def _load_bytes(model_args: ModelConfig, outline: ModelOutline) -> float:
    if model_args.load_in_4bit or model_args.load_in_8bit:
        return 0.5 if model_args.load_in_4bit else 1.0
    named = outline.dtype if model_args.dtype in {None, "auto"} else model_args.dtype
    return _BYTES.get(str(named).removeprefix("torch."), _FP32)


def _half_engine(config: dict[str, Any], *, half: bool) -> bool:
    enabled = [config.get(name, {}).get("enabled", False) for name in ("bf16", "fp16")]
    return any(half if value == "auto" else bool(value) for value in enabled)


def _states_per_value(training: GRPOConfig) -> float:
    name = str(getattr(training.optim, "value", training.optim))
    found = next((states for part, states in _STATES_PER_VALUE.items() if part in name), _ADAM_STATES)
    return found / 4 if "8bit" in name else found  # eight bits stand for four bytes


def _is_offloaded(zero: dict[str, Any], key: str) -> bool:
    return str((zero.get(key) or {}).get("device", "none")) != "none"

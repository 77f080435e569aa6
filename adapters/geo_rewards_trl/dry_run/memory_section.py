"""The sections of a dry run that tell whether the model fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_rewards_trl.dry_run.activations import (
    generation_bytes,
    generation_formula,
    training_bytes,
    training_formula,
)
from geo_rewards_trl.dry_run.devices import host_bytes, ranks_of_machine
from geo_rewards_trl.dry_run.memory import model_states
from geo_rewards_trl.dry_run.report import byte_size, plural

if TYPE_CHECKING:
    from trl import GRPOConfig

    from geo_rewards_trl.dry_run.activations import Workload
    from geo_rewards_trl.dry_run.devices import Device
    from geo_rewards_trl.dry_run.memory import Layout, ModelStates
    from geo_rewards_trl.dry_run.outline import ModelOutline
    from geo_rewards_trl.dry_run.report import Report

_TIGHT = 0.9  # of the device: CUDA itself, its libraries and fragmentation take the rest
_ADVICE = "more ranks, --deepspeed zero3 or zero3_offload, LoRA, or a smaller batch"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a rank takes of its device, in bytes.

    Attributes:
        states: The model's states.
        training: Activations of a micro-batch.
        generation: Cache and logits of a generation.
        reserved: What vLLM takes for itself.
    """

    states: ModelStates
    training: float = 0.0
    generation: float = 0.0
    reserved: float = 0.0

    @property
    def while_training(self) -> float:
        """The most of a forward and backward pass, or of the optimizer's step."""
        return self.states.held + self.reserved + max(self.states.step, self.states.gathered + self.training)

    @property
    def while_generating(self) -> float:
        """The most of a generation."""
        held = self.states.held - self.states.gradients + self.reserved
        return held + self.states.gathered_to_generate + self.generation

    @property
    def peak(self) -> float:
        """The most at any time."""
        return max(self.while_training, self.while_generating)


def describe_model(report: Report, outline: ModelOutline, layout: Layout) -> None:
    """Tell what the model consists of, and how it is laid out."""
    report.section("model", f"{outline.architecture}, {outline.parameters:,} parameters")
    what = "adapters" if outline.has_adapters else "all" if outline.trains_vision else "no vision tower"
    report.line("trained", f"{outline.trained:,} ({outline.trained / outline.parameters:.2%}, {what})")
    parts = (("optimizer", layout.offloads_optimizer), ("weights", layout.offloads_weights))
    offloaded = " and ".join(name for name, is_offloaded in parts if is_offloaded)
    stage = "no DeepSpeed: each rank holds all" if layout.stage is None else f"ZeRO stage {layout.stage}"
    report.line("layout", stage + (f", {offloaded} offloaded" if offloaded else ""))


def describe_memory(
    report: Report,
    training: GRPOConfig,
    *,
    outline: ModelOutline,
    layout: Layout,
    work: Workload | None,
    device: Device,
) -> None:
    """Estimate what a rank takes, and compare it with what it has."""
    reserves = training.use_vllm and training.vllm_mode == "colocate"
    estimate = Estimate(
        model_states(outline, layout),
        training=training_bytes(outline, layout, work) if work else 0.0,
        generation=generation_bytes(outline, layout, work) if work else 0.0,
        reserved=training.vllm_gpu_memory_utilization * device.total if reserves else 0.0,
    )
    when = "training" if estimate.peak == estimate.while_training else "generating"
    text = f"about {byte_size(estimate.peak)} while {when}; an estimate, without buffers and fragmentation"
    report.section("memory a rank", text)
    lines = _state_lines(estimate.states, layout)
    if work is not None:
        lines += [
            ("activations", estimate.training, f"at most: {training_formula(outline, layout, work)}"),
            ("generation", estimate.generation, f"at most: {generation_formula(outline, layout, work)}"),
        ]
    lines += [("vLLM", estimate.reserved, "--vllm_gpu_memory_utilization of the device")]
    for name, size, remark in lines:
        if size:
            report.line(name, f"{byte_size(size):>11}  {remark}")
    _compare(report, estimate, device)
    _describe_host(report, estimate.states, outline, layout=layout, device=device)


def _state_lines(states: ModelStates, layout: Layout) -> list[tuple[str, float, str]]:
    """Return the parts of the states, each with a remark."""
    stage = layout.stage or 0
    split = f", over {layout.ranks} ranks" if layout.ranks > 1 else ""
    twice = ", twice: the buckets of DDP" if layout.stage is None and layout.ranks > 1 else ""
    return [
        ("weights", states.weights, f"{layout.weight_bytes:g} bytes a value{split if stage == 3 else ''}"),
        ("gradients", states.gradients, f"of what is trained{split if stage >= 2 else twice}"),
        (
            "optimizer",
            states.optimizer,
            f"{layout.optimizer_bytes:g} bytes a trained value{split if stage else ''}",
        ),
        ("reference", states.reference, "the model that the KL divergence is taken from (--beta)"),
        ("step", states.step, "gradients in 4 bytes, while the optimizer steps"),
        ("gathered", states.gathered, "weights of other ranks, at most, while training"),
        ("gathered whole", states.gathered_to_generate, "all weights, while generating"),
    ]


def _compare(report: Report, estimate: Estimate, device: Device) -> None:
    report.line("device", f"{byte_size(device.total):>11}  {device.name}; {byte_size(device.free)} free now")
    needed, total = byte_size(estimate.peak), byte_size(device.total)
    if estimate.states.held > device.total:
        report.error(
            f"the model's states alone take {byte_size(estimate.states.held)} of the {total} that a rank "
            f"has: try {_ADVICE}"
        )
    elif estimate.peak > _TIGHT * device.total:
        report.warn(
            f"memory: about {needed} of the {total} that a rank has; if it does not fit, try {_ADVICE}"
        )
    elif estimate.peak > device.free:
        free = byte_size(device.free)
        report.warn(f"memory: about {needed} are needed and {free} are free now: something else is running")


def _describe_host(
    report: Report, states: ModelStates, outline: ModelOutline, *, layout: Layout, device: Device
) -> None:
    """Compare what the ranks of a machine keep in, or load through, its memory with what there is."""
    if not device.is_gpu and not states.host:
        return
    ranks, total = ranks_of_machine(), host_bytes()
    loading = 0.0 if layout.stage == 3 else outline.parameters * layout.load_bytes
    needed = ranks * max(states.host, loading)
    what = "for what is offloaded" if states.host >= loading else "while each rank loads the model"
    count = plural(ranks, "rank")
    report.line("host", f"{byte_size(needed):>11}  of {byte_size(total)}, {what} ({count})")
    if needed > total:
        report.error(f"the machine's {count} take {byte_size(needed)} {what}, but it has {byte_size(total)}")

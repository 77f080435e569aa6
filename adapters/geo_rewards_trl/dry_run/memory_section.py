"""The sections of a dry run about the model and the memory that its states take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.runs.model_states import model_states
from geo_rewards.runs.report import byte_size, plural
from geo_rewards_trl.dry_run.devices import host_bytes, ranks_of_machine

if TYPE_CHECKING:
    from trl import GRPOConfig

    from geo_rewards.runs.model_states import Layout, ModelSize, ModelStates
    from geo_rewards.runs.report import Report
    from geo_rewards_trl.dry_run.devices import Device
    from geo_rewards_trl.dry_run.outline import ModelOutline

_TIGHT = 0.9  # of the device: CUDA itself, its libraries and fragmentation take the rest
_ADVICE = "more ranks, --deepspeed zero3 or zero3_offload, or LoRA"


def describe_model(report: Report, outline: ModelOutline, layout: Layout) -> None:
    """Report what the model consists of, and how it is laid out."""
    size = outline.size
    report.section("model", f"{outline.architecture}, {size.parameters:,} parameters")
    what = "adapters" if size.has_adapters else "all" if size.trained == size.parameters else "others frozen"
    report.line("trained", f"{size.trained:,} ({size.trained / size.parameters:.2%}, {what})")
    parts = (("optimizer", layout.offloads_optimizer), ("weights", layout.offloads_weights))
    offloaded = " and ".join(name for name, is_offloaded in parts if is_offloaded)
    stage = "no DeepSpeed: each rank holds all" if layout.stage is None else f"ZeRO stage {layout.stage}"
    report.line("layout", stage + (f", {offloaded} offloaded" if offloaded else ""))


def describe_memory(
    report: Report, training: GRPOConfig, *, model: ModelSize, layout: Layout, device: Device
) -> None:
    """Compare what a rank holds of the model with the memory that it has."""
    states = model_states(model, layout)
    reserves = training.use_vllm and training.vllm_mode == "colocate"
    reserved = training.vllm_gpu_memory_utilization * device.total if reserves else 0.0
    report.section("memory per rank", f"{byte_size(states.peak + reserved)} for the model's states, at most")
    report.line(
        "not estimated", "activations, key-value cache, logits, buffers, fragmentation: they come on top"
    )
    vllm = ("vLLM", reserved, "--vllm_gpu_memory_utilization of the device")
    for name, taken, remark in (*_state_lines(states, layout), vllm):
        if taken:
            report.line(name, f"{byte_size(taken):>11}  {remark}")
    report.line("device", f"{byte_size(device.total):>11}  {device.name}")
    if states.held + reserved > device.total:
        report.error(
            f"the model's states alone take {byte_size(states.held + reserved)} of the "
            f"{byte_size(device.total)} that a rank has: try {_ADVICE}"
        )
    elif states.peak + reserved > _TIGHT * device.total:
        report.warn(
            f"memory: the model's states take {byte_size(states.peak + reserved)} of the "
            f"{byte_size(device.total)} that a rank has, before any activation: try {_ADVICE}"
        )
    _describe_host(report, states, model, layout=layout, device=device)


def _state_lines(states: ModelStates, layout: Layout) -> list[tuple[str, float, str]]:
    """Return the parts of the states, each with a remark."""
    stage = layout.stage or 0
    split = f", over {layout.ranks} ranks" if layout.ranks > 1 else ""
    twice = ", twice: the buckets of DDP" if layout.stage is None and layout.ranks > 1 else ""
    per_value = f"{layout.optimizer_bytes:g} bytes per trained value{split if stage else ''}"
    return [
        ("weights", states.weights, f"{layout.weight_bytes:g} bytes per value{split if stage == 3 else ''}"),
        ("gradients", states.gradients, f"of what is trained{split if stage >= 2 else twice}"),
        ("optimizer", states.optimizer, per_value),
        ("reference", states.reference, "the reference model of the KL divergence (--beta)"),
        ("step", states.step, "gradients in 4 bytes, while the optimizer steps"),
        ("gathered", states.gathered, "weights of other ranks, at most, while training"),
        ("gathered fully", states.gathered_to_generate, "all weights, while generating"),
    ]


def _describe_host(
    report: Report, states: ModelStates, model: ModelSize, *, layout: Layout, device: Device
) -> None:
    """Compare the machine's memory with what its ranks offload to it, or load through it."""
    if not device.is_gpu and not states.host:
        return
    ranks, total = ranks_of_machine(), host_bytes()
    loading = 0.0 if layout.stage == 3 else model.parameters * layout.load_bytes
    needed = ranks * max(states.host, loading)
    what = "for what is offloaded" if states.host >= loading else "while each rank loads the model"
    count = plural(ranks, "rank")
    report.line("host", f"{byte_size(needed):>11}  of {byte_size(total)}, {what} ({count})")
    if needed > total:
        report.error(f"the machine's {count} take {byte_size(needed)} {what}, but it has {byte_size(total)}")

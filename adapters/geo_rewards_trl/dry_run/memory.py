"""How TRL, with or without DeepSpeed, lays out a model's states over the ranks of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_rewards.runs.model_states import FP32_BYTES, MAX_LIVE_PARAMETERS, SUB_GROUP_SIZE, Layout

if TYPE_CHECKING:
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.dry_run.outline import ModelOutline

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
# What an optimizer keeps for each trained value, in values; others are taken for Adam's.
_STATES_PER_VALUE = {"sgd": 0.0, "adafactor": 0.0, "lion": 1.0}
_ADAM_STATES = 2.0


def layout_of(training: GRPOConfig, model_args: ModelConfig, outline: ModelOutline) -> Layout:
    """Return how this run lays out its model."""
    load_bytes = _load_bytes(model_args, outline)
    common: dict[str, Any] = {
        "ranks": training.world_size,
        "load_bytes": load_bytes,
        "has_reference": training.beta != 0.0 and not outline.size.has_adapters,
    }
    if training.deepspeed is None:
        states = _states_per_value(training) * (FP32_BYTES if outline.size.has_adapters else load_bytes)
        return Layout(stage=None, weight_bytes=load_bytes, optimizer_bytes=states, **common)
    config = training.hf_deepspeed_config.config
    zero = config.get("zero_optimization", {})
    stage = int(zero.get("stage", 0))
    half = bool(training.bf16 or training.fp16)
    return Layout(
        stage=stage,
        weight_bytes=2 if _half_engine(config, half=half) else load_bytes,
        optimizer_bytes=FP32_BYTES * (1 + _states_per_value(training)),
        offloads_optimizer=_is_offloaded(zero, "offload_optimizer"),
        offloads_weights=stage == 3 and _is_offloaded(zero, "offload_param"),
        gathers_to_generate=stage == 3 and training.ds3_gather_for_generation and not training.use_vllm,
        max_live=int(zero.get("stage3_max_live_parameters", MAX_LIVE_PARAMETERS)),
        sub_group=int(zero.get("sub_group_size", SUB_GROUP_SIZE)),
        **common,
    )


def _load_bytes(model_args: ModelConfig, outline: ModelOutline) -> float:
    if model_args.load_in_4bit or model_args.load_in_8bit:
        return 0.5 if model_args.load_in_4bit else 1.0
    named = outline.dtype if model_args.dtype in {None, "auto"} else model_args.dtype
    return _BYTES.get(str(named).removeprefix("torch."), FP32_BYTES)


def _half_engine(config: dict[str, Any], *, half: bool) -> bool:
    enabled = [config.get(name, {}).get("enabled", False) for name in ("bf16", "fp16")]
    return any(half if value == "auto" else bool(value) for value in enabled)


def _states_per_value(training: GRPOConfig) -> float:
    name = str(getattr(training.optim, "value", training.optim))
    found = next((states for part, states in _STATES_PER_VALUE.items() if part in name), _ADAM_STATES)
    return found / 4 if "8bit" in name else found  # a state of eight bits takes a quarter of four bytes


def _is_offloaded(zero: dict[str, Any], key: str) -> bool:
    return str((zero.get(key) or {}).get("device", "none")) != "none"

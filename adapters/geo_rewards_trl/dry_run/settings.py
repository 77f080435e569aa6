"""The configuration of a run: what differs from the defaults, and what commonly goes wrong."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError
from geo_rewards_trl.flags.checks import check_tracker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trl import GRPOConfig, ModelConfig

    from geo_rewards.runs.report import Report
    from geo_rewards_trl.flags.arguments import RunArguments

# Filled in by the configuration itself, from flags that are shown.
_DERIVED = frozenset(
    {"activation_checkpointing", "disable_tqdm", "generation_batch_size", "pad_to_multiple_of"}
    | {"steps_per_generation", "model_init_kwargs", "reward_weights"}
)
_SHOWN_ELSEWHERE = frozenset({"dry_run"})
_SIMPLE = (str, int, float, bool, list, dict, type(None))
_EMPTY: tuple[Any, ...] = (None, "", "none", [], {})

_LARGE_LEARNING_RATE = 5e-5
_LARGE_ADAPTER_LEARNING_RATE = 1e-3


def changed_flags(*configurations: Any) -> dict[str, Any]:
    """Return every flag whose value is not its default, in the order of their definition."""
    return {
        field.name: getattr(configuration, field.name)
        for configuration in configurations
        for field in dataclasses.fields(configuration)
        if field.name not in _DERIVED | _SHOWN_ELSEWHERE and _is_changed(field, configuration)
    }


def describe_settings(
    report: Report, run: RunArguments, training: GRPOConfig, model_args: ModelConfig
) -> None:
    """List the flags that are not at their default."""
    changed = changed_flags(run, training, model_args)
    report.section("flags", "that are not at their default")
    for name, value in changed.items():
        report.line(f"--{name}", f"{' '.join(map(str, value)) if isinstance(value, list) else value}")


def check_settings(
    report: Report, training: GRPOConfig, model_args: ModelConfig, *, total_steps: int
) -> None:
    """Warn about what commonly goes wrong, and reject what cannot work."""
    if training.temperature <= 0:
        report.error(
            f"--temperature {training.temperature:g}: the completions of a group would all be equal, and "
            "all advantages 0: set it above 0"
        )
    for warning in (
        *_learning_warnings(training, model_args),
        *_saving_warnings(training, total_steps=total_steps),
        *_logging_warnings(training, total_steps=total_steps),
        *_precision_warnings(training, model_args),
    ):
        report.warn(warning)
    _check_packages(report, training)


def _learning_warnings(training: GRPOConfig, model_args: ModelConfig) -> Iterator[str]:
    rate = training.learning_rate
    most = _LARGE_ADAPTER_LEARNING_RATE if model_args.use_peft else _LARGE_LEARNING_RATE
    if rate <= 0:
        yield f"--learning_rate {rate:g}: nothing will be learnt"
    elif rate > most:
        what = "adapters" if model_args.use_peft else "all weights"
        yield f"--learning_rate {rate:g} is large for {what}: GRPO commonly takes at most {most:g}"


def _saving_warnings(training: GRPOConfig, *, total_steps: int) -> Iterator[str]:
    strategy = str(getattr(training.save_strategy, "value", training.save_strategy))
    if strategy == "no":
        yield "--save_strategy no: an interruption loses the entire run"
    elif strategy == "steps" and training.save_steps >= total_steps > 1:
        yield f"--save_steps {training.save_steps:g}: no checkpoint before the end, at step {total_steps:,}"
    if training.save_only_model and strategy != "no":
        yield "--save_only_model: a resume needs the optimizer's state too, and starts over without it"


def _logging_warnings(training: GRPOConfig, *, total_steps: int) -> Iterator[str]:
    strategy = str(getattr(training.logging_strategy, "value", training.logging_strategy))
    if strategy == "no":
        yield "--logging_strategy no: rewards, lengths and faults will not be visible"
    elif strategy == "steps" and training.logging_steps > total_steps > 0:
        yield f"--logging_steps {training.logging_steps:g}: the run has {total_steps:,} steps, none is logged"
    if not training.report_to:
        yield "--report_to none: metrics are only in the terminal and trainer_state.json"


def _precision_warnings(training: GRPOConfig, model_args: ModelConfig) -> Iterator[str]:
    import torch

    is_bf16 = training.bf16 or model_args.dtype == "bfloat16"
    if is_bf16 and torch.cuda.is_available() and not training.use_cpu and not torch.cuda.is_bf16_supported():
        yield "bfloat16 is not supported by this GPU and will be slow or fail: --bf16 false --fp16 true"
    if training.fp16 and not training.bf16:
        yield "--fp16: models that were trained in bfloat16 often overflow in float16; prefer --bf16"
    if model_args.dtype == "float32" and training.deepspeed is None and not training.use_cpu:
        yield "--dtype float32 (the default) keeps weights, gradients and optimizer in 4 bytes per value"


def _check_packages(report: Report, training: GRPOConfig) -> None:
    for name in training.report_to or []:
        try:
            check_tracker(name)
        except GeoRewardsError as error:
            report.error(str(error))
    if training.num_completions_to_print and not training.log_completions:
        report.warn("--num_completions_to_print shows nothing without --log_completions true")


def _is_changed(field: dataclasses.Field[Any], configuration: Any) -> bool:
    value = getattr(configuration, field.name)
    default = _default(field)
    if not isinstance(value, _SIMPLE) or value == default:
        return False
    if field.name == "bf16":  # unset, it is on unless fp16 is
        return value != (not configuration.fp16)
    return not (value in _EMPTY and default in _EMPTY)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default

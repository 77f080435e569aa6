"""Combinations of TRL's flags for vLLM rejected before the model is loaded, which can take minutes."""

from __future__ import annotations

import dataclasses
import importlib.util
from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from trl import GRPOConfig

_MODES = ("server", "colocate")
_OF_SERVER = (
    *("vllm_server_base_url", "vllm_server_host", "vllm_server_port"),
    *("vllm_server_timeout", "vllm_group_port"),
)
_OF_COLOCATE = (
    *("vllm_gpu_memory_utilization", "vllm_max_model_length", "vllm_tensor_parallel_size"),
    *("vllm_enable_sleep_mode", "vllm_model_impl"),
)


def check_vllm(training: GRPOConfig) -> None:
    """Reject flags for vLLM that would be ignored, or fail once the model is loaded.

    Raises:
        UsageError: If a flag has no effect here, or the ranks cannot be divided among engines.
        UnknownNameError: If `vllm_mode` is neither ``server`` nor ``colocate``.
        GeoRewardsError: If vLLM is wanted and not installed.
    """
    if not training.use_vllm:
        _refuse(_changed(training, ("vllm_mode", *_OF_SERVER, *_OF_COLOCATE)), "without --use_vllm true")
        return
    if training.vllm_mode not in _MODES:
        raise UnknownNameError("mode", training.vllm_mode, _MODES, where="--vllm_mode (server or colocate)")
    if training.vllm_mode == "server":
        where = "with --vllm_mode server: pass it to the server's own command"
        _refuse(_changed(training, _OF_COLOCATE), where)
    else:
        _refuse(_changed(training, _OF_SERVER), "without --vllm_mode server")
        _check_share(training)
    if importlib.util.find_spec("vllm") is None:
        raise GeoRewardsError(
            "--use_vllm true needs the package vllm, which is not installed here: pip install 'trl[vllm]'"
        )


def _check_share(training: GRPOConfig) -> None:
    ranks, share = training.world_size, training.vllm_tensor_parallel_size
    if share < 1 or ranks % share:
        raise UsageError(
            f"--vllm_tensor_parallel_size {share} must divide the number of processes, which is {ranks}: "
            "each process is one GPU, and they are divided among the engines"
        )


def _changed(training: GRPOConfig, names: tuple[str, ...]) -> list[str]:
    """Return the flags among these that are not at their default."""
    defaults = {field.name: field.default for field in dataclasses.fields(training)}
    given = {name: getattr(training, name) for name in names}
    return [f"--{name} {value}" for name, value in given.items() if value != defaults[name]]


def _refuse(flags: list[str], where: str) -> None:
    if flags:
        verb = "have" if len(flags) > 1 else "has"
        raise UsageError(f"{' and '.join(flags)} {verb} no effect {where}")

"""What the processes of a run must agree on, and what DeepSpeed needs on machines without a GPU."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from geo_rewards.errors import GeoRewardsError
from geo_rewards.runs.manifest import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trl import GRPOConfig

Result = TypeVar("Result")


class RankError(GeoRewardsError):
    """Ranks that were started with different things."""


def use_deepspeed_on_cpu() -> None:
    """Keep DeepSpeed from compiling its shared-memory operation, which takes minutes and only serves CPUs."""
    import torch

    if torch.cuda.is_available():
        return
    import deepspeed

    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False


def start_deepspeed(training: GRPOConfig) -> None:
    """Initialise DeepSpeed's communication where accelerate does not.

    With `use_cpu`, accelerate skips it, and the run would die with ``train_batch_size is not equal``.
    """
    if training.deepspeed is None or not training.use_cpu:
        return
    import deepspeed

    deepspeed.init_distributed(dist_backend="gloo")


def show_progress_once() -> None:
    """Let only one process draw the bars of loading and writing weights."""
    if os.environ.get("RANK", "0") != "0":
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()


@contextmanager
def without_zero3(training: GRPOConfig) -> Iterator[None]:
    """Build a model whole: under ZeRO-3, transformers would split its weights and wait for others."""
    from transformers.integrations.deepspeed import set_hf_deepspeed_config, unset_hf_deepspeed_config

    # The first is only there with --deepspeed, the second with a configuration of `accelerate launch`.
    config = getattr(training, "hf_deepspeed_config", None)
    config = config or getattr(getattr(training, "deepspeed_plugin", None), "dschf", None)
    unset_hf_deepspeed_config()
    try:
        yield
    finally:
        if config is not None:
            set_hf_deepspeed_config(config)


def gather_ranks(value: Any) -> list[Any]:
    """Return every rank's value, in order; all ranks must call this at the same point."""
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return [value]
    gathered: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(gathered, value)
    return gathered


def is_first_of_machine() -> bool:
    """Return whether this process does what is done once on each machine."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


def together(step: Callable[[], Result]) -> Result:
    """Take a step on all ranks; if it fails on one of them, it fails on all, instead of being waited for.

    Args:
        step: What to do; it must not communicate with other ranks.

    Raises:
        RankError: If it failed elsewhere; names the rank and says why.
        Exception: What `step` raised here.
    """
    failure: Exception | None = None
    try:
        result = step()
    except Exception as error:  # noqa: BLE001 - whatever it is, the others must hear of it
        failure = error
    message = None if failure is None else (str(failure) or type(failure).__name__)
    said = gather_ranks(message)
    if failure is not None:
        failure.__dict__["said_by"] = said.index(message)  # the others need not say the same again
        raise failure
    failed = [f"rank {rank}: {message}" for rank, message in enumerate(said) if message is not None]
    if failed:
        raise RankError(f"another process cannot start: {'; '.join(failed)}")
    return result


def check_ranks(manifest: dict[str, Any]) -> None:
    """Compare what each rank was started with.

    Args:
        manifest: What must be equal, as nested JSON values.

    Raises:
        RankError: On every rank, naming each difference to rank 0.
    """
    manifests = gather_ranks(manifest)
    found = [
        f"rank {rank}: {difference}"
        for rank, other in enumerate(manifests)
        for difference in differences(manifests[0], other)
    ]
    if found:
        raise RankError(f"ranks differ from rank 0: {'; '.join(found)}")

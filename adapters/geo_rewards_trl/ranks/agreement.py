"""What the processes of a run must agree on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from geo_rewards.errors import GeoRewardsError
from geo_rewards.runs.manifest import differences

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class RankError(GeoRewardsError):
    """Ranks that were started with different things."""


class SameFailureError(GeoRewardsError):
    """A failure that an earlier rank reports too, in the same words.

    Args:
        failure: What failed on this rank.
        rank: The rank that reports it.
    """

    def __init__(self, failure: GeoRewardsError, *, rank: int) -> None:
        self.failure = failure
        self.rank = rank
        super().__init__(f"cannot start, for the reason that rank {rank} reports")


def show_progress_once() -> None:
    """Let only one process draw the progress bars of loading and writing weights."""
    if os.environ.get("RANK", "0") != "0":
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()


def gather_ranks(value: Any) -> list[Any]:
    """Return every rank's value, in order; all ranks must call this at the same point."""
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return [value]
    gathered: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(gathered, value)
    return gathered


def is_first_of_machine() -> bool:
    """Return whether this process does what is done once per machine."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


def together(step: Callable[[], Result]) -> Result:
    """Take a step on all ranks; if it fails on one of them, it fails on all, so that none waits for ever.

    Args:
        step: What to do; it must not communicate with other ranks.

    Raises:
        RankError: If it failed only elsewhere; names the ranks and their reasons.
        SameFailureError: If it failed here and, with the same message, on an earlier rank.
        Exception: Otherwise, what `step` raised here.
    """
    failure: Exception | None = None
    try:
        result = step()
    except Exception as error:  # noqa: BLE001 - whatever it is, the others must hear of it
        failure = error
    message = None if failure is None else (str(failure) or type(failure).__name__)
    messages = gather_ranks(message)
    if failure is not None:
        first = messages.index(message)
        if isinstance(failure, GeoRewardsError) and first != _rank():
            raise SameFailureError(failure, rank=first) from failure
        raise failure
    failed = [f"rank {rank}: {message}" for rank, message in enumerate(messages) if message is not None]
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


def _rank() -> int:
    import torch.distributed as dist

    return int(dist.get_rank()) if dist.is_available() and dist.is_initialized() else 0

"""What the processes of a run must agree on, and what DeepSpeed needs on machines without a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError

if TYPE_CHECKING:
    from trl import GRPOConfig


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


def gather_ranks(value: Any) -> list[Any]:
    """Return every rank's value, in order; all ranks must call this at the same point."""
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return [value]
    gathered: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(gathered, value)
    return gathered


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


def differences(before: Any, after: Any, *, path: str = "") -> list[str]:
    """Return where two nested JSON values differ, as ``path: before -> after``.

    >>> differences({"a": {"b": 1}}, {"a": {"b": 2}})
    ['a.b: 1 -> 2']
    """
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        return [
            line
            for key in keys
            for line in differences(
                before.get(key), after.get(key), path=f"{path}.{key}" if path else str(key)
            )
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [line for i, (a, b) in pairs for line in differences(a, b, path=f"{path}[{i}]")]
    return [] if before == after else [f"{path}: {before!r} -> {after!r}"]

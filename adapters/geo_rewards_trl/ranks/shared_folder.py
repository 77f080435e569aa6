"""See that several machines share the output folder, and that no other run does."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from geo_rewards.runs.output_dir import appears
from geo_rewards.runs.run_lock import RunLock
from geo_rewards_trl.ranks.agreement import RankError, gather_ranks, together

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Network file systems cache the content of folders for a while, in seconds.
_SEEN_WITHIN_S = 10.0


def check_shared(output_dir: Path, *, wait_s: float = _SEEN_WITHIN_S) -> None:
    """See that every machine finds in the output folder what the first process writes there.

    Otherwise checkpoints would be in pieces: a run could train for a week and then not be resumed.

    Args:
        output_dir: The run's output folder, which exists.
        wait_s: How long a file may take to appear elsewhere, in seconds.

    Raises:
        RankError: On every rank, naming those that do not see it.
    """
    if os.environ.get("LOCAL_WORLD_SIZE", "1") == os.environ.get("WORLD_SIZE", "1"):
        return
    token: str = gather_ranks(uuid.uuid4().hex)[0]
    file = output_dir / f".shared-{token}"
    is_first = os.environ.get("RANK", "0") == "0"
    together(lambda: file.touch() if is_first else None)
    seen = gather_ranks(appears(file, within_s=wait_s))
    if is_first:
        file.unlink(missing_ok=True)
    blind = ", ".join(str(rank) for rank, sees in enumerate(seen) if not sees)
    if blind:
        raise RankError(
            f"--output_dir {output_dir} is another folder for rank {blind} than for rank 0, so no "
            "checkpoint could be resumed: --output_dir must be on a disk that all machines share"
        )


@contextmanager
def only_run_in(output_dir: Path) -> Iterator[None]:
    """Keep other runs out of the output folder; the first process holds the lock for all.

    Raises:
        FolderInUseError: On the first rank, if another run is writing there.
        RankError: On the others.
    """
    lock = RunLock(output_dir) if os.environ.get("RANK", "0") == "0" else None
    together(lambda: lock.acquire() if lock is not None else None)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()

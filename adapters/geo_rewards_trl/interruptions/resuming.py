"""From which checkpoint a run resumes: the last complete one that every machine sees."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from geo_rewards.runs.checkpoints import ResumeError, step_of
from geo_rewards.runs.resuming import check_given_checkpoint, check_same, complete_checkpoints
from geo_rewards_trl.ranks.agreement import gather_ranks, is_first_of_machine, together

logger = logging.getLogger(__name__)


def find_checkpoint(
    output_dir: Path, *, resume: str, given: str | None, manifest: dict[str, Any]
) -> str | None:
    """Return the checkpoint to resume from, or None to start from step 0; the same on all ranks.

    Args:
        output_dir: The run's output folder.
        resume: ``auto`` or ``never``.
        given: A value of ``--resume_from_checkpoint``: a checkpoint, or None.
        manifest: What this run was started with.

    Raises:
        ResumeError: If `given` is incomplete, if machines see different checkpoints, or if the checkpoint was
            written with another recipe, data, plugin version or number of DeepSpeed's processes.
    """
    if given is not None:
        checkpoint: Path | None = together(lambda: check_given_checkpoint(Path(given)))
    else:
        checkpoint = _agreed(output_dir) if resume == "auto" else None
    if checkpoint is None:
        return None
    together(lambda: check_same(checkpoint, manifest))
    logger.info("resuming from %s", checkpoint)
    return str(checkpoint)


def _agreed(output_dir: Path) -> Path | None:
    """Return the last checkpoint that is complete on every machine."""
    names_here = together(lambda: complete_checkpoints(output_dir) if is_first_of_machine() else None)
    seen = [names for names in gather_ranks(names_here) if names is not None]
    common = set(seen[0]).intersection(*seen[1:])
    missing = ", ".join(sorted({name for names in seen for name in names} - common))
    if missing and not common:
        raise ResumeError(
            f"{missing} in {output_dir} is complete on some machines only: "
            "--output_dir must be on a disk that all machines share"
        )
    if missing:
        logger.warning("not resuming from %s, which is incomplete on some machines", missing)
    return output_dir / max(common, key=step_of) if common else None

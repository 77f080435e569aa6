"""From which checkpoint a run goes on: the last one that is whole, if it was made with the same."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from geo_rewards.runs.checkpoints import (
    MARKER_NAME,
    ResumeError,
    is_model_alone,
    list_checkpoints,
    read_manifest,
    step_of,
    why_not_whole,
)
from geo_rewards.runs.manifest import binding_part, differences
from geo_rewards_trl.ranks.agreement import gather_ranks, is_first_of_machine, together

logger = logging.getLogger(__name__)


def find_checkpoint(
    output_dir: Path, *, resume: str, given: str | None, manifest: dict[str, Any]
) -> str | None:
    """Return the checkpoint to go on from, or None to start anew; the same on all ranks.

    Args:
        output_dir: The run's output folder.
        resume: ``auto`` or ``never``.
        given: A value of ``--resume_from_checkpoint``: a checkpoint, or None.
        manifest: What this run was started with.

    Raises:
        ResumeError: If `given` is no whole checkpoint; if machines see different ones; or if recipe, data, a
            plugin's version or DeepSpeed's number of processes is another than the checkpoint's; names it.
    """
    if given is not None:
        checkpoint: Path | None = together(lambda: _checked_given(Path(given)))
    else:
        checkpoint = _agreed(output_dir) if resume == "auto" else None
    if checkpoint is None:
        return None
    together(lambda: check_same(checkpoint, manifest))
    logger.info("resuming from %s", checkpoint)
    return str(checkpoint)


def _checked_given(folder: Path) -> Path:
    if not folder.is_dir():
        raise ResumeError(
            f"--resume_from_checkpoint {folder}: no such folder; --resume auto finds the last one"
        )
    reason = why_not_whole(folder)
    if reason is not None:
        raise ResumeError(
            f"--resume_from_checkpoint {folder} is not whole ({reason}): choose an earlier one; "
            "--resume auto finds the last whole one"
        )
    return folder


def _agreed(output_dir: Path) -> Path | None:
    """Return the last checkpoint that every machine sees whole."""
    names_here = together(lambda: _whole_names(output_dir))
    seen = [names for names in gather_ranks(names_here) if names is not None]
    common = set(seen[0]).intersection(*seen[1:])
    missing = {name for names in seen for name in names} - common
    if missing and not common:
        raise ResumeError(
            f"{', '.join(sorted(missing))} in {output_dir} is whole on some machines only: "
            "--output_dir must be on a disk that all machines share"
        )
    if missing:
        logger.warning(
            "not resuming from %s, which some machines do not see whole", ", ".join(sorted(missing))
        )
    return output_dir / max(common, key=step_of) if common else None


def _whole_names(output_dir: Path) -> list[str] | None:
    """Return the names of the whole checkpoints; None on all but the first rank of a machine.

    Looks at the latest whole one and what is after it; what is before counts as whole unless it is marked.
    """
    if not is_first_of_machine():
        return None
    names: list[str] = []
    for folder in list_checkpoints(output_dir):
        reason = why_not_whole(folder) if not names else None
        if reason is None and not (folder / MARKER_NAME).exists():
            names.append(folder.name)
        elif reason is not None:
            logger.warning("%s is not whole (%s): not resuming from it", folder, reason)
    return names


def check_same(checkpoint: Path, manifest: dict[str, Any]) -> None:
    """Compare a checkpoint with what this run was started with; another number of processes is a warning.

    Raises:
        ResumeError: If they differ in what must be equal; names each difference.
    """
    before = read_manifest(checkpoint)
    then_part, now_part = binding_part(before), binding_part(manifest)
    # What an older version did not write down is not compared.
    now_part = {key: value for key, value in now_part.items() if key in then_part}
    now_part["data"] = {key: value for key, value in now_part["data"].items() if key in then_part["data"]}
    found = differences(then_part, now_part)
    then, now = before.get("launch", {}), manifest.get("launch", {})
    if then.get("deepspeed_stage", now.get("deepspeed_stage")) != now.get("deepspeed_stage"):
        found.append(
            f"{_deepspeed(then)} -> {_deepspeed(now)}: its optimizer states are stored in another way"
        )
    sizes = then.get("processes"), now.get("processes")
    other_size = None not in sizes and sizes[0] != sizes[1]
    if is_model_alone(checkpoint):
        found.append("--save_only_model: it holds no optimizer state; its model may start a new run")
    if other_size and now.get("deepspeed_stage") is not None:
        found.append(f"{sizes[0]} processes -> {sizes[1]}: DeepSpeed's shards are one for each process")
    if found:
        raise ResumeError(
            f"{checkpoint} was made with something else ({'; '.join(found)}): "
            "restore it, choose another --output_dir, or start anew with --resume never"
        )
    if other_size:
        logger.warning(
            "%s was made by %d processes and is resumed by %d: batches and random numbers are others "
            "than in a run that was not interrupted",
            checkpoint,
            *sizes,
        )


def _deepspeed(launch: dict[str, Any]) -> str:
    stage = launch.get("deepspeed_stage")
    return "no DeepSpeed" if stage is None else f"DeepSpeed ZeRO-{stage}"

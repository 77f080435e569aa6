"""Whether a run may resume from a checkpoint, and from which one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from geo_rewards.runs.checkpoints import (
    MARKER_NAME,
    ResumeError,
    is_model_only,
    last_complete_checkpoint,
    list_checkpoints,
    read_manifest,
    why_incomplete,
)
from geo_rewards.runs.manifest import binding_part, differences

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


def complete_checkpoints(output_dir: Path) -> list[str]:
    """Return the names of the complete checkpoints, latest first; each later incomplete one is a warning.

    Earlier ones count as complete unless they are marked: reading the sizes of all would take long.
    """
    names: list[str] = []
    for folder in list_checkpoints(output_dir):
        reason = why_incomplete(folder) if not names else None
        if reason is None and not (folder / MARKER_NAME).exists():
            names.append(folder.name)
        elif reason is not None:
            logger.warning("%s is incomplete (%s): not resuming from it", folder, reason)
    return names


def check_given_checkpoint(folder: Path) -> Path:
    """Return a checkpoint that somebody has named.

    Raises:
        ResumeError: If it does not exist or is incomplete.
    """
    if not folder.is_dir():
        raise ResumeError(
            f"--resume_from_checkpoint {folder}: no such folder; --resume auto finds the last checkpoint"
        )
    reason = why_incomplete(folder)
    if reason is not None:
        raise ResumeError(
            f"--resume_from_checkpoint {folder} is incomplete ({reason}): choose an earlier checkpoint; "
            "--resume auto finds the last complete one"
        )
    return folder


def check_same(checkpoint: Path, manifest: dict[str, Any]) -> None:
    """Compare the run that wrote a checkpoint with this one; another number of processes is a warning.

    Args:
        checkpoint: A complete checkpoint.
        manifest: What this run was started with.

    Raises:
        ResumeError: If they differ in what must be equal; names each difference.
    """
    before = read_manifest(checkpoint)
    found = _binding_differences(before, manifest)
    then, now = before.get("launch", {}), manifest.get("launch", {})
    if then.get("deepspeed_stage", now.get("deepspeed_stage")) != now.get("deepspeed_stage"):
        found.append(f"{_deepspeed(then)} -> {_deepspeed(now)}: optimizer states are stored differently")
    if is_model_only(checkpoint):
        found.append("--save_only_model: it holds no optimizer state; its model can only start a new run")
    sizes = then.get("processes"), now.get("processes")
    other_size = None not in sizes and sizes[0] != sizes[1]
    if other_size and now.get("deepspeed_stage") is not None:
        found.append(f"{sizes[0]} processes -> {sizes[1]}: DeepSpeed writes one shard per process")
    if found:
        raise ResumeError(
            f"{checkpoint} was written with different settings ({'; '.join(found)}): "
            "restore them, choose another --output_dir, or start over with --resume never"
        )
    if other_size:
        logger.warning(
            "%s was written by %d processes and is resumed by %d: batches and random numbers will differ "
            "from those of an uninterrupted run",
            checkpoint,
            *sizes,
        )


def how_to_resume(output_dir: Path, *, without: str | None = None) -> str:
    """Return from where the same command, without a flag if need be, resumes."""
    last = last_complete_checkpoint(output_dir)
    if last is None:
        return f"there is no complete checkpoint in {output_dir} yet: the same command starts from step 0"
    if is_model_only(last):
        return f"{last} holds only the model (--save_only_model): a new run can start from it"
    return f"the same command{f' without {without}' if without else ''} resumes from {last}"


def _binding_differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    then_part, now_part = binding_part(before), binding_part(now)
    # What an older version did not record is not compared.
    now_part = {key: value for key, value in now_part.items() if key in then_part}
    now_part["data"] = {key: value for key, value in now_part["data"].items() if key in then_part["data"]}
    return differences(then_part, now_part)


def _deepspeed(launch: dict[str, Any]) -> str:
    stage = launch.get("deepspeed_stage")
    return "no DeepSpeed" if stage is None else f"DeepSpeed ZeRO-{stage}"

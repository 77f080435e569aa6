"""Checkpoints that are whole, or say that they are not; and the last whole one of a run.

While a checkpoint is written it holds a marker. The marker goes when all ranks have written their part and
the manifest, with the list of files, is on the disk: a run that ends in between leaves the marker.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError
from geo_rewards_trl.environment import differences, gather_ranks, is_first_of_machine, together
from geo_rewards_trl.manifest import MANIFEST_NAME, RECIPE_NAME, binding_part, save_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

MARKER_NAME = "unfinished"

_CHECKPOINT = re.compile(r"checkpoint-(\d+)")


class CheckpointError(GeoRewardsError):
    """A checkpoint that could not be written."""


class ResumeError(GeoRewardsError):
    """A resume from something that is no whole checkpoint, or with something else than it was made with."""


def begin_checkpoint(folder: Path) -> None:
    """Make the folder of a checkpoint and mark it as unfinished."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / MARKER_NAME
    marker.write_text("This checkpoint is being written, or the run ended while it was.\n", encoding="utf-8")
    _flush(marker)
    _flush(folder)


def finish_checkpoint(folder: Path, manifest: dict[str, Any]) -> None:
    """Flush what all ranks have written, add the manifest with its list of files, and take the mark away.

    Raises:
        OSError: If the disk is full after all.
    """
    sizes = {}
    for file in _files(folder):
        _flush(file)  # where disks write late, only this tells that one is full
        sizes[file.relative_to(folder).as_posix()] = file.stat().st_size
    save_manifest(folder, {**manifest, "files": sizes})
    (folder / MARKER_NAME).unlink(missing_ok=True)
    _flush(folder)


def why_not_whole(folder: Path) -> str | None:
    """Return what is wrong with a checkpoint, or None if it is whole.

    Raises:
        ResumeError: If it is not one of this library, which cannot be compared.
    """
    if (folder / MARKER_NAME).exists():
        return "the run ended while it was written"
    if not (folder / MANIFEST_NAME).is_file():
        raise ResumeError(
            f"{folder} has no {MANIFEST_NAME}, so recipe and data cannot be compared: "
            "start anew with --resume never"
        )
    for name, size in _read_manifest(folder).get("files", {}).items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != size:
            return f"{name} has {file.stat().st_size} bytes instead of {size}"
    return None


def last_whole_checkpoint(output_dir: Path) -> Path | None:
    """Return the whole checkpoint with the highest number, or None."""
    for folder in _checkpoints(output_dir):
        try:
            if why_not_whole(folder) is None:
                return folder
        except (GeoRewardsError, OSError, ValueError):
            continue
    return None


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
    return output_dir / max(common, key=_number) if common else None


def _whole_names(output_dir: Path) -> list[str] | None:
    """Return the names of the whole checkpoints; None on all but the first rank of a machine.

    Looks at the latest whole one and what is after it; what is before counts as whole unless it is marked.
    """
    if not is_first_of_machine():
        return None
    names: list[str] = []
    for folder in _checkpoints(output_dir):
        reason = why_not_whole(folder) if not names else None
        if reason is None and not (folder / MARKER_NAME).exists():
            names.append(folder.name)
        elif reason is not None:
            logger.warning("%s is not whole (%s): not resuming from it", folder, reason)
    return names


def remove_unfinished(output_dir: Path) -> None:
    """Remove the checkpoints that a run did not finish, to make room; for one process of each machine."""
    for folder in _checkpoints(output_dir):
        if (folder / MARKER_NAME).exists():
            shutil.rmtree(folder, ignore_errors=True)
            logger.warning("removed %s: the run had ended while it was written", folder)


def check_same(checkpoint: Path, manifest: dict[str, Any]) -> None:
    """Compare a checkpoint with what this run was started with; another number of processes is a warning.

    Raises:
        ResumeError: If they differ in what must be equal; names each difference.
    """
    before = _read_manifest(checkpoint)
    then_part, now_part = binding_part(before), binding_part(manifest)
    # What an older version did not write down is not compared.
    now_part["data"] = {key: value for key, value in now_part["data"].items() if key in then_part["data"]}
    found = differences(then_part, now_part)
    then, now = before.get("launch", {}), manifest.get("launch", {})
    if then.get("deepspeed_stage", now.get("deepspeed_stage")) != now.get("deepspeed_stage"):
        found.append(
            f"{_deepspeed(then)} -> {_deepspeed(now)}: its optimizer states are stored in another way"
        )
    sizes = then.get("processes"), now.get("processes")
    other_size = None not in sizes and sizes[0] != sizes[1]
    if then.get("save_only_model"):
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


def move_checkpoints_aside(output_dir: Path) -> None:
    """Move the checkpoints of an earlier run into a folder of their own.

    A later ``--resume auto`` would take the highest number for this run's last checkpoint.
    """
    found = list(_checkpoints(output_dir))
    if not found:
        return
    aside = next(folder for n in itertools.count(1) if not (folder := output_dir / f"earlier-{n}").exists())
    aside.mkdir()
    for checkpoint in found:
        checkpoint.rename(aside / checkpoint.name)
    logger.warning("--resume never: starting from step 0; %d checkpoints went to %s", len(found), aside)


def _checkpoints(output_dir: Path) -> list[Path]:
    """Return the folders of checkpoints, latest first."""
    if not output_dir.is_dir():
        return []
    found = [folder for folder in output_dir.iterdir() if _CHECKPOINT.fullmatch(folder.name)]
    return sorted((f for f in found if f.is_dir()), key=lambda folder: -_number(folder.name))


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _deepspeed(launch: dict[str, Any]) -> str:
    stage = launch.get("deepspeed_stage")
    return "no DeepSpeed" if stage is None else f"DeepSpeed ZeRO-{stage}"


def _read_manifest(checkpoint: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((checkpoint / MANIFEST_NAME).read_text(encoding="utf-8"))
    return manifest


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a checkpoint that the trainer has written."""
    ours = {folder / name for name in (MARKER_NAME, MANIFEST_NAME, RECIPE_NAME)}
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path not in ours)


def _flush(path: Path) -> None:
    """Have a file's or a folder's content on the disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Checkpoints that are either complete or say that they are not; see `resuming` for how a run resumes.

A checkpoint holds a marker while it is being written. The marker is removed once all ranks have written their
part and the manifest, with the list of files, is on the disk: a run that ends before that leaves the marker.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError
from geo_rewards.runs.manifest import MANIFEST_NAME, RECIPE_NAME, save_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

logger = logging.getLogger(__name__)

MARKER_NAME = "unfinished"

_CHECKPOINT = re.compile(r"checkpoint-(\d+)")


class CheckpointError(GeoRewardsError):
    """A checkpoint that could not be written."""


class ResumeError(GeoRewardsError):
    """A resume from an incomplete checkpoint, or from one that was written with different settings."""


def begin_checkpoint(folder: Path) -> None:
    """Make the folder of a checkpoint and mark it as unfinished."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / MARKER_NAME
    marker.write_text(
        "This checkpoint is still being written, or its run ended too early.\n", encoding="utf-8"
    )
    _flush(marker)
    _flush(folder)


def finish_checkpoint(folder: Path, manifest: dict[str, Any]) -> None:
    """Flush what all ranks have written, add the manifest with its list of files, and remove the marker.

    Raises:
        OSError: If the disk turns out to be full.
    """
    flush_files(folder)
    sizes = {file.relative_to(folder).as_posix(): file.stat().st_size for file in _files(folder)}
    save_manifest(folder, {**manifest, "files": sizes})
    _flush(folder)
    (folder / MARKER_NAME).unlink(missing_ok=True)
    _flush(folder)
    _flush(folder.parent)  # older checkpoints are removed next: the name of this one must be there before


def flush_files(folder: Path) -> None:
    """Flush all files of a checkpoint to disk: where writes are delayed, only this shows that it is full.

    On a network disk, each machine must flush what it has written itself.

    Raises:
        OSError: If the disk turns out to be full.
    """
    for file in _files(folder):
        _flush(file)


def remove_surplus(output_dir: Path, *, limit: int | None, spared: Sequence[Path]) -> None:
    """Remove surplus checkpoints, oldest first.

    Args:
        output_dir: The run's output folder.
        limit: How many to keep; None, or less than 1, keeps all.
        spared: Those to keep in any case: the one just written, and the best one.
    """
    if limit is None or limit < 1:
        return
    kept = {folder.resolve() for folder in spared}
    old = [folder for folder in list_checkpoints(output_dir) if folder.resolve() not in kept]
    for folder in old[max(0, limit - len(kept)) :][::-1]:
        with suppress(OSError):  # the disk may be full
            begin_checkpoint(folder)  # a half-deleted checkpoint must not look complete
        shutil.rmtree(folder, ignore_errors=True)


def remove_unfinished(output_dir: Path) -> None:
    """Remove the checkpoints that a run did not finish, to make room; for one process of all."""
    for folder in list_checkpoints(output_dir):
        if (folder / MARKER_NAME).exists() or not any(folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)
            logger.warning("removed %s: the run ended while it was being written", folder)


def move_checkpoints_aside(output_dir: Path, *, resumed: str | None) -> None:
    """Move the checkpoints of another or a later run into a folder of their own.

    A later ``--resume auto`` would take the highest number for this run's last checkpoint.

    Args:
        output_dir: The run's output folder.
        resumed: The checkpoint from which this run resumes; None if it starts over.
    """
    past = Path(resumed) if resumed is not None else None
    is_here = past is not None and past.resolve().parent == output_dir.resolve()
    last = step_of(past.name) if past is not None and is_here else -1
    found = [folder for folder in list_checkpoints(output_dir) if step_of(folder.name) > last]
    if not found:
        return
    aside = next(folder for n in itertools.count(1) if not (folder := output_dir / f"earlier-{n}").exists())
    aside.mkdir()
    for checkpoint in found:
        checkpoint.rename(aside / checkpoint.name)
    start = "step 0" if resumed is None else resumed
    logger.warning(
        "starting from %s: moved checkpoints from another or a later run (%d) to %s", start, len(found), aside
    )


def list_checkpoints(output_dir: Path) -> list[Path]:
    """Return the folders of checkpoints, latest first."""
    if not output_dir.is_dir():
        return []
    found = [folder for folder in output_dir.iterdir() if _CHECKPOINT.fullmatch(folder.name)]
    return sorted((f for f in found if f.is_dir()), key=lambda folder: -step_of(folder.name))


def step_of(name: str) -> int:
    """Return the step in a checkpoint's name."""
    return int(name.rpartition("-")[2])


def why_incomplete(folder: Path) -> str | None:
    """Return why a checkpoint is incomplete, or None if it is complete.

    Raises:
        ResumeError: If it was not written by this library, so that it cannot be compared.
    """
    if (folder / MARKER_NAME).exists():
        return "the run ended while it was being written"
    if not any(folder.iterdir()):
        return "it is empty"  # not even the marker could be written
    if not (folder / MANIFEST_NAME).is_file():
        raise ResumeError(
            f"{folder} has no {MANIFEST_NAME}, so its recipe and data cannot be compared: "
            "start over with --resume never"
        )
    for name, size in read_manifest(folder).get("files", {}).items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != size:
            return f"{name} has {file.stat().st_size} bytes instead of {size}"
    return None


def last_complete_checkpoint(output_dir: Path) -> Path | None:
    """Return the complete checkpoint with the highest number, or None."""
    for folder in list_checkpoints(output_dir):
        try:
            if why_incomplete(folder) is None:
                return folder
        except (GeoRewardsError, OSError, ValueError):
            continue
    return None


def is_model_only(checkpoint: Path) -> bool:
    """Return whether a checkpoint has no optimizer states, so that no run can resume from it."""
    return bool(read_manifest(checkpoint).get("launch", {}).get("save_only_model"))


def read_manifest(checkpoint: Path) -> dict[str, Any]:
    """Return the manifest of the run that wrote a checkpoint.

    Raises:
        ResumeError: If it cannot be read.
    """
    file = checkpoint / MANIFEST_NAME
    try:
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResumeError(f"{file} cannot be read: {error}; start over with --resume never") from error
    return manifest


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a checkpoint that the trainer has written."""
    ours = {folder / name for name in (MARKER_NAME, MANIFEST_NAME, RECIPE_NAME)}
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path not in ours)


def _flush(path: Path) -> None:
    """Wait until a file's or a folder's content is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

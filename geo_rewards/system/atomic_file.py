"""Atomic writes: a file is written completely or not at all."""

from __future__ import annotations

import os
import re
import uuid
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

from geo_rewards.errors import noting
from geo_rewards.system.process_identity import is_dead, own_identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART = re.compile(r"\..+\.([0-9a-f]+-[0-9]+-[0-9]+)\.[0-9a-f]{8}\.part", re.DOTALL)
_MOST_OF_NAME = 100  # bytes, so that the longest valid name leaves room for the rest


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; it replaces `path` if the block ends without an error.

    Its name is hidden and unique, even among machines that share the folder, and says which process writes
    it: the first write into a folder removes what processes that were killed have left there. The content
    is on the disk before the file is renamed.

    Args:
        path: The file, replaced if it exists.

    Raises:
        OSError: If it cannot be written; no partial file remains.
        BaseException: What ended the block, with a note if it was no failure but an interruption.
    """
    remove_leftovers(path.parent)
    name = os.fsencode(path.name)[:_MOST_OF_NAME].decode(errors="ignore")
    part = path.with_name(f".{name}.{own_identity()}.{uuid.uuid4().hex[:8]}.part")
    try:
        with noting(f"{path} was not written"):
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # not what somebody put there
            os.close(handle)
            yield part
            flush(part)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, completely or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


@cache  # once per folder: it may hold a million files
def remove_leftovers(folder: Path) -> None:
    """Remove the partial files of processes on this machine that are dead.

    Those of living processes stay, and those of other machines, of which nothing is known.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(".part")]
        for name in names:
            match = _PART.fullmatch(name)
            if match is not None and is_dead(match[1]):
                (folder / name).unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until a file's or a folder's content is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

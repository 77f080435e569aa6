"""Atomic writes: a file is written completely or not at all."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path, *, flush: bool = True) -> Iterator[Path]:
    """Yield a temporary path to write to; it replaces `path` if the block ends without an error.

    Its name is hidden and unique, even among machines that share the folder.

    Args:
        path: The file, replaced if it exists.
        flush: Sync the content to disk before the file is renamed.

    Raises:
        OSError: If it cannot be written; no partial file remains.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        yield part
        if flush:
            _flush(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, flush: bool = True) -> None:
    """Write a text file in UTF-8, completely or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    with replacing(path, flush=flush) as part:
        part.write_text(text, encoding="utf-8")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

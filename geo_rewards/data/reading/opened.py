"""Open a data file for reading bytes: decompressed, watched for changes, and standard input made seekable."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sys
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from geo_rewards.data.problems import name_of
from geo_rewards.data.reading.kinds import (
    EXPECTED,
    KINDS,
    KINDS_OF_TEXT,
    Compression,
    FileKind,
    Kind,
    found_kind,
    is_misnamed_text,
    is_stdin,
    kind_of,
    misnamed,
)
from geo_rewards.data.reading.unchanged import check_unchanged, state_of
from geo_rewards.errors import DataError, need_pyarrow

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD_BYTES = 4096
_BUFFER_BYTES = 1 << 16
_KINDS_BY_NAME: dict[str, Kind] = {kind: kind for kind in KINDS.values()}
_COMPRESSIONS_BY_NAME: dict[str, Compression] = {"gzip": "gz", "zstd": "zst"}


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A data file that is open.

    Attributes:
        path: Its name, for messages.
        kind: What it contains.
        content: Its bytes, decompressed, from the start.
        size: How many bytes it has on disk if it is not compressed, else None.
    """

    path: Path
    kind: FileKind
    content: io.BufferedReader[Any]
    size: int | None


@contextmanager
def open_file(path: Path) -> Iterator[OpenedFile]:
    """Open a data file; when the block ends, check that it did not change meanwhile.

    Raises:
        DataError: If it does not exist, is not a regular file, has an unknown suffix, is something else
            than its name says, or cannot be decompressed.
        ChangedFileError: At the end, if the file changed; this comes before any other error of the block.
    """
    if is_stdin(path):
        with _open_stdin() as opened:
            yield opened
        return
    kind = kind_of(path)
    state_of(path)  # opening a pipe would wait for its writer
    try:
        file = io.BufferedReader(path.open("rb", buffering=0), _BUFFER_BYTES)
    except OSError as error:
        raise DataError(f"data file {path} cannot be read: {error.strerror}") from error
    with file:
        before = state_of(file.fileno())
        size = None if kind.compression else before.size
        try:
            _check_compression(path, kind, file.peek(_HEAD_BYTES)[:_HEAD_BYTES])
            content = _decompressed(file, kind)
            _check_kind(path, kind, content.peek(_HEAD_BYTES)[:_HEAD_BYTES])
            yield OpenedFile(path, kind, content, size)
        except Exception as error:
            check_unchanged(path, before)
            explained = _explained(path, kind, error)
            if explained is None:
                raise
            raise explained from error
        check_unchanged(path, before)


@contextmanager
def seekable(opened: OpenedFile) -> Iterator[IO[bytes]]:
    """Provide the content of a file as one that can be read in any order."""
    if not opened.kind.compression:
        yield opened.content
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(opened.content, copy, _BUFFER_BYTES)
        copy.seek(0)
        yield copy


def _check_compression(path: Path, kind: FileKind, head: bytes) -> None:
    """Check that the file is compressed if its name says so, and only then."""
    if not head:
        return
    found = found_kind(head)
    wanted = {"gz": "gzip", "zst": "zstd", None: None}[kind.compression]
    if (found if found in ("gzip", "zstd") else None) != wanted:
        raise misnamed(path, found or "neither gzip nor zstd")


def _check_kind(path: Path, kind: FileKind, head: bytes) -> None:
    """Check that the content is not obviously something else than the file's name says."""
    found = found_kind(head)
    if head and found != kind.kind and (found not in KINDS_OF_TEXT or kind.kind == "parquet"):
        if found is None and kind.kind != "parquet":
            return
        raise misnamed(path, found or "not parquet")
    if head and is_misnamed_text(head, kind.kind):
        raise misnamed(path, str(found))


def _decompressed(file: io.BufferedReader[Any], kind: FileKind) -> io.BufferedReader[Any]:
    if kind.compression == "gz":
        return io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER_BYTES)
    if kind.compression == "zst":
        need_pyarrow("zstd-compressed data")
        import pyarrow as pa

        stream: Any = pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")
        return io.BufferedReader(stream, _BUFFER_BYTES)
    return file


def _explained(path: Path, kind: FileKind, error: Exception) -> DataError | None:
    """Return what to raise for an error of decompressing or reading; None if it is neither."""
    if isinstance(error, DataError):
        return None
    if isinstance(error, EOFError) or "Truncated compressed" in str(error):
        return DataError(f"{name_of(path)} is cut off: the {kind.compression} data end before their end mark")
    if isinstance(error, (gzip.BadGzipFile, zlib.error)) or "ZSTD" in str(error):
        return DataError(f"{name_of(path)} is damaged: its {kind.compression} data cannot be decompressed")
    if isinstance(error, OSError):
        return DataError(f"{name_of(path)} cannot be read: {error.strerror or error}")
    return None


@contextmanager
def _open_stdin() -> Iterator[OpenedFile]:
    with io.BufferedReader(io.FileIO(os.dup(_copied_stdin(sys.stdin))), _BUFFER_BYTES) as file:
        file.seek(0)
        compression = _COMPRESSIONS_BY_NAME.get(found_kind(file.peek(_HEAD_BYTES)[:_HEAD_BYTES]) or "")
        content = _decompressed(file, FileKind("jsonl", compression))
        head = content.peek(_HEAD_BYTES)[:_HEAD_BYTES]
        kind = _KINDS_BY_NAME.get(found_kind(head) or "", "jsonl" if not head else None)
        if kind == "parquet":
            need_pyarrow("parquet on standard input")
        if kind is None:
            raise DataError(f"standard input is {found_kind(head) or 'not rows of data'}; {EXPECTED}")
        try:
            yield OpenedFile(Path("-"), FileKind(kind, compression), content, None)
        except (OSError, EOFError, zlib.error) as error:
            raise (_explained(Path("-"), FileKind(kind, compression), error) or error) from error.__cause__


@lru_cache(maxsize=1)
def _copied_stdin(stream: Any) -> int:
    """Return the handle of a copy of standard input, which cannot be read twice or from its end."""
    with tempfile.TemporaryFile() as copy:
        source = getattr(stream, "buffer", None)
        if source is None:
            copy.write(stream.read().encode())
        else:
            shutil.copyfileobj(source, copy, _BUFFER_BYTES)
        copy.flush()
        return os.dup(copy.fileno())  # open as long as the process

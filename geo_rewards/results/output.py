"""Where scored rows go: a jsonl or parquet file that appears only when complete, or stdout."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Protocol

from geo_rewards.data.reading import files_of, is_stdin
from geo_rewards.data.reading.kinds import kind_of
from geo_rewards.errors import need_pyarrow, noting
from geo_rewards.system.atomic_file import replacing
from geo_rewards.system.regular_file import kind_of_file
from geo_rewards.system.terminal import uncleaned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo_rewards.data.reading import Chunk
    from geo_rewards.results.chunks import ChunkResult
    from geo_rewards.scoring.recipe import Recipe

_BLOCK_BYTES = 1 << 20
_NOT_ASCII = re.compile(r"[^\x00-\x7e]")  # and DEL, which JSON leaves as it is

Way = Literal["lines", "columns", "converted"]


class Output(Protocol):
    """Takes the scored rows, chunk by chunk."""

    def write(self, chunk: Chunk, result: ChunkResult) -> None:
        """Add the rows of a chunk."""


def way_of(file: Path, out: Path | None) -> Way:
    """Return how rows of `file` are written to `out`.

    As lines; as Arrow columns, from parquet to parquet; or as lines first, which are converted to parquet
    when the types of all columns are known.
    """
    if out is None or out.suffix.lower() != ".parquet":
        return "lines"
    if is_stdin(file):
        return "converted"
    return "columns" if all(kind_of(part).kind == "parquet" for part in files_of(file)) else "converted"


@contextmanager
def open_output(out: Path | None, *, file: Path, recipe: Recipe) -> Iterator[Output]:
    """Provide the output; the file gets its final name if the block ends without error.

    Args:
        out: The file, replaced if it exists; None writes jsonl to stdout when all rows are scored.
        file: Where the rows come from.
        recipe: What they are scored with.
    """
    if out is None:
        with tempfile.TemporaryFile() as spool:
            with noting("no rows were written to stdout"):
                yield _Lines(spool)
            with noting("the rows written to stdout are not all"):
                _print(spool)
        return
    target = Path(os.path.realpath(out))  # keep a link a link
    way = way_of(file, out)
    with replacing(target) as part:
        if way == "lines":
            with part.open("wb", buffering=_BLOCK_BYTES) as sink:
                yield _Lines(sink)
            return
        from geo_rewards.results.parquet_output import convert_lines, open_columns

        if way == "columns":
            with open_columns(part, files_of(file), labels=list(recipe.entries)) as columns:
                yield columns
            return
        with tempfile.TemporaryFile(dir=target.parent) as spool:
            yield _Lines(spool)
            convert_lines(spool, part, labels=list(recipe.entries))


class _Lines:
    """Writes lines of JSON."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink

    def write(self, chunk: Chunk, result: ChunkResult) -> None:
        """Add the rows of a chunk."""
        del chunk
        self._sink.write(result.lines)


def _print(spool: IO[bytes]) -> None:
    """Copy lines to stdout; as ASCII on a terminal, and where its encoding cannot express all characters."""
    spool.seek(0)
    stdout = uncleaned(sys.stdout)  # JSON has escapes of its own
    binary = getattr(stdout, "buffer", None)
    speaks_utf8 = (stdout.encoding or "").lower().replace("-", "") == "utf8"
    if binary is not None and speaks_utf8 and not stdout.isatty():
        stdout.flush()
        shutil.copyfileobj(spool, binary, _BLOCK_BYTES)
        return
    while block := spool.readlines(_BLOCK_BYTES):
        stdout.write(_NOT_ASCII.sub(_escape, b"".join(block).decode()))


def _escape(character: re.Match[str]) -> str:
    """Return a character as JSON escapes it; outside of texts, JSON has none that is not ASCII."""
    units = character[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def check_output(out: Path, *, file: Path) -> str | None:
    """Return why the scored rows of `file` cannot be written to `out`, or None.

    Raises:
        MissingPackageError: If writing it needs a package that is not installed.
    """
    if out.suffix.lower() not in {".jsonl", ".parquet"}:
        return f"{str(out)!r} must end in .jsonl or .parquet, or be -"
    if out.suffix.lower() == ".parquet":
        need_pyarrow(f"output {out}")
    if not out.parent.is_dir():
        return f"folder {str(out.parent)!r} does not exist"
    kind = kind_of_file(out)
    if kind is not None:
        return f"{str(out)!r} is {kind}, which cannot be replaced by a file"
    if out.exists() and any(part.exists() and out.samefile(part) for part in files_of(file)):
        return f"{str(out)!r} is the input file; choose another output"
    if file.is_dir() and out.parent.samefile(file):
        return f"{str(out)!r} is in the input folder, which would then contain it; choose another output"
    return None

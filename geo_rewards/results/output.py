"""Where scored rows go: a jsonl or parquet file that appears only when complete, or stdout."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.atomic_file import replacing
from geo_rewards.errors import noting
from geo_rewards.regular_file import kind_of_file
from geo_rewards.results.chunks import ADDED
from geo_rewards.results.rows import is_parquet
from geo_rewards.terminal import uncleaned
from geo_rewards.worker_pool import chunked

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from geo_rewards.results.chunks import ScoredChunk
    from geo_rewards.results.rows import SavedRow

Cells = dict[str, Any]
_LINES_AT_ONCE = 64  # a write for each line takes longer; all lines of a chunk would double its memory
Write = Callable[[Sequence["SavedRow"], "ScoredChunk"], None]
"""Writes rows together with the cells that scoring adds."""


@contextmanager
def open_output(out: Path | None, schema: pa.Schema | None) -> Iterator[Write]:
    """Provide a function that writes rows; the file gets its final name if the block ends without error.

    Args:
        out: The file, replaced if it exists; None writes jsonl to stdout.
        schema: The columns of a parquet file; if None, jsonl is written.
    """
    if out is None:
        with noting("the rows written to stdout are not all"):
            write = uncleaned(sys.stdout).write
            ascii_only = sys.stdout.isatty() or not _speaks_utf8()
            yield lambda rows, scored: _write_lines(rows, scored, write, ascii_only=ascii_only)
        return
    target = Path(os.path.realpath(out))  # keep a link a link
    with (
        replacing(target) as part,
        _open_parquet(part, schema) if schema is not None else _open_lines(part) as write,
    ):
        yield write


@contextmanager
def _open_lines(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield lambda rows, scored: _write_lines(rows, scored, file.write, ascii_only=False)


@contextmanager
def _open_parquet(path: Path, schema: pa.Schema) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from geo_rewards.results.parquet_schema import to_arrays

    with pq.ParquetWriter(path, schema) as writer:
        yield lambda rows, scored: writer.write_table(
            pa.Table.from_arrays(to_arrays(_merged(rows, scored.cells), schema), schema=schema)
        )


def _merged(rows: Sequence[SavedRow], added: Sequence[Cells]) -> list[Cells]:
    return [{**row.cells, **cells} for row, cells in zip(rows, added, strict=True)]


def _write_lines(
    rows: Sequence[SavedRow], scored: ScoredChunk, write: Callable[[str], object], *, ascii_only: bool
) -> None:
    for lines in chunked(_lines(rows, scored, ascii_only=ascii_only), _LINES_AT_ONCE):
        write("".join(lines))


def _lines(rows: Sequence[SavedRow], scored: ScoredChunk, *, ascii_only: bool) -> Iterator[str]:
    for at, (row, added) in enumerate(zip(rows, scored.texts, strict=True)):
        if row.text is None or ascii_only or not row.cells.keys().isdisjoint(ADDED):
            yield _json_line({**row.cells, **scored.cells[at]}, ascii_only=ascii_only) + "\n"
        else:  # what is there stays as it was written
            yield f"{row.text[:-1].rstrip()}, {added}}}\n"


def _json_line(row: Cells, *, ascii_only: bool) -> str:
    try:
        return json.dumps(row, ensure_ascii=ascii_only, allow_nan=False, default=str)
    except ValueError:  # infinity is not JSON
        return json.dumps(_finite(row), ensure_ascii=ascii_only, allow_nan=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _speaks_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def check_output(out: Path, *, file: Path) -> str | None:
    """Return why the scored rows of `file` cannot be written to `out`, or None."""
    if not (is_parquet(out) or out.suffix.lower() == ".jsonl"):
        return f"{str(out)!r} must end in .jsonl or .parquet, or be -"
    if not out.parent.is_dir():
        return f"folder {str(out.parent)!r} does not exist"
    kind = kind_of_file(out)
    if kind is not None:
        return f"{str(out)!r} is {kind}, which cannot be replaced by a file"
    if out.exists() and out.samefile(file):
        return f"{str(out)!r} is the input file; choose another output"
    return None

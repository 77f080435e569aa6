"""`read_chunks`: the rows of a data file of any kind, some thousands at a time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import compress, islice
from typing import TYPE_CHECKING, Any, TypeAlias

from geo_rewards.data.reading.delimited import read_delimited
from geo_rewards.data.reading.json_rows import UnreadRest, read_line, read_list, split_lines
from geo_rewards.data.reading.kinds import files_of, is_stdin, kind_of
from geo_rewards.data.reading.opened import OpenedFile, open_file, seekable
from geo_rewards.data.reading.parquet_rows import ParquetChunk, read_parquet
from geo_rewards.system.first_use import lazy_property

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

CHUNK_ROWS = 2000
CHUNK_BYTES = 4_000_000
"""A chunk is smaller than `CHUNK_ROWS` where rows are long, so that it fits the memory."""


@dataclass(frozen=True)
class LineChunk:
    """Some lines of a `.jsonl` file, not yet decoded.

    Attributes:
        file: The file.
        numbers: The number of each line.
        lines: The lines as they are, none of them blank.
    """

    file: Path
    numbers: Sequence[int]
    lines: list[bytes]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    @property
    def size(self) -> int:
        """Return how much of `total_size` it is."""
        return sum(map(len, self.lines))

    @lazy_property
    def rows(self) -> list[Any]:
        """The value of each line, or a `BadRow`."""
        return list(map(read_line, self.lines))

    def take(self, wanted: Sequence[bool]) -> list[tuple[int, Any]]:
        """Return number and value of the rows that are wanted; only these are decoded."""
        pairs = compress(zip(self.numbers, self.lines, strict=True), wanted)
        return [(number, read_line(raw)) for number, raw in pairs]


@dataclass(frozen=True)
class RowChunk:
    """Some rows that are decoded.

    Attributes:
        file: The file.
        numbers: The line on which each row begins.
        rows: The value of each row, or a `BadRow`.
    """

    file: Path
    numbers: Sequence[int]
    rows: list[Any]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def size(self) -> int:
        """Return 0: how much there is to read is not known."""
        return 0

    def take(self, wanted: Sequence[bool]) -> list[tuple[int, Any]]:
        """Return number and value of the rows that are wanted, and any fault that hides those after it."""
        pairs = zip(self.numbers, self.rows, wanted, strict=False)
        return [(number, value) for number, value, wants in pairs if wants or isinstance(value, UnreadRest)]


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """How much a chunk holds at most.

    Attributes:
        rows: How many rows.
        bytes: About how many bytes of a `.jsonl` file.
    """

    rows: int
    bytes: int


_SMALL = ChunkSize(rows=100, bytes=100_000)

Chunk: TypeAlias = LineChunk | RowChunk | ParquetChunk


def read_chunks(path: Path, *, size: ChunkSize | None = None) -> Iterator[Chunk]:
    """Yield the rows of a data file in order, some at a time; each file is read once.

    Args:
        path: A `.jsonl`, `.json`, `.csv`, `.tsv` or `.parquet` file, also with `.gz` or `.zst`; a folder of
            such files or a pattern (`part-*.parquet`); `-` for standard input. A `.json` file is in memory
            as a whole, all others are read chunk by chunk.
        size: How much a chunk holds at most; by default enough to be scored at full speed.

    Raises:
        DataError: If a file is missing, is not what its name says, or cannot be read.
        ChangedFileError: After the last row of a file, if the file has changed since it was opened.
    """
    for file in files_of(path):
        with open_file(file) as opened:
            yield from _chunks(opened, size or ChunkSize(CHUNK_ROWS, CHUNK_BYTES))


def read_values(path: Path, *, chosen: Iterable[bool] | None = None) -> Iterator[tuple[Path, int, Any]]:
    """Yield file, line (in parquet: row) and value of each row, or a `BadRow` if it cannot be read.

    Args:
        path: As for `read_chunks`.
        chosen: Whether each row, in order, is wanted; None: all are. A fault that hides all rows after it is
            reported, wanted or not.

    Raises:
        DataError: As for `read_chunks`.
    """
    wanted = None if chosen is None else iter(chosen)
    for chunk in read_chunks(path, size=_SMALL):
        if wanted is None:
            found: Iterable[tuple[int, Any]] = zip(chunk.numbers, chunk.rows, strict=True)
        else:
            flags = list(islice(wanted, len(chunk)))
            found = chunk.take(flags + [False] * (len(chunk) - len(flags)))
        for number, value in found:
            yield chunk.file, number, value


def row_at(chunk: Chunk, index: int) -> tuple[int, Any]:
    """Return the number and the value of one row of a chunk without decoding the others."""
    if isinstance(chunk, LineChunk):
        return chunk.numbers[index], read_line(chunk.lines[index])
    if isinstance(chunk, ParquetChunk):
        one = ParquetChunk(chunk.file, chunk.first + index, chunk.batch.slice(index, 1))
        return one.first, one.rows[0]
    return chunk.numbers[index], chunk.rows[index]


def total_size(path: Path) -> int | None:
    """Return how much there is to read, in the unit of `Chunk.size`; None if that is not known."""
    sizes = [_size(file) for file in files_of(path)]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _size(file: Path) -> int | None:
    if is_stdin(file) or not file.is_file():
        return None
    kind = kind_of(file)
    if kind.kind == "jsonl" and not kind.compression:
        return file.stat().st_size
    if kind.kind == "parquet" and not kind.compression:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with suppress(pa.ArrowException, OSError):
            return int(pq.read_metadata(file).num_rows)
    return None


def count_values(path: Path) -> int:
    """Return how many rows `read_values` yields; lines are not decoded for that.

    Raises:
        DataError: As for `read_chunks`.
    """
    return sum(map(len, read_chunks(path, size=_SMALL)))


def _chunks(opened: OpenedFile, size: ChunkSize) -> Iterator[Chunk]:
    match opened.kind.kind:
        case "parquet":
            with seekable(opened) as content:
                yield from read_parquet(content, opened.path, size.rows)
        case "jsonl":
            yield from _line_chunks(opened, size)
        case "json":
            yield from _row_chunks(opened.path, read_list(opened.content.read()), size)
        case kind:
            yield from _row_chunks(opened.path, read_delimited(opened.content, opened.path, kind), size)


def _line_chunks(opened: OpenedFile, size: ChunkSize) -> Iterator[LineChunk]:
    first = 1
    while block := opened.content.readlines(size.bytes):
        for start in range(0, len(block), size.rows):
            numbers, lines = split_lines(block[start : start + size.rows], first + start)
            if lines:
                yield LineChunk(opened.path, numbers, lines)
        first += len(block)


def _row_chunks(path: Path, rows: Iterator[tuple[int, Any]], size: ChunkSize) -> Iterator[RowChunk]:
    while part := list(islice(rows, size.rows)):
        yield RowChunk(path, [number for number, _ in part], [value for _, value in part])

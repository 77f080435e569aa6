"""Rows that are read while they are trained on, for data too large to be kept as a table."""

from __future__ import annotations

import hashlib
import json
import logging
import random
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from datasets import IterableDataset
from datasets.iterable_dataset import ExamplesIterable

from geo_rewards.data import Row, check_truths
from geo_rewards.data.lines import count_values
from geo_rewards.data.selection.mixture import read_source
from geo_rewards.data.table.row_reader import RowReader
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.errors import DataError
from geo_rewards_trl.rows.dataset import RESERVED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from geo_rewards.data import RowProblem, Source
    from geo_rewards.data.table.row_reader import BadRows

logger = logging.getLogger(__name__)

HEAD_ROWS = 1000
"""So many rows are looked at before a run begins."""


@dataclass(frozen=True)
class RowStream:
    """The good rows of all sources, mixed in proportion to their sizes, the same at every pass.

    Attributes:
        sources: The data files.
        seed: Decides the mixture, the shuffling and which rows are held out.
        bad_rows: `error`: the first bad row is one; `skip`: bad rows are left out and counted in the log.
        columns: For truth fields that the data set calls otherwise, the name of the column.
        held_out_ratio: Share of the rows that is held out, by a hash of file name and line.
        part: Which rows this stream has; those held out, or the others.
        buffer_rows: How many rows wait to be picked at random.
    """

    sources: tuple[Source, ...]
    seed: int = 0
    bad_rows: BadRows = "error"
    columns: Mapping[str, str] = field(default_factory=dict)
    held_out_ratio: float = 0.0
    part: Literal["training", "validation"] = "training"
    buffer_rows: int = 10_000

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order in which they are read.

        Raises:
            DataError: If a row is bad and bad rows are an error, if a column has a name that TRL uses, or
                if there is no row at all.
        """
        parts = [
            read_source(source, seed=f"{self.seed} {index}") for index, source in enumerate(self.sources)
        ]
        mixed = interleaved(parts, [_size(source) for source in self.sources], seed=self.seed)
        good = 0
        for row in self._good(self._of_part(mixed)):
            good += 1
            yield row
        if not good:
            raise DataError(f"the data files hold no good rows for {self.part}")

    def shuffled(self, epoch: int) -> Iterator[Row]:
        """Yield the rows in an order that the seed and the number of the epoch decide."""
        return shuffled(self.rows(), self.buffer_rows, seed=f"{self.seed} {epoch}")

    def _of_part(self, rows: Iterable[Row | RowProblem]) -> Iterator[Row | RowProblem]:
        for row in rows:
            is_held_out = self.held_out_ratio > 0.0 and self._draw(row) < self.held_out_ratio
            if is_held_out == (self.part == "validation"):
                yield row

    def _draw(self, row: Row | RowProblem) -> float:
        text = f"{self.seed} {row.file.name} {row.line}"
        if isinstance(row, Row) and row.file.suffix.lower() == ".json":  # all rows may stand on one line
            text += json.dumps([row.prompt, row.solution, row.images, row.columns])
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def _good(self, rows: Iterable[Row | RowProblem]) -> Iterator[Row]:
        skipped = 0
        for row in check_truths(rows, columns=self.columns):
            if isinstance(row, Row):
                _check_names(row)
                yield row
            elif self.bad_rows == "error":
                raise DataError(f"{row} (--bad_rows skip leaves such rows out)")
            else:
                skipped += 1
                if skipped <= 10 or str(skipped).strip("0") == "1":
                    logger.info("left out %d bad rows so far; the last: %s", skipped, row)


class StreamedRows(IterableDataset):  # type: ignore[misc]  # datasets is skipped by mypy
    """A stream of rows as the trainer takes it: pictures are paths until their batch is generated for.

    Args:
        stream: The rows.
        system_prompt: The system turn of every prompt; see `geo_rewards.data.with_system_prompt`.
        head: Some rows, which tell what columns there are; the first ones are read if None.
    """

    def __init__(
        self, stream: RowStream, *, system_prompt: str | None = None, head: Sequence[Row] | None = None
    ) -> None:
        super().__init__(ExamplesIterable(_examples, {"stream": stream}))
        self.stream = stream
        self.files = tuple(dict.fromkeys(str(source.path) for source in stream.sources))
        self.reader = RowReader((), system_prompt, self.files, stream.bad_rows)
        self.head = list(islice(stream.rows(), HEAD_ROWS)) if head is None else head
        self.extra_columns = tuple(dict.fromkeys(name for row in self.head for name in row.columns))

    def records(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return rows as records that have the same keys: TRL takes the columns from the first one."""
        names = dict.fromkeys([*self.extra_columns, *(name for row in rows for name in row.columns)])
        index = {name: number for number, name in enumerate(self.files)}
        return [
            {
                "prompt": row.prompt,
                "images": row.images,
                "solution": row.solution,
                **{name: row.columns.get(name) for name in names},
                ORIGIN_COLUMN: {"file": index[str(row.file)], "line": row.line},
            }
            for row in rows
        ]

    def opened(self, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return records with their pictures opened, each picture once.

        Raises:
            DataError: If a picture does not open and bad rows are an error; names data file and line.
        """
        read = self.reader({name: [record[name] for record in records] for name in records[0]})
        return [{name: values[index] for name, values in read.items()} for index in range(len(records))]


def open_stream(
    sources: Sequence[Source],
    *,
    seed: int,
    bad_rows: BadRows = "error",
    system_prompt: str | None = None,
    columns: Mapping[str, str] | None = None,
    val_split_ratio: float = 0.0,
    buffer_rows: int = 10_000,
) -> tuple[StreamedRows, StreamedRows | None]:
    """Return the rows to train on and those held out (or None), of which only the first have been read.

    Args:
        sources: The data files.
        seed: Decides the order, and which rows are held out.
        bad_rows: See `RowStream`; a picture is checked when it is opened, see `RowReader`.
        system_prompt: The system turn of every prompt.
        columns: For truth fields that the data set calls otherwise, the name of the column.
        val_split_ratio: Share of the rows that is held out, by a hash of file name and line.
        buffer_rows: How many rows wait to be picked at random.

    Raises:
        DataError: If `val_split_ratio` is not in [0, 1), one of the first rows is bad, or none is held out.
    """
    if not 0.0 <= val_split_ratio < 1.0:
        raise DataError(f"the validation ratio is {val_split_ratio}; it must be at least 0 and less than 1")
    stream = RowStream(
        tuple(sources), seed, bad_rows, dict(columns or {}), val_split_ratio, buffer_rows=buffer_rows
    )
    training = StreamedRows(stream, system_prompt=system_prompt)
    if not val_split_ratio:
        return training, None
    held_out = replace(stream, part="validation")
    next(held_out.rows())  # without any, the run would end at its first evaluation
    return training, StreamedRows(held_out, system_prompt=system_prompt, head=training.head)


def interleaved(
    parts: Sequence[Iterator[Row | RowProblem]], sizes: Sequence[float], *, seed: int
) -> Iterator[Row | RowProblem]:
    """Yield the rows of several streams, picked at random in proportion to sizes, until all have ended."""
    if len(parts) == 1:
        yield from parts[0]
        return
    generator = random.Random(seed)
    open_parts = dict(zip(parts, sizes, strict=True))
    while open_parts:
        (part,) = generator.choices(list(open_parts), list(open_parts.values()))
        row = next(part, None)
        if row is None:
            del open_parts[part]
        else:
            yield row


def shuffled(rows: Iterable[Row], buffer_rows: int, *, seed: str) -> Iterator[Row]:
    """Yield rows in random order, as far as a buffer of so many allows it."""
    generator = random.Random(seed)
    rows = iter(rows)
    buffer = list(islice(rows, buffer_rows))
    for row in rows:
        place = generator.randrange(len(buffer))
        buffer[place], picked = row, buffer[place]
        yield picked
    generator.shuffle(buffer)
    yield from buffer


def _examples(stream: RowStream) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, row in enumerate(stream.rows()):
        yield number, {"prompt": row.prompt, "images": row.images, "solution": row.solution, **row.columns}


def _size(source: Source) -> float:
    """Return how many bytes of a file are read as rows, about."""
    try:
        size = source.path.stat().st_size * source.weight
        if source.sampling is not None and (rows := count_values(source.path)):
            size *= source.sampling.count(rows) / rows
        return max(1.0, size)
    except OSError as error:
        raise DataError(f"data file {source.path} cannot be read: {error.strerror}") from error


def _check_names(row: Row) -> None:
    for name in row.columns.keys() & RESERVED_COLUMNS:
        place = f"{row.file}, line {row.line}"
        raise DataError(f"{place}: the trainer uses the name {name!r} itself; rename this column")

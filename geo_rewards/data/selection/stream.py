"""Rows read during training, for data too large to be stored as a table."""

from __future__ import annotations

import hashlib
import json
import logging
import random
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Literal

from geo_rewards.data.problems import place_of
from geo_rewards.data.reading import FilesWatch, count_values, files_of, kind_of
from geo_rewards.data.rows import Row
from geo_rewards.data.selection.mixture import read_source
from geo_rewards.data.truth_check import check_truths
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from geo_rewards.data.problems import RowProblem
    from geo_rewards.data.selection.mixture import Source
    from geo_rewards.data.table.row_reader import BadRows

logger = logging.getLogger(__name__)

_CHECKED_ROWS = 1000
"""After how many rows the files are looked at: an end that would show a change may be days away."""


@dataclass(frozen=True)
class RowStream:
    """The good rows of all sources, mixed in proportion to their sizes, in the same order on every pass.

    Attributes:
        sources: The data files.
        seed: Decides the mixture, the shuffling and which rows are held out.
        bad_rows: `error`: stop at the first bad row; `skip`: leave bad rows out and count them in the log.
        columns: Dataset column of each truth field, where names differ.
        held_out_ratio: Fraction of the rows held out, chosen by a hash of file name and line.
        part: Which rows this stream yields: those held out, or the others.
        buffer_rows: Size of the buffer from which rows are picked at random.
        reserved: Names that the trainer uses itself: a column with such a name is an error.
    """

    sources: tuple[Source, ...]
    seed: int = 0
    bad_rows: BadRows = "error"
    columns: Mapping[str, str] = field(default_factory=dict)
    held_out_ratio: float = 0.0
    part: Literal["training", "validation"] = "training"
    buffer_rows: int = 10_000
    reserved: frozenset[str] = frozenset()
    _watch: list[FilesWatch] = field(default_factory=list, compare=False, repr=False)

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order they are read.

        Raises:
            DataError: If a row is bad and bad rows are an error, if a column has a reserved name, if there
                are no rows at all, or if a file has changed since the first pass began.
        """
        if not self._watch:
            self._watch.append(FilesWatch(*dict.fromkeys(source.path for source in self.sources)))
        self._watch[0].check()
        parts = [
            read_source(source, seed=f"{self.seed} {index}") for index, source in enumerate(self.sources)
        ]
        mixed = interleaved(parts, [_size(source) for source in self.sources], seed=self.seed)
        good = 0
        for row in self._good(self._of_part(mixed)):
            if good % _CHECKED_ROWS == 0:
                self._watch[0].check()
            good += 1
            yield row
        if not good:
            raise DataError(f"the data files have no good rows for {self.part}")

    def shuffled(self, epoch: int) -> Iterator[Row]:
        """Yield the rows in an order determined by the seed and the epoch number."""
        return shuffled(self.rows(), self.buffer_rows, seed=f"{self.seed} {epoch}")

    def _of_part(self, rows: Iterable[Row | RowProblem]) -> Iterator[Row | RowProblem]:
        for row in rows:
            is_held_out = self.held_out_ratio > 0.0 and self._draw(row) < self.held_out_ratio
            if is_held_out == (self.part == "validation"):
                yield row

    def _draw(self, row: Row | RowProblem) -> float:
        text = f"{self.seed} {row.file.name} {row.line}"
        if isinstance(row, Row) and kind_of(row.file).kind == "json":  # every row may be on one line
            text += json.dumps([row.prompt, row.solution, row.images, row.columns])
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def _good(self, rows: Iterable[Row | RowProblem]) -> Iterator[Row]:
        skipped = 0
        for row in check_truths(rows, columns=self.columns):
            if isinstance(row, Row):
                self._check_names(row)
                yield row
            elif self.bad_rows == "error":
                raise DataError(f"{row} (use --bad_rows skip to leave such rows out)")
            else:
                skipped += 1
                if skipped <= 10 or str(skipped).strip("0") == "1":
                    logger.info("left out %d bad rows so far; the last: %s", skipped, row)

    def _check_names(self, row: Row) -> None:
        for name in row.columns.keys() & self.reserved:
            place = place_of(row.file, row.line)
            raise DataError(f"{place}: the trainer uses the name {name!r} itself; rename this column")


def interleaved(
    parts: Sequence[Iterator[Row | RowProblem]], sizes: Sequence[float], *, seed: int
) -> Iterator[Row | RowProblem]:
    """Yield rows from several streams, picked at random in proportion to size, until all are exhausted."""
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
    """Yield rows in random order, as far as a buffer of that size allows."""
    generator = random.Random(seed)
    rows = iter(rows)
    buffer = list(islice(rows, buffer_rows))
    for row in rows:
        place = generator.randrange(len(buffer))
        buffer[place], picked = row, buffer[place]
        yield picked
    generator.shuffle(buffer)
    yield from buffer


def _size(source: Source) -> float:
    """Return approximately how many bytes of a file are read as rows."""
    try:
        size = sum(file.stat().st_size for file in files_of(source.path)) * source.weight
        if source.sampling is not None and (rows := count_values(source.path)):
            size *= source.sampling.count(rows) / rows
        return max(1.0, size)
    except OSError as error:
        raise DataError(f"data file {source.path} cannot be read: {error.strerror}") from error

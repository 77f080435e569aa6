"""Rows that are read while they are trained on, for data too large to be kept as a table."""

from __future__ import annotations

import hashlib
import json
import logging
import random
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Literal

from geo_rewards.data.lines import count_values
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


@dataclass(frozen=True)
class RowStream:
    """The good rows of all sources, mixed in proportion to their sizes, in the same order at every pass.

    Attributes:
        sources: The data files.
        seed: Decides the mixture, the shuffling and which rows are held out.
        bad_rows: `error`: the first bad row is one; `skip`: bad rows are left out and counted in the log.
        columns: Dataset column of each truth field, where names differ.
        held_out_ratio: Share of the rows that is held out, by a hash of file name and line.
        part: Which rows this stream has: those held out, or the others.
        buffer_rows: How many rows wait to be picked at random.
        reserved: Names that the trainer uses itself: a column of such a name is an error.
    """

    sources: tuple[Source, ...]
    seed: int = 0
    bad_rows: BadRows = "error"
    columns: Mapping[str, str] = field(default_factory=dict)
    held_out_ratio: float = 0.0
    part: Literal["training", "validation"] = "training"
    buffer_rows: int = 10_000
    reserved: frozenset[str] = frozenset()

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order in which they are read.

        Raises:
            DataError: If a row is bad and bad rows are an error, if a column has a reserved name, or if there
                is no row at all.
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
        if isinstance(row, Row) and row.file.suffix.lower() == ".json":  # all rows may be on one line
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
                raise DataError(f"{row} (--bad_rows skip leaves such rows out)")
            else:
                skipped += 1
                if skipped <= 10 or str(skipped).strip("0") == "1":
                    logger.info("left out %d bad rows so far; the last: %s", skipped, row)

    def _check_names(self, row: Row) -> None:
        for name in row.columns.keys() & self.reserved:
            place = f"{row.file}, line {row.line}"
            raise DataError(f"{place}: the trainer uses the name {name!r} itself; rename this column")


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


def _size(source: Source) -> float:
    """Return about how many bytes of a file are read as rows."""
    try:
        size = source.path.stat().st_size * source.weight
        if source.sampling is not None and (rows := count_values(source.path)):
            size *= source.sampling.count(rows) / rows
        return max(1.0, size)
    except OSError as error:
        raise DataError(f"data file {source.path} cannot be read: {error.strerror}") from error

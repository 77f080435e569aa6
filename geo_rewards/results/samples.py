"""A few rows, spread evenly over a file whose length is not known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.results.chunks import one_row

if TYPE_CHECKING:
    from geo_rewards.data.reading import Chunk

_KEPT_EACH = 50
"""How many rows are kept for each that is wanted: the more, the more even is their spread."""


class SpreadRows:
    """Keeps rows at equal distances, fewer and fewer as the file goes on, and the last one.

    Args:
        count: How many to return.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._kept: dict[int, Chunk] = {}
        self._step = 1
        self._seen = 0
        self._last: Chunk | None = None

    def add(self, chunk: Chunk) -> None:
        """Keep rows of a chunk."""
        if not self._count:
            return
        start, end = self._seen, self._seen + len(chunk)
        for index in range(start + -start % self._step, end, self._step):
            if index % self._step == 0:  # the step grows while this goes on
                self._keep(index, one_row(chunk, index - start))
        self._last, self._seen = one_row(chunk, len(chunk) - 1), end

    def rows(self) -> list[Chunk]:
        """Return the rows, each as a chunk: from the first of the file to the last."""
        if self._last is None:
            return []
        count, last = min(self._count, self._seen), self._seen - 1
        kept = {**self._kept, last: self._last}
        wanted = [index * last // max(count - 1, 1) for index in range(count)]
        return [kept[index] for index in dict.fromkeys(_nearest(kept, index) for index in wanted)]

    def _keep(self, index: int, row: Chunk) -> None:
        self._kept[index] = row
        if len(self._kept) > _KEPT_EACH * self._count:
            self._step *= 2
            self._kept = {at: kept for at, kept in self._kept.items() if at % self._step == 0}


def _nearest(kept: dict[int, Chunk], index: int) -> int:
    return index if index in kept else min(kept, key=lambda at: abs(at - index))

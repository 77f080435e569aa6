"""95 % intervals by the bootstrap: pictures are drawn with replacement, all rows of a picture together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

DRAWS = 1000
"""How often the pictures are drawn."""
_CELLS = 4_000_000
"""How many counts are held at a time."""
_ENDS = (2.5, 97.5)


class Interval(NamedTuple):
    """An estimate with its 95 % interval; all NaN if nothing counts."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero is outside: for a difference, more than noise."""
        return self.low > 0.0 or self.high < 0.0


def estimates(
    means: FloatArray, distance_km: FloatArray, units: IntArray, *, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Return each figure of the rows as they are, and of each draw.

    Args:
        means: Values whose mean is a figure, shape (figures, rows); NaN where a row does not count.
        distance_km: Values whose median is the last figure; NaN where a row does not count.
        units: Number of the picture of each row, from 0 without gaps.
        seed: Two files with the same pictures and the same seed get the same draws.

    Returns:
        Figures, shape (figures + 1,), and those of the draws, shape (draws, figures + 1); NaN where no row
        counts.
    """
    sums = _Sums(means, distance_km)
    once = sums.figures(np.ones((1, len(units))))[0]
    drawn = [sums.figures(counts[:, units]) for counts in _draws(int(units.max(initial=0)) + 1, seed)]
    return once, np.concatenate(drawn)


def interval(value: float, drawn: FloatArray) -> Interval:
    """Return an estimate with the percentiles of its draws."""
    known = drawn[~np.isnan(drawn)]
    if not known.size or np.isnan(value):
        return Interval(float(value), np.nan, np.nan)
    low, high = np.percentile(known, _ENDS)
    return Interval(float(value), float(low), float(high))


class _Sums:
    """Weighted means, and the weighted median, of rows."""

    def __init__(self, means: FloatArray, distance_km: FloatArray) -> None:
        counted = ~np.isnan(means)
        self._counted = counted.T.astype(np.float64)
        self._values = np.where(counted, means, 0.0).T
        located = np.flatnonzero(~np.isnan(distance_km))
        self._order = located[np.argsort(distance_km[located], kind="stable")]
        self._sorted = distance_km[self._order]

    def figures(self, weights: FloatArray) -> FloatArray:
        """Return the figures for each row of weights."""
        totals = weights @ self._counted
        with np.errstate(invalid="ignore"):
            means = np.where(totals > 0.0, weights @ self._values / totals, np.nan)
        return np.column_stack([means, self._medians(weights)])

    def _medians(self, weights: FloatArray) -> FloatArray:
        """Return the median with each row repeated as often as its weight says."""
        sums = np.cumsum(weights[:, self._order], axis=1)
        medians = np.full(len(weights), np.nan)
        for i, row in enumerate(sums):
            if row.size and row[-1] > 0.0:
                lower, upper = np.searchsorted(row, [(row[-1] - 1.0) // 2.0, row[-1] // 2.0], side="right")
                medians[i] = (self._sorted[lower] + self._sorted[upper]) / 2.0
        return medians


def _draws(units: int, seed: int) -> Iterator[FloatArray]:
    """Yield how often each picture is drawn, several draws at a time."""
    random = np.random.default_rng(seed)
    at_once = max(1, min(DRAWS, _CELLS // units))
    for start in range(0, DRAWS, at_once):
        count = min(at_once, DRAWS - start)
        drawn = random.integers(units, size=(count, units)) + np.arange(count)[:, None] * units
        yield np.bincount(drawn.ravel(), minlength=count * units).reshape(count, units).astype(np.float64)

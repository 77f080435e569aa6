"""The figures of answers: what each is called, its value with an interval, and its value in every draw."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geo_rewards.results.evaluation.intervals import Interval, estimates, interval
from geo_rewards.results.evaluation.rules import THRESHOLDS_KM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_rewards.results.evaluation.judged import Judged

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

MEDIAN = "median_km"


class Figure(NamedTuple):
    """How a figure is shown.

    Attributes:
        title: What it is.
        unit: `share`, `km` or `points`.
        more_is_better: Whether a larger value is a better one.
    """

    title: str
    unit: str
    more_is_better: bool = True


@cache
def known_figures() -> dict[str, Figure]:
    """Return all figures by name, in the order of reports."""
    near = {f"within_{limit:g}_km": Figure(f"within {limit:g} km", "share") for limit in THRESHOLDS_KM}
    return {
        **near,
        MEDIAN: Figure("median distance", "km", more_is_better=False),
        "mean_km": Figure("mean distance", "km", more_is_better=False),
        "score": Figure("mean score (0 to 5000)", "points"),
        "country": Figure("country right", "share"),
        "region": Figure("region right", "share"),
        "city": Figure("city right", "share"),
        "located": Figure("answers with a coordinate", "share"),
        "parsed": Figure("answers that could be read", "share"),
        "reward": Figure("mean reward", "points"),
    }


def figures_of(judged: Judged, units: IntArray, *, seed: int = 0) -> dict[str, Interval]:
    """Return every figure with its interval; those that no row counts towards are left out."""
    names, once, drawn = drawn_figures(judged, units, seed=seed)
    return {
        name: interval(once[i], drawn[:, i])
        for i, name in sorted(enumerate(names), key=lambda pair: list(known_figures()).index(pair[1]))
        if not np.isnan(once[i])
    }


def drawn_figures(
    judged: Judged, units: IntArray, *, seed: int = 0
) -> tuple[list[str], FloatArray, FloatArray]:
    """Return the names of all figures, their values, and those of the draws; see `estimates`."""
    means = np.array(list(judged.figures.values()))
    once, drawn = estimates(means, judged.distance_km, units, seed=seed)
    return [*judged.figures, MEDIAN], once, drawn


def unit_numbers(judged: Judged) -> IntArray:
    """Return the number of each row's picture: rows with one key have one, rows without have their own."""
    numbers: dict[Any, int] = {}
    return np.array(
        [
            numbers.setdefault(row if key is None else (key,), len(numbers))
            for row, key in enumerate(judged.key)
        ],
        dtype=np.int64,
    )


def number(value: float) -> float | None:
    """Return a number as JSON has it: NaN is null."""
    return None if np.isnan(value) else float(value)

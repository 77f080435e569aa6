"""`Comparison`: what is different between two sets of answers, and whether it is more than noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geo_rewards.results.evaluation.figures import drawn_figures, known_figures, number, unit_numbers
from geo_rewards.results.evaluation.intervals import Interval, interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_rewards.results.evaluation.judged import Judged


class Difference(NamedTuple):
    """A figure of two sets of answers.

    Attributes:
        first: Its value in the first.
        second: Its value in the second.
        change: Second minus first, with its 95 % interval.
    """

    first: float
    second: float
    change: Interval

    @property
    def is_noise(self) -> bool:
        """Whether the interval contains zero, so that there may be no difference."""
        return not self.change.excludes_zero


class Comparison:
    """The difference of two sets of answers that were judged by the same rules.

    Rows with the same key are paired: then the difference of each picture counts, and what is common to both
    cancels out. Pictures that only one has are left out. Without a common key, all rows of both are compared.

    Args:
        first: What became of the earlier answers, or of the baseline's.
        second: What became of the later ones.

    Attributes:
        is_paired: Whether pictures are paired.
        pictures: How many are paired, or 0.
        unpaired: How many pictures only the first, and only the second has.
        differences: By the name of the figure.
    """

    def __init__(self, first: Judged, second: Judged) -> None:
        ours, theirs = set(first.key) - {None}, set(second.key) - {None}
        common = ours & theirs
        self.is_paired = bool(common)
        self.pictures = len(common)
        self.unpaired = (len(ours - common), len(theirs - common)) if common else (0, 0)
        if common:
            numbers = {key: i for i, key in enumerate(sorted(common, key=repr))}
            sides = [_paired(judged, numbers) for judged in (first, second)]
            drawn = [drawn_figures(judged, units) for judged, units in sides]
        else:  # each with draws of its own
            drawn = [
                drawn_figures(judged, unit_numbers(judged), seed=seed)
                for seed, judged in enumerate((first, second))
            ]
        (names, once, draws), (other_names, other_once, other_draws) = drawn
        order = list(known_figures())
        self.differences = {
            name: Difference(
                float(once[i]),
                float(other_once[j]),
                interval(other_once[j] - once[i], other_draws[:, j] - draws[:, i]),
            )
            for name in sorted(set(names) & set(other_names), key=order.index)
            for i, j in [(names.index(name), other_names.index(name))]
            if not np.isnan(once[i]) and not np.isnan(other_once[j])
        }

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "paired": self.is_paired,
            "pictures": self.pictures,
            "only_in_first": self.unpaired[0],
            "only_in_second": self.unpaired[1],
            "figures": {
                name: {
                    "first": number(found.first),
                    "second": number(found.second),
                    "change": number(found.change.value),
                    "low": number(found.change.low),
                    "high": number(found.change.high),
                    "noise": found.is_noise,
                }
                for name, found in self.differences.items()
            },
        }


def _paired(judged: Judged, numbers: dict[Any, int]) -> tuple[Judged, NDArray[np.int64]]:
    """Return the rows of the common pictures, and the number of each one's picture."""
    rows = np.array([row for row, key in enumerate(judged.key) if key in numbers], dtype=np.int64)
    units = np.array([numbers[judged.key[row]] for row in rows], dtype=np.int64)
    return judged.take(rows), units

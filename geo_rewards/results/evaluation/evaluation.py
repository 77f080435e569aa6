"""`Evaluation`: the field's figures of a set of answers, with intervals, whole and by groups."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geo_rewards.geo.continents import CONTINENTS
from geo_rewards.results.evaluation.intervals import Interval, estimates, interval
from geo_rewards.results.evaluation.rules import THRESHOLDS_KM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geo_rewards.results.evaluation.judged import Judged
    from geo_rewards.results.evaluation.rules import Rules

MEDIAN = "median_km"
_MOST_EXAMPLE = 120
UNKNOWN = "unknown"


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
        "parsed": Figure("answers that could be read", "share"),
        "reward": Figure("mean reward", "points"),
    }


@dataclass(frozen=True, slots=True)
class Concentration:
    """How the answers, or the truths, are spread over countries and 1-degree cells.

    Attributes:
        count: How many are known.
        entropy_bits: Entropy of their distribution.
        distinct: How many different ones there are.
        commonest: The commonest one, and its share; None and NaN if none is known.
    """

    count: int
    entropy_bits: float
    distinct: int
    commonest: tuple[Any, float]

    @classmethod
    def of(cls, values: Iterable[Any]) -> Concentration:
        """Return how these values are spread; None is unknown."""
        counts = Counter(value for value in values if value is not None)
        total = counts.total()
        if not total:
            return cls(0, 0.0, 0, (None, float("nan")))
        shares = np.array(list(counts.values())) / total
        value, most = counts.most_common(1)[0]
        return cls(total, float(-(shares * np.log2(shares)).sum()) + 0.0, len(counts), (value, most / total))

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        value, share = self.commonest
        return {
            "count": self.count,
            "entropy_bits": self.entropy_bits,
            "distinct": self.distinct,
            "commonest": value,
            "commonest_share": number(share),
        }


class Problem(NamedTuple):
    """A kind of parse problem: how many answers have it, and one of them."""

    kind: str
    count: int
    example: str


class Group(NamedTuple):
    """The figures of a part of the rows."""

    value: str
    rows: int
    figures: dict[str, Interval]


class Evaluation:
    """What a set of answers is worth.

    Args:
        judged: What became of each answer.
        rules: How they were judged.

    Attributes:
        figures: Every figure with its 95 % interval, by name; see `known_figures`.
        pictures: How many different pictures there are; all rows of one are resampled together.
    """

    def __init__(self, judged: Judged, rules: Rules) -> None:
        self.judged = judged
        self.rules = rules
        units = unit_numbers(judged)
        self.pictures = int(units.max(initial=-1)) + 1
        self.figures = figures_of(judged, units)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.judged)

    def __repr__(self) -> str:
        """Show the headline figures."""
        shown = ", ".join(f"{name} {self.figures[name].value:.4g}" for name in ("within_25_km", MEDIAN, "score"))
        return f"<Evaluation of {len(self)} rows: {shown}>"

    @property
    def problems(self) -> list[Problem]:
        """The kinds of parse problems, commonest first, with an example each."""
        counts: Counter[str] = Counter(kind for kind in self.judged.problem if kind is not None)
        examples = dict(zip(self.judged.problem[::-1], self.judged.example[::-1], strict=True))
        return [
            Problem(kind, count, str(examples[kind])[:_MOST_EXAMPLE]) for kind, count in counts.most_common()
        ]

    @property
    def concentrations(self) -> dict[str, Concentration]:
        """How answers and truths are spread: one fixed answer shows here first."""
        return {
            "answer_countries": Concentration.of(self.judged.answer_country),
            "true_countries": Concentration.of(self.judged.true_country),
            "answer_cells": Concentration.of(self.judged.answer_cell),
        }

    def by(self, column: str) -> list[Group]:
        """Return the figures of each value of a column, the largest group first.

        Args:
            column: `country` or `continent` of the truth, or a column that the evaluation was given.

        Raises:
            KeyError: If it was not given.
        """
        values = group_values(self.judged, column)
        groups = Counter(values.tolist())
        units = unit_numbers(self.judged)
        found = []
        for value, count in groups.most_common():
            rows = np.flatnonzero(values == value)
            _, own = np.unique(units[rows], return_inverse=True)
            found.append(Group(value, count, figures_of(self.judged.take(rows), own)))
        return found

    def to_json(self, *, by: Sequence[str] = ()) -> dict[str, Any]:
        """Return everything as JSON values.

        Args:
            by: Columns to break the figures down by.
        """
        return {
            "rows": len(self),
            "pictures": self.pictures,
            "rules": self.rules.describe(),
            "figures": _figures_json(self.figures),
            "problems": [problem._asdict() for problem in self.problems],
            "concentration": {name: value.to_json() for name, value in self.concentrations.items()},
            "by": {
                column: {
                    group.value: {"rows": group.rows, "figures": _figures_json(group.figures)}
                    for group in self.by(column)
                }
                for column in by
            },
        }


def figures_of(judged: Judged, units: NDArray[np.int64], *, seed: int = 0) -> dict[str, Interval]:
    """Return every figure with its interval; those that no row counts towards are left out."""
    names, once, drawn = drawn_figures(judged, units, seed=seed)
    return {
        name: interval(once[i], drawn[:, i])
        for i, name in sorted(enumerate(names), key=lambda pair: list(known_figures()).index(pair[1]))
        if not np.isnan(once[i])
    }


def drawn_figures(
    judged: Judged, units: NDArray[np.int64], *, seed: int = 0
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Return the names of all figures, their values, and those of the draws; see `estimates`."""
    means = np.array(list(judged.figures.values()))
    once, drawn = estimates(means, judged.distance_km, units, seed=seed)
    return [*judged.figures, MEDIAN], once, drawn


def unit_numbers(judged: Judged) -> NDArray[np.int64]:
    """Return the number of each row's picture: rows with one key have one, rows without have their own."""
    numbers: dict[Any, int] = {}
    return np.array(
        [numbers.setdefault(row if key is None else (key,), len(numbers)) for row, key in enumerate(judged.key)],
        dtype=np.int64,
    )


def group_values(judged: Judged, column: str) -> NDArray[np.object_]:
    """Return the value of each row by which it is grouped, as text."""
    if column in judged.groups:
        values = [UNKNOWN if value is None else str(value) for value in judged.groups[column]]
    elif column == "country":
        values = [UNKNOWN if code is None else code for code in judged.true_country]
    elif column == "continent":
        values = [CONTINENTS.get(code or "", UNKNOWN) for code in judged.true_country]
    else:
        raise KeyError(column)
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def number(value: float) -> float | None:
    """Return a number as JSON has it: NaN is null."""
    return None if np.isnan(value) else float(value)


def _figures_json(figures: dict[str, Interval]) -> dict[str, Any]:
    return {
        name: {"value": number(found.value), "low": number(found.low), "high": number(found.high)}
        for name, found in figures.items()
    }

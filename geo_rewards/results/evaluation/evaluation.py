"""`Evaluation`: the field's figures of a set of answers, with intervals, whole and by groups."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geo_rewards.errors import DataError
from geo_rewards.geo.continents import CONTINENTS
from geo_rewards.results.evaluation.comparison import Comparison
from geo_rewards.results.evaluation.figures import MEDIAN, figures_of, number, unit_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geo_rewards.results.evaluation.intervals import Interval
    from geo_rewards.results.evaluation.judged import Judged
    from geo_rewards.results.evaluation.rules import Rules

_MOST_EXAMPLE = 120
UNKNOWN = "unknown"


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
    answers: int
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
        headline = [name for name in ("within_25_km", MEDIAN, "score", "country") if name in self.figures]
        shown = ", ".join(f"{name} {self.figures[name].value:.4g}" for name in headline)
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

    def compare(self, other: Evaluation) -> Comparison:
        """Return how another evaluation differs from this one; see `Comparison`.

        Raises:
            DataError: If the two were judged by different rules.
        """
        if self.rules != other.rules:
            raise DataError(
                f"the first was judged by other rules than the second: {self.rules.describe()}; "
                f"{other.rules.describe()}"
            )
        return Comparison(self.judged, other.judged)

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


def _figures_json(figures: dict[str, Interval]) -> dict[str, Any]:
    return {
        name: {"value": number(found.value), "low": number(found.low), "high": number(found.high)}
        for name, found in figures.items()
    }

"""The totals of a scoring: means, abstentions, parse rate, distance, problems, errors; in constant memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from geo_rewards.results.added import Added
    from geo_rewards.scoring.scores import Scores

_BIN_KM = 0.1
_FARTHEST_KM = 20_100  # half the Earth's circumference, and a little
_WAITING = 50


@dataclass(slots=True)
class Mean:
    """A mean of the values present.

    Attributes:
        count: How many values there were.
        missing: How many rows had none.
        total: Sum of the values.
    """

    count: int = 0
    missing: int = 0
    total: float = 0.0

    def add(self, values: Sequence[float | None]) -> None:
        """Add some rows."""
        if None in values:
            given = [value for value in values if value is not None]
            self.missing += len(values) - len(given)
        else:
            given = list(values)  # type: ignore[arg-type]
        self.count += len(given)
        self.total += sum(given)

    def merge(self, later: Mean) -> None:
        """Add the values of another mean."""
        self.count += later.count
        self.missing += later.missing
        self.total += later.total

    @property
    def value(self) -> float | None:
        """The mean; None without values."""
        return self.total / self.count if self.count else None

    def __str__(self) -> str:
        """Return the mean to four decimals."""
        return "none" if self.value is None else f"{self.value:.4f}"


@dataclass(slots=True)
class Problems:
    """How many answers had a problem of one kind, and the first of them.

    Attributes:
        count: How many.
        where: The place of the first.
        example: What was refused in it.
    """

    count: int
    where: str
    example: str


class Distances:
    """Counts distances by tenths of a kilometre: their median needs no list of them.

    >>> distances = Distances()
    >>> distances.add(np.array([3.04, np.nan, 1.0, 7.0]))
    >>> distances.count, round(distances.median(), 1)
    (3, 3.0)
    """

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] | None = None
        self._waiting: list[NDArray[np.int32]] = []

    @property
    def count(self) -> int:
        """How many distances were added."""
        return int(self._counted().sum())

    def add(self, distances_km: NDArray[np.float64]) -> None:
        """Add some distances; NaN is none."""
        known = distances_km[~np.isnan(distances_km)]
        self._waiting.append(np.rint(known / _BIN_KM).astype(np.int32))

    def merge(self, later: Distances) -> None:
        """Add the distances of a chunk."""
        self._waiting += later._waiting
        if len(self._waiting) >= _WAITING:
            self._counted()

    def median(self) -> float | None:
        """Return the median to a tenth of a kilometre; None without distances."""
        if not self.count:
            return None
        middle = [(self.count - 1) // 2, self.count // 2]
        return round(
            float(np.searchsorted(np.cumsum(self._counted()), middle, side="right").mean()) * _BIN_KM, 2
        )

    def _counted(self) -> NDArray[np.int64]:
        if self._counts is None:
            self._counts = np.zeros(int(_FARTHEST_KM / _BIN_KM) + 1, dtype=np.int64)
        if self._waiting:
            self._counts += np.bincount(np.concatenate(self._waiting), minlength=len(self._counts))
            self._waiting = []
        return self._counts


@dataclass(slots=True)
class Tally:
    """The totals over some rows.

    Attributes:
        rows: How many rows there were.
        reward: The weighted sums.
        share: Each row's weighted sum as a fraction of the most that it could earn.
        labels: The raw values by label.
        parsed: How many answers could be read.
        distances: The known distances.
        problems: What was refused in the answers, by kind.
        errors: How often each reward failed, by label.
        first_errors: The first message of each reward that failed.
    """

    rows: int = 0
    reward: Mean = field(default_factory=Mean)
    share: Mean = field(default_factory=Mean)
    labels: dict[str, Mean] = field(default_factory=dict)
    parsed: int = 0
    distances: Distances = field(default_factory=Distances)
    problems: dict[str, Problems] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    first_errors: dict[str, str] = field(default_factory=dict)

    def by_frequency(self) -> list[tuple[str, Problems]]:
        """Return the kinds of problems, the most frequent first."""
        return sorted(self.problems.items(), key=lambda item: -item[1].count)

    def merge(self, later: Tally) -> None:
        """Add the totals of later rows."""
        self.rows += later.rows
        self.reward.merge(later.reward)
        self.share.merge(later.share)
        for label, mean in later.labels.items():
            self.labels.setdefault(label, Mean()).merge(mean)
        self.parsed += later.parsed
        self.distances.merge(later.distances)
        for kind, found in later.problems.items():
            if kind in self.problems:
                self.problems[kind].count += found.count
            else:
                self.problems[kind] = found
        self.errors.update(later.errors)
        for label, text in later.first_errors.items():
            self.first_errors.setdefault(label, text)


def tally_of(
    scores: Scores, added: Added, *, most: Mapping[str, float], place: Callable[[int], str]
) -> Tally:
    """Return the totals of scored rows.

    Args:
        scores: Their scores.
        added: The cells that are added to them.
        most: The most that each weighted reward can contribute, by label.
        place: Returns where a row is, for messages.
    """
    tally = Tally(rows=len(added))
    tally.reward.add(added.total)
    tally.share = _share(added, most)
    for label, values in added.rewards.items():
        mean = tally.labels[label] = Mean()
        mean.add(values)
    unusual = [row for row, is_plain in enumerate(scores.batch.is_plain) if not is_plain]
    tally.parsed = len(added) - len(unusual) + sum(map(scores.parses, unusual))
    tally.distances.add(scores.batch.distance_km)
    for row in added.problems:
        for problem in scores.problems(row)[:1]:
            found = tally.problems.setdefault(problem.kind.value, Problems(0, place(row), str(problem)))
            found.count += 1
    for label, errors in scores.errors.items():
        if errors:
            row, error = next(iter(errors.items()))
            tally.errors[label] += len(errors)
            tally.first_errors[label] = f"{place(row)}: {error}"
    return tally


def _share(added: Added, most: Mapping[str, float]) -> Mean:
    """Return the mean share of the most that each row can earn from the rewards that judge it."""
    columns = [added.rewards[label] for label in most]
    if not any(None in column for column in (added.total, *columns)):
        best = np.full(len(added), sum(most.values()))
    else:
        best = np.zeros(len(added))
        for column, high in zip(columns, most.values(), strict=True):
            best += high * np.array([value is not None for value in column])
    total = np.array(added.total, dtype=np.float64)  # None becomes NaN
    counted = (best > 0) & ~np.isnan(total)
    return Mean(int(counted.sum()), int((~counted).sum()), float((total[counted] / best[counted]).sum()))

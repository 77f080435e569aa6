"""The final report on a scoring: means, abstentions, parse rate, distance, errors."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.results.chunks import ScoredChunk
    from geo_rewards.scoring.recipe import Recipe


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
        given = [value for value in values if value is not None]
        self.count += len(given)
        self.missing += len(values) - len(given)
        self.total += sum(given)

    def __str__(self) -> str:
        """Return the mean to four decimals."""
        return f"{self.total / self.count:.4f}" if self.count else "none"


@dataclass(slots=True)
class Tally:
    """The totals over all chunks.

    Attributes:
        recipe: The recipe used for scoring.
        rows: How many rows there were.
        reward: The weighted sums.
        labels: The raw values by label.
        parsed: How many answers could be read.
        distances_km: Every known distance, for the median: 8 bytes per row.
        errors: How often each reward failed, by label.
        first_errors: The first message of each reward that failed.
    """

    recipe: Recipe
    rows: int = 0
    reward: Mean = field(default_factory=Mean)
    labels: dict[str, Mean] = field(default_factory=dict)
    parsed: int = 0
    distances_km: array[float] = field(default_factory=lambda: array("d"))
    errors: dict[str, int] = field(default_factory=dict)
    first_errors: dict[str, str] = field(default_factory=dict)

    def add(self, chunk: ScoredChunk) -> None:
        """Add one chunk."""
        self.rows += len(chunk.total)
        self.reward.add(chunk.total)
        self.distances_km.extend(km for km in chunk.distance_km if km is not None)
        for label, values in chunk.rewards.items():
            self.labels.setdefault(label, Mean()).add(values)
        self.parsed += chunk.parsed
        for label, messages in chunk.errors.items():
            self.errors[label] = self.errors.get(label, 0) + len(messages)
            self.first_errors.setdefault(label, messages[0])

    def silent_labels(self) -> list[str]:
        """Return the labels of weighted rewards that gave no value for any row."""
        weighted = [label for label, entry in self.recipe.entries.items() if entry.weight]
        return [label for label in weighted if self.labels[label].count == 0]

    def lines(self) -> list[str]:
        """Return the lines of the report."""
        near = f"{median(self.distances_km):,.1f} km" if self.distances_km else "none"
        width = max(map(len, ["parse rate", *self.labels]))
        lines = [
            f"{'rows':{width}}  {self.rows:,}",
            f"{'reward':{width}}  mean {self.reward}{_missing(self.reward)}",
            *(self._label_line(label, mean, width) for label, mean in self.labels.items()),
            f"{'parse rate':{width}}  {self.parsed / self.rows:.1%} of the answers could be read",
            f"{'median':{width}}  {near} over {len(self.distances_km):,} rows with a distance",
            f"{'errors':{width}}  {sum(self.errors.values()):,}",
        ]
        firsts = [f"{'':{width}}  first of {label}: {text}" for label, text in self.first_errors.items()]
        return lines + firsts

    def _label_line(self, label: str, mean: Mean, width: int) -> str:
        weight = f", weight {self.recipe.entries[label].weight:g}"
        failed = f", failed on {self.errors[label]:,}" if label in self.errors else ""
        return f"{label:{width}}  mean {mean}{weight}, abstained on {mean.missing:,}{failed}"


def _missing(mean: Mean) -> str:
    return f", none on {mean.missing:,} rows" if mean.missing else ""

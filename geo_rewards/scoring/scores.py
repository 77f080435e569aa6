"""`Scores`: the values of a batch under a recipe, and a printable explanation of any row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.errors import InputError
from geo_rewards.scoring.display import scores_line, scores_table
from geo_rewards.scoring.explanation import explain_row, total_line
from geo_rewards.system.first_use import lazy_property

if TYPE_CHECKING:
    from collections.abc import Collection

    from geo_rewards.batch.batch import Batch
    from geo_rewards.scoring.column import Column
    from geo_rewards.types import Problem


@dataclass(frozen=True, repr=False)
class Scores:
    """The values of a batch under a recipe.

    Attributes:
        batch: What was scored, with answers, truths and distances.
        columns: One `Column` per label, in the recipe's order.
        faulty: Rows that abstain in every reward because one failed on them.
    """

    batch: Batch
    columns: dict[str, Column]
    faulty: frozenset[int]

    def __repr__(self) -> str:
        """Show how many rows there are, their totals, and what went wrong."""
        return scores_line(self.total, self.columns, self.faulty)

    def _repr_html_(self) -> str:
        """Show the first rows as a table in a notebook."""
        return scores_table(self.batch, self.total, self.columns, caption=repr(self)[1:-1])

    @property
    def rewards(self) -> dict[str, list[float | None]]:
        """Raw values by label: after gates, before weights; None where the reward abstained."""
        return {label: column.final for label, column in self.columns.items()}

    @property
    def errors(self) -> dict[str, dict[int, Exception]]:
        """What went wrong, by label and row."""
        return {label: column.errors for label, column in self.columns.items()}

    @lazy_property
    def total(self) -> list[float | None]:
        """Weighted sums; None where every weighted reward abstained or a reward failed."""
        weighted = [column for column in self.columns.values() if column.entry.weight]
        total, counted = np.zeros(len(self.batch)), np.zeros(len(self.batch), dtype=bool)
        for column in weighted:
            values = np.array(column.final, dtype=np.float64)  # None becomes NaN, and no value is NaN
            present = ~np.isnan(values)
            counted |= present
            total += np.where(present, column.entry.weight * values, 0.0)
        sums: list[float | None] = list(total.tolist())
        for row in {*np.flatnonzero(~counted).tolist(), *self.faulty}:
            sums[row] = None
        return sums

    def trained_values(self, label: str) -> list[float | None]:
        """Return the raw values for a trainer: a row on which any reward failed abstains in all of them."""
        final = self.columns[label].final
        return [None if row in self.faulty else value for row, value in enumerate(final)]

    def parsed(self, row: int) -> dict[str, Any]:
        """Return what was read from a completion: its coordinate and places, as JSON values."""
        answer = self.batch.answers[row]
        found = {"country": answer.country, "region": answer.region, "city": answer.city}
        pair = answer.coordinate
        return {"lat": pair and pair.lat, "lon": pair and pair.lon, **found}

    def parses(self, row: int) -> bool:
        """Return whether an answer could be read as what its row asks for: a place, or any text."""
        if self.batch.is_plain[row]:
            return True
        answer = self.batch.answers[row]
        named = answer.country or answer.region or answer.city
        return bool(answer.coordinate or named or self._answers_in_text(row))

    def problems(self, row: int) -> tuple[Problem, ...]:
        """Return the problems of an answer; none if its row asks for text and got some."""
        if self.batch.is_plain[row] or self._answers_in_text(row):
            return ()
        return self.batch.answers[row].problems

    def distance_km(self, row: int) -> float | None:
        """Return the great-circle distance from answer to truth in km, or None."""
        return self.batch.samples[row].distance_km

    def explain(self, row: int, *, labels: Collection[str] | None = None) -> str:
        """Return a printable explanation of one row: what parsed and what did not, every reward, the total.

        Args:
            row: The row, from 0.
            labels: The rewards to explain; all if None.

        Raises:
            InputError: If there is no such row.
        """
        if not hasattr(row, "__index__") or not 0 <= row < len(self.batch):
            raise InputError(f"row {row!r:.40} does not exist: there are {len(self.batch)}, counted from 0")
        labels = [labels] if isinstance(labels, str) else labels
        total = total_line(self.columns, row, total=self.total[row], failed=row in self.faulty)
        return "\n".join([*explain_row(self.batch, self.columns, row, labels=labels), total])

    def _answers_in_text(self, row: int) -> bool:
        truth = self.batch.given_truths[row]
        return truth.text is not None and truth.coordinate is None and bool(self.batch.answers[row].answer)

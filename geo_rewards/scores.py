"""`Scores`: what a recipe made of a batch, and a printable account of any row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch import Batch, Sample
    from geo_rewards.recipe_file import Entry
    from geo_rewards.types import GroundTruth

_INDENT = " " * len("reward     ")


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one entry of a recipe.

    Attributes:
        entry: The entry as written.
        ungated: Its values before the gate, None where it abstained.
        final: Its values after the gate and `on_error`.
        closed: Rows on which the gate was closed.
        errors: What went wrong, by row.
        notes: Figures that the reward noted, per row.
        bounds: Lowest and highest value.
        needs: Truth fields without which the reward abstains.
    """

    entry: Entry
    ungated: list[float | None]
    final: list[float | None]
    closed: frozenset[int]
    errors: dict[int, Exception]
    notes: list[dict[str, float]]
    bounds: tuple[float, float]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scores:
    """The values of a batch under a recipe.

    Attributes:
        batch: What was scored, with answers, truths and distances.
        columns: One `Column` a label, in the recipe's order.
        faulty: Rows that abstain as a whole since some reward failed on them.
    """

    batch: Batch
    columns: dict[str, Column]
    faulty: frozenset[int]

    @property
    def rewards(self) -> dict[str, list[float | None]]:
        """Raw values by label: after gates, before weights; None where the reward abstained."""
        return {label: column.final for label, column in self.columns.items()}

    @property
    def errors(self) -> dict[str, dict[int, Exception]]:
        """What went wrong, by label and row."""
        return {label: column.errors for label, column in self.columns.items()}

    @cached_property
    def total(self) -> list[float | None]:
        """Weighted sums; None where every weighted reward abstained or a reward failed."""
        return [self._total(row) for row in range(len(self.batch))]

    def trained_values(self, label: str) -> list[float | None]:
        """Return the raw values for a trainer: rows on which any reward failed abstain as a whole."""
        final = self.columns[label].final
        return [None if row in self.faulty else value for row, value in enumerate(final)]

    def parsed(self, row: int) -> dict[str, Any]:
        """Return what was read from a completion: its coordinate and places, as JSON values."""
        answer = self.batch.answers[row]
        found = {"country": answer.country, "region": answer.region, "city": answer.city}
        pair = answer.coordinate
        return {"lat": pair and pair.lat, "lon": pair and pair.lon, **found}

    def distance_km(self, row: int) -> float | None:
        """Return the great-circle distance from answer to truth in km, or None."""
        return self.batch.samples[row].distance_km

    def explain(self, row: int) -> str:
        """Return a printable account of one row: what parsed and what did not, every reward, the total."""
        sample = self.batch.samples[row]
        lines = [*_answer_lines(sample), *self._located_lines(row), *_truth_lines(sample)]
        lines += [line for label in self.columns for line in self._column_lines(label, row)]
        return "\n".join([*lines, self._total_line(row)])

    def _total(self, row: int) -> float | None:
        if row in self.faulty:
            return None
        parts = [
            column.entry.weight * value
            for column in self.columns.values()
            if column.entry.weight and (value := column.final[row]) is not None
        ]
        return sum(parts) if parts else None

    def _located_lines(self, row: int) -> list[str]:
        if "located_places" not in self.batch.__dict__:  # no reward has asked where the coordinate lies
            return []
        place = self.batch.located_places[row]
        named = _names(place.country, place.region, place.city)
        return [f"lies in    {named}"] if named else []

    def _column_lines(self, label: str, row: int) -> list[str]:
        column = self.columns[label]
        value, (low, high) = column.final[row], column.bounds
        shown = "abstains" if value is None else f"{value:.4f} of [{low:g}, {high:g}]"
        lines = [f"reward     {label}: {shown}, weight {column.entry.weight:g}"]
        lines += [f"{_INDENT}{reason}" for reason in self._reasons(column, row)]
        return lines + [f"{_INDENT}{key} = {noted:g}" for key, noted in column.notes[row].items()]

    def _reasons(self, column: Column, row: int) -> list[str]:
        """Return what made the value: a failure, a missing truth, a gate."""
        gate, ungated = column.entry.gate, column.ungated[row]
        if row in column.errors:
            return [f"failed: {column.errors[row]}"]
        if ungated is None:
            truth = self.batch.truths[row]
            lacking = [field for field in column.needs if getattr(truth, field) is None]
            return [f"the truth has no {' and no '.join(lacking)}"] if lacking else []
        if gate is None:
            return []
        reached = self.columns[gate.reward].final[row]
        shown = "abstains" if reached is None else f"{reached:.4f}, at least {gate.at_least:g} is needed"
        if row in column.closed:
            return [f"gate {gate.reward} is closed ({shown}); without it {ungated:.4f}"]
        return [f"gate {gate.reward} is open ({shown})"]

    def _total_line(self, row: int) -> str:
        if row in self.faulty:
            return "total      none: a reward failed on this row, so the row abstains"
        total = self.total[row]
        if total is None:
            return "total      none: every weighted reward abstained"
        terms = [
            f"{column.entry.weight:g} x {column.final[row]:.4f} {label}"
            for label, column in self.columns.items()
            if column.entry.weight and column.final[row] is not None
        ]
        return f"total      {total:.4f} = {' + '.join(terms)}"


def _answer_lines(sample: Sample) -> list[str]:
    answer = sample.answer
    lines = [f"format     {'well-formed' if answer.well_formed else 'not well-formed'}"]
    lines.append(f"answer     {'none' if answer.answer is None else _shortened(answer.answer)}")
    if answer.coordinate is not None:
        origin = f"  ({answer.coordinate_form}: {_shortened(answer.coordinate_text or '')})"
        lines.append(f"coordinate {answer.coordinate}{origin}")
    else:
        lines.append("coordinate none")
    named = _names(answer.country, answer.region, answer.city)
    if named:
        lines.append(f"place      {named}")
    return [*lines, *(f"problem    {problem}" for problem in answer.problems)]


def _truth_lines(sample: Sample) -> list[str]:
    truth: GroundTruth = sample.truth
    parts = [str(truth.coordinate)] if truth.coordinate else []
    place = _names(truth.country, truth.region, truth.city)
    parts += [place] if place else []
    parts += [f"text {_shortened(truth.text)}"] if truth.text is not None else []
    lines = [f"truth      {'; '.join(parts) or 'none'}"]
    if sample.distance_km is not None:
        lines.append(f"distance   {sample.distance_km:,.1f} km")
    return lines


def _names(country: str | None, region: str | None, city: str | None) -> str:
    named: Sequence[tuple[str, str | None]] = (("country", country), ("region", region), ("city", city))
    return ", ".join(f"{field} {name!r}" for field, name in named if name)


def _shortened(text: str, width: int = 70) -> str:
    flat = " ".join(text[: 4 * width].split())
    return repr(flat if len(flat) <= width else flat[: width - 3] + "...")

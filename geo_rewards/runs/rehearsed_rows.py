"""What a report says about a recipe, and about some rows of the data on which it is rehearsed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.batch import Batch
from geo_rewards.batch.columns import PICTURE_FAULT
from geo_rewards.errors import GeoRewardsError
from geo_rewards.runs.report import plural
from geo_rewards.scoring.rehearsal import ideal_completion, rehearse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from geo_rewards.runs.report import Report
    from geo_rewards.scoring.recipe import Recipe

REHEARSED_ROWS = 32

_SHORTFALLS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """Rows of a run with their pictures open.

    Attributes:
        places: File and line of each row, for messages.
        columns: The columns of the rows, as the trainer gets them.
        ideal_completions: What a perfect model would answer to each row.
    """

    places: list[str]
    columns: dict[str, list[Any]]
    ideal_completions: list[str]

    @property
    def pictures(self) -> list[list[Any] | None]:
        """The pictures of each row, if any."""
        return self.columns.get("images") or [None] * len(self.places)

    @property
    def solutions(self) -> list[Any]:
        """The right answer of each row as text, if any."""
        return self.columns.get("solution") or [None] * len(self.places)

    def only(self, rows: Sequence[int]) -> ChosenRows:
        """Return some of the rows."""
        columns = {name: [values[row] for row in rows] for name, values in self.columns.items()}
        ideal = [self.ideal_completions[row] for row in rows]
        return ChosenRows([self.places[row] for row in rows], columns, ideal)


def choose_numbers(count: int, *, always: Iterable[int], seed: int) -> list[int]:
    """Return the numbers of some rows of so many, chosen by a seed, in order, and always some given ones."""
    chosen = random.Random(seed).sample(range(count), min(REHEARSED_ROWS, count))
    return sorted({*chosen, *always})


def read_chosen(
    report: Report, rows: Iterable[tuple[str, Callable[[], Mapping[str, Any]]]], recipe: Recipe
) -> ChosenRows | None:
    """Return the rows that can be read, or None if none can; each other one is an error of the report.

    Args:
        report: The report.
        rows: File and line of each row, and a function that reads it.
        recipe: The recipe, which knows the names of truth columns.
    """
    places, read = [], []
    for place, read_row in rows:
        try:
            row = read_row()
        except (GeoRewardsError, OSError) as error:
            report.error(str(error) if place in str(error) else f"{place}: {error}")
            continue
        places.append(place)
        read.append(row)
    if not read:
        return None
    columns = {name: [row.get(name) for row in read] for name in read[0]}
    truths = Batch([""] * len(read), recipe.map_columns(columns)).truths
    return ChosenRows(places, columns, [ideal_completion(truth) for truth in truths])


def describe_rehearsal(report: Report, recipe: Recipe, chosen: ChosenRows, *, seed: int) -> None:
    """Rehearse the recipe on the rows: a failure would mislead the run."""
    count = len(chosen.places)
    columns = {**chosen.columns, "prompts": chosen.columns["prompt"]}
    rehearsal = rehearse(recipe, columns, count)
    verdict = "right answers earn the most, junk the least"
    if rehearsal.shortfalls:
        failing = len({shortfall.row for shortfall in rehearsal.shortfalls})
        verdict = f"{plural(failing, 'row')} {'fails' if failing == 1 else 'fail'}"
    report.section("rehearsal", f"{plural(count, 'row')} (--seed {seed}), pictures opened: {verdict}")
    for label, answered in rehearsal.answered.items():
        if answered < count:
            report.line(label, f"abstains on {count - answered} of {count}")
        if not answered:
            report.warn(f"reward {label!r} abstains on all {count} rows: it can hardly teach anything")
    for place, fault in zip(chosen.places, chosen.columns.get(PICTURE_FAULT) or (), strict=False):
        if fault:
            report.warn(f"{place}: {fault}; --bad_rows skip makes all rewards abstain on it")
    for shortfall in rehearsal.shortfalls[:_SHORTFALLS_SHOWN]:
        report.error(f"{chosen.places[shortfall.row]}: {shortfall.message}")
    if len(rehearsal.shortfalls) > _SHORTFALLS_SHOWN:
        report.error(
            f"and {len(rehearsal.shortfalls) - _SHORTFALLS_SHOWN} more: "
            "`geo-rewards validate DATA --recipe R` lists and explains them all"
        )


def describe_recipe(report: Report, recipe: Recipe) -> None:
    """Spell out the recipe, with where each reward comes from."""
    low, high = recipe.bounds
    resolved, sources = recipe.resolved(), recipe.provenance()
    report.section("recipe", f"{recipe.origin}: a row earns {low:g} to {high:g}")
    for label, entry in zip(recipe.entries, resolved["rewards"], strict=True):
        report.line(
            label,
            f"weight {entry.get('weight', 1.0):g}, {entry['name']} ({sources[label]})"
            f"{_factor(entry)}{_gate(entry)}",
        )
        if params := _params(entry["params"]):
            report.line("", params)
    if columns := ", ".join(f"{field} is {column!r}" for field, column in resolved["columns"].items()):
        report.line("columns", columns)
    report.line("gazetteer", resolved["gazetteer"])


def _params(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items() if value is not None)


def _factor(entry: Mapping[str, Any]) -> str:
    return f", times {entry['factor']}" if "factor" in entry else ""


def _gate(entry: Mapping[str, Any]) -> str:
    gate = entry.get("gate")
    on_error = f", on_error {entry['on_error']}" if "on_error" in entry else ""
    if gate is None:
        return on_error
    return f", if {gate['reward']} is at least {gate['at_least']:g}, else {gate['otherwise']}{on_error}"

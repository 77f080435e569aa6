"""How recipes and scores look in a Python prompt and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.html_table import clipped, html_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from geo_rewards.batch.batch import Batch
    from geo_rewards.scoring.column import Column
    from geo_rewards.scoring.file import Entry

_ROWS = 10


def recipe_line(origin: str, entries: Mapping[str, Entry], bounds: tuple[float, float]) -> str:
    """Return a recipe in one line: its terms, and what a row can earn."""
    terms = " + ".join(f"{entry.weight:g} x {label}" for label, entry in entries.items() if entry.weight)
    others = [label for label, entry in entries.items() if not entry.weight]
    unweighted = f"; without weight: {', '.join(others)}" if others else ""
    return f"<Recipe {origin}: {terms or 'no weights'}, in [{bounds[0]:g}, {bounds[1]:g}]{unweighted}>"


def recipe_table(origin: str, entries: Mapping[str, Entry], bounds: tuple[float, float]) -> str:
    """Return a recipe as a table in HTML, with a row for each reward."""
    rows = []
    for label, entry in entries.items():
        given = ", ".join(f"{name}={value!r}" for name, value in entry.params.items())
        gate = entry.gate
        condition = None if gate is None else f"{gate.reward} >= {gate.at_least:g}, else {gate.otherwise}"
        rows.append([label, entry.name, entry.weight, given, entry.factor, condition])
    header = ["label", "reward", "weight", "parameters", "factor", "gate"]
    return html_table(header, rows, caption=f"{origin}: a row earns {bounds[0]:g} to {bounds[1]:g}")


def scores_line(total: Sequence[float | None], columns: Mapping[str, Column], faulty: Collection[int]) -> str:
    """Return scores in one line: how many rows, their totals, and what went wrong."""
    parts = [f"{len(total)} {'row' if len(total) == 1 else 'rows'}"]
    given = [value for value in total if value is not None]
    if given:
        mean = sum(given) / len(given)
        parts.append(f"total {mean:.4g} on average, {min(given):.4g} to {max(given):.4g}")
    if len(given) < len(total):
        parts.append(f"{len(total) - len(given)} without a total")
    if faulty:
        parts.append(f"{len(faulty)} on which a reward failed")
    return f"<Scores of {', '.join(parts)}; rewards: {', '.join(columns)}>"


def scores_table(
    batch: Batch, total: Sequence[float | None], columns: Mapping[str, Column], *, caption: str
) -> str:
    """Return the first rows of scores as a table in HTML."""
    rows = [
        [
            row,
            clipped(batch.completions[row]),
            total[row],
            *(column.final[row] for column in columns.values()),
            "; ".join(clipped(problem) for problem in batch.answers[row].problems),
        ]
        for row in range(min(len(batch), _ROWS))
    ]
    return html_table(["row", "completion", "total", *columns, "problems"], rows, caption=caption)

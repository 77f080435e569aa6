"""How recipes and scores look in a Python prompt and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.html_table import clipped, html_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.scores import Scores

_ROWS = 10


def recipe_line(recipe: Recipe) -> str:
    """Return a recipe in one line: its terms, and what a row can earn."""
    terms = " + ".join(f"{recipe.entries[label].weight:g} x {label}" for label in recipe.weighted_labels)
    others = [label for label, entry in recipe.entries.items() if not entry.weight]
    unweighted = f"; without weight: {', '.join(others)}" if others else ""
    low, high = recipe.bounds
    return f"<Recipe {recipe.origin}: {terms or 'no weights'}, in [{low:g}, {high:g}]{unweighted}>"


def recipe_table(recipe: Recipe) -> str:
    """Return a recipe as a table in HTML, with a row for each reward."""
    rows = []
    for label, entry in recipe.entries.items():
        given = ", ".join(f"{name}={value!r}" for name, value in entry.params.items())
        gate = entry.gate
        condition = None if gate is None else f"{gate.reward} >= {gate.at_least:g}, else {gate.otherwise}"
        rows.append([label, entry.name, entry.weight, given, condition])
    low, high = recipe.bounds
    caption = f"{recipe.origin}: a row earns {low:g} to {high:g}"
    return html_table(["label", "reward", "weight", "parameters", "gate"], rows, caption=caption)


def scores_line(scores: Scores) -> str:
    """Return scores in one line: how many rows, their totals, and what went wrong."""
    count = len(scores.batch)
    parts = [f"{count} {'row' if count == 1 else 'rows'}"]
    totals = [total for total in scores.total if total is not None]
    if totals:
        mean = sum(totals) / len(totals)
        parts.append(f"total {mean:.4g} on average, {min(totals):.4g} to {max(totals):.4g}")
    if len(totals) < count:
        parts.append(f"{count - len(totals)} without a total")
    if scores.faulty:
        parts.append(f"{len(scores.faulty)} on which a reward failed")
    return f"<Scores of {', '.join(parts)}; rewards: {', '.join(scores.columns)}>"


def scores_table(scores: Scores) -> str:
    """Return the first rows of scores as a table in HTML."""
    count = min(len(scores.batch), _ROWS)
    labels = list(scores.columns)
    rows = [_scores_row(scores, row, labels) for row in range(count)]
    header = ["row", "completion", "total", *labels, "problems"]
    return html_table(header, rows, caption=scores_line(scores)[1:-1])


def _scores_row(scores: Scores, row: int, labels: Sequence[str]) -> list[object]:
    problems = "; ".join(clipped(problem) for problem in scores.problems(row))
    values = [scores.rewards[label][row] for label in labels]
    return [row, clipped(scores.batch.completions[row]), scores.total[row], *values, problems]

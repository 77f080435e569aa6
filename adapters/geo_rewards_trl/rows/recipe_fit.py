"""Whether a recipe can apply to the data: asked before the model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.batch.batch import Batch
from geo_rewards.batch.truths import TRUTH_COLUMNS
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from datasets import Dataset

    from geo_rewards.data import Row
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards_trl.rows.streaming import StreamedRows

_CHUNK_ROWS = 1000


def check_recipe_applies(recipe: Recipe, dataset: Dataset | StreamedRows) -> None:
    """See that each reward that counts has at least one row with the truth it needs.

    Args:
        recipe: The recipe.
        dataset: The training rows; of a stream, the first ones are looked at.

    Raises:
        RecipeError: If a column that the recipe names is missing, or a reward would abstain on
            every row; names the reward, what it needs and the columns there are.
    """
    waiting = {
        label: reward.needs
        for label, reward in recipe.rewards.items()
        if reward.needs and _counts(recipe, label)
    }
    if not waiting:
        return
    head = getattr(dataset, "head", None)
    batches = _truth_batches(recipe, dataset) if head is None else [_head_batch(recipe, head)]
    for batch in batches:
        waiting = {label: needs for label, needs in waiting.items() if not any(batch.has_truth(needs))}
        if not waiting:
            return
    label, needs = next(iter(waiting.items()))
    who = "no row" if head is None else f"none of the first {len(head)} rows"
    names = dataset.column_names if head is None else sorted(_columns_of(head))
    raise RecipeError(
        f"{recipe.origin}: reward {label!r} needs the truth's {' and '.join(needs)}, which {who} has: "
        f"the data has the columns {', '.join(name for name in names if name != ORIGIN_COLUMN)}"
    )


def _counts(recipe: Recipe, label: str) -> bool:
    gates = {entry.gate.reward for entry in recipe.entries.values() if entry.gate}
    return bool(recipe.entries[label].weight) or label in gates


def _truth_batches(recipe: Recipe, dataset: Any) -> Iterator[Batch]:
    """Yield the rows' truths chunk by chunk, without opening pictures."""
    wanted = TRUTH_COLUMNS | set(recipe.file.columns.values())
    names = [name for name in dataset.column_names if name in wanted]
    recipe.map_columns(dict.fromkeys(dataset.column_names))
    rows = dataset.select_columns(names) if names else None
    starts = np.arange(0, len(dataset), _CHUNK_ROWS)
    # Where files follow each other, the truth that a reward waits for may begin behind the millionth row.
    for start in np.random.default_rng(0).permutation(starts):
        columns: dict[str, Any] = rows[int(start) : int(start) + _CHUNK_ROWS] if rows is not None else {}
        count = min(_CHUNK_ROWS, len(dataset) - int(start))
        yield Batch([""] * count, recipe.map_columns(columns))


def _head_batch(recipe: Recipe, head: Sequence[Row]) -> Batch:
    columns = {name: [row.columns.get(name) for row in head] for name in _columns_of(head) - {"solution"}}
    columns["solution"] = [row.solution for row in head]
    return Batch([""] * len(head), recipe.map_columns(columns))


def _columns_of(head: Sequence[Row]) -> set[str]:
    return {"solution"}.union(*(row.columns for row in head))

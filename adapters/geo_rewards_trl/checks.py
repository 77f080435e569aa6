"""Whether a recipe can apply to the data: asked before the model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_rewards.batch import Batch
from geo_rewards.errors import RecipeError
from geo_rewards.truths import TRUTH_COLUMNS

if TYPE_CHECKING:
    from datasets import Dataset

    from geo_rewards.recipe import Recipe

_CHUNK_ROWS = 1000


def check_recipe_applies(recipe: Recipe, dataset: Dataset) -> None:
    """See that each reward that counts has at least one row with the truth it needs.

    Args:
        recipe: The recipe.
        dataset: The training rows.

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
    for batch in _truth_batches(recipe, dataset):
        waiting = {label: needs for label, needs in waiting.items() if not any(batch.has_truth(needs))}
        if not waiting:
            return
    label, needs = next(iter(waiting.items()))
    raise RecipeError(
        f"{recipe.origin}: reward {label!r} needs the truth's {' and '.join(needs)}, which no row has: "
        f"the data has the columns {', '.join(dataset.column_names)}"
    )


def _counts(recipe: Recipe, label: str) -> bool:
    gates = {entry.gate.reward for entry in recipe.entries.values() if entry.gate}
    return bool(recipe.entries[label].weight) or label in gates


def _truth_batches(recipe: Recipe, dataset: Dataset) -> Any:
    """Yield the rows' truths chunk by chunk, without opening pictures."""
    wanted = TRUTH_COLUMNS | set(recipe.file.columns.values())
    names = [name for name in dataset.column_names if name in wanted]
    recipe.map_columns(dict.fromkeys(dataset.column_names))
    rows = dataset.select_columns(names) if names else None
    for start in range(0, len(dataset), _CHUNK_ROWS):
        columns: dict[str, Any] = rows[start : start + _CHUNK_ROWS] if rows is not None else {}
        count = min(_CHUNK_ROWS, len(dataset) - start)
        yield Batch([""] * count, recipe.map_columns(columns))

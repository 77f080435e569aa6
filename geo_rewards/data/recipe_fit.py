"""Whether a recipe can apply to the data: checked before a model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.batch.batch import Batch
from geo_rewards.data.table.row_reader import RowReader
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.data.truth_check import is_truth_column
from geo_rewards.errors import RecipeError
from geo_rewards.scoring.entries import used_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from geo_rewards.data.rows import Row
    from geo_rewards.scoring.recipe import Recipe

_CHUNK_ROWS = 1000


def check_recipe_fits_table(recipe: Recipe, table: pa.Table, *, json_columns: Sequence[str] = ()) -> None:
    """Check that each reward that counts has at least one row with the truth it needs.

    Args:
        recipe: The recipe.
        table: The stored rows.
        json_columns: Columns that are stored as JSON text.

    Raises:
        RecipeError: If a column that the recipe names is missing, or a reward would abstain on every row;
            names the reward, what it needs and the existing columns.
    """
    names = [name for name in table.column_names if name != ORIGIN_COLUMN]
    recipe.map_columns(dict.fromkeys(names))
    _check(recipe, _table_batches(recipe, table, json_columns), names=names, who="no row")


def check_recipe_fits_rows(recipe: Recipe, head: Sequence[Row]) -> None:
    """Check that each reward that counts has a row with the truth it needs among a stream's first rows.

    Raises:
        RecipeError: If a column that the recipe names is missing, or a reward would abstain on all of them.
    """
    names = sorted({"solution"}.union(*(row.columns for row in head)))
    _check(recipe, _row_batches(recipe, head, names), names=names, who=f"none of the first {len(head)} rows")


def _check(recipe: Recipe, batches: Iterable[Batch], *, names: Sequence[str], who: str) -> None:
    waiting = {
        label: reward.needs
        for label, reward in recipe.rewards.items()
        if reward.needs and _counts(recipe, label)
    }
    if not waiting:
        return
    for batch in batches:
        waiting = {label: needs for label, needs in waiting.items() if not any(batch.has_truth(needs))}
        if not waiting:
            return
    label, needs = next(iter(waiting.items()))
    raise RecipeError(
        f"{recipe.origin}: reward {label!r} needs the truth's {' and '.join(needs)}, which {who} has: "
        f"the data has the columns {', '.join(names)}"
    )


def _counts(recipe: Recipe, label: str) -> bool:
    return bool(recipe.entries[label].weight) or any(
        label in used_by(entry).values() for entry in recipe.entries.values()
    )


def _table_batches(recipe: Recipe, table: pa.Table, json_columns: Sequence[str]) -> Iterator[Batch]:
    """Yield the rows' truths chunk by chunk, without opening pictures."""
    sources = set(recipe.file.columns.values())
    read, truths = (
        RowReader(tuple(json_columns)),
        table.select([n for n in table.column_names if is_truth_column(n) or n in sources]),
    )
    # Where files follow each other, the truth that a reward needs may first appear at the millionth row.
    for start in np.random.default_rng(0).permutation(np.arange(0, len(table), _CHUNK_ROWS)):
        columns: dict[str, Any] = read(truths.slice(int(start), _CHUNK_ROWS).to_pydict())
        count = min(_CHUNK_ROWS, len(table) - int(start))
        yield Batch([""] * count, recipe.map_columns(columns))


def _row_batches(recipe: Recipe, head: Sequence[Row], names: Sequence[str]) -> Iterator[Batch]:
    columns = {name: [row.columns.get(name) for row in head] for name in names if name != "solution"}
    columns["solution"] = [row.solution for row in head]
    yield Batch([""] * len(head), recipe.map_columns(columns))

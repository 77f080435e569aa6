"""`Column`: the values of one entry of a recipe over a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo_rewards.batch.batch import Batch
    from geo_rewards.scoring.file import Entry


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one entry of a recipe.

    Attributes:
        entry: The entry as written.
        ungated: Its values before the gate, after the factor; None where it abstained.
        final: Its values after the gate and `on_error`.
        closed: Rows whose gate was closed.
        errors: What went wrong, by row.
        notes: Figures that the reward noted, by row.
        bounds: Lowest and highest value, before the gate.
        needs: Truth fields without which the reward abstains.
        reasons: The reward's own account of a row, if it gives one: from the batch and the row to sentences.
    """

    entry: Entry
    ungated: list[float | None]
    final: list[float | None]
    closed: frozenset[int]
    errors: dict[int, Exception]
    notes: list[dict[str, float]]
    bounds: tuple[float, float]
    needs: tuple[str, ...] = ()
    reasons: Callable[[Batch, int], list[str]] | None = None

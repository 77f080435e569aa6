"""A recipe as one reward function, for trainers that know no weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.shared_scoring import NamedReward

Column = list[float | None]


class WeightedTotal:
    """The weighted sum of a recipe's rewards, None where all of them abstain.

    Where the trainer has a sink for metrics, each reward is logged as it would be by itself, as
    ``rewards/<label>/mean`` and ``rewards/<label>/std``. It can be pickled if `gather` can.

    Args:
        recipe: The recipe to score by.
        rewards: Its weighted rewards, in order.
        gather: Returns one value a rank.
        name: The name that the sum is logged by; by default the recipe's own.

    Raises:
        RecipeError: If every weight is 0, or a label is the sum's name.
    """

    def __init__(
        self,
        recipe: Recipe,
        rewards: Sequence[NamedReward],
        *,
        gather: Callable[[Any], Sequence[Any]],
        name: str | None = None,
    ) -> None:
        self.__name__ = name or _name_of(recipe)
        self.recipe = recipe
        self._rewards = rewards
        self._gather = gather
        if not rewards:
            raise RecipeError(f"{recipe.origin}: every weight is 0, so there is nothing to train on")
        if self.__name__ in recipe.entries:
            raise RecipeError(
                f"{recipe.origin}: label {self.__name__!r} is the name of the sum itself: pass another `name`"
            )

    def __call__(self, completions: Sequence[Any], **columns: Any) -> Column:
        """Return one weighted sum per completion.

        Args:
            completions: Strings, or lists of chat messages.
            **columns: Columns by name, one value a completion, and what else the trainer passes.
        """
        by_label = {reward.__name__: reward(completions, **columns) for reward in self._rewards}
        log_metric = columns.get("log_metric")
        if log_metric is not None:
            for key, value in mean_and_spread(self._gather(by_label)).items():
                log_metric(key, value)
        rows = zip(*by_label.values(), strict=True)
        return [_weighted_sum(values, self.recipe.weights) for values in rows]


def mean_and_spread(ranks: Sequence[Mapping[str, Column]]) -> dict[str, float]:
    """Return mean and spread of each reward over all ranks, computed as TRL computes them.

    NaN where all abstain, so that the keys stay: equal on all ranks, it leaves TRL's averages alone.
    """
    metrics: dict[str, float] = {}
    for label in ranks[0]:
        values = [value for rank in ranks for value in rank[label] if value is not None]
        metrics[f"rewards/{label}/mean"] = float(np.mean(values)) if values else math.nan
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        metrics[f"rewards/{label}/std"] = spread if values else math.nan
    return metrics


def _name_of(recipe: Recipe) -> str:
    """Return a recipe's name, or that of its file."""
    origin = Path(recipe.origin)
    return origin.stem if origin.suffix.lower() in {".yaml", ".yml"} else recipe.origin


def _weighted_sum(values: Sequence[float | None], weights: Sequence[float]) -> float | None:
    given = [value * weight for value, weight in zip(values, weights, strict=True) if value is not None]
    return sum(given) if given else None

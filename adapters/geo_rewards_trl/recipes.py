"""Every named recipe as one reward function, its weighted sum: for dotted paths, or trainers without weights.

    trl grpo --reward_funcs geo_rewards_trl.recipes.geo_r ...

TRL's asynchronous trainer adds up rewards without weights: there, only this form applies a recipe's weights.
Parameters are set in a module of your own, in the folder where the command starts, say in `my_rewards.py`::

    import geo_rewards as gr
    from geo_rewards_trl.recipes import RecipeTotal

    recipe = RecipeTotal(gr.load_recipe("default", override={"distance.scale_km": 500}))

and then ``--reward_funcs my_rewards.recipe``.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.errors import GeoRewardsError, RecipeError
from geo_rewards.registry.catalog import normalise_name
from geo_rewards.registry.registry import get_registry
from geo_rewards.scoring.recipe import load_recipe
from geo_rewards_trl.binding import bind_rewards
from geo_rewards_trl.ranks.agreement import gather_ranks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo_rewards.scoring.recipe import Recipe

Column = list[float | None]


class RecipeTotal:
    """A recipe as one reward function: the weighted sum of its rewards, None where all of them abstain.

    Where the trainer has a sink for metrics, each reward is logged as it would be by itself, as
    ``rewards/<label>/mean`` and ``rewards/<label>/std``, with what `bind_rewards` logs. It can be pickled.

    Args:
        recipe: The recipe to score by.
        name: The name that the sum is logged by; by default the recipe's own.
        think_opened: The chat template opens `<think>` in the prompt; see `binding.opens_think`.
        log_completions: Also add parsed answer, truth and distance to the completions table.

    Raises:
        RecipeError: If every weight is 0, or a label is the sum's name or a column of the completions table.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        name: str | None = None,
        think_opened: bool = False,
        log_completions: bool = False,
    ) -> None:
        self.__name__ = name or _name_of(recipe)
        self.recipe = recipe
        self._rewards = bind_rewards(recipe, think_opened=think_opened, log_completions=log_completions)
        if not self._rewards:
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
            for key, value in _metrics(gather_ranks(by_label)).items():
                log_metric(key, value)
        rows = zip(*by_label.values(), strict=True)
        return [_weighted_sum(values, self.recipe.weights) for values in rows]


def __getattr__(name: str) -> RecipeTotal:
    """Return the named recipe's sum.

    Raises:
        AttributeError: If there is none, offering the nearest names; or if its plugin is broken, with
            that failure as the cause.
    """
    if name.startswith("_"):  # what Python itself asks modules for
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return RecipeTotal(load_recipe(name))
    except GeoRewardsError as error:
        raise AttributeError(f"{__name__}.{name}: {error}") from error


def __dir__() -> list[str]:
    """Return the names of all recipes, as attributes, and what else is public here."""
    return sorted(["RecipeTotal", *(normalise_name(claim.name) for claim in get_registry().recipes)])


def _name_of(recipe: Recipe) -> str:
    """Return a recipe's name, or that of its file."""
    origin = Path(recipe.origin)
    return origin.stem if origin.suffix.lower() in {".yaml", ".yml"} else recipe.origin


def _weighted_sum(values: Sequence[float | None], weights: Sequence[float]) -> float | None:
    given = [value * weight for value, weight in zip(values, weights, strict=True) if value is not None]
    return sum(given) if given else None


def _metrics(ranks: Sequence[Mapping[str, Column]]) -> dict[str, float]:
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

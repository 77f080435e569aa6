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

from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError
from geo_rewards.registry.catalog import normalise_name
from geo_rewards.registry.registry import get_registry
from geo_rewards.runs.recipe_total import WeightedTotal
from geo_rewards.scoring.recipe import load_recipe
from geo_rewards_trl.binding import bind_rewards
from geo_rewards_trl.ranks.agreement import gather_ranks

if TYPE_CHECKING:
    from geo_rewards.scoring.recipe import Recipe


class RecipeTotal(WeightedTotal):
    """A recipe as one reward function, with what `bind_rewards` logs; see `WeightedTotal`. It can be pickled.

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
        rewards = bind_rewards(recipe, think_opened=think_opened, log_completions=log_completions)
        super().__init__(recipe, rewards, gather=gather_ranks, name=name)


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

"""Every installed reward under its name, for whoever takes a dotted path, as stock TRL does.

    trl grpo --reward_funcs geo_rewards_trl.rewards.haversine_decay geo_rewards_trl.rewards.city_match ...

Rewards of plugins are here too; `-` and `.` in a name become `_`. They have their default parameters;
others are set in a module of your own, in the folder where the command starts, say in `my_rewards.py`::

    import geo_rewards as gr

    distance = gr.get_reward("haversine_decay", scale_km=500)

and then ``--reward_funcs my_rewards.distance``. Recipes are in `geo_rewards_trl.recipes`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo_rewards.contract.reward import Reward


def __getattr__(name: str) -> "Reward":
    """Return the reward of that name, with its default parameters.

    Raises:
        AttributeError: If there is none, offering the nearest names; or if it needs parameters, or its
            plugin is broken, with that failure as the cause.
    """
    from geo_rewards.errors import GeoRewardsError
    from geo_rewards.scoring.recipe import get_reward

    if name.startswith("_"):  # what Python itself asks modules for
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return get_reward(name)
    except GeoRewardsError as error:
        raise AttributeError(f"{__name__}.{name}: {error}") from error


def __dir__() -> list[str]:
    """Return the names of all rewards that can be used, as attributes."""
    from geo_rewards.registry.catalog import normalise_name
    from geo_rewards.registry.registry import list_rewards

    return sorted(normalise_name(info.name) for info in list_rewards())

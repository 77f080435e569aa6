"""Checks of what a plugin registers, for the `register` functions that its hooks receive."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from geo_rewards.contract.reward import Reward
from geo_rewards.errors import PluginError
from geo_rewards.registry.catalog import Claim, PluginSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

    from geo_rewards.geo import Gazetteer


# A name is written in recipes, on command lines and in metric names.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def reward_claim(reward: Any, source: PluginSource) -> Claim[type[Reward]]:
    """Return a plugin's claim of a reward's name.

    Raises:
        PluginError: If it is not a subclass of `Reward`, or its name or `range` is invalid.
    """
    if not (isinstance(reward, type) and issubclass(reward, Reward)):
        raise PluginError(f"register takes a subclass of geo_rewards.Reward, not {reward!r:.80}")
    name = getattr(reward, "name", None)
    if name is None:
        raise PluginError(f"{reward.__name__} has no name: set `name = ...` in the class")
    _check_name(name, kind="reward")
    _check_range(reward)
    return Claim(name, reward, source)


def recipe_claim(name: Any, file: Any, source: PluginSource) -> Claim[Traversable]:
    """Return a plugin's claim of a recipe's name.

    Raises:
        PluginError: If the name is invalid, or the file cannot be read from.
    """
    _check_name(name, kind="recipe")
    if not hasattr(file, "read_text"):
        wanted = 'importlib.resources.files("my_plugin") / "my_recipe.yaml"'
        raise PluginError(f"recipe {name!r}: register takes a file such as {wanted}, not {file!r:.80}")
    return Claim(name, file, source)


def gazetteer_claim(name: Any, factory: Any, source: PluginSource) -> Claim[Callable[[], Gazetteer]]:
    """Return a plugin's claim of a gazetteer's name.

    Raises:
        PluginError: If the name is invalid, or the factory is not callable.
    """
    _check_name(name, kind="gazetteer")
    if not callable(factory):
        raise PluginError(f"gazetteer {name!r}: register takes a function that makes it, not {factory!r:.80}")
    return Claim(name, factory, source)


def _check_name(name: Any, *, kind: str) -> None:
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise PluginError(f"{kind} name {name!r:.80} must consist of letters, digits, `_`, `-` and `.`")


def _check_range(reward: type[Reward]) -> None:
    try:
        low, high = reward.range
        valid = math.isfinite(low) and math.isfinite(high) and low <= high
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise PluginError(
            f"reward {reward.name!r}: range {reward.range!r:.80} must be (lowest, highest), both finite"
        )

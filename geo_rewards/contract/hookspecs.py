"""The complete plugin contract: three hooks.

A plugin is a module with functions of these names, marked ``@geo_rewards.hookimpl``, which its
distribution lists under ``[project.entry-points.geo_rewards]``. The hooks are called once, when
the registry is first used; they must do nothing but register.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

    from geo_rewards.contract.reward import Reward
    from geo_rewards.geo import Gazetteer

GROUP = "geo_rewards"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class RegisterReward(Protocol):
    """Takes a reward class, which is registered under its `name`."""

    def __call__(self, reward: type[Reward], /) -> None:
        """Register the class."""


class RegisterRecipe(Protocol):
    """Takes a recipe's name and its YAML file."""

    def __call__(self, name: str, file: Traversable, /) -> None:
        """Register the file, such as ``importlib.resources.files("my_plugin") / "my_recipe.yaml"``."""


class RegisterGazetteer(Protocol):
    """Takes a gazetteer's name and a function that creates it on first use."""

    def __call__(self, name: str, factory: Callable[[], Gazetteer], /) -> None:
        """Register the factory; it is called at most once."""


@hookspec
def register_rewards(register: RegisterReward) -> None:
    """Register reward classes: ``register(MyReward)`` for each."""


@hookspec
def register_recipes(register: RegisterRecipe) -> None:
    """Register named recipes: ``register("my-recipe", file)`` for each."""


@hookspec
def register_gazetteers(register: RegisterGazetteer) -> None:
    """Register gazetteers: ``register("my-gazetteer", factory)`` for each."""

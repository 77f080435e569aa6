"""Find what a name stands for where a recipe is asked for: a recipe, a YAML file, a dict, or one reward."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import InputError, PluginError, UnknownNameError
from geo_rewards.registry.file_rewards import names_a_file
from geo_rewards.registry.registry import get_registry
from geo_rewards.scoring.file import RecipeFile, parse_recipe, read_recipe_file

if TYPE_CHECKING:
    from geo_rewards.errors import GeoRewardsError

_SUFFIXES = {".yaml", ".yml", ".json"}


def find_recipe_file(source: str | Path | Mapping[str, Any]) -> RecipeFile:
    """Return a recipe as written.

    Args:
        source: The name of a recipe; a path that ends in .yaml, .yml or .json; the content of such a file;
            or a reward, by name or as ``./my_reward.py:MyReward``, which becomes the recipe's only one.

    Raises:
        UnknownNameError: If there is neither a recipe nor a reward of that name; offers the nearest of both.
        PluginError: If it belongs to a broken plugin, or two plugins claim it.
        RecipeError: If the recipe is invalid.
        InputError: If it is nothing that can name a recipe.
    """
    if isinstance(source, RecipeFile):
        return source
    if isinstance(source, Mapping):
        return parse_recipe(source, where=origin_of(source))
    if not isinstance(source, (str, Path)):
        raise InputError(f"a recipe must be a name, a path or a dict, not {source!r:.60}")
    name = str(source)
    if is_recipe_path(name):
        return read_recipe_file(Path(name))
    if names_a_file(name):
        return recipe_of_one(name)
    return _find_named(name)


def origin_of(source: str | Path | Mapping[str, Any]) -> str:
    """Return what messages call a recipe."""
    return str(source) if isinstance(source, (str, Path)) else "recipe"


def is_recipe_path(name: str) -> bool:
    """Return whether this is a path, not a name: whether it ends in .yaml, .yml or .json."""
    return Path(name).suffix.lower() in _SUFFIXES


def recipe_of_one(name: str) -> RecipeFile:
    """Return the recipe of a single reward, whose parameters may be overridden without a label."""
    return parse_recipe({"rewards": [{"name": name}]}, where=name)


def _find_named(name: str) -> RecipeFile:
    registry = get_registry()
    unknown: GeoRewardsError
    try:
        return read_recipe_file(registry.get_recipe_file(name))
    except (UnknownNameError, PluginError) as error:
        unknown = error
    try:
        return recipe_of_one(registry.find_reward(name).name)
    except PluginError:
        raise unknown from unknown.__cause__
    except UnknownNameError:
        if not isinstance(unknown, UnknownNameError):
            raise unknown from unknown.__cause__
    known = [*registry.recipes.names(), *registry.rewards.names()]
    where = str(unknown).partition(": unknown")[0] if ": unknown" in str(unknown) else ""
    raise UnknownNameError("recipe", name, known, where=where) from unknown

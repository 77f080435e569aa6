"""Recipes and parameters from the command line; mistakes in them are wrong usage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from geo_rewards.errors import PluginError, RecipeError, UnknownNameError
from geo_rewards.registry.lookup import FoundReward, find_reward
from geo_rewards.registry.registry import get_registry
from geo_rewards.scoring.entries import FoundEntry
from geo_rewards.scoring.file import RecipeFile, parse_recipe, read_recipe_file
from geo_rewards.scoring.recipe import Recipe, build_recipe
from geo_rewards.yaml_file import parse_yaml, yaml_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def read_assignments(written: Sequence[str], *, option: str) -> dict[str, Any]:
    """Return the values of ``key=value`` arguments, each value read as YAML.

    Args:
        written: The arguments.
        option: The option that they were given to, for messages.

    Raises:
        typer.BadParameter: If one is not an assignment or not valid YAML, or repeats a key.

    >>> read_assignments(["scale_km=500", "curve=linear"], option="--param")
    {'scale_km': 500, 'curve': 'linear'}
    """
    values: dict[str, Any] = {}
    for text in written:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not key or not equals:
            raise typer.BadParameter(f"{text!r} must have the form key=value", param_hint=option)
        if key in values:
            raise typer.BadParameter(f"{key!r} is given twice", param_hint=option)
        values[key] = _yaml_value(value, option=option)
    return values


def find_named(name: str) -> FoundReward | RecipeFile:
    """Return the reward of that name or file, else the recipe of that name or path.

    Raises:
        typer.BadParameter: If there is neither; offers the nearest names of both.
        PluginError: If it belongs to a broken plugin or file, or two plugins claim it.
        RecipeError: If the recipe's file is invalid.
    """
    if is_recipe_path(name):
        return find_recipe_file(name)
    try:
        return find_reward(name)
    except UnknownNameError as no_reward:
        if no_reward.kind != "reward":  # a file or a class in it
            raise typer.BadParameter(str(no_reward), param_hint="NAME") from no_reward
        return _find_named_recipe(name)
    except PluginError as no_reward:
        try:
            return read_recipe_file(get_registry().get_recipe_file(name))
        except (UnknownNameError, PluginError):
            raise no_reward from no_reward.__cause__


def _find_named_recipe(name: str) -> RecipeFile:
    registry = get_registry()
    try:
        return read_recipe_file(registry.get_recipe_file(name))
    except UnknownNameError as error:
        known = [*registry.rewards.names(), *registry.recipes.names()]
        unknown = UnknownNameError("reward or recipe", name, known)
        raise typer.BadParameter(str(unknown), param_hint="NAME") from error


def find_recipe_file(name_or_path: str) -> RecipeFile:
    """Return a recipe as written, by name or path.

    Raises:
        typer.BadParameter: If there is none; offers the nearest names.
        PluginError: If it belongs to a broken plugin, or two plugins claim it.
        RecipeError: If its file is invalid.
    """
    if is_recipe_path(name_or_path):
        if not Path(name_or_path).exists():
            raise typer.BadParameter(f"recipe file {name_or_path!r} does not exist")
        return read_recipe_file(Path(name_or_path))
    try:
        return read_recipe_file(get_registry().get_recipe_file(name_or_path))
    except UnknownNameError as error:
        hint = "" if error.nearest else "; `geo-rewards recipes` lists them; a recipe file ends in .yaml"
        raise typer.BadParameter(f"{error}{hint}") from error


def changed_recipe(file: RecipeFile, values: Mapping[str, Any], *, origin: str, option: str) -> Recipe:
    """Return the recipe with values of ``label.parameter`` replaced.

    Args:
        file: The recipe as written.
        values: New values by ``label.parameter``, from the command line.
        origin: Its name or path, for messages.
        option: The option that the values were given to, for messages.

    Raises:
        typer.BadParameter: If it is invalid with these values.
        RecipeError: If it is invalid as written.
    """
    if not values:
        return Recipe(file, origin=origin)
    try:
        return build_recipe(file, values, origin=origin)
    except RecipeError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def recipe_of_reward(found: FoundReward, params: Mapping[str, Any], *, option: str) -> Recipe:
    """Return a recipe of one reward with these parameters.

    Raises:
        typer.BadParameter: If a parameter is unknown or invalid; offers the nearest name.
    """
    label = found.reward_class.name
    entry = {"name": found.name, "as": label, "params": dict(params)}
    try:
        file = parse_recipe({"rewards": [entry]}, where=option)
        return Recipe(file, origin=option, found={label: FoundEntry(file.rewards[0], found)})
    except RecipeError as error:
        message = str(error).removeprefix(f"{option}: ")
        raise typer.BadParameter(message, param_hint=option) from error


def is_recipe_path(name: str) -> bool:
    """Return whether this is a path, not a name: whether it ends in .yaml or .yml."""
    return Path(name).suffix.lower() in {".yaml", ".yml"}


def _yaml_value(text: str, *, option: str) -> Any:
    import yaml

    try:
        return parse_yaml(text)
    except yaml.YAMLError as error:
        problem = yaml_problem(error)
        raise typer.BadParameter(
            f"{text!r:.60} is not a valid YAML value: {problem}", param_hint=option
        ) from error

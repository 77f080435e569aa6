"""Recipes and parameters from the command line; mistakes in them are wrong usage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from geo_rewards.errors import MissingParameterError, PluginError, RecipeError, UnknownNameError
from geo_rewards.registry.lookup import FoundReward, find_reward
from geo_rewards.registry.registry import get_registry
from geo_rewards.scoring import named
from geo_rewards.scoring.entries import FoundEntry
from geo_rewards.scoring.file import RecipeFile, parse_recipe, read_recipe_file
from geo_rewards.scoring.named import is_recipe_path
from geo_rewards.scoring.overrides import override_entries
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

    >>> read_assignments(["scale_km=500", "curve=linear"], option="--set")
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
        return find_recipe_file(name, kind="reward or recipe")
    except PluginError as no_reward:
        try:
            return read_recipe_file(get_registry().get_recipe_file(name))
        except (UnknownNameError, PluginError):
            raise no_reward from no_reward.__cause__


def find_recipe_file(name_or_path: str, *, kind: str = "recipe") -> RecipeFile:
    """Return a recipe as written, by name or path; a reward's name is a recipe of that reward.

    Args:
        name_or_path: What the user gave.
        kind: What was asked for, for messages.

    Raises:
        typer.BadParameter: If there is none; offers the nearest names.
        PluginError: If it belongs to a broken plugin, or two plugins claim it.
        RecipeError: If its file is invalid.
    """
    if is_recipe_path(name_or_path) and not Path(name_or_path).exists():
        raise typer.BadParameter(f"recipe file {name_or_path!r} does not exist")
    try:
        return named.find_recipe_file(name_or_path)
    except UnknownNameError as error:
        if error.kind != "recipe":  # a file, or a class in it
            raise typer.BadParameter(str(error)) from error
        message = str(error).replace("unknown recipe", f"unknown {kind}")
        raise typer.BadParameter(f"{message}{_advice(name_or_path, error)}") from error


def changed_recipe(file: RecipeFile, values: Mapping[str, Any], *, origin: str, option: str) -> Recipe:
    """Return the recipe with values of ``label.parameter`` replaced.

    Args:
        file: The recipe as written.
        values: New values by ``label.parameter``, from the command line.
        origin: Its name or path, for messages.
        option: The option that the values were given to, for messages.

    Raises:
        typer.BadParameter: If it is invalid with these values, or needs one that is not given.
        RecipeError: If it is invalid as written.
    """
    try:
        return build_recipe(file, values, origin=origin)
    except MissingParameterError as error:
        raise typer.BadParameter(error.by_option(option)) from error
    except RecipeError as error:
        if not values:
            raise
        raise typer.BadParameter(str(error), param_hint=option) from error


def recipe_of_reward(found: FoundReward, values: Mapping[str, Any], *, option: str) -> Recipe:
    """Return a recipe of one reward with these parameters, whose label may be left out.

    Raises:
        typer.BadParameter: If a parameter is unknown or invalid; offers the nearest name.
    """
    label = found.reward_class.name
    try:
        file = parse_recipe({"rewards": [{"name": found.name, "as": label}]}, where=option)
        entries = override_entries({label: FoundEntry(file.rewards[0], found)}, values, origin=label)
        return Recipe(file, origin=label, found=entries)
    except MissingParameterError as error:
        raise typer.BadParameter(error.by_option(option).replace(f"{label}: reward", "reward", 1)) from error
    except RecipeError as error:
        message = str(error).removeprefix(f"{label}: ")
        raise typer.BadParameter(message, param_hint=option) from error


def recipe_option(text: str) -> Any:
    """Return the option of a recipe, which a shell completes.

    Args:
        text: Its help.
    """
    return typer.Option(help=text, show_default=False, autocompletion=complete_names)


def complete_names(incomplete: str) -> list[str]:
    """Return the rewards and recipes that begin with this, for a shell's completion."""
    registry = get_registry()
    names = sorted({*registry.rewards.names(), *registry.recipes.names()})
    return [name for name in names if name.startswith(incomplete)]


def _advice(name: str, error: UnknownNameError) -> str:
    """Return what to do where no name is near: a curve is chosen by a parameter."""
    from geo_rewards.geo.decay import CURVES

    if name.replace("-", "_") in CURVES:
        curve = name.replace("-", "_")
        return f"; {curve!r} is a curve: haversine_decay with --set curve={curve}"
    if error.nearest:
        return ""
    if ":" in name or Path(f"{name}.py").exists():
        return "; a class in a file is written with its path, as ./my_reward.py:MyReward"
    return "; `geo-rewards recipes` and `geo-rewards list` list them; a recipe file ends in .yaml"


def _yaml_value(text: str, *, option: str) -> Any:
    import yaml

    try:
        return parse_yaml(text)
    except yaml.YAMLError as error:
        problem = yaml_problem(error)
        raise typer.BadParameter(
            f"{text!r:.60} is not a valid YAML value: {problem}", param_hint=option
        ) from error

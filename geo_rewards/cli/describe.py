"""``describe``: everything about one reward or recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from geo_rewards.cli.arguments import changed_recipe, find_named, is_recipe_path
from geo_rewards.cli.output import print_heading, print_text
from geo_rewards.contract.time_limit import WHERE_LIMITS_HOLD
from geo_rewards.registry.lookup import FoundReward

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from geo_rewards.contract.documentation import Parameter
    from geo_rewards.registry.catalog import PluginSource
    from geo_rewards.scoring.file import Entry, RecipeFile
    from geo_rewards.scoring.recipe import Recipe


def describe_command(
    name: Annotated[
        str,
        typer.Argument(
            help="A reward, a file's class (./my_reward.py:MyReward), a recipe, or a recipe's file.",
            show_default=False,
        ),
    ],
) -> None:
    """Describe a reward: parameters, columns it needs, range, formula, source; or a recipe."""
    found = find_named(name)
    if isinstance(found, FoundReward):
        _describe_reward(found)
    else:
        _describe_recipe(name, found)


def _describe_reward(found: FoundReward) -> None:
    from geo_rewards.contract.documentation import (
        COLUMNS_OF,
        list_parameters,
        range_of,
        read_documentation,
        show_range,
    )

    reward = found.reward_class
    documentation = read_documentation(reward)
    print_heading(f"{reward.name} ({found.source})")
    print_text(documentation.description)
    _section("Parameters", _parameter_lines(list_parameters(reward)))
    _section("Needs", [f"{field}: {COLUMNS_OF.get(field, field)}" for field in reward.needs])
    _section("Range", [show_range(range_of(reward))])
    limit_s = getattr(reward, "timeout_s", None)
    if limit_s is not None:
        _section("Time limit", [f"{limit_s:g} s for each call: {WHERE_LIMITS_HOLD}"])
    _section("Formula", reward.formula.splitlines())
    _section("Source", reward.reference.splitlines())
    if documentation.example:
        _section("Example", documentation.example.splitlines())


def _section(title: str, lines: list[str]) -> None:
    print_text("")
    print_heading(title)
    print_text("\n".join(lines) or "none", indent=2)


def _parameter_lines(parameters: list[Parameter]) -> list[str]:
    lines = []
    for parameter in parameters:
        given = "required" if parameter.default is None else f"default {parameter.default}"
        lines.append(f"{parameter.name}: {parameter.type}; {given}")
        if parameter.text:
            lines.append(f"    {parameter.text}")
    return lines


def _describe_recipe(name: str, file: RecipeFile) -> None:
    from pathlib import Path

    from geo_rewards.contract.documentation import show_range
    from geo_rewards.registry.registry import get_registry
    from geo_rewards.scoring.file import recipe_comment

    source: PluginSource | None = None
    place: Traversable = Path(name)
    if not is_recipe_path(name):
        claim = get_registry().recipes.get(name)
        name, place, source = claim.name, claim.thing, claim.source
    print_heading(f"recipe {name}" + (f" ({source})" if source else ""))
    print_text(recipe_comment(place))
    recipe = changed_recipe(file, {}, origin=name, option="NAME")
    for label, entry in recipe.entries.items():
        _section(f"{label}: {entry.name}, weight {entry.weight:g}", _entry_lines(recipe, label, entry))
    columns = [f"{field}: {column}" for field, column in recipe.file.columns.items()]
    if columns:
        _section("Columns", columns)
    if recipe.file.gazetteer:
        _section("Gazetteer", [recipe.file.gazetteer])
    _section("Range of the total", [show_range(recipe.bounds)])


def _entry_lines(recipe: Recipe, label: str, entry: Entry) -> list[str]:
    """Return a line each for the plugin, the parameters, the factor, the gate, `on_error` and `timeout_s`."""
    from geo_rewards.contract.documentation import show_value

    lines = [f"from {recipe.provenance()[label]}"]
    lines += [f"{name}: {show_value(value)}" for name, value in recipe.rewards[label]]
    if entry.factor is not None:
        lines.append(f"factor: {entry.factor}")
    if entry.gate is not None:
        gate = entry.gate
        lines.append(f"gate: {gate.reward} >= {gate.at_least:g}, otherwise {show_value(gate.otherwise)}")
    if entry.on_error is not None:
        lines.append(f"on_error: {entry.on_error}")
    if entry.timeout_s is not None:
        lines.append(f"timeout_s: {entry.timeout_s} ({WHERE_LIMITS_HOLD})")
    return lines

"""``describe``: everything about one reward, recipe or curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo_rewards.cli.arguments import complete_names, find_named, read_assignments
from geo_rewards.cli.describe_curve import describe_curve, find_curve, hint_of_curves
from geo_rewards.cli.output import print_heading, print_text
from geo_rewards.contract.time_limit import WHERE_LIMITS_HOLD
from geo_rewards.errors import MissingParameterError, RecipeError
from geo_rewards.registry.lookup import FoundReward
from geo_rewards.scoring.named import is_recipe_path
from geo_rewards.scoring.recipe import build_recipe

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
            help="A reward, a file's class (./my_reward.py:MyReward), a recipe, its file, or a curve.",
            show_default=False,
            autocompletion=complete_names,
        ),
    ],
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of a recipe.", metavar="LABEL.KEY=VALUE"),
    ] = None,
) -> None:
    """Describe a reward, a recipe or a curve: parameters, columns it needs, range, formula, source."""
    values = read_assignments(settings or [], option="--set")
    curve = find_curve(name)
    try:
        found = find_named(name)
    except typer.BadParameter as error:
        if curve is None:
            raise typer.BadParameter(f"{error.message}{hint_of_curves(name)}") from error
        describe_curve(curve)
        return
    if isinstance(found, FoundReward):
        if values:
            raise typer.BadParameter(
                "it changes a recipe; `try` takes parameters of a reward", param_hint="--set"
            )
        _describe_reward(found)
    else:
        _describe_recipe(name, found, values)
    if curve is not None:
        print_text("")
        describe_curve(curve)


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


def _describe_recipe(name: str, file: RecipeFile, values: dict[str, Any]) -> None:
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
    try:
        recipe = build_recipe(file, values, origin=name)
    except MissingParameterError as error:
        _section("Must be given", [f"--set {key}=VALUE" for key in error.keys])
        for entry in file.rewards:
            given = [f"{key}: {value}" for key, value in entry.params.items()]
            _section(f"{entry.label or entry.name}: {entry.name}, weight {entry.weight:g}", given)
        return
    except RecipeError as error:
        if not values:
            raise
        raise typer.BadParameter(str(error), param_hint="--set") from error
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

"""``try``: one answer, scored and explained."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo_rewards.cli.arguments import (
    changed_recipe,
    complete_names,
    find_named,
    read_assignments,
    recipe_of_reward,
)
from geo_rewards.cli.output import print_json, print_text
from geo_rewards.errors import TruthError
from geo_rewards.registry.lookup import FoundReward

_NO_TRUTH = "note: no truth is given: set --lat and --lon, --country, --region, --city or --solution"

if TYPE_CHECKING:
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.scores import Scores

_MAX_CHARACTERS = 10_000_000  # stdin may be a device that never ends


def try_command(
    name: Annotated[
        str,
        typer.Argument(
            help="A reward, a file's class (./my_reward.py:MyReward), a recipe, or a recipe's file.",
            show_default=False,
            autocompletion=complete_names,
        ),
    ],
    *,
    completion: Annotated[str, typer.Option(help="What the model wrote; - reads stdin.", show_default=False)],
    lat: Annotated[float | None, typer.Option(help="True latitude in degrees.")] = None,
    lon: Annotated[float | None, typer.Option(help="True longitude in degrees.")] = None,
    country: Annotated[str | None, typer.Option(help="True country, by name or ISO code.")] = None,
    region: Annotated[str | None, typer.Option(help="True region.")] = None,
    city: Annotated[str | None, typer.Option(help="True city.")] = None,
    solution: Annotated[str | None, typer.Option(help="The truth as text.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter; for a recipe, label.key=value.", metavar="KEY=VALUE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score one answer and explain every reward."""
    recipe = _find_recipe(name, read_assignments(settings or [], option="--set"))
    text = _read_stdin() if completion == "-" else completion
    cells = {"lat": lat, "lon": lon, "country": country, "region": region, "city": city, "solution": solution}
    truth = {field: value for field, value in cells.items() if value is not None}
    _explain(recipe, text, truth, as_json=as_json)


def _read_stdin() -> str:
    try:
        text = sys.stdin.read(_MAX_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"stdin is not UTF-8: {error}", param_hint="--completion") from error
    if len(text) > _MAX_CHARACTERS:
        message = f"stdin has more than {_MAX_CHARACTERS:,} characters"
        raise typer.BadParameter(message, param_hint="--completion")
    return text


def _find_recipe(name: str, values: dict[str, Any]) -> Recipe:
    found = find_named(name)
    if isinstance(found, FoundReward):
        return recipe_of_reward(found, values, option="--set")
    # The options name the truth fields directly, whatever their columns are in the recipe's data set.
    file = found.model_copy(update={"columns": {}})
    return changed_recipe(file, values, origin=name, option="--set")


def _explain(recipe: Recipe, completion: str, truth: dict[str, Any], *, as_json: bool) -> None:
    columns = {field: [value] for field, value in truth.items()}
    try:
        scores = recipe.score_columns([completion], columns, default_on_error="abstain")
        account = scores.explain(0)
    except TruthError as error:
        raise typer.BadParameter(error.cause_text, param_hint="the truth") from error
    if as_json:
        print_json(_record(scores, account))
    else:
        print_text(account)
    if not truth and any(reward.needs for reward in recipe.rewards.values()):
        sys.stderr.write(f"{_NO_TRUTH}\n")
    for errors in scores.errors.values():
        if errors:
            raise errors[0]


def _record(scores: Scores, account: str) -> dict[str, Any]:
    """Return the account of the only row as JSON values, named as in scored rows."""
    return {
        "rewards": {label: values[0] for label, values in scores.rewards.items()},
        "reward": scores.total[0],
        "parsed": scores.parsed(0),
        "problems": [str(problem) for problem in scores.problems(0)],
        "distance_km": scores.distance_km(0),
        "errors": {label: str(errors[0]) for label, errors in scores.errors.items() if errors},
        "explanation": account.splitlines(),
    }

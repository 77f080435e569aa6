"""`check_recipe`: run the checks on a recipe's totals."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError
from geo_rewards.scoring.recipe import Recipe, load_recipe
from geo_rewards.testing.cases import build_cases
from geo_rewards.testing.checks import COMMON_CHECKS, make_checks
from geo_rewards.testing.findings import HolesFoundError
from geo_rewards.testing.subject import Subject, columns_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from geo_rewards.contract.calls import Outcome
    from geo_rewards.testing.cases import Case
    from geo_rewards.testing.subject import About, Trial


def check_recipe(
    recipe: Recipe | str,
    *,
    columns: Mapping[str, Any] | None = None,
    ideal: str | None = None,
    wrong: str | None = None,
    about: About | None = None,
    only: Collection[str] = (),
    skip: Collection[str] = (),
) -> None:
    """Check the totals of a recipe, which are what a model is trained on: no hack may pay.

    An answer hack must earn no more than a well-formed "I do not know", a format hack no more than
    the right answer without tags; a recipe that gates by format pays for neither.

    Args:
        recipe: The recipe, or the name or path of one.
        columns: One row's value of each column, as in its data; built-in rows if None.
        ideal: As for `check_reward`.
        wrong: As for `check_reward`.
        about: As for `check_reward`.
        only: Names of the only checks to run; a recipe has fewer than a reward.
        skip: Names of checks not to run, or of findings that are intended.

    Raises:
        HolesFoundError: With all findings; an `AssertionError`.

    >>> check_recipe("geo-r", skip=["time"])
    """
    recipe = load_recipe(recipe) if isinstance(recipe, str) else recipe
    given = None if columns is None else recipe.map_columns(columns)
    cases = [_as_in_the_data(case, recipe) for case in build_cases((), given, ideal=ideal, wrong=wrong)]
    findings = make_checks(RecipeSubject(recipe, cases, about=about), COMMON_CHECKS, only=only, skip=skip)
    if findings:
        raise HolesFoundError(f"recipe {recipe.origin!r}", findings)


class RecipeSubject(Subject):
    """A recipe under test."""

    def __init__(self, recipe: Recipe, cases: Sequence[Case], *, about: About | None = None) -> None:
        super().__init__(cases, bounds=recipe.bounds, about=about)
        self.recipe = recipe

    @property
    def lowest(self) -> None:
        """Return None: an empty answer also escapes the penalties that make up the lowest total."""

    def score(self, trials: Sequence[Trial], *, progress: float | None = None) -> list[Outcome]:
        """Return the totals of these trials in one batch; if one fails, its error for each."""
        columns = columns_of(trials, progress=progress)
        completions = [trial.completion for trial in trials]
        try:
            scores = self.recipe.score_columns(completions, columns, default_on_error="raise")
        except GeoRewardsError as error:
            return [error] * len(trials)
        return list(scores.total)


def _as_in_the_data(case: Case, recipe: Recipe) -> Case:
    """Add the truth under the column names that the recipe uses."""
    named = {
        source: case.columns[field] for field, source in recipe.file.columns.items() if field in case.columns
    }
    return dataclasses.replace(case, columns={**case.columns, **named})

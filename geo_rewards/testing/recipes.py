"""`check_recipe`: run the checks on a recipe's totals."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from geo_rewards.scoring.recipe import Recipe, load_recipe
from geo_rewards.testing.cases import build_cases, build_data_cases
from geo_rewards.testing.checks import COMMON_CHECKS, make_checks
from geo_rewards.testing.findings import HolesFoundError
from geo_rewards.testing.recipe_subject import RecipeSubject, as_in_the_data
from geo_rewards.testing.signal import check_bands, check_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from geo_rewards.testing.cases import Case
    from geo_rewards.testing.findings import Finding
    from geo_rewards.testing.subject import About


def check_recipe(
    recipe: Recipe | str,
    *,
    columns: Mapping[str, Any] | None = None,
    data: Mapping[str, Sequence[Any]] | None = None,
    ideal: str | None = None,
    wrong: str | None = None,
    about: About | None = None,
    only: Collection[str] = (),
    skip: Collection[str] = (),
) -> None:
    """Check the totals of a recipe, which are what a model is trained on: no hack may pay.

    An answer hack must earn no more than a well-formed "I do not know", a format hack no more than
    the right answer without tags; a recipe that gates by format pays for neither. One answer for every
    row must not pay much, no term may outweigh all others by far, and the answers of a group, near or
    far, must not all earn the same.

    Args:
        recipe: The recipe, or the name or path of one.
        columns: One row's value of each column, as in its data; built-in rows if None.
        data: As for `check_reward`, under the column names of the recipe's data.
        ideal: As for `check_reward`.
        wrong: As for `check_reward`.
        about: As for `check_reward`.
        only: Names of the only checks to run, of `RECIPE_CHECKS`.
        skip: Names of checks not to run, or of findings that are intended.

    Raises:
        HolesFoundError: With all findings; an `AssertionError`.

    >>> check_recipe("geo-r-code", skip=["time"])
    """
    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    given = None if columns is None else recipe.map_columns(columns)
    cases = [_as_in_the_data(case, recipe) for case in build_cases((), given, ideal=ideal, wrong=wrong)]
    given_data = None if data is None else recipe.map_columns(data)
    rows = [_as_in_the_data(case, recipe) for case in build_data_cases((), given, given_data)]
    subject = RecipeSubject(recipe, cases, data=rows, about=about)
    findings = make_checks(subject, RECIPE_CHECKS, only=only, skip=skip)
    if findings:
        raise HolesFoundError(f"recipe {recipe.origin!r}", findings)


def _as_in_the_data(case: Case, recipe: Recipe) -> Case:
    """Add the truth under the column names that the recipe uses."""
    return dataclasses.replace(case, columns=as_in_the_data(case.columns, recipe))


# These apply to recipes only: a reward by itself may be a ladder, or about the form.
RECIPE_CHECKS: dict[str, Callable[[RecipeSubject], Iterator[Finding]]] = {
    **COMMON_CHECKS,
    "weights": check_weights,
    "bands": check_bands,
}

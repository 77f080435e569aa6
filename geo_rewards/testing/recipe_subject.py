"""`RecipeSubject`: a recipe under test, which pays by its totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError
from geo_rewards.testing.subject import Subject, columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from geo_rewards.contract.calls import Outcome
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.testing.cases import Case
    from geo_rewards.testing.subject import About, Trial
    from geo_rewards.types import Coordinate


def as_in_the_data(columns: Mapping[str, Any], recipe: Recipe) -> dict[str, Any]:
    """Return the columns with the truth under the names that the recipe uses; what is unknown is missing."""
    named = {source: columns.get(field) for field, source in recipe.file.columns.items()}
    return {**named, **columns}


class RecipeSubject(Subject):
    """A recipe under test."""

    def __init__(
        self, recipe: Recipe, cases: Sequence[Case], *, data: Sequence[Case] = (), about: About | None = None
    ) -> None:
        super().__init__(cases, data=data, bounds=recipe.bounds, about=about)
        self.recipe = recipe

    @property
    def lowest(self) -> None:
        """Return None: an empty answer also escapes the penalties that make up the lowest total."""

    def columns_at(self, truth: Coordinate) -> dict[str, Any]:
        """Return the columns of a row whose truth is a coordinate, under the names that the recipe uses."""
        return as_in_the_data(super().columns_at(truth), self.recipe)

    def score(self, trials: Sequence[Trial], *, progress: float | None = None) -> list[Outcome]:
        """Return the totals of these trials in one batch; if one fails, its error for each."""
        columns = columns_of(trials, progress=progress)
        completions = [trial.completion for trial in trials]
        try:
            scores = self.recipe.score_columns(completions, columns, default_on_error="raise")
        except GeoRewardsError as error:
            return [error] * len(trials)
        return list(scores.total)

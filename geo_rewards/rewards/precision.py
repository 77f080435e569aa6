"""Extra pay for the last kilometres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, field_validator

from geo_rewards.contract.reward import Reward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Batch

Bonuses = tuple[tuple[float, float], ...]


class PrecisionBonus(Reward):
    """A bonus for each distance that the answer is nearer than: within 25 km, and again within 1 km.

    A smooth curve of a continent's scale has almost no slope left near the truth: this adds one.
    Abstains if the truth has no coordinate.

    Source: geo_search_env, released code: 0.5 [d < 25 km] + 0.5 [d < 1 km].

    Attributes:
        bonuses: Pairs of a distance in km and what every answer that is nearer earns.

    >>> near, far = "<think>x</think><answer>48.9, 2.3</answer>", "<think>x</think><answer>50.0, 2.3</answer>"
    >>> PrecisionBonus()([near, far], lat=[48.8584] * 2, lon=[2.2945] * 2)
    [0.5, 0.0]
    """

    name = "precision_bonus"
    needs = ("coordinate",)
    formula = "sum of the bonuses whose distance is above d"
    reference = "geo_search_env, released code: 0.5 [d < 25 km] + 0.5 [d < 1 km]"

    bonuses: Bonuses = Field(default=((25.0, 0.5), (1.0, 0.5)), min_length=1)

    @field_validator("bonuses")
    @classmethod
    def _check_bonuses(cls, bonuses: Bonuses) -> Bonuses:
        for pair in bonuses:
            if not all(0.0 < number < np.inf for number in pair):
                raise ValueError(f"each bonus must be a distance in km and a value, both above 0, not {pair}")
        if not np.isfinite(sum(value for _, value in bonuses)):
            raise ValueError(f"the bonuses must have a finite sum, not {bonuses}")
        return bonuses

    @property
    def bounds(self) -> tuple[float, float]:
        """0, and the sum of the bonuses."""
        return 0.0, sum(value for _, value in self.bonuses)

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Add the bonuses of each distance; no coordinate earns none."""
        near = [np.where(batch.distance_km < limit_km, value, 0.0) for limit_km, value in self.bonuses]
        total: list[float | None] = np.sum(near, axis=0).tolist()
        return total

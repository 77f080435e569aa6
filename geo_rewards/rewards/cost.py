"""What an answer cost: a factor, never a subtraction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field

from geo_rewards.contract.reward import Reward

if TYPE_CHECKING:
    from geo_rewards.batch.batch import Sample


class CostFactor(Reward):
    """What remains of a reward after the row's cost, at least 1 - `cap`: for the key `factor` of an entry.

    Subtracted costs can bring every answer of a group to 0, which teaches nothing; a capped factor
    never does, and a right answer always pays more than a wrong one. Abstains where the row has no
    cost, unless `missing` says what it costs.

    Source: HuggingEnvs GeoGuesser, released code: x (1 - min(max(cost, 0), 0.2)).

    Attributes:
        column: Column with the cost of each row.
        cap: The highest share that a cost can take.
        missing: Cost of a row without one; null: the reward abstains.

    >>> CostFactor()(["", "", ""], cost=[0.05, 3, None])
    [0.95, 0.8, None]
    """

    name = "cost_factor"
    rehearsed = False
    formula = "1 - min(max(cost, 0), cap)"
    reference = "HuggingEnvs GeoGuesser, released code: x (1 - min(max(cost, 0), 0.2))"

    column: str = Field(default="cost", min_length=1)
    cap: float = Field(default=0.2, ge=0, le=1)
    missing: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @property
    def bounds(self) -> tuple[float, float]:
        """1 - `cap`, and 1."""
        return 1.0 - self.cap, 1.0

    def score(self, sample: Sample) -> float | None:
        """Return the factor of a row, whatever its answer."""
        cost = sample.row.get(self.column)
        if cost is None:
            cost = self.missing
        if cost is None:
            return None
        if isinstance(cost, bool) or not isinstance(cost, (int, float)) or math.isnan(cost):
            raise ValueError(f"column {self.column!r} must be a number in each row, not {cost!r:.60}")
        return 1.0 - min(max(float(cost), 0.0), self.cap)

"""A scale that follows training: coarse at first, fine at the end."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Schedule(BaseModel):
    """Anneals a scale in km over the training, then keeps its last value.

    Geometric by default: the scale shrinks by the same factor at every step, as in geospot-vlm
    (2000 to 25 km over the whole run); a linear one spends most of the run at a continent's scale.

    Attributes:
        start: Scale in km at the beginning; ``from`` in a recipe.
        to: Scale in km at the end.
        over: Share of the training after which the end is reached, in (0, 1].
        shape: `geometric` or `linear`.

    >>> schedule = Schedule.model_validate({"from": 2000, "to": 25, "over": 0.8})
    >>> [round(schedule.at(progress), 1) for progress in (0.0, 0.4, 0.8, 1.0)]
    [2000.0, 223.6, 25.0, 25.0]
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    start: float = Field(alias="from", gt=0, allow_inf_nan=False)
    to: float = Field(gt=0, allow_inf_nan=False)
    over: float = Field(default=1.0, gt=0, le=1)
    shape: Literal["geometric", "linear"] = "geometric"

    def at(self, progress: float | None) -> float:
        """Return the scale in km.

        Args:
            progress: Share of the training that is done, in [0, 1]; None outside training, where the
                end value counts: saved answers are scored by the run's final scale.
        """
        share = 1.0 if progress is None else min(1.0, progress / self.over)
        if share == 1.0:  # exactly the value given
            return self.to
        if self.shape == "linear":
            return self.start + (self.to - self.start) * share
        return float(self.start * (self.to / self.start) ** share)

"""The distance reward: how close the answer's coordinate is to the true one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from geo_rewards.contract.reward import Reward
from geo_rewards.geo.decay import CURVES, decay
from geo_rewards.rewards.schedule import Schedule  # noqa: TC001 - pydantic reads it when the class is made

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Batch

CurveName = Literal[
    "exponential",
    "geo_r",
    "geo_r_code",
    "linear",
    "logistic",
    "mixture",
    "piecewise",
    "steps",
    "thresholds",
    "truncated_exponential",
]


class HaversineDecay(Reward):
    """A decay of the great-circle distance from answer to truth; the lowest value without a coordinate.

    Abstains if the truth has no coordinate. "GeoScore" is used with three scales (1492.7, 1805,
    2000): always state the scale.

    Source: that of each curve, in `geo_rewards.geo.decay`; the schedule is geospot-vlm's.

    Attributes:
        curve: Name of the decay curve.
        scale_km: Scale in km, for `exponential` (1492.7), `truncated_exponential` (200) and
            `logistic` (required).
        limit_km: Distance in km at and beyond which the value is 0, for `linear` (20000) and
            `truncated_exponential` (2000).
        steps: Pairs of a limit in km and the value up to it, for `steps`.
        thresholds_km: Distances in km, for `thresholds`: the value is the share of them that d is within.
        limits: Whether a distance that is exactly a limit of `steps` or `thresholds` is within it
            (`closed`, the default) or beyond it (`strict`).
        knots: Pairs of a distance in km and the value there, for `piecewise` (required).
        terms: Pairs of a weight and a scale in km, for `mixture`.
        distance: `haversine`, on a sphere of 6371.0088 km; `geodesic`, on the WGS 84 ellipsoid
            (differs by at most 0.56 %, and is a thousand times slower).
        schedule: Anneals `scale_km` over the training, for the curves that have one:
            `{from: 2000, to: 25, over: 0.8}` begins with 2000 km and reaches 25 km after 80 % of the
            steps (`over`: 1 if not given), by the same factor in every step, or by the same
            difference with `shape: linear`. Outside training the last value counts.

    >>> reward = HaversineDecay(curve="exponential", scale_km=1492.7)
    >>> truth = {"lat": [48.8584], "lon": [2.2945]}
    >>> round(reward(["<think>x</think><answer>48.86, 2.35</answer>"], **truth)[0], 4)
    0.9973
    """

    name = "haversine_decay"
    range = (0.0, 1.0)
    needs = ("coordinate",)
    formula = "curve(d), d = great-circle distance in km"
    reference = "\n".join(
        [
            *(f"{curve.name}: {curve.formula} ({curve.source})" for curve in CURVES.values()),
            "schedule: scale_km = from * (to / from) ** (progress / over) "
            "(geospot-vlm, github.com/sdan/geospot, over the whole run)",
        ]
    )

    curve: CurveName = "exponential"
    scale_km: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    limit_km: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    steps: tuple[tuple[float, float], ...] | None = None
    thresholds_km: tuple[float, ...] | None = None
    limits: Literal["closed", "strict"] | None = None
    knots: tuple[tuple[float, float], ...] | None = None
    terms: tuple[tuple[float, float], ...] | None = None
    distance: Literal["haversine", "geodesic"] = "haversine"
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _resolve_constants(self) -> Self:
        """Fill in the curve's own defaults, so that a saved recipe shows what was computed."""
        if self.schedule is not None:
            self._check_schedule()
        resolved = CURVES[self.curve].resolve(**self.constants_at(None))
        if self.schedule is not None:  # the schedule sets the scale: a saved recipe contains only that
            del resolved["scale_km"]
        self.__dict__.update(resolved)
        return self

    def constants_at(self, progress: float | None) -> dict[str, Any]:
        """Return the curve's constants at this share of the training; None for those it does not use."""
        return {
            "scale_km": self.scale_km if self.schedule is None else self.schedule.at(progress),
            "limit_km": self.limit_km,
            "steps": self.steps,
            "thresholds_km": self.thresholds_km,
            "limits": self.limits,
            "knots": self.knots,
            "terms": self.terms,
        }

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value of the curve with its constants."""
        return CURVES[self.curve].bounds(**self.constants_at(None))

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Apply the curve to the distances; no coordinate earns the lowest value."""
        distance_km = batch.geodesic_km if self.distance == "geodesic" else batch.distance_km
        constants = self.constants_at(batch.progress)
        if self.schedule is not None:
            for sample in batch.samples:
                sample.note("scale_km", constants["scale_km"])
        values = decay(distance_km, curve=self.curve, **constants)
        lowest, _ = self.bounds
        result: list[float | None] = np.where(np.isnan(values), lowest, values).tolist()
        return result

    def _check_schedule(self) -> None:
        if "scale_km" not in CURVES[self.curve].constants:
            with_scale = " and ".join(name for name, curve in CURVES.items() if "scale_km" in curve.constants)
            raise ValueError(
                f"curve {self.curve!r} has no scale_km for schedule to anneal: {with_scale} have one"
            )
        if self.scale_km is not None:
            raise ValueError("schedule sets scale_km: remove scale_km, or set it to null")

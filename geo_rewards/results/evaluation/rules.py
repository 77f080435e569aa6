"""How answers are judged: thresholds, distance, score and what an answer without a coordinate counts as."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from geo_rewards.errors import UsageError, hint, nearest_names
from geo_rewards.geo import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from collections.abc import Mapping

THRESHOLDS_KM = (1.0, 25.0, 200.0, 750.0, 2500.0)
"""The field's levels: street, city, region, country, continent."""
FARTHEST_KM = math.pi * EARTH_RADIUS_KM
"""Half of the earth's circumference: no answer is farther away."""
MOST_POINTS = 5000.0
"""The score of an answer without any error."""

SCALES_KM: Mapping[str, float] = {"pigeon": 1492.7, "geoguessr": 1491.69, "geospot": 2000.0}
"""Constant c of the score ``5000 exp(-d / c)``: PIGEON and OSV-5M; the game's own; geospot."""

UNPARSED: Mapping[str, float | None] = {
    "wrong": FARTHEST_KM,
    "g3": None,
    "geobench": math.nan,
    "thinking-with-map": 99_999.0,
    "verl": 20_000.0,
}
"""What an answer without a coordinate counts as, in km; None for the point (0, 0), NaN for left out.

G3 substitutes (0, 0), geobench leaves refusals out, Thinking with Map and a recipe for verl give a distance.
"""


Distance = Literal["sphere", "equatorial", "geodesic"]
EQUATORIAL_KM = 6378.137
"""Radius of the earth at the equator."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How answers are judged.

    Attributes:
        strict: Whether a distance must be less than a threshold (G3, GeoRanker, PIGEON, OSV-5M, Thinking with
            Map), not at most the threshold (GeoCLIP, GAEA, REVERSE).
        distance: On the `sphere` of the earth's mean radius, 6371.0088 km (OSV-5M, REVERSE); on one of the
            `equatorial` radius, 6378.137 km (PIGEON); or the `geodesic` on WGS 84 (GeoCLIP, G3, GeoRanker).
        scale: Name of the score's constant in `SCALES_KM`.
        unparsed: Name of what an answer without a coordinate counts as, in `UNPARSED`.

    Raises:
        UsageError: If a name is unknown; offers the nearest.
    """

    strict: bool = False
    distance: Distance = "sphere"
    scale: str = "pigeon"
    unparsed: str = "wrong"

    def __post_init__(self) -> None:
        _check("scale", self.scale, SCALES_KM)
        _check("unparsed", self.unparsed, UNPARSED)
        _check("distance", self.distance, get_args(Distance))

    @property
    def scale_km(self) -> float:
        """The score's constant, in km."""
        return SCALES_KM[self.scale]

    def describe(self) -> str:
        """Return the rules in one line, for reports."""
        sign = "<" if self.strict else "<="
        return (
            f"distances {_DISTANCE_WORDS[self.distance]}, "
            f"within {sign} the threshold, score 5000 exp(-d / {self.scale_km:g} km), "
            f"an answer without a coordinate {_UNPARSED_WORDS[self.unparsed]}"
        )


_DISTANCE_WORDS = {
    "sphere": "on the sphere",
    "equatorial": "on a sphere of the equatorial radius",
    "geodesic": "on the ellipsoid (geodesic)",
}
_UNPARSED_WORDS = {
    "wrong": f"counts as {FARTHEST_KM:,.0f} km away",
    "g3": "counts as (0, 0)",
    "geobench": "is left out",
    "thinking-with-map": "counts as 99,999 km away",
    "verl": "counts as 20,000 km away",
}


def _check(what: str, name: str, known: Mapping[str, object] | tuple[str, ...]) -> None:
    if name not in known:
        nearest = hint(nearest_names(name, known, count=1))
        raise UsageError(f"{what} {name!r} is unknown{nearest}; known: {', '.join(known)}")

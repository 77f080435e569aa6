"""Decay curves: how much a distance in kilometres is worth, from 1 at the truth down to 0.

Each curve is a pure function on float64 arrays of distances (km, non-negative); NaN stays NaN, so the
caller decides what a missing distance is worth. `CURVES` describes them all and `decay` calls one by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.errors import MissingValueError, UnknownNameError
from geo_rewards.geo.curve_constants import CHECKS, CLOSED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from geo_rewards.geo.curve_constants import Knots, Steps, Terms

    FloatArray = NDArray[np.float64]

DEFAULT_STEPS: Steps = ((0.5, 1.0), (2.0, 0.8), (10.0, 0.6), (25.0, 0.4), (200.0, 0.2), (750.0, 0.1))
DEFAULT_THRESHOLDS_KM: tuple[float, ...] = (1.0, 25.0, 200.0, 750.0, 2500.0)
DEFAULT_TERMS: Terms = ((0.5, 1492.7), (0.5, 5000.0))
GEO_R_KNOTS: Knots = ((0.0, 1.0), (750.0, 0.5), (2500.0, 0.2), (20000.0, 0.0))
GEO_R_CODE_KNOTS: Knots = ((0.0, 1.0), (750.0, 0.5), (3000.0, 0.2), (20000.0, 0.0))


def exponential(distance_km: FloatArray, *, scale_km: float = 1492.7) -> FloatArray:
    """Return ``exp(-d / scale_km)``, in (0, 1]; 1 at zero distance.

    GeoGuessr's score divided by 5000 with the default scale; also PIGEON and OpenStreetView-5M's GeoScore.

    >>> float(exponential(np.array(1492.7)).round(4))
    0.3679
    """
    return np.exp(-distance_km / scale_km)


def mixture(distance_km: FloatArray, *, terms: Terms = DEFAULT_TERMS) -> FloatArray:
    """Return ``sum of weight * exp(-d / scale_km)`` over the terms; the sum of the weights at zero distance.

    A long scale keeps a slope where a short one has none left. Source of the default terms: HuggingEnvs
    GeoGuesser.

    >>> mixture(np.array([0.0, 1492.7])).round(4)
    array([1.    , 0.5549])
    """
    return sum((weight * np.exp(-distance_km / scale) for weight, scale in terms), np.zeros(()))


def piecewise(distance_km: FloatArray, *, knots: Knots) -> FloatArray:
    """Return the value on the straight lines between the knots; 0 beyond the last knot.

    Up to the first knot its value counts. The curves of Geo-R and REVERSE are instances of it.

    >>> piecewise(np.array([0.5, 1.0, 13.0, 2500.0, 2501.0]), knots=((1, 1.0), (25, 0.8), (2500, 0.2)))
    array([1. , 1. , 0.9, 0.2, 0. ])
    """
    limits, values = zip(*knots, strict=True)
    lines: FloatArray = np.interp(distance_km, limits, values)
    return np.where(distance_km > limits[-1], 0.0, lines)


def geo_r(distance_km: FloatArray) -> FloatArray:
    """Return the piecewise linear reward of the Geo-R paper, in [0, 1].

    ``1 - 0.5 d/750`` up to 750 km, ``0.5 - 0.3 (d-750)/1750`` up to 2500 km,
    ``max(0, 0.2 - 0.2 (d-2500)/17500)`` beyond. Source: Geo-R, arXiv 2601.00388 (secondary).

    >>> geo_r(np.array([0.0, 1500.0, 10000.0])).round(4)
    array([1.    , 0.3714, 0.1143])
    """
    return piecewise(distance_km, knots=GEO_R_KNOTS)


def geo_r_code(distance_km: FloatArray) -> FloatArray:
    """Return what Geo-R's released code computes, in [0, 1], rounded to 4 decimals.

    ``1 - 0.5 d/750`` up to 750 km, ``0.5 - 0.3 (d-750)/2250`` up to 3000 km,
    ``0.2 - 0.2 (d-3000)/17000`` up to 20000 km, 0 beyond. Source: Geo-R's released code.

    >>> geo_r_code(np.array([25.0, 2500.0, 10000.0]))
    array([0.9833, 0.2667, 0.1176])
    """
    return piecewise(distance_km, knots=GEO_R_CODE_KNOTS).round(4)


def logistic(distance_km: FloatArray, *, scale_km: float) -> FloatArray:
    """Return ``2 / (1 + exp(d / scale_km))``, in (0, 1]; 1 at zero distance.

    The scale has no default: GRE's released file leaves it blank. Source: GRE, arXiv 2505.18700.

    >>> float(logistic(np.array(1000.0), scale_km=1000).round(4))
    0.5379
    """
    shrunk = np.exp(-distance_km / scale_km)  # exp(d / scale_km) itself could overflow
    return 2.0 * shrunk / (1.0 + shrunk)


def linear(distance_km: FloatArray, *, limit_km: float = 20000.0) -> FloatArray:
    """Return ``max(0, 1 - d / limit_km)``, in [0, 1].

    Source: `recipe/geoguessr` in the code of VESPO (github.com/FloyedShen/VESPO), with
    ``reward_type: linear``; its default is `exponential`.

    >>> linear(np.array([0.0, 5000.0, 20015.0]))
    array([1.  , 0.75, 0.  ])
    """
    return np.maximum(0.0, 1.0 - distance_km / limit_km)


def steps(distance_km: FloatArray, *, steps: Steps = DEFAULT_STEPS, limits: str = CLOSED) -> FloatArray:
    """Return the value of the first step that d is within, and 0 beyond the last.

    Source of the default ladder: Thinking with Map, arXiv 2601.05432, whose code has strict limits.

    >>> steps(np.array([0.5, 3.0, 1000.0])), steps(np.array([0.5]), limits="strict")
    (array([1. , 0.6, 0. ]), array([0.8]))
    """
    values = np.array([value for _, value in steps] + [0.0])
    reached = _limits_passed(distance_km, [limit for limit, _ in steps], limits=limits)
    return np.where(np.isnan(distance_km), np.nan, values[reached])


def truncated_exponential(
    distance_km: FloatArray, *, scale_km: float = 200.0, limit_km: float = 2000.0
) -> FloatArray:
    """Return ``exp(-d / scale_km)`` below `limit_km` and 0 from there on, in [0, 1].

    Source: GeoAgent's released code, arXiv 2602.12617.

    >>> truncated_exponential(np.array([0.0, 200.0, 2000.0])).round(4)
    array([1.    , 0.3679, 0.    ])
    """
    return np.where(distance_km >= limit_km, 0.0, np.exp(-distance_km / scale_km))


def thresholds(
    distance_km: FloatArray,
    *,
    thresholds_km: tuple[float, ...] = DEFAULT_THRESHOLDS_KM,
    limits: str = CLOSED,
) -> FloatArray:
    """Return the share of the thresholds that d is within, in [0, 1].

    The field's accuracy levels (street, city, region, country, continent) as a reward. GeoCLIP, GAEA and
    REVERSE count a distance that is exactly a threshold (closed); G3, PIGEON and OSV-5M do not (strict).

    >>> thresholds(np.array([0.0, 25.0, 9000.0])), thresholds(np.array([25.0]), limits="strict")
    (array([1. , 0.8, 0. ]), array([0.6]))
    """
    passed = _limits_passed(distance_km, thresholds_km, limits=limits)
    return np.where(np.isnan(distance_km), np.nan, 1.0 - passed / len(thresholds_km))


def _limits_passed(distance_km: FloatArray, limits_km: Sequence[float], *, limits: str) -> NDArray[np.int64]:
    """Return how many of the ascending limits each distance is beyond."""
    return np.searchsorted(limits_km, distance_km, side="left" if limits == CLOSED else "right")


@dataclass(frozen=True)
class Curve:
    """A decay curve and its description.

    Attributes:
        name: Its name in recipes.
        function: The curve itself: takes distances in km, and its constants as keywords.
        constants: Default of each constant it takes; None where it must be given.
        formula: What it computes, in one line; d is the distance in km.
        source: Where it comes from.
    """

    name: str
    function: Callable[..., FloatArray]
    constants: Mapping[str, Any]
    formula: str
    source: str

    def resolve(self, **constants: Any) -> dict[str, Any]:
        """Return every constant of the curve, checked, with its default where None or omitted.

        Raises:
            ValueError: If the curve does not take a constant, lacks one it needs, or cannot use a value.

        >>> CURVES["truncated_exponential"].resolve(scale_km=100, limit_km=None)
        {'scale_km': 100.0, 'limit_km': 2000.0}
        """
        given = {name: value for name, value in constants.items() if value is not None}
        ignored = [name for name in given if name not in self.constants]
        if ignored:
            taken = f"only {' and '.join(self.constants)}" if self.constants else "no constants"
            raise ValueError(f"curve {self.name!r} does not take {' or '.join(ignored)}: it takes {taken}")
        resolved = {**self.constants, **given}
        missing = [name for name, value in resolved.items() if value is None]
        if missing:
            message = f"curve {self.name!r} has no default {' and '.join(missing)}, which must be given"
            raise MissingValueError(message, missing)
        return {name: CHECKS[name](name, value) for name, value in resolved.items()}

    def bounds(self, **constants: Any) -> tuple[float, float]:
        """Return the lowest and highest value of the curve with these constants.

        The lowest is its limit at infinity, 0, even if no distance on Earth reaches it.

        >>> CURVES["steps"].bounds(steps=((1, 0.5), (10, 0.25)))
        (0.0, 0.5)
        """
        resolved = self.resolve(**constants)
        if "terms" in resolved:
            return 0.0, sum(weight for weight, _ in resolved["terms"])
        pairs = resolved.get("steps") or resolved.get("knots")
        return 0.0, pairs[0][1] if pairs else 1.0


def decay(distance_km: ArrayLike, *, curve: str, **constants: Any) -> FloatArray:
    """Return the value of each distance on the named curve; NaN where the distance is NaN.

    Args:
        distance_km: Distances in km, none negative.
        curve: A name in `CURVES`.
        **constants: Constants of the curve; None means its own default.

    Raises:
        UnknownNameError: If there is no such curve.
        ValueError: If a distance is negative, or by `Curve.resolve`.

    >>> decay([0.0, 750.0], curve="exponential", scale_km=1492.7).round(4)
    array([1.   , 0.605])
    """
    if curve not in CURVES:
        raise UnknownNameError("curve", curve, CURVES)
    resolved = CURVES[curve].resolve(**constants)
    distances = np.asarray(distance_km, dtype=np.float64)
    if (distances < 0).any():
        raise ValueError(f"distance_km {distances[distances < 0].flat[0]} is negative")
    return CURVES[curve].function(distances, **resolved)


CURVES: Mapping[str, Curve] = MappingProxyType(
    {
        curve.name: curve
        for curve in (
            Curve(
                "exponential",
                exponential,
                {"scale_km": 1492.7},
                "exp(-d / scale_km)",
                "GeoGuessr score / 5000; PIGEON; OpenStreetView-5M GeoScore",
            ),
            Curve(
                "mixture",
                mixture,
                {"terms": DEFAULT_TERMS},
                "sum of weight * exp(-d / scale_km) over terms",
                "HuggingEnvs GeoGuesser, released code",
            ),
            Curve(
                "piecewise",
                piecewise,
                {"knots": None},
                "straight lines between knots; the first value before them, 0 beyond them",
                "of which Geo-R's and REVERSE's (arXiv 2605.26861) curves are instances",
            ),
            Curve(
                "geo_r",
                geo_r,
                {},
                "1 - 0.5 d/750 up to 750; 0.5 - 0.3 (d-750)/1750 up to 2500; "
                "max(0, 0.2 - 0.2 (d-2500)/17500) beyond",
                "Geo-R paper, arXiv 2601.00388 (secondary)",
            ),
            Curve(
                "geo_r_code",
                geo_r_code,
                {},
                "1 - 0.5 d/750 up to 750; 0.5 - 0.3 (d-750)/2250 up to 3000; "
                "0.2 - 0.2 (d-3000)/17000 up to 20000; 0 beyond; rounded to 4 decimals",
                "Geo-R released code",
            ),
            Curve(
                "logistic",
                logistic,
                {"scale_km": None},
                "2 / (1 + exp(d / scale_km))",
                "GRE, arXiv 2505.18700 (scale left blank in the released file)",
            ),
            Curve(
                "linear",
                linear,
                {"limit_km": 20000.0},
                "max(0, 1 - d / limit_km)",
                "recipe/geoguessr of VESPO (github.com/FloyedShen/VESPO), reward_type linear",
            ),
            Curve(
                "steps",
                steps,
                {"steps": DEFAULT_STEPS, "limits": CLOSED},
                "value of the first step that d is within; 0 beyond the last",
                "Thinking with Map, arXiv 2601.05432",
            ),
            Curve(
                "truncated_exponential",
                truncated_exponential,
                {"scale_km": 200.0, "limit_km": 2000.0},
                "exp(-d / scale_km) below limit_km; 0 from there on",
                "GeoAgent released code, arXiv 2602.12617",
            ),
            Curve(
                "thresholds",
                thresholds,
                {"thresholds_km": DEFAULT_THRESHOLDS_KM, "limits": CLOSED},
                "share of thresholds_km that d is within",
                "the field's accuracy levels, as a reward",
            ),
        )
    }
)
"""Every curve by name."""

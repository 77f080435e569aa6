"""What the constants of decay curves must be."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Steps: TypeAlias = tuple[tuple[float, float], ...]
"""Pairs (limit in km, value of distances up to it), nearest first."""

Knots: TypeAlias = tuple[tuple[float, float], ...]
"""Pairs (distance in km, value there), nearest first."""

Terms: TypeAlias = tuple[tuple[float, float], ...]
"""Pairs (weight, scale in km)."""

CLOSED, STRICT = "closed", "strict"
"""Whether a distance that is exactly a limit is within it, or beyond it."""


def _number(name: str, value: Any) -> float:
    # to Python a bool is a number; here it is a mistake
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
        raise ValueError(f"{name} must be numeric and finite, not {value!r}")
    return float(value)


def _positive(name: str, value: Any) -> float:
    number = _number(name, value)
    if number <= 0.0:
        raise ValueError(f"{name} must be above 0, not {value!r}")
    return number


def _checked_thresholds(name: str, value: Any) -> tuple[float, ...]:
    if not isinstance(value, tuple | list) or not value:
        raise ValueError(f"{name} must be a list of distances in km, not {value!r}")
    limits = tuple(_positive(name, limit) for limit in value)
    _check_ascending(name, limits)
    return limits


def _checked_steps(name: str, value: Any) -> Steps:
    pairs = _pairs(name, value, "(limit in km, value)")
    limits = [_positive(f"limits of {name}", limit) for limit, _ in pairs]
    return _descending(name, limits, pairs)


def _checked_knots(name: str, value: Any) -> Knots:
    pairs = _pairs(name, value, "(distance in km, value)")
    distances = [_number(f"distances of {name}", distance) for distance, _ in pairs]
    if distances[0] < 0.0:
        raise ValueError(f"distances of {name} must be at least 0, not {distances[0]}")
    return _descending(name, distances, pairs)


def _checked_terms(name: str, value: Any) -> Terms:
    terms = tuple(
        (_positive(f"weights of {name}", weight), _positive(f"scales of {name}", scale))
        for weight, scale in _pairs(name, value, "(weight, scale in km)")
    )
    if not math.isfinite(sum(weight for weight, _ in terms)):
        raise ValueError(f"weights of {name} must have a finite sum, not {[weight for weight, _ in terms]}")
    return terms


def _checked_limits(name: str, value: Any) -> str:
    if value not in (CLOSED, STRICT):
        raise ValueError(f"{name} must be {CLOSED} or {STRICT}, not {value!r}")
    return str(value)


def _pairs(name: str, value: Any, meaning: str) -> Sequence[Sequence[Any]]:
    pairs = isinstance(value, tuple | list) and value
    if not pairs or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in value):
        raise ValueError(f"{name} must be a list of pairs {meaning}, not {value!r}")
    given: Sequence[Sequence[Any]] = value
    return given


def _descending(name: str, limits: Sequence[float], pairs: Sequence[Sequence[Any]]) -> Steps:
    """Return the limits with their values: limits that ascend, values that never do."""
    _check_ascending(f"limits of {name}", limits)
    values = [_number(f"values of {name}", value) for _, value in pairs]
    if min(values) < 0.0 or sorted(values, reverse=True) != values:
        raise ValueError(f"values of {name} must be at least 0 and must not increase, not {values}")
    return tuple(zip(limits, values, strict=True))


def _check_ascending(name: str, limits: Sequence[float]) -> None:
    if any(after <= before for before, after in pairwise(limits)):
        raise ValueError(f"{name} must ascend, not {list(limits)}")


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "scale_km": _positive,
    "limit_km": _positive,
    "steps": _checked_steps,
    "thresholds_km": _checked_thresholds,
    "knots": _checked_knots,
    "terms": _checked_terms,
    "limits": _checked_limits,
}
"""What each constant of a curve must be, by its name: returns the checked value or raises `ValueError`."""

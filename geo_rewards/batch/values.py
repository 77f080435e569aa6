"""Values of any library's columns as Python has them: dates stay dates, and missing values are recognised."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

_SHOWN = 60
_NULLS = frozenset({"NAType", "NaTType"})  # of pandas, which need not be installed


def python_values(values: Any) -> Any:
    """Return an array, series or column of a table as a list; anything else unchanged.

    Dates and durations become no numbers: `tolist` would turn those counted in nanoseconds into integers.

    Raises:
        ValueError: If a library cannot turn its values into Python's.

    >>> python_values(np.array([1.5])), python_values(np.array([1], dtype="timedelta64[ns]"))
    ([1.5], [np.timedelta64(1,'ns')])
    """
    if getattr(getattr(values, "dtype", None), "kind", None) in {"m", "M"}:
        return list(values)
    return values.tolist() if hasattr(values, "tolist") else values


def is_null(value: Any) -> bool:
    """Return whether a value is None, NaN, or pandas' or numpy's sign for a missing value."""
    if value is None or type(value).__name__ in _NULLS:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, (np.datetime64, np.timedelta64)) and bool(np.isnat(value))


def number_of(value: Any) -> float | None:
    """Return the number that a value is, or None if it is none; a truth value, date or duration is none.

    >>> number_of(Decimal("48.85")), number_of(True), number_of(10**400), number_of("1")
    (48.85, None, None, None)
    """
    if not isinstance(value, (Real, Decimal)) or isinstance(value, (bool, np.timedelta64)):
        return None
    try:
        return float(value)
    except (OverflowError, ValueError, TypeError):  # hundreds of digits; a signalling NaN
        return None


def shown(value: Any) -> str:
    """Return the beginning of how Python writes a value.

    >>> shown("abc"), shown(10**5000)
    ("'abc'", 'a number of thousands of digits')
    """
    try:
        return repr(value)[:_SHOWN]
    except Exception:  # noqa: BLE001 - Python refuses long numbers and deep lists; other types may do anything
        return "a number of thousands of digits" if isinstance(value, int) else f"a {type(value).__name__}"

"""An angle as written: one latitude or longitude, with what its notation says about it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from geo_rewards.parse.findings import RefusedError, coordinate_of, shown
from geo_rewards.types import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo_rewards.types import Coordinate

Axis = Literal["lat", "lon"]

AXIS_NAMES: dict[Axis, str] = {"lat": "latitude", "lon": "longitude"}
_MAX_DIGITS = 20
_HINTS = {
    ProblemKind.SIGN: "has an unclear sign, use one minus next to the number or one of N, S, E, W",
    ProblemKind.AXES: "has an unclear direction, use N, S, E or W",
    ProblemKind.NOT_A_NUMBER: "is not a number of degrees",
    ProblemKind.EXPONENT: "has an exponent, use plain decimals",
    ProblemKind.LONG_NUMBER: f"has more than {_MAX_DIGITS} digits",
    ProblemKind.MINUTES: "is not an angle: minutes and seconds are below 60, only the last part has decimals",
}


@dataclass(frozen=True, slots=True)
class Angle:
    """One number of a coordinate.

    Attributes:
        value: Signed degrees; meaningless if there is a flaw.
        start: Where it starts in the text.
        end: Where it ends.
        axis: The axis of its hemisphere letter, or None.
        form: `hemisphere`, `dms`, or an empty string for a plain number.
        exact: Whether it has decimals or minutes.
        digits: The number as written if it is just a number, else an empty string.
        flaw: Why it must not be read, or None: what only looks like an angle is refused when used.
        unit: The size in degrees of its last digit.
    """

    value: float
    start: int
    end: int
    axis: Axis | None = None
    form: str = ""
    exact: bool = False
    digits: str = ""
    flaw: ProblemKind | None = None
    unit: float = 0.0

    def check(self, text: str) -> Angle:
        """Return the angle unless it has a flaw.

        Raises:
            RefusedError: If it has one; the message quotes the text.
        """
        if self.flaw is not None:
            hint = _HINTS.get(self.flaw, "cannot be read with certainty")
            raise RefusedError(self.flaw, f"{shown(text[self.start : self.end])} {hint}")
        return self


def measure(parts: list[str], sign: int) -> tuple[float, ProblemKind | None]:
    """Return the degrees of ``[degrees, minutes, seconds]`` (one to three of these), or a flaw.

    >>> measure(["40", "30", "36"], -1)
    (-40.51, None)
    >>> measure(["40", "60"], 1)[1]
    <ProblemKind.MINUTES: 'minutes'>
    """
    for part in parts:
        if part.count(".") > 1:
            return 0.0, ProblemKind.NOT_A_NUMBER
        if len(part) - part.count(".") > _MAX_DIGITS:
            return 0.0, ProblemKind.LONG_NUMBER
    numbers = [float(part) for part in parts]
    if any(number >= 60.0 for number in numbers[1:]) or any("." in part for part in parts[:-1]):
        return 0.0, ProblemKind.MINUTES
    size = sum(number / 60.0**place for place, number in enumerate(numbers))
    return math.copysign(size, sign), None


def unit_of(parts: list[str]) -> float:
    """Return the size in degrees of the last digit of ``[degrees, minutes, seconds]``.

    >>> unit_of(["48.85"]), unit_of(["48", "30"])
    (0.01, 0.016666666666666666)
    """
    decimals = len(parts[-1].partition(".")[2])
    return float(10.0 ** -min(decimals, _MAX_DIGITS) / 60.0 ** (len(parts) - 1))


def join_decimal_comma(first: Angle, second: Angle) -> Angle | None:
    """Return the two as one number with a decimal comma; None if they cannot be one.

    >>> join_decimal_comma(Angle(-48.0, 0, 3, digits="48"), Angle(85.0, 4, 6, digits="85")).value
    -48.85
    """
    whole = first.digits.isdigit() and second.digits.isdigit()
    unsigned = second.end - second.start == len(second.digits)
    if not whole or not unsigned or second.start != first.end + 1 or first.flaw or second.flaw:
        return None
    value = math.copysign(float(f"{first.digits}.{second.digits}"), first.value)
    unit = unit_of([f"0.{second.digits}"])
    return replace(first, value=value, end=second.end, digits="", exact=True, unit=unit)


def written_form(angles: Iterable[Angle]) -> str:
    """Return `dms` or `hemisphere` as the angles are written, or an empty string for plain numbers."""
    forms = {angle.form for angle in angles}
    return "dms" if "dms" in forms else "hemisphere" if "hemisphere" in forms else ""


def coordinate_from(first: Angle, second: Angle, *, lon_first: bool = False) -> Coordinate:
    """Return the coordinate of two angles; hemisphere letters, or else `lon_first`, decide the order.

    Raises:
        RefusedError: If the letters contradict each other or a value is out of range.
    """
    if first.axis is None and second.axis is None:
        lat, lon = (second, first) if lon_first else (first, second)
    elif first.axis is None or second.axis is None:
        raise RefusedError(ProblemKind.AXES, "a hemisphere letter on one number only")
    elif first.axis == second.axis:
        raise RefusedError(ProblemKind.AXES, f"two {AXIS_NAMES[first.axis]}s")
    else:
        lat, lon = (first, second) if first.axis == "lat" else (second, first)
    return coordinate_of(lat.value, lon.value)

"""A text that is a single latitude or longitude, such as a table cell."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from geo_rewards.system.first_use import LOADING

if TYPE_CHECKING:
    from geo_rewards.parse.angles import Axis

# As programs write numbers: an exponent is fine here, while `float` would also take 4_8.5 and infinity.
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?")


def degrees_of(text: str, axis: Axis) -> float:
    """Return the signed degrees of a single latitude or longitude, with or without a letter.

    Raises:
        ValueError: If it is anything else, or its letter belongs to the other axis.

    >>> degrees_of("33.8688 S", "lat"), degrees_of(" -3.8e-05 ", "lon")
    (-33.8688, -3.8e-05)
    """
    text = text.strip()
    if _NUMBER.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    return _read_degrees(text, axis)


def _read_degrees(text: str, axis: Axis) -> float:
    with LOADING:
        from geo_rewards.parse.angle_reader import single_angle
        from geo_rewards.parse.angles import AXIS_NAMES
        from geo_rewards.parse.findings import RefusedError, shown
        from geo_rewards.parse.normalise import plain_text

    try:
        angle = single_angle(plain_text(text).strip())
    except RefusedError as refused:
        raise ValueError(str(refused.problem)) from None
    if angle.axis not in (None, axis):
        raise ValueError(f"{shown(text)} is not a {AXIS_NAMES[axis]}")
    return angle.value

"""What the readers of an answer return: coordinates found, and refusals with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.types import Coordinate, Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN_CHARACTERS = 40
_NEGLIGIBLE = 1e-9
_COARSEST = 0.1  # degrees: too many values round to one without decimals for it to count as a repetition


class RefusedError(Exception):
    """Something that looks like an answer but must not be read; never raised outside the parser.

    Args:
        kind: The constant part of the problem.
        detail: What was found, and what was expected.
    """

    def __init__(self, kind: ProblemKind, detail: str) -> None:
        self.problem = Problem(kind, detail)
        super().__init__(self.problem)


class Finding(NamedTuple):
    """A valid coordinate, how it was written, and the text it was read from.

    Attributes:
        coordinate: Latitude and longitude.
        form: How it was written, as `Answer.coordinate_form` names it.
        text: The text as written.
        units: The sizes in degrees of the last digits of latitude and longitude; 0 for exact values.
        start: Where it starts in the text, or -1 where that is meaningless.
        claimed: Whether a label, a key or a dedicated format says that it is a coordinate.
    """

    coordinate: Coordinate
    form: str
    text: str
    units: tuple[float, float] = (0.0, 0.0)
    start: int = -1
    claimed: bool = False


def shown(text: str) -> str:
    """Return the text quoted for a message, truncated if long.

    >>> shown("48.85")
    "'48.85'"
    """
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")


def coordinate_of(lat: float, lon: float) -> Coordinate:
    """Return the coordinate; values are never wrapped around.

    Raises:
        RefusedError: If a value is out of range or not finite.
    """
    try:
        return Coordinate(lat, lon)
    except ValueError as error:
        raise RefusedError(ProblemKind.OUT_OF_RANGE, str(error)) from None


def is_same_value(first: float, second: float, *, units: Sequence[float]) -> bool:
    """Return whether two values agree, one perhaps rounded or cut to the coarser of the two units.

    >>> is_same_value(48.8584, 48.86, units=(0.0001, 0.01)), is_same_value(48.85, 48.86, units=(0.01, 0.01))
    (True, False)
    """
    gap = abs(first - second)
    fine, coarse = min(units), max(units)
    if gap < _NEGLIGIBLE:
        return True
    if coarse > _COARSEST or coarse - fine < _NEGLIGIBLE:
        return False
    rounded, exact = (first, second) if units[0] == coarse else (second, first)
    is_cut = abs(rounded) <= abs(exact) and gap < coarse - _NEGLIGIBLE
    return is_cut or gap <= coarse / 2 + _NEGLIGIBLE


def is_same_place(first: Finding, second: Finding) -> bool:
    """Return whether two findings are the same coordinate, possibly at different precision."""
    return all(
        is_same_value(one, other, units=units)
        for one, other, units in zip(
            first.coordinate, second.coordinate, zip(first.units, second.units, strict=True), strict=True
        )
    )

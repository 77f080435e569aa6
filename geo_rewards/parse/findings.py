"""What the readers of an answer hand over: coordinates found, and refusals with their reason."""

from __future__ import annotations

from typing import NamedTuple

from geo_rewards.types import Coordinate, Problem, ProblemKind

_SHOWN_CHARACTERS = 40


class RefusedError(Exception):
    """Something that looks like an answer and must not be read; it never leaves the parser.

    Args:
        kind: The constant part of the problem.
        detail: What was found, and what would be right.
    """

    def __init__(self, kind: ProblemKind, detail: str) -> None:
        self.problem = Problem(kind, detail)
        super().__init__(self.problem)


class Finding(NamedTuple):
    """A valid coordinate, how it was written, and the text that it was read from."""

    coordinate: Coordinate
    form: str
    text: str


def shown(text: str) -> str:
    """Return the text quoted for a message, cut short if it is long.

    >>> shown("48.85")
    "'48.85'"
    """
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")


def coordinate_of(lat: float, lon: float) -> Coordinate:
    """Return the coordinate; values are never wrapped.

    Raises:
        RefusedError: If a value is out of range or not finite.
    """
    try:
        return Coordinate(lat, lon)
    except ValueError as error:
        raise RefusedError(ProblemKind.OUT_OF_RANGE, str(error)) from None

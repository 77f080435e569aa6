"""What the readers of an answer hand over: coordinates found, and refusals with their reason."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from geo_rewards.types import Coordinate

_SHOWN_CHARACTERS = 40


class ProblemKind(StrEnum):
    """The constant first part of each of `Answer.problems`."""

    NO_ANSWER = "no answer"
    SEVERAL_ANSWERS = "several answers"
    NESTED_TAGS = "nested tags"
    EMPTY = "empty answer"
    LONG = "long answer"
    NOTHING_READ = "nothing read"
    NO_PAIR = "no pair"
    SEVERAL_PAIRS = "several pairs"
    SEVERAL_PLACES = "several places"
    OUT_OF_RANGE = "out of range"
    NOT_A_NUMBER = "not a number"
    EXPONENT = "exponent"
    LONG_NUMBER = "long number"
    SIGN = "sign"
    AXES = "axes"
    ORDER = "order"
    MINUTES = "minutes"
    DUPLICATE_KEY = "duplicate key"
    UNREADABLE_OBJECT = "unreadable object"
    GEOMETRY = "geometry"
    PLACE_CODE = "place code"


class RefusedError(Exception):
    """Something that looks like an answer and must not be read; it never leaves the parser.

    Args:
        kind: The constant part of the problem.
        detail: What was found, and what would be right.
    """

    def __init__(self, kind: ProblemKind, detail: str) -> None:
        self.problem = problem(kind, detail)
        super().__init__(self.problem)


class Finding(NamedTuple):
    """A valid coordinate, how it was written, and the text that it was read from."""

    coordinate: Coordinate
    form: str
    text: str


def problem(kind: ProblemKind, detail: str) -> str:
    """Return the text of a problem.

    >>> problem(ProblemKind.OUT_OF_RANGE, "latitude 400.0 is not in [-90, 90]")
    'out of range: latitude 400.0 is not in [-90, 90]'
    """
    return f"{kind.value}: {detail}"


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

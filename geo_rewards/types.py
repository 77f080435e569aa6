"""The values that travel through the library: coordinates, places, answers, truths.

Nothing here computes: the parser fills `Answer`, the batch fills `GroundTruth`, rewards read both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

from geo_rewards.html_table import clipped, html_table

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A point on the globe: latitude and longitude in degrees, WGS 84, always in this order.

    Attributes:
        lat: Degrees north, in [-90, 90].
        lon: Degrees east, in [-180, 180].

    Raises:
        ValueError: If a value is not finite or out of range; values are never wrapped.

    >>> lat, lon = Coordinate(48.8584, 2.2945)
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        """Reject what is not on the globe."""
        try:
            if not -90.0 <= self.lat <= 90.0:  # false for NaN too
                raise ValueError(f"latitude {self.lat} is not in [-90, 90]")
            if not -180.0 <= self.lon <= 180.0:
                raise ValueError(f"longitude {self.lon} is not in [-180, 180]")
        except TypeError:
            message = f"a coordinate needs two numbers of degrees, not {self.lat!r:.40} and {self.lon!r:.40}"
            raise TypeError(message) from None

    def __iter__(self) -> Iterator[float]:
        """Yield latitude, then longitude."""
        yield self.lat
        yield self.lon

    def __str__(self) -> str:
        """Return ``lat, lon``, readable by the parser: without exponents."""
        return f"{_decimal(self.lat)}, {_decimal(self.lon)}"


@dataclass(frozen=True, slots=True)
class Place:
    """Names of a place, None where unknown.

    Attributes:
        country: ISO 3166-1 alpha-2 code (or XK).
        region: First-order administrative division (admin1).
        city: City, town or village.
    """

    country: str | None = None
    region: str | None = None
    city: str | None = None


class ProblemFamily(StrEnum):
    """The broad category of a problem kind, under which logs count it."""

    NO_ANSWER = "no_answer"
    SEVERAL_ANSWERS = "several_answers"
    NOTHING_READ = "nothing_read"
    OUT_OF_RANGE = "out_of_range"
    MALFORMED = "malformed"


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
    RANGE = "range"
    DENIED = "denied"
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
    TOOL_TEXT = "tool text"

    @property
    def family(self) -> ProblemFamily:
        """The family under which training logs count the kind."""
        return _FAMILIES.get(self, ProblemFamily.MALFORMED)


_FAMILIES = {
    ProblemKind.NO_ANSWER: ProblemFamily.NO_ANSWER,
    ProblemKind.EMPTY: ProblemFamily.NO_ANSWER,
    ProblemKind.SEVERAL_ANSWERS: ProblemFamily.SEVERAL_ANSWERS,
    ProblemKind.NESTED_TAGS: ProblemFamily.SEVERAL_ANSWERS,
    ProblemKind.SEVERAL_PAIRS: ProblemFamily.SEVERAL_ANSWERS,
    ProblemKind.SEVERAL_PLACES: ProblemFamily.SEVERAL_ANSWERS,
    ProblemKind.RANGE: ProblemFamily.SEVERAL_ANSWERS,
    ProblemKind.DENIED: ProblemFamily.NOTHING_READ,
    ProblemKind.LONG: ProblemFamily.NOTHING_READ,
    ProblemKind.NOTHING_READ: ProblemFamily.NOTHING_READ,
    ProblemKind.NO_PAIR: ProblemFamily.NOTHING_READ,
    ProblemKind.OUT_OF_RANGE: ProblemFamily.OUT_OF_RANGE,
}


class Problem(str):
    """Why a part of an answer was refused: the text ``kind: detail``, which knows its kind.

    Args:
        kind: The constant part.
        detail: What was found, and what would be right.

    >>> problem = Problem(ProblemKind.OUT_OF_RANGE, "latitude 400.0 is not in [-90, 90]")
    >>> print(problem, problem.kind.family)
    out of range: latitude 400.0 is not in [-90, 90] out_of_range
    """

    __slots__ = ("kind",)
    kind: ProblemKind

    def __new__(cls, kind: ProblemKind, detail: str) -> Self:
        """Build the text."""
        problem = super().__new__(cls, f"{kind.value}: {detail}")
        problem.kind = kind
        return problem

    def __reduce__(self) -> tuple[type[Self], tuple[ProblemKind, str]]:
        """Pickle as kind and detail."""
        return type(self), (self.kind, str(self).removeprefix(f"{self.kind.value}: "))


class TagCounts(NamedTuple):
    """How often each tag occurs in a completion."""

    think_open: int = 0
    think_close: int = 0
    answer_open: int = 0
    answer_close: int = 0


NO_TAGS = TagCounts()


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A parsed completion.

    Attributes:
        think: Text inside the only think block, stripped; None if there is not exactly one.
        answer: Text that was read as the answer, stripped; None if there is none (see
            `geo_rewards.parse_completion` for what counts).
        coordinate: The one coordinate of the answer, or None.
        country: Country as written in the answer, or None.
        region: Region as written, or None.
        city: City as written, or None.
        problems: What was refused and why, each a text ``kind: detail`` that knows its kind.
        well_formed: The completion is exactly one non-empty think block followed by exactly one
            non-empty answer block, with nothing but white space around them.
        continues_think: It would be well-formed with `<think>` in front: the shape of a completion
            whose prompt already opened the think block.
        think_only: It is a non-empty think block, which the prompt may have opened, followed by an answer
            without tags: the format of thinking models' templates.
        tags: How often each of the four tags occurs.
        coordinate_text: The part of the answer that the coordinate was read from, or None.
        coordinate_form: How it was written, or None: `parentheses`, `brackets`, `bare`, `json`,
            `labelled`, `hemisphere`, `dms`, `url`, `geo`, `iso6709`, `wkt`, `geojson`.
    """

    think: str | None = None
    answer: str | None = None
    coordinate: Coordinate | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    problems: tuple[Problem, ...] = ()
    well_formed: bool = False
    continues_think: bool = False
    tags: TagCounts = NO_TAGS
    coordinate_text: str | None = None
    coordinate_form: str | None = None
    think_only: bool = False

    def __repr__(self) -> str:
        """Show what was read, without what is missing and without the thoughts."""
        return f"Answer({', '.join(f'{name}={value}' for name, value in self._shown())})"

    def _repr_html_(self) -> str:
        """Show the same as a table in a notebook."""
        return html_table((), self._shown())

    def _shown(self) -> list[tuple[str, str]]:
        shown = [("coordinate", f"({self.coordinate})")] if self.coordinate else []
        names = {"country": self.country, "region": self.region, "city": self.city, "answer": self.answer}
        shown += [(name, f"'{clipped(text)}'") for name, text in names.items() if text is not None]
        if self.problems:
            shown.append(("problems", f"[{', '.join(repr(str(problem)) for problem in self.problems)}]"))
        return [*shown, ("well_formed", str(self.well_formed))]


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """The label of one row.

    Attributes:
        coordinate: Where the photo was taken, or None.
        country: ISO 3166-1 alpha-2 code (or XK), or None.
        region: First-order administrative division, or None.
        city: City, town or village, or None.
        text: The `solution` as plain text, for rewards that are not about places, or None.
    """

    coordinate: Coordinate | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    text: str | None = None


def _decimal(degrees: float) -> str:
    text = str(degrees)
    return format(Decimal(text), "f") if "e" in text else text


def is_coordinate(lat: float, lon: float) -> bool:
    """Return whether the pair is finite and on the globe.

    >>> is_coordinate(48.85, 2.35), is_coordinate(400, 2.35), is_coordinate(math.nan, 0)
    (True, False, False)
    """
    return math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90.0 and abs(lon) <= 180.0

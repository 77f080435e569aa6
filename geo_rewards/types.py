"""The values that travel through the library: coordinates, places, answers, truths.

Nothing here computes: the parser fills `Answer`, the batch fills `GroundTruth`, rewards read both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A point on the globe: latitude and longitude in degrees, WGS 84, always in this order.

    Attributes:
        lat: Degrees north, in [-90, 90].
        lon: Degrees east, in [-180, 180].

    Raises:
        ValueError: If a value is not finite or out of range; nothing is ever wrapped.

    >>> lat, lon = Coordinate(48.8584, 2.2945)
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        """Refuse what is not on the globe."""
        if not -90.0 <= self.lat <= 90.0:  # false for NaN too
            raise ValueError(f"latitude {self.lat} is not in [-90, 90]")
        if not -180.0 <= self.lon <= 180.0:
            raise ValueError(f"longitude {self.lon} is not in [-180, 180]")

    def __iter__(self) -> Iterator[float]:
        """Yield latitude, then longitude."""
        yield self.lat
        yield self.lon

    def __str__(self) -> str:
        """Return ``lat, lon``, readable by the parser."""
        return f"{self.lat}, {self.lon}"


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


class TagCounts(NamedTuple):
    """How often each tag stands in a completion."""

    think_open: int = 0
    think_close: int = 0
    answer_open: int = 0
    answer_close: int = 0


NO_TAGS = TagCounts()


@dataclass(frozen=True, slots=True)
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
        problems: What was refused and why, each ``kind: detail`` with a constant kind.
        well_formed: The completion is exactly one non-empty think block and then exactly one
            non-empty answer block, with nothing else but white space.
        continues_think: It would be well-formed with a `<think>` put before it: the shape of a
            completion whose prompt already opened the think block.
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
    problems: tuple[str, ...] = ()
    well_formed: bool = False
    continues_think: bool = False
    tags: TagCounts = NO_TAGS
    coordinate_text: str | None = None
    coordinate_form: str | None = None


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


def is_coordinate(lat: float, lon: float) -> bool:
    """Return whether the pair is finite and on the globe.

    >>> is_coordinate(48.85, 2.35), is_coordinate(400, 2.35), is_coordinate(math.nan, 0)
    (True, False, False)
    """
    return math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90.0 and abs(lon) <= 180.0

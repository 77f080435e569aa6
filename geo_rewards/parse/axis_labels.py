"""Latitude and longitude behind labels of their own: ``Lat. 43.4, Long. 142.6``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.parse.angles import AXIS_NAMES, Angle, Axis, coordinate_from, join_decimal_comma
from geo_rewards.parse.findings import RefusedError, shown
from geo_rewards.parse.labels import AXIS_WORDS
from geo_rewards.parse.tokens import NEWLINE, WORD, Token
from geo_rewards.types import ProblemKind

if TYPE_CHECKING:
    from geo_rewards.parse.angle_reader import Item
    from geo_rewards.types import Coordinate

_CLOSERS = frozenset("\"'.)]")
_QUOTES = frozenset("\"'~≈")
_VERBS = frozenset({"is", "of", "at", "about", "around", "approx", "approximately", "."})
_LINKS = frozenset({",", "/", "&", ";", "-", "and"})
_MAX_SKIPPED = 4


class LabelledAxis(NamedTuple):
    """An axis word with its value: the items and the part of the text that it takes up."""

    axis: Axis
    angle: Angle
    first: int
    last: int
    start: int
    explicit: bool


class AxisPair(NamedTuple):
    """The coordinate of labelled axes, and the labelled values that it was read from."""

    coordinate: Coordinate
    values: list[LabelledAxis]


def axis_of(item: Item) -> Axis | None:
    """Return which axis a word names, or None."""
    return AXIS_WORDS.get(item.text.lower()) if isinstance(item, Token) and item.kind == WORD else None


def first_axis(items: list[Item]) -> Axis | None:
    """Return the axis named first, or None if none is; `Long` alone is part of a name (Long Beach)."""
    named = [item for item in items if axis_of(item)]
    return None if all(_text(item) == "long" for item in named) else axis_of(named[0])


def composite_label(items: list[Item], first: int) -> int | None:
    """Return where a label for both axes (``lat, lon``) that starts here ends; None if there is none.

    >>> from geo_rewards.parse.angle_reader import merge_angles
    >>> composite_label(merge_angles("(lat, lon): 48.85, 2.35"), 1)
    3
    """
    at = skip(items, first + 1, _CLOSERS)
    if at < len(items) and _text(items[at]) in _LINKS:
        at = skip(items, at + 1, _CLOSERS)
    other = axis_of(items[at]) if at < len(items) else None
    return at if other is not None and other != axis_of(items[first]) else None


def skip(items: list[Item], at: int, marks: frozenset[str]) -> int:
    """Return the next index whose token is none of the marks; a few are skipped at most."""
    end = min(at + _MAX_SKIPPED, len(items))
    while at < end and _text(items[at]) in marks:
        at += 1
    return at


def read_axis_labels(text: str, items: list[Item]) -> AxisPair | None:
    """Return the coordinate of labelled latitude and longitude, None without any such labels.

    Raises:
        RefusedError: If one is missing, twice there and different, unreadable or out of range.
    """
    values = _labelled_values(text, items)
    if not values:
        return None
    found: dict[Axis, Angle] = {}
    for value in values:
        angle = value.angle.check(text)
        if angle.axis not in (None, value.axis):
            raise RefusedError(ProblemKind.AXES, f"{shown(text[angle.start : angle.end])} as {value.axis}")
        if found.setdefault(value.axis, angle).value != angle.value:
            raise RefusedError(ProblemKind.AXES, f"two {AXIS_NAMES[value.axis]}s")
    if len(found) == 1:
        if any(value.explicit for value in values):
            raise RefusedError(ProblemKind.AXES, f"only {AXIS_NAMES[values[0].axis]} has a value")
        return None
    lat, lon = found["lat"], found["lon"]
    return AxisPair(coordinate_from(_unlettered(lat), _unlettered(lon)), values)


def _labelled_values(text: str, items: list[Item]) -> list[LabelledAxis]:
    """Return every axis word that has a value, in order."""
    values: list[LabelledAxis] = []
    at = 0
    while at < len(items):
        if axis_of(items[at]) is None:
            at += 1
        elif (end := composite_label(items, at)) is not None:
            at = end + 1
        else:
            value = _value_of(text, items, at)
            if value is not None:
                values.append(value)
                at = value.last
            at += 1
    return values


def _value_of(text: str, items: list[Item], at: int) -> LabelledAxis | None:
    """Return the value behind the axis word at an index, None if nothing claims to be one."""
    label, axis = items[at], axis_of(items[at])
    here = skip(items, at + 1, _CLOSERS)
    explicit = here < len(items) and _text(items[here]) in (":", "=")
    if explicit:
        here += 1
        here += here < len(items) and _is_newline(items[here])
    here = skip(items, skip(items, here, _VERBS), _QUOTES)
    item = items[here] if here < len(items) else None
    if axis is None or not isinstance(item, Angle):
        if explicit:
            raise RefusedError(ProblemKind.NOT_A_NUMBER, f"no number behind {shown(text[label.start :])}")
        return None
    halves = items[here + 1 : here + 3]
    if len(halves) == 2 and _text(halves[0]) == "," and isinstance(halves[1], Angle):
        joined = join_decimal_comma(item, halves[1])
        if joined is not None:
            return LabelledAxis(axis, joined, at, here + 2, label.start, explicit)
    return LabelledAxis(axis, item, at, here, label.start, explicit)


def _unlettered(angle: Angle) -> Angle:
    """Return a plain angle of the same value: the label has said the axis."""
    return Angle(angle.value, angle.start, angle.end)


def _text(item: Item) -> str:
    """Return the lower-case text of a token, an empty string for an angle."""
    return item.text.lower() if isinstance(item, Token) else ""


def _is_newline(item: Item) -> bool:
    """Return whether an item is a line end."""
    return isinstance(item, Token) and item.kind == NEWLINE

"""Latitude and longitude labelled with words: ``Lat. 43.4, Long. 142.6``, ``43.4° N latitude``."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.parse.angles import AXIS_NAMES, Angle, Axis, coordinate_from, join_decimal_comma
from geo_rewards.parse.findings import RefusedError, is_same_value, shown
from geo_rewards.parse.hemispheres import WORDS, Stated, hemisphere_word
from geo_rewards.parse.labels import AXIS_WORDS
from geo_rewards.parse.rivals import refuse_rivals_before, refuse_rivals_behind, refuse_rivals_within
from geo_rewards.parse.tokens import NEWLINE, WORD, Token
from geo_rewards.types import ProblemKind

if TYPE_CHECKING:
    from geo_rewards.parse.angle_reader import Item
    from geo_rewards.types import Coordinate

_CLOSERS = frozenset("\"'.)]")
_OPENERS = frozenset("([")
_QUOTES = frozenset("\"'~≈")
_VERBS = frozenset(
    {
        "is",
        "of",
        "at",
        "about",
        "around",
        "approx",
        "approximately",
        ".",
        "~",
        "≈",
        "roughly",
        "circa",
        "ca",
        "near",
    }
    | {"est", "es", "ist", "é", "è", "was", "equals", "estimated", "为", "是", "はは", "は", "は約"}
)
_LINKS = frozenset({",", "/", "&", ";", "-", "and"})
# Words in other scripts that say nothing about a hemisphere.
_CONNECTIVES = frozenset(
    {"и", "та", "和", "及", "と", "および", "그리고", "και", "و", "左右", "附近", "付近", "약", "근처"}
)
_LETTERS = frozenset("nsewo")  # too often not a hemisphere to be read, too often one to be ignored
_CONTINUING = frozenset({"or", "to", "and", "-"})  # a line starting with one belongs to the line before
_MAX_SKIPPED = 4
_LIMITS: dict[Axis, float] = {"lat": 90.0, "lon": 180.0}


class LabelledAxis(NamedTuple):
    """An axis word with its value: the items and the part of the text they cover.

    Attributes:
        axis: The axis that the word names.
        angle: The value.
        first: Index of their first item.
        last: Index of their last item.
        start: Where they start in the text.
        explicit: Whether a colon or equals sign separates word and value.
        hemisphere: The axis and sign of a letter next to the word: ``Latitude (S): 33.8``.
    """

    axis: Axis
    angle: Angle
    first: int
    last: int
    start: int
    explicit: bool = False
    hemisphere: tuple[Axis, int] | None = None


class AxisPair(NamedTuple):
    """The coordinate of labelled axes, its units, and the labelled values it was read from."""

    coordinate: Coordinate
    units: tuple[float, float]
    values: list[LabelledAxis]


def axis_of(item: Item) -> Axis | None:
    """Return the axis that a word names, or None."""
    return AXIS_WORDS.get(item.text.lower()) if isinstance(item, Token) else None


def first_axis(items: list[Item]) -> Axis | None:
    """Return the first axis named, or None; `Long` alone is part of a name (Long Beach)."""
    named = [item for item in items if axis_of(item)]
    return None if all(_text(item) == "long" for item in named) else axis_of(named[0])


def composite_label(items: list[Item], first: int) -> int | None:
    """Return the end of a label for both axes (``lat, lon``) that starts here; None if there is none.

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
    """Return the next index whose token is not one of the marks, skipping a few at most."""
    end = min(at + _MAX_SKIPPED, len(items))
    while at < end and _text(items[at]) in marks:
        at += 1
    return at


def read_axis_labels(text: str, items: list[Item], stated: Stated) -> AxisPair | None:
    """Return the coordinate given by labelled latitude and longitude; None without such labels.

    Args:
        text: The normalised text.
        items: Its items.
        stated: The hemispheres that it states on separate lines.

    Raises:
        RefusedError: If one is missing, given twice with different values, unreadable or out of range.
    """
    values = _labelled_values(text, items)
    if not values:
        return None
    found: dict[Axis, Angle] = {}
    for value in values:
        angle = _signed(value, text, stated)
        known = found.setdefault(value.axis, angle)
        if not is_same_value(known.value, angle.value, units=(known.unit, angle.unit)):
            raise RefusedError(ProblemKind.AXES, f"two {AXIS_NAMES[value.axis]}s")
        if angle.unit < known.unit:
            found[value.axis] = angle
    if len(found) == 1:
        if any(value.explicit for value in values):
            raise RefusedError(ProblemKind.AXES, f"only {AXIS_NAMES[values[0].axis]} has a value")
        return None
    lat, lon = found["lat"], found["lon"]
    pair = AxisPair(coordinate_from(_unlettered(lat), _unlettered(lon)), (lat.unit, lon.unit), values)
    _refuse_rivals(text, items, values)
    return pair


def _refuse_rivals(text: str, items: list[Item], values: list[LabelledAxis]) -> None:
    """Refuse ranges and alternatives between the values and after the last."""
    if isinstance(items[values[0].first], Angle):
        _refuse_rival_ahead(text, items, values[0])
    for value, following in pairwise(values):
        end = _line_end(items, value.last + 1, following.first)
        refuse_rivals_within(items, value.last + 1, end, angle=value.angle, text=text)
    refuse_rivals_behind(
        items, values[-1].last + 1, pair=(values[-2].angle, values[-1].angle), text=text, single=True
    )


def _refuse_rival_ahead(text: str, items: list[Item], value: LabelledAxis) -> None:
    """Refuse ``48.85 or 48.90 latitude``.

    Raises:
        RefusedError: If the text has such an alternative.
    """
    before = value.first - 1
    lettered = replace(value.angle, axis=value.axis)
    refuse_rivals_before(items, before, pair=(lettered, lettered), text=text)


def _line_end(items: list[Item], start: int, limit: int) -> int:
    """Return the index of the next line end not followed by an alternative, at most the limit."""
    for at in range(start, limit):
        if _is_newline(items[at]) and _text(items[at + 1]) not in _CONTINUING:
            return at
    return limit


def _signed(value: LabelledAxis, text: str, stated: Stated) -> Angle:
    """Return the angle of a labelled value, signed by its own letter, its label or the text.

    Raises:
        RefusedError: If they contradict each other.
    """
    angle = value.angle.check(text)
    written = shown(text[angle.start : angle.end])
    if angle.axis not in (None, value.axis) or (value.hemisphere and value.hemisphere[0] != value.axis):
        raise RefusedError(ProblemKind.AXES, f"{written} as {AXIS_NAMES[value.axis]}")
    signs = {sign for sign in (stated.sign(value.axis), value.hemisphere and value.hemisphere[1]) if sign}
    if not signs:
        return angle
    is_negative = angle.value < 0
    if len(signs) > 1 or (is_negative and 1 in signs) or (angle.axis and not is_negative and -1 in signs):
        raise RefusedError(ProblemKind.SIGN, f"{written} contradicts the hemisphere of its label")
    return replace(angle, value=-abs(angle.value) if -1 in signs else angle.value)


def _labelled_values(text: str, items: list[Item]) -> list[LabelledAxis]:
    """Return every axis word with a value, in order: all values after the words, or all before them."""
    words: list[int] = []
    at = 0
    while at < len(items):
        if axis_of(items[at]) is not None:
            end = composite_label(items, at)
            if end is None:
                words.append(at)
            at = end or at
        at += 1
    if not words:
        return []
    ahead, before = _values_ahead(text, items, words), _values_before(items, words)
    if any(value.explicit for value in ahead) or len({value.axis for value in before}) < 2:
        return ahead or before
    if len(before) < len(words) or not all(_in_range(value) for value in before):
        return ahead if len({value.axis for value in ahead}) == 2 else before
    if len({value.axis for value in ahead}) == 2 and len(ahead) == len(words) and all(map(_in_range, ahead)):
        raise RefusedError(ProblemKind.AXES, "each number may belong to the word before it or after it")
    return before


def _in_range(value: LabelledAxis) -> bool:
    return abs(value.angle.value) <= _LIMITS[value.axis]


def _values_ahead(text: str, items: list[Item], words: list[int]) -> list[LabelledAxis]:
    """Return the values after their axis words."""
    values: list[LabelledAxis] = []
    for at in words:
        if values and at <= values[-1].last:
            continue
        value = _value_after(text, items, at)
        if value is not None:
            values.append(value)
    return values


def _values_before(items: list[Item], words: list[int]) -> list[LabelledAxis]:
    """Return the values before their axis words: ``48.85 lat``, ``2.35° E (longitude)``."""
    values: list[LabelledAxis] = []
    for at in words:
        last, index = at, at - 1
        if index >= 0 and _text(items[index]) in _OPENERS:
            last, index = skip(items, at + 1, _CLOSERS) - 1, index - 1
        end = index - _MAX_SKIPPED
        while index > max(end, 0) and _text(items[index]) in _CLOSERS | {"of"}:
            index -= 1
        axis, angle = axis_of(items[at]), items[index] if index >= 0 else None
        if axis is None or not isinstance(angle, Angle):
            continue
        integer = items[index - 2] if index > 1 and _text(items[index - 1]) == "," else None
        joined = join_decimal_comma(integer, angle) if isinstance(integer, Angle) else None
        if joined is not None:
            angle, index = joined, index - 2
        values.append(LabelledAxis(axis, angle, index, last, angle.start))
    return values


def _value_after(text: str, items: list[Item], at: int) -> LabelledAxis | None:
    """Return the value after the axis word at an index, or None if nothing claims to be one."""
    label, axis = items[at], axis_of(items[at])
    here, hemisphere = _label_end(items, at)
    explicit = here < len(items) and _text(items[here]) in (":", "=")
    if explicit:
        here += 1
        here += here < len(items) and _is_newline(items[here])
    here = skip(items, skip(items, skip(items, here, _VERBS), _QUOTES), _OPENERS)
    here = skip(items, here, _VERBS)
    item = items[here] if here < len(items) else None
    if axis is None or not isinstance(item, Angle):
        if explicit:
            raise RefusedError(ProblemKind.NOT_A_NUMBER, f"no number after {shown(text[label.start :])}")
        return None
    halves = items[here + 1 : here + 3]
    if len(halves) == 2 and _text(halves[0]) == "," and isinstance(halves[1], Angle):
        joined = join_decimal_comma(item, halves[1])
        if joined is not None:
            item, here = joined, here + 2
    item = _checked_tail(items, here + 1, item, has_mark=text[item.end - 1] == "°")
    return LabelledAxis(axis, item, at, here, label.start, explicit, hemisphere)


def _checked_tail(items: list[Item], at: int, angle: Angle, *, has_mark: bool) -> Angle:
    """Return the angle, flawed if an unknown direction or a word for its sign follows it."""
    tail = at
    at = skip(items, at, frozenset("([,-"))
    item = items[at] if at < len(items) else None
    if angle.axis or not isinstance(item, Token) or item.kind != WORD or axis_of(item):
        return angle
    after = items[at + 1] if at + 1 < len(items) else item
    in_list = at > tail and _text(items[at - 1]) == ","
    if not item.text.isascii() and not axis_of(after) and not _is_label(items, at):
        is_word = in_list and len(item.text) > 1
        return angle if is_word or item.text in _CONNECTIVES else replace(angle, flaw=ProblemKind.AXES)
    if has_mark and at == tail and item.text.istitle() and not _is_label(items, at):
        return replace(angle, flaw=ProblemKind.AXES, end=item.end)
    is_name = isinstance(after, Token) and after is not item and after.kind == WORD and after.text.istitle()
    if at > tail and _text(items[at - 1]) in _OPENERS and hemisphere_word(item) and not is_name:
        return replace(angle, flaw=ProblemKind.AXES)
    if item.text.lower() in ("negative", "minus", "neg"):
        return replace(angle, flaw=ProblemKind.SIGN)
    letters = item.text
    unknown = (len(letters) <= 2 and letters.isupper() and letters not in ("UK", "US")) or letters in _LETTERS
    return replace(angle, flaw=ProblemKind.AXES, end=item.end) if unknown else angle


def _is_label(items: list[Item], at: int) -> bool:
    """Return whether the word at an index starts a label of at most three words."""
    for item in items[at + 1 : at + 4]:
        if not isinstance(item, Token) or item.kind != WORD:
            return _text(item) in (":", "=")
    return False


def _label_end(items: list[Item], at: int) -> tuple[int, tuple[Axis, int] | None]:
    """Return the index after an axis word and what belongs to it, and the hemisphere named there.

    ``Latitude (S)``, ``Latitude South``, ``South Latitude``, ``latitude (in degrees)``.
    """
    hemisphere = hemisphere_word(items[at - 1]) if at else None
    if hemisphere and at > 1 and _text(items[at - 2]) in ("-", ","):
        hemisphere = None
    here = skip(items, at + 1, _CLOSERS)
    if here < len(items) and _text(items[here]) in _OPENERS:
        named = {hemisphere} - {None}
        for index in range(here + 1, min(here + 6, len(items))):
            if isinstance(items[index], Angle):
                break
            named |= {WORDS.get(_text(items[index]))} - {None}
            if _text(items[index]) in (")", "]"):
                both = {("lat", 1), ("lat", -1)} <= named or {("lon", 1), ("lon", -1)} <= named  # (N/S)
                return skip(items, index + 1, _CLOSERS), None if both else next(iter(named), None)
        return here, hemisphere
    if here + 1 < len(items) and hemisphere_word(items[here]) and _text(items[here + 1]) in (":", "=", "("):
        hemisphere, here = hemisphere or hemisphere_word(items[here]), here + 1
    return here, hemisphere


def _unlettered(angle: Angle) -> Angle:
    """Return a plain angle of the same value: the label already gives the axis."""
    return Angle(angle.value, angle.start, angle.end)


def _text(item: Item) -> str:
    """Return the lower-case text of a token, or an empty string for an angle."""
    return item.text.lower() if isinstance(item, Token) else ""


def _is_newline(item: Item) -> bool:
    """Return whether an item is a line end."""
    return isinstance(item, Token) and item.kind == NEWLINE

"""Hemispheres apart from the numbers: ``Hemisphere: South``, ``lat_direction``, ``southern hemisphere``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.parse.angles import Angle
from geo_rewards.parse.findings import RefusedError
from geo_rewards.parse.languages import AXIS_CHARACTERS, HEMISPHERE
from geo_rewards.parse.tokens import WORD, Token
from geo_rewards.types import Coordinate, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.parse.angle_reader import Item
    from geo_rewards.parse.angles import Axis

_COMPASS: dict[str, tuple[Axis, int]] = {"n": ("lat", 1), "s": ("lat", -1), "e": ("lon", 1), "w": ("lon", -1)}
WORDS: dict[str, tuple[Axis, int]] = {
    **_COMPASS,
    **{
        word + ending: _COMPASS[word[0]]
        for word in ("north", "south", "east", "west")
        for ending in ("", "ern")
    },
    **dict.fromkeys(("norte", "nord"), ("lat", 1)),
    **dict.fromkeys(("sur", "sul", "sud", "süd"), ("lat", -1)),
    **dict.fromkeys(("este", "leste", "est", "ost"), ("lon", 1)),
    **dict.fromkeys(("oeste", "ouest", "ovest"), ("lon", -1)),
}
# Keys and labels whose value is a hemisphere, alone or after an axis name.
_KEY_WORDS = frozenset({"hemisphere", "hemispheres", "hemi", "ns", "ew"})
_KEY_WORDS_OF_AXES = frozenset(
    {"direction", "dir", "ref", "reference", "cardinal", "letter", "sign"}
)  # also of a camera
_AXIS_PARTS = frozenset({"lat", "latitude", "lon", "lng", "long", "longitude"})
_KEY_PARTS = frozenset({*_KEY_WORDS, *_KEY_WORDS_OF_AXES, *_AXIS_PARTS, "gps", "or", "and", *_COMPASS})
_KEY_PARTS |= {"north", "south", "east", "west"}
_CORNERS = {a + o: (_COMPASS[a], _COMPASS[o]) for a in "ns" for o in "ew"}
_CORNERS |= {
    a + o + ending: (_COMPASS[a[0]], _COMPASS[o[0]])
    for a in ("north", "south")
    for o in ("east", "west")
    for ending in ("", "ern")
}
_BETWEEN = frozenset({"'", '"', "(", ")", "[", "]", ",", "/", "and", "&", "-", "the", "|", ";"})
_MAX_VALUE = 8
_EVERY: list[tuple[Axis, int]] = [*_COMPASS.values()]  # contradicts any coordinate
# These keys say where a camera is pointing.
_FACING = frozenset(
    {"direction", "facing", "heading", "bearing", "camera", "view", "side", "orientation", "looking"}
)


class Stated(NamedTuple):
    """The signs that a text gives latitude and longitude.

    Attributes:
        given: On separate lines, which are decisive: ``Hemisphere: South``.
        mentioned: Elsewhere; a coordinate must not contradict these.
    """

    given: dict[Axis, set[int]]
    mentioned: dict[Axis, set[int]]

    def sign(self, axis: Axis) -> int | None:
        """Return the sign that a line gives an axis, or None.

        Raises:
            RefusedError: If two lines contradict each other.
        """
        signs = self.given.get(axis, set())
        if len(signs) > 1:
            raise RefusedError(ProblemKind.SIGN, "two different hemispheres")
        return next(iter(signs), None)

    def check(self, coordinate: Coordinate) -> None:
        """Refuse a coordinate in a hemisphere other than the one the text names.

        Raises:
            RefusedError: If it is in another.
        """
        values: dict[Axis, float] = {"lat": coordinate.lat, "lon": coordinate.lon}
        for axis, value in values.items():
            for sign in (*self.given.get(axis, ()), *self.mentioned.get(axis, ())):
                if value * sign < 0:
                    raise RefusedError(ProblemKind.SIGN, "the text names another hemisphere")


def hemisphere_word(item: Item | None) -> tuple[Axis, int] | None:
    """Return the axis and sign of a hemisphere token: a capital letter or a full word."""
    if not isinstance(item, Token) or item.kind != WORD or (len(item.text) == 1 and item.text.islower()):
        return None
    return WORDS.get(item.text.lower())


@lru_cache(maxsize=512)
def is_hemisphere_key(key: str) -> bool:
    """Return whether the value of a key (as `labels.label_key` writes it) is a hemisphere.

    >>> is_hemisphere_key("lat direction"), is_hemisphere_key("hemisphere"), is_hemisphere_key("direction")
    (True, True, False)
    """
    parts = key.replace("/", " ").split()
    if not all(part in _KEY_PARTS or _is_glued_key(part) for part in parts):
        return False
    if "".join(parts) in ("ns", "ew", "northsouth", "eastwest") or not _KEY_WORDS.isdisjoint(parts):
        return True
    of_axis = not _AXIS_PARTS.isdisjoint(parts) and not _KEY_WORDS_OF_AXES.isdisjoint(parts)
    return of_axis or any(map(_is_glued_key, parts))


def _is_glued_key(part: str) -> bool:
    """Return whether a word joins several parts of a key: ``GPSLatitudeRef``."""
    rest = part.removeprefix("gps")
    for known in ("latitude", "longitude", "lat", "lon", "lng", "long"):
        if rest.startswith(known):
            return rest[len(known) :] in _KEY_WORDS | _KEY_WORDS_OF_AXES
    return False


def hemispheres_of(value: str) -> list[tuple[Axis, int]] | None:
    """Return the axes and signs named by the value of such a key; None if unreadable.

    >>> hemispheres_of("Southern"), hemispheres_of("SE"), hemispheres_of("unknown")
    ([('lat', -1)], [('lat', -1), ('lon', 1)], None)
    """
    found: list[tuple[Axis, int]] = []
    for word in value.lower().replace("/", " ").replace(",", " ").replace("-", " ").replace(".", " ").split():
        if word in WORDS:
            found.append(WORDS[word])
        elif word in _CORNERS:
            found += _CORNERS[word]
        elif word not in ("hemisphere", "hemispheres", "and", "the", "&"):
            return None
    return found or None


def is_about_facing(key: str) -> bool:
    """Return whether a key says where a camera is pointing.

    >>> is_about_facing("camera direction")
    True
    """
    return not _FACING.isdisjoint(key.split())


def stated_hemispheres(items: Sequence[Item]) -> Stated:
    """Return the hemispheres that a text names apart from its numbers.

    >>> from geo_rewards.parse.angle_reader import merge_angles
    >>> stated_hemispheres(merge_angles("Hemisphere: South")).given
    {'lat': {-1}}
    """
    stated = Stated({}, {})
    for at, item in enumerate(items):
        if not isinstance(item, Token):
            continue
        lower = item.text.lower()
        if item.text == HEMISPHERE and at and (named := hemisphere_word(items[at - 1])):
            stated.mentioned.setdefault(named[0], set()).add(named[1])
        elif lower in _KEY_WORDS or _is_key_of_axis(items, at, lower) or _is_unknown_key(items, at):
            for axis, sign in _value_of_key(items, at):
                stated.given.setdefault(axis, set()).add(sign)
    return stated


def _is_key_of_axis(items: Sequence[Item], at: int, word: str) -> bool:
    """Return whether the word at an index ends a key like ``Latitude direction``, ``lat_ref`` or ``N/S``."""
    before = [item.text.lower() for item in items[max(at - 2, 0) : at] if isinstance(item, Token)]
    if word in _KEY_WORDS_OF_AXES:
        return not _AXIS_PARTS.isdisjoint(before) or not set(AXIS_CHARACTERS).isdisjoint(before)
    return (word == "s" and before == ["n", "/"]) or (word == "w" and before == ["e", "/"])


def _is_unknown_key(items: Sequence[Item], at: int) -> bool:
    """Return whether the word at an index ends an unlisted key for a hemisphere: ``Latitude side: S``."""
    item = items[at]
    if not isinstance(item, Token) or item.kind != WORD or at < 1 or len(items) < at + 3:
        return False
    before = [word.text.lower() for word in items[max(at - 2, 0) : at] if isinstance(word, Token)]
    is_axis = not _AXIS_PARTS.isdisjoint(before) or not set(AXIS_CHARACTERS).isdisjoint(before)
    mark = items[at + 1]
    assigned = isinstance(mark, Token) and mark.text in (":", "=")
    return (
        is_axis
        and assigned
        and hemisphere_word(items[at + 2]) is not None
        and item.text.lower() not in _AXIS_PARTS
    )


def _value_of_key(items: Sequence[Item], at: int) -> list[tuple[Axis, int]]:
    """Return the hemispheres after the colon that follows a key; none without a colon."""
    found: list[tuple[Axis, int]] = []
    assigned = False
    for item in items[at + 1 : at + 1 + _MAX_VALUE]:
        if isinstance(item, Angle):
            break
        lower = item.text.lower()
        if lower in (":", "=") and not assigned:
            assigned = True
        elif assigned and (named := hemisphere_word(item) or WORDS.get(lower)):
            found.append(named)
        elif assigned and lower in _CORNERS:
            found += _CORNERS[lower]
        elif lower not in _BETWEEN:
            unreadable = assigned and not found and item.kind == WORD
            return _EVERY if unreadable else found
    return found

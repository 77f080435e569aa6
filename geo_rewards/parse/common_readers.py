"""What a match of a common form says: one reader a notation, for the patterns of `common_patterns`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from geo_rewards.parse.angles import measure
from geo_rewards.parse.labels import AXIS_WORDS, COORDINATE_LABELS, OTHER_LABELS, PLACE_LABELS
from geo_rewards.parse.lead_ins import LEADING, LEADING_OUT, PROSE

CommonReading = tuple[float, float, str | None, str | None, str | None, str | None, str | None]
"""Latitude, longitude (NaN for none), form and text of the coordinate; country, region, city as written."""
_Lettered = tuple[str, str, str | None, str | None]
"""A hemisphere letter or word, degrees, minutes and seconds."""

_Names = tuple[str | None, str | None, str | None]
"""Country, region and city as written."""

_NAMELESS: _Names = (None, None, None)
_NO_NUMBER = float("nan")
_NOWHERE = (_NO_NUMBER, _NO_NUMBER, None, None)
_MAX_LISTED = 60
_LONGEST_WORD = 16
"""Characters before a label that are looked at: words for a hemisphere have fewer."""
_LAST_WORD = re.compile(r"[^\W\d_]+(?=-? ?\Z)")
_NO_WORD_BEFORE = frozenset("0123456789,;.:=)]}°\n\"'")
"""Right before the space that a label follows, or the line end: there is no word for a hemisphere then."""
_LETTERS_ONLY = re.compile(r"[^\W_]+")
_DOT_OF_I = "\u0307"  # a small Turkish capital I has it
_AROUND_LETTERS = ("", "()")
_EXPONENT = re.compile("[0-9°'\"][Ee][0-9]")  # or is it an eastern longitude?
_NO_NAME = frozenset("0123456789+-([{")
_PLANNED = ("country", "region", "city", "pair", "lat", "lon")
_ABSENT = ""
_FIELDS: dict[str | None, str] = {
    None: _ABSENT,
    **{
        written: field
        for label, field in {
            **PLACE_LABELS,
            **dict.fromkeys(COORDINATE_LABELS - {"geo"}, "pair"),
            **AXIS_WORDS,
        }.items()
        for plain in (label, label.replace(" ", "_"))
        for written in (plain, plain.title(), plain.capitalize(), plain.upper())
    },
    "LatLng": "pair",
    "LatLon": "pair",
}
_FIRST_OF_LABELS = frozenset(
    word
    for label in (*PLACE_LABELS, *COORDINATE_LABELS, *OTHER_LABELS)
    for word in label.split()[:-1]
    if " or " not in label and label.rpartition(" ")[2] in {*PLACE_LABELS, *COORDINATE_LABELS}
) - {"country", "region", "state", "city", "of"}
# With one of these in a name, the text may mean something else than that name.
TELLING = frozenset(
    {"or", "nor", "not", "no", "to", "either", "unknown", "none", "null", "nan", "inf", "infinity"}
    | {"www", "http", "maps", "google", "bing", "lat", "latitude", "lon", "long", "lng", "longitude"}
    | _FIRST_OF_LABELS.intersection(("coordinate", "geographic", "gps"))
)
# At the end of a name, these may belong to the label after it: `Country: China Autonomous Region: Tibet`.
_OPENING_LABELS = _FIRST_OF_LABELS - TELLING
# At either end of a list of names, these may be words around it.
_AROUND_LIST = LEADING | LEADING_OUT | PROSE
# Anywhere in it, these make it a sentence.
_UNLISTED = TELLING | PROSE | {"i"}
# Right before a pair, these may belong to it.
_NEAR_PAIR = frozenset(
    {"n", "s", "e", "w", "north", "south", "east", "west", "northern", "southern", "eastern", "western"}
    | {"nord", "sud", "sur", "sul", "süd", "norte", "este", "est", "leste", "ost", "oeste", "ouest", "ovest"}
    | {
        "o",
        "l",
        "point",
        "z",
        "m",
        "zm",
        "multipoint",
        "linestring",
        "polygon",
        "multipolygon",
        "geometrycollection",
    }
)


def read_pair(match: re.Match[str]) -> CommonReading | None:
    """Read ``(48.85, 2.35).``."""
    opening, first, separator, second, closing = match.groups()
    text = match.string if match.string[-1] != "." else match.string[:-1].rstrip()
    if opening == "(" and closing == ")":
        form = "parentheses" if separator == "," else "brackets"
    elif opening == "[" and closing == "]":
        form = "brackets"
    elif opening or closing:
        return None
    else:
        form = "bare"
    return _located(float(first), float(second), form, text)


def read_comma_pair(match: re.Match[str]) -> CommonReading | None:
    """Read ``48,85; 2,35``."""
    lat, lon = (float(number.replace(",", ".")) for number in match.groups())
    return _located(lat, lon, "bare", match.string.removesuffix("."))


def read_letters_after(match: re.Match[str]) -> CommonReading | None:
    """Read ``40.1° N, 75.2° W``."""
    opening, text, a, b, c, letter, d, e, f, other, closing = match.groups()
    return _lettered(opening + closing, text, (letter, a, b, c), (other, d, e, f))


def read_letters_before(match: re.Match[str]) -> CommonReading | None:
    """Read ``N40.1 W75.2``."""
    opening, text, letter, a, b, c, other, d, e, f, closing = match.groups()
    return _lettered(opening + closing, text, (letter, a, b, c), (other, d, e, f))


def _lettered(brackets: str, text: str, first: _Lettered, second: _Lettered) -> CommonReading | None:
    """Return the coordinate of two angles with letters, in either order."""
    if brackets not in _AROUND_LETTERS or _EXPONENT.search(text):
        return None
    lat, lon = (first, second) if first[0][0] in "NSns" else (second, first)
    if lat[0][0] not in "NSns" or lon[0][0] in "NSns":
        return None
    north, east = _signed(*lat), _signed(*lon)
    if north is None or east is None:
        return None
    form = "dms" if first[2] or second[2] else "hemisphere"
    return _located(north, east, form, f"({text})" if brackets else text)


def _signed(letter: str, degrees: str, minutes: str | None, seconds: str | None) -> float | None:
    """Return degrees with the sign of their letter; None if minutes or decimals are not as they should be."""
    sign = -1 if letter[0] in "SsWw" else 1
    if minutes is None:
        return sign * float(degrees)
    value, flaw = measure([degrees, minutes, seconds] if seconds else [degrees, minutes], sign)
    return value if flaw is None else None


def read_names(match: re.Match[str]) -> CommonReading | None:
    """Read ``Biei, Hokkaido, Japan``."""
    names = _listed(*match.groups())
    return names and (*_NOWHERE, *names)


def read_names_and_pair(match: re.Match[str]) -> CommonReading | None:
    """Read ``Paris, France (48.85, 2.35)``."""
    city, second, third, pair = match.groups()
    if (third or second).rpartition(" ")[2].lower() in _NEAR_PAIR:
        return None
    names = _listed(city, second, third)
    return names and _value(pair, "", names)


def _listed(city: str, second: str, third: str | None) -> _Names | None:
    """Return the country, region and city of a list of names, which ends with the country."""
    country, region = (second, None) if third is None else (third, second)
    names = f"{city} {second} {third}" if third else f"{city} {second}"
    words = _LETTERS_ONLY.findall(names.lower().replace(_DOT_OF_I, ""))
    if len(names) > _MAX_LISTED or not words:  # combining marks alone
        return None
    if not _UNLISTED.isdisjoint(words) or words[0] in _AROUND_LIST or words[-1] in _AROUND_LIST:
        return None
    return country, region, city


def read_lines(match: re.Match[str]) -> CommonReading | None:
    """Read ``label: value`` fields."""
    return _read_labelled(match, _plan(match.group(1, 3, 5, 7, 9), 2))


def read_axes(match: re.Match[str]) -> CommonReading | None:
    """Read ``Latitude 43.45, Longitude 142.61``."""
    return _read_labelled(match, _plan(match.group(1, 3), 2))


def _read_labelled(match: re.Match[str], plan: _Plan | None) -> CommonReading | None:
    if plan is None:
        return None
    if not plan.first:
        return _from_fields(match, plan, "labelled", "")
    text, start, second = match.string, match.start(plan.first - 1), match.start(plan.second - 1)
    if text[start - 2] not in _NO_WORD_BEFORE and _follows_direction(text, start):
        return None
    if text[second - 2] not in _NO_WORD_BEFORE and _follows_direction(text, second):
        return None
    return _from_fields(match, plan, "labelled", text[start : match.end(plan.second)])


def read_numbered_lines(match: re.Match[str]) -> CommonReading | None:
    """Read ``1. Country: Japan 2. Coordinates: (43.45, 142.61)``."""
    plan = _plan(match.group(1, 3, 5, 7, 9), 2)
    return plan and _from_fields(match, plan, "labelled", "")


def read_object(match: re.Match[str]) -> CommonReading | None:
    """Read the fields of an object."""
    plan = _plan(match.group(1, 4, 7, 10, 13), 3)
    return plan and _from_fields(match, plan, "json", match[0])


class _Plan(NamedTuple):
    """Which groups of a match have what the fields say.

    Attributes:
        values: The groups of country, region, city, pair, latitude and longitude; the empty one for none.
        first: The group of the axis written first, 0 if there are none.
        second: That of the other.
    """

    values: tuple[int, ...]
    first: int
    second: int


@lru_cache(maxsize=16384)
def _plan(labels: tuple[str | None, ...], groups: int) -> _Plan | None:
    """Return where the values of these labels are; None if one is unknown, doubled or lacks its other.

    Args:
        labels: The labels as written, None for fields that there are not.
        groups: How many groups of the pattern are one field's.
    """
    return _plan_of(tuple(map(_FIELDS.get, labels)), groups)


@lru_cache(maxsize=4096)
def _plan_of(fields: tuple[str | None, ...], groups: int) -> _Plan | None:
    given = [field for field in fields if field != _ABSENT]
    axes = [groups * (at + 1) for at, field in enumerate(fields) if field in ("lat", "lon")]
    if None in given or len(set(given)) != len(given) or len(axes) + 2 * ("pair" in given) not in (0, 2):
        return None
    last = len(fields)
    values = [
        groups * (fields.index(field) + 1) if field in given else groups * last + 1 for field in _PLANNED
    ]
    first, second = axes or (0, 0)
    return _Plan(tuple(values), first, second)


def _from_fields(match: re.Match[str], plan: _Plan, form: str, text: str) -> CommonReading | None:
    """Return the reading of fields; None if a value is unlike its label."""
    country, region, city, pair, lat, lon = match.group(*plan.values)
    if country or region or city:
        if not _are_plain(country, region, city):
            return None
        names = country or None, region or None, city or None
    else:
        names = _NAMELESS
    if pair:
        return _value(pair, form, names)
    if lat:
        return _axes(lat, lon, form, text, names)
    return (*_NOWHERE, *names)


def _follows_direction(text: str, start: int) -> bool:
    """Return whether a word for a hemisphere is right before a label: ``City: Perth South Latitude: 5``."""
    if text[start - 1 : start] != " ":
        return False
    word = _LAST_WORD.search(unicodedata.normalize("NFC", text[max(0, start - _LONGEST_WORD) : start - 1]))
    return word is not None and word[0].lower() in _NEAR_PAIR


def _are_plain(country: str, region: str, city: str) -> bool:
    """Return whether all three are names (or empty), and no word of them may be more than a name."""
    return _is_plain_region(country, region) and (not city or _is_plain_name(city))


@lru_cache(maxsize=16384)
def _is_plain_region(country: str, region: str) -> bool:
    """Return the same of a country and a region: there are few of them."""
    return (not country or _is_plain_name(country)) and (not region or _is_plain_name(region))


def _is_plain_name(name: str) -> bool:
    if name[0] in _NO_NAME:
        return False
    words = name.lower().replace("-", " ").replace("(", " ").replace(")", " ").split()
    return TELLING.isdisjoint(words) and words[-1] not in _OPENING_LABELS


def _axes(lat: str, lon: str, form: str, text: str, names: _Names) -> CommonReading | None:
    """Return the coordinate of two labelled numbers, with names."""
    try:
        return _located(float(lat.rstrip("°")), float(lon.rstrip("°")), form, text, names)
    except ValueError:  # a name or a pair
        return None


def _value(text: str, form: str, names: _Names) -> CommonReading | None:
    """Return the coordinate that the value of a label or key is, with names; None if it is anything else."""
    if text[0] == "(":
        form, inner = "parentheses", text[1:-1]
    elif text[0] == "[":
        form, inner = form if form == "json" else "brackets", text[1:-1]
    elif text[0] == "{":
        return _axes_object(text, names)
    else:
        form, inner = "bare" if form == "json" else form, text
    lat, comma, lon = inner.partition(",")
    return _located(float(lat), float(lon), form, text, names) if comma else None


def _axes_object(text: str, names: _Names) -> CommonReading | None:
    """Return the coordinate of an object of two axes inside another object."""
    from geo_rewards.parse import common_patterns as patterns  # compiled at first use

    match = patterns.AXES_OBJECT.fullmatch(text) or patterns.AXES_DICT.fullmatch(text)
    if match is None:
        return None
    plan = _plan(match.group(1, 4), 3)
    located = plan and _from_fields(match, plan, "json", text)
    return located and (*located[:4], *names)


def _located(lat: float, lon: float, form: str, text: str, names: _Names = _NAMELESS) -> CommonReading | None:
    """Return the reading of a coordinate with names, None off the globe."""
    if -90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0:
        country, region, city = names
        return lat, lon, form, text, country, region, city
    return None

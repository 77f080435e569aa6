"""The commonest answers, read without the walk over their tokens and with the same result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.parse.angles import Angle, coordinate_from, measure
from geo_rewards.parse.findings import Finding, RefusedError
from geo_rewards.parse.labels import AXIS_WORDS
from geo_rewards.parse.notations import REFERENCE_WORDS
from geo_rewards.parse.pairs import PairReading
from geo_rewards.types import Coordinate, is_coordinate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_rewards.parse.angles import Axis

_NUMBER = r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?)"
_PLAIN = re.compile(rf"([(\[]?) ?{_NUMBER} ?([,;/]| ) ?{_NUMBER} ?([)\]]?)(\.?)")
_FORMS = {"": "bare", "()": "parentheses", "[]": "brackets"}
_BRACKETED = re.compile(rf"(?:(?<=[\s:])|^)\( ?{_NUMBER} ?, ?{_NUMBER} ?\)")
_DIGIT = re.compile("[0-9]")
# Around the text of a well-formed completion's think block; the answer is what `_PLAIN` matches.
_HEAD = re.compile(r"\s*+<think>\s*+[^<\s]")
_TAIL = re.compile(
    r"</think>\s*+<answer>\s*+"
    rf"(?:(\()|(\[))? ?{_NUMBER} ?[,;/ ] ?{_NUMBER} ?(?(1)\))(?(2)\])\.?\s*+</answer>\s*+"
)
_NO_NUMBER = float("nan")
_HEMISPHERES: dict[str, tuple[Axis, int]] = {
    "N": ("lat", 1),
    "S": ("lat", -1),
    "E": ("lon", 1),
    "W": ("lon", -1),
}
_LETTER = "([NSEW]|[Nn]orth|[Ss]outh|[Ee]ast|[Ww]est)"
_PART = r"([0-9]{1,3}(?:\.[0-9]{1,15})?)"
_MEASURE = rf"{_PART} ?(?:degrees(?![A-Za-z])|°(?: ?{_PART} ?'(?: ?{_PART} ?\")?)?)?"
_BETWEEN = r"(?: ?[,;/] ?| and | )?"
_LETTERS_BEHIND = re.compile(rf"{_MEASURE} ?{_LETTER}{_BETWEEN}{_MEASURE} ?{_LETTER}\.?")
_EXPONENT = re.compile("[0-9][Ee][0-9]")  # or is it an eastern longitude?
_LABELLED_NUMBER = rf"(lat|latitude|lon|long|lng|longitude)(?: ?[:=] ?|\. ?| ){_NUMBER}°?"
_LABELLED = re.compile(rf"{_LABELLED_NUMBER}(?:[,;] ?| |\n){_LABELLED_NUMBER}\.?", re.IGNORECASE | re.ASCII)
_WITH_COMMA = "([+-]?[0-9]{1,3},[0-9]{1,15})"
_DECIMAL_COMMAS = re.compile(rf"{_WITH_COMMA}(?: ?[;/] ?| ){_WITH_COMMA}\.?")
_LETTERS_BEFORE = re.compile(rf"{_LETTER} ?{_MEASURE}{_BETWEEN}{_LETTER} ?{_MEASURE}\.?")
# With one of these in the text, something else than the pair may have a say.
_TELLING = ("lat", "lon", "lng", *REFERENCE_WORDS)


def plain_pair(text: str) -> Finding | None:
    """Return the coordinate of a text that is nothing but a valid decimal pair, else None.

    >>> plain_pair("(48.85, 2.35).").form
    'parentheses'
    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    opening, first, separator, second, closing, _ = match.groups()
    form = _FORMS.get(opening + closing)
    lat, lon = float(first), float(second)
    if form is None or not is_coordinate(lat, lon):
        return None
    if form == "parentheses" and separator != ",":
        form = "brackets"
    return Finding(Coordinate(lat, lon), form, text[: match.start(6)].rstrip())


def whole_pair(text: str, raw: str) -> Finding | None:
    """Return the coordinate of a normalised text that is nothing but a pair, with or without letters.

    None if it needs a closer look. `raw` is the same text as written.

    >>> whole_pair("40°30' N, 75.2° W", "40°30′ N, 75.2° W").text
    '40°30′ N, 75.2° W'
    """
    inner = text.strip(" ")
    start = text.find(inner)
    found = plain_pair(inner) or _lettered_pair(inner) or _labelled_pair(inner) or _comma_pair(inner)
    return found and found._replace(text=raw[start : start + len(found.text)])


def _lettered_pair(text: str) -> Finding | None:
    """Return the coordinate of ``40.1° N, 75.2° W`` and of its forms with minutes and seconds."""
    behind = _LETTERS_BEHIND.fullmatch(text)
    match = behind or _LETTERS_BEFORE.fullmatch(text)
    if match is None or _EXPONENT.search(text):
        return None
    groups = match.groups()
    letters = (groups[3], groups[7]) if behind else (groups[0], groups[4])
    measures = (groups[:3], groups[4:7]) if behind else (groups[1:4], groups[5:])
    angles: list[Angle] = []
    for letter, numbers in zip(letters, measures, strict=True):
        axis, sign = _HEMISPHERES[letter[0].upper()]
        value, flaw = measure([number for number in numbers if number], sign)
        angles.append(Angle(value, 0, 0, axis=axis, flaw=flaw))
    if angles[0].flaw or angles[1].flaw:
        return None
    try:
        coordinate = coordinate_from(*angles)
    except RefusedError:
        return None
    form = "dms" if measures[0][1] or measures[1][1] else "hemisphere"
    return Finding(coordinate, form, text.removesuffix("."))


def _labelled_pair(text: str) -> Finding | None:
    """Return the coordinate of ``Latitude: 43.45, Longitude: 142.61``, in either order."""
    match = _LABELLED.fullmatch(text)
    if match is None:
        return None
    values = {AXIS_WORDS[match[1].lower()]: float(match[2]), AXIS_WORDS[match[3].lower()]: float(match[4])}
    if len(values) != 2 or not is_coordinate(values["lat"], values["lon"]):
        return None
    return Finding(Coordinate(values["lat"], values["lon"]), "labelled", text.removesuffix("."))


def _comma_pair(text: str) -> Finding | None:
    """Return the coordinate of ``48,85; 2,35``."""
    match = _DECIMAL_COMMAS.fullmatch(text)
    if match is None:
        return None
    lat, lon = float(match[1].replace(",", ".")), float(match[2].replace(",", "."))
    return Finding(Coordinate(lat, lon), "bare", text.removesuffix(".")) if is_coordinate(lat, lon) else None


def plain_completions(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return latitudes and longitudes, shape (2, n), of the completions that are of the commonest shape.

    Well-formed, with an answer that is nothing but a valid decimal pair: `parse_completion` reads the same
    coordinate, no place and no problem. NaN for every other completion, which it must read.

    >>> plain_completions(["<think>x</think><answer>(48.85, 2.35)</answer>", "48.85, 2.35"])[0].tolist()
    [48.85, nan]
    """
    numbers: list[float] = []
    for text in texts:
        head = _HEAD.match(text)
        tail = head and _TAIL.fullmatch(text, text.find("<", head.end()))
        numbers += map(float, tail.group(3, 4)) if tail else (_NO_NUMBER, _NO_NUMBER)
    degrees = np.array(numbers, dtype=np.float64).reshape(-1, 2).T
    degrees[:, ~((np.abs(degrees[0]) <= 90.0) & (np.abs(degrees[1]) <= 180.0))] = _NO_NUMBER
    return degrees


def bracketed_pair(text: str, raw: str) -> PairReading | None:
    """Return the reading of a normalised text whose only numbers are a valid pair in parentheses.

    None if it needs a closer look. `raw` is the same text as written.

    >>> text = "City: Paris Coordinates: (48.85, 2.35)"
    >>> bracketed_pair(text, text).spans
    [(25, 38)]
    """
    match = _BRACKETED.search(text)
    if match is None or _DIGIT.search(text, match.end()) or _DIGIT.search(text, 0, match.start()):
        return None
    lat, lon = float(match[1]), float(match[2])
    lower = text.lower()
    if not is_coordinate(lat, lon) or any(word in lower for word in _TELLING):
        return None
    finding = Finding(Coordinate(lat, lon), "parentheses", raw[match.start() : match.end()])
    return PairReading([finding], [], [match.span()], 2)

"""The commonest answers, read without the walk over their tokens and with the same result."""

from __future__ import annotations

import re

from geo_rewards.parse.findings import Finding
from geo_rewards.parse.pairs import PairReading
from geo_rewards.parse.references import REFERENCE_WORDS
from geo_rewards.types import Coordinate, is_coordinate

_NUMBER = r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?)"
_PLAIN = re.compile(rf"([(\[]?) ?{_NUMBER} ?([,;/]| ) ?{_NUMBER} ?([)\]]?)(\.?)")
_FORMS = {"": "bare", "()": "parentheses", "[]": "brackets"}
_BRACKETED = re.compile(rf"(?:(?<=[\s:])|^)\( ?{_NUMBER} ?, ?{_NUMBER} ?\)")
_DIGIT = re.compile("[0-9]")
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

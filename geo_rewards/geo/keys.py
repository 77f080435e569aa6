"""Keys of names: one spelling for all ways to write a place's name in one script.

Separate from `names`, because the tables are built with `plain_key`: a change here needs new tables
(geo_rewards/geo/tables/README.md).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from geo_rewards.system.first_use import LOADING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NAME_LENGTH = 120
"""Longer texts are not names: their key is empty, so they match nothing and cost nothing."""

ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sta": "santa", "sto": "santo", "mt": "mount", "ft": "fort"}
_UNIT = (
    "autonomous region|autonomous community|autonomous province|federal state|capital region|city|town|"
    "village|municipality|county|prefecture|province|provincia|state|estado|region|regione|oblast|krai|republic|"
    "district|department|departement|departamento|governorate|canton|commune|voivodeship|parish|land|emirate|"
    "special region|free state"
)
_LEADING = re.compile(rf"(?:the )?(?:{_UNIT}) (?:of|de|di|do|da|du|des|d)(?: the| la| los| las)? (?=\w)")
_LOCAL_LEADING = re.compile(
    r"(?:freistaat|land|kanton|region|provincia|provincie|wojewodztwo|judetul|county|co|dki|daerah istimewa) "
    r"(?=\w{3})"
)
_TRAILING = re.compile(
    r" (?:autonomous region|autonomous community|autonomous province|federal state|capital region|prefecture|"
    r"province|state|region|oblast|krai|kray|county|governorate|department|district|voivodeship|canton|emirate|"
    r"territory|autonomous oblast|autonomous okrug|autonomous republic|republic|metropolitan city|"
    r"special city|kraj|fylke|lan|ken|fu|to|sheng)$"
)
_FULL_STOPS = re.compile(r"(?<=\b\w)\.|\.(?!\w)")
_APART: dict[int, str | None] = {code: " " for code in range(128) if not chr(code).isalnum()}
_APART |= {ord("'"): None, ord("`"): None, ord("&"): " and "}
"""What becomes of the ASCII characters that are neither letters nor digits."""


def plain_key(text: str) -> str:
    """Return the name in lower-case ASCII letters, digits and single spaces, with abbreviations expanded.

    The key of a text that is too long to be a name, or has no letter or digit, is empty.

    >>> plain_key("Île-de-France"), plain_key("St. Louis"), plain_key("慕尼黑市") == plain_key("慕尼黑")
    ('ile de france', 'saint louis', True)
    """
    # checked before the cache, which must not keep long texts
    if len(text) > MAX_NAME_LENGTH:
        return ""
    if text.isascii() and text.isalpha():  # faster than the cache
        word = text.lower()
        return ABBREVIATIONS.get(word, word)
    return _plain_key(text)


@lru_cache(maxsize=65536)
def _plain_key(text: str) -> str:
    ascii_text = _ascii(text.casefold().strip())
    if not ascii_text.replace(" ", "").isalnum():  # a text of letters and spaces needs no more
        if "." in ascii_text:
            ascii_text = _FULL_STOPS.sub("", ascii_text)
        ascii_text = ascii_text.translate(_APART)
    words = ascii_text.split()
    if not ABBREVIATIONS.keys().isdisjoint(words):
        words = [ABBREVIATIONS.get(word, word) for word in words]
    return " ".join(words)


def _ascii(folded: str) -> str:
    """Return a case-folded text in the Latin alphabet, without the last letter if it says what it names."""
    if folded.isascii():
        return folded
    if len(folded) > 2 and folded[-1] in "市省县縣":  # the words for city, province and county are written on
        folded = folded[:-1]
    return _transliterator()(folded).casefold()


@cache
def _transliterator() -> Callable[[str], str]:
    with LOADING:
        from anyascii import anyascii

        anyascii("é")  # imports its data
    return anyascii


def name_key(text: str) -> str:
    """Return `plain_key` without words that only say what kind of place it is.

    >>> name_key("Hokkaidō"), name_key("Hokkaido Prefecture"), name_key("The City of London")
    ('hokkaido', 'hokkaido', 'london')
    >>> name_key("Province of Québec"), name_key("Prefecture"), name_key("?!")
    ('quebec', 'prefecture', '')
    """
    return _name_key(text) if len(text) <= MAX_NAME_LENGTH else ""


@lru_cache(maxsize=65536)
def _name_key(text: str) -> str:
    key = plain_key(text)
    key = _LEADING.sub("", key, count=1) if _LEADING.match(key) else key
    return _LOCAL_LEADING.sub("", _TRAILING.sub("", key.removeprefix("the ")), count=1)

"""Whether two names, as people write them, mean the same region or the same city of a country."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo_rewards.geo.keys import name_key, plain_key
from geo_rewards.geo.places import city_names, region_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CITY_OF = re.compile(r"\s*(?:the )?city of (?=\w)", re.IGNORECASE)
_CITY_WORDS = re.compile(r" (?:city|town|village|municipality|metropolis|metropolitan area)$")


def same_region(a: str, b: str, *, country: str) -> bool:
    """Return whether both names mean one first-order division of the country.

    They do if they are written alike but for case, accents, punctuation and the word for the division, or
    if the gazetteer knows both as names of one region, in any language. A list of names is no name.

    Args:
        a: A name as written.
        b: Another.
        country: ISO 3166-1 alpha-2 code; with another, only the spelling is compared.

    >>> same_region("Bavaria", "Bayern", country="DE"), same_region("Moscow", "Moscow Oblast", country="RU")
    (True, False)
    >>> same_region("Hokkaidō", "Hokkaido Prefecture", country="JP")
    True
    """
    return _same(a, b, region_names, country)


def same_city(a: str, b: str, *, country: str) -> bool:
    """Return whether both names mean one city, town or village of the country.

    As `same_region`, by the names of places. Two places of one name in a country cannot be told apart
    by name: they count as the same.

    >>> same_city("Munich", "慕尼黑", country="DE"), same_city("Biei Town", "Biei", country="JP")
    (True, True)
    >>> same_city("Paris, Lyon", "Paris", country="FR"), same_city("", "", country="FR")
    (False, False)
    """
    return _same(_CITY_OF.sub("", a), _CITY_OF.sub("", b), city_names, country)


def _same(a: str, b: str, names_of: Callable[[str], Mapping[str, frozenset[int]]], country: str) -> bool:
    if not plain_key(a) or not plain_key(b):
        return False
    if plain_key(a) == plain_key(b):
        return True
    names = names_of(country)
    known_a, known_b = _known(a, names), _known(b, names)
    if known_a and known_b:
        return not known_a.isdisjoint(known_b)
    return _bare(a) == _bare(b)


def _known(name: str, names: Mapping[str, frozenset[int]]) -> frozenset[int]:
    """Return what goes by the name; its generic words count if it is known with them (`Kansas City`)."""
    for key in (plain_key(name), name_key(name), _bare(name)):
        if key in names:
            return names[key]
    return frozenset()


def _bare(name: str) -> str:
    return _CITY_WORDS.sub("", name_key(name))

"""Whether two names, as people write them, mean the same region or the same city of a country."""

from __future__ import annotations

import re
from functools import lru_cache

from geo_rewards.geo.cities import city_of_section
from geo_rewards.geo.countries import country_code
from geo_rewards.geo.keys import MAX_NAME_LENGTH, name_key, plain_key
from geo_rewards.geo.places import city_rows, load_places
from geo_rewards.geo.regions import regions_named

_CITY_OF = re.compile(r"(?:the )?(?:city|town|village|municipality|borough|commune) of (?:the )?(?=\w)")
_CITY_WORDS = re.compile(r" (?:city|town|village|municipality|metropolis|metropolitan area|borough)$")
_ORDINAL = r"\d{1,2}(?:e|er|eme|ieme|st|nd|rd|th)?"
_NUMBERED = re.compile(rf"(?P<city>\D{{2,}}?) {_ORDINAL}(?: (?:arrondissement|district|borough))?")
_NUMBER_OF = re.compile(
    rf"(?:the )?{_ORDINAL} (?:arrondissement|district|borough) (?:of|de) (?P<city>\D{{2,}})"
)
_COMMA = re.compile(r"[,，、]")
MAX_PARTS = 4
"""`Shibuya, Tokyo, Kanto, Japan`: a place and what it lies in."""


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
    key_a, key_b = plain_key(a), plain_key(b)
    if not key_a or not key_b:
        return False
    if key_a == key_b:
        return True
    known_a, known_b = regions_named(a, country), regions_named(b, country)
    if known_a or known_b:
        return not known_a.isdisjoint(known_b)
    return name_key(a) == name_key(b)


def same_city(a: str, b: str, *, country: str) -> bool:
    """Return whether both names mean one city, town or village of the country.

    As `same_region`, by the names of places. A section of a city is its city, and may be followed by it, and
    so may a city be by its region or country. Two places of one name in a country cannot be told apart
    by name: they count as the same.

    >>> same_city("Munich", "慕尼黑", country="DE"), same_city("Biei Town", "Biei", country="JP")
    (True, True)
    >>> same_city("Shibuya, Tokyo", "東京", country="JP"), same_city("Paris 16", "Paris", country="FR")
    (True, True)
    >>> same_city("Paris, Lyon", "Paris", country="FR"), same_city("", "", country="FR")
    (False, False)
    """
    key_a, key_b = plain_key(a), plain_key(b)
    if not key_a or not key_b:
        return False
    if key_a == key_b:
        return True
    known_a, known_b = _known_cities(a, country), _known_cities(b, country)
    if known_a or known_b:
        return not known_a.isdisjoint(known_b)
    return _bare_city(a) == _bare_city(b)


@lru_cache(maxsize=65536)
def is_another_country(name: str, *, country: str) -> bool:
    """Return whether a name that stands for a region or city of a country is another country's.

    In "Spain, Italy, France" it is: a list of countries. In "Georgia, USA" it is the name of a state.

    Args:
        name: A name as written.
        country: ISO 3166-1 alpha-2 code.

    >>> is_another_country("Spain", country="FR"), is_another_country("Georgia", country="US")
    (True, False)
    """
    code = country_code(name)
    if code is None or code == country:
        return False
    return not regions_named(name, country) and not _known_cities(name, country)


def _known_cities(name: str, country: str) -> frozenset[int]:
    """Return the places that go by the name, and the cities of those that are sections."""
    if len(name) > MAX_NAME_LENGTH:
        return frozenset()
    rows = _rows_named(name, country) or _rows_within(name, country)
    cities = {city_of_section(row) for row in rows} - rows
    return rows | cities if len(cities) == 1 else rows  # `Old Town` alone says nothing about the city


def _rows_named(name: str, country: str) -> frozenset[int]:
    """Return the rows of a name; its generic words count if it is known with them (`Kansas City`)."""
    key = plain_key(name)
    numbered = _NUMBERED.fullmatch(key) or _NUMBER_OF.fullmatch(key)
    keys = [key, name_key(name), _bare_city(name), *([numbered["city"]] if numbered else [])]
    return next((rows for rows in (city_rows(key, country=country) for key in keys) if rows), frozenset())


def _rows_within(name: str, country: str) -> frozenset[int]:
    """Return the rows of the first of several names that each lie in all those that follow."""
    parts = _COMMA.split(name)
    if not 2 <= len(parts) <= MAX_PARTS:
        return frozenset()
    first, *around = parts
    return frozenset(
        row for row in _rows_named(first, country) if all(_lies_in(row, part, country) for part in around)
    )


def _lies_in(row: int, name: str, country: str) -> bool:
    """Return whether the name is that of a place's region or country, or of the city that it is part of."""
    if country_code(name.strip()) == country:
        return True
    if int(load_places().region[row]) in regions_named(name, country):
        return True
    city = city_of_section(row)
    return city != row and city in _rows_named(name, country)


def _bare_city(name: str) -> str:
    return _CITY_WORDS.sub("", _CITY_OF.sub("", name_key(name), count=1))

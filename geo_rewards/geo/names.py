"""Whether two names, as people write them, mean the same region or city of a country."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from geo_rewards.geo.cities import city_of_section
from geo_rewards.geo.city_forms import CITY_FORMS
from geo_rewards.geo.city_words import LARGE, cities_around, says_kind, without_municipal_words
from geo_rewards.geo.countries import country_code
from geo_rewards.geo.country_forms import TERRITORIES
from geo_rewards.geo.keys import MAX_NAME_LENGTH, name_key, plain_key
from geo_rewards.geo.name_parts import split_names
from geo_rewards.geo.place_table import city_rows, load_places, region_names
from geo_rewards.geo.regions import regions_around, regions_named
from geo_rewards.geo.subdivisions import subdivision
from geo_rewards.types import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo_rewards.geo.subdivisions import Subdivision

_ORDINAL = r"\d{1,2}(?:e|er|eme|ieme|st|nd|rd|th)?"
_NUMBERED = re.compile(rf"(?P<city>\D{{2,}}?) {_ORDINAL}(?: (?:arrondissement|district|borough))?")
_NUMBER_OF = re.compile(
    rf"(?:the )?{_ORDINAL} (?:arrondissement|district|borough) (?:of|de) (?P<city>\D{{2,}})"
)
_COMMA = re.compile(r"[,，、]")
_STATE_LETTERS = re.compile(r"(.{2,}) ([A-Z]{2,3}|[A-Z]\.[A-Z]\.)")
_JOINTS = (" ", " im ", " am ", " an der ", " in ", " sur ", " upon ")
"""May be omitted between a town's name and what distinguishes it: `Freiburg (Breisgau)`."""
_GENITIVES = frozenset({"DK", "NO", "SE"})
"""Countries that name a municipality by the genitive of its town: `Stockholms kommun`."""
MAX_PARTS = 4
"""`Shibuya, Tokyo, Kanto, Japan`: a place and those it lies in."""


def same_region(a: str, b: str, *, country: str) -> bool:
    """Return whether both names mean one first-order division of the country.

    They do if they differ only in case, accents, punctuation and the word for the division, or if the
    gazetteer knows both as names of one region, in any language. A list of names is not a name.

    Args:
        a: A name as written.
        b: The other name.
        country: ISO 3166-1 alpha-2 code; for any other value, only the spelling is compared.

    >>> same_region("Bavaria", "Bayern", country="DE"), same_region("Moscow", "Moscow Oblast", country="RU")
    (True, False)
    >>> same_region("Hokkaidō", "Hokkaido Prefecture", country="JP")
    True
    """
    if a == b and a.isascii() and a[:1].isalnum() and len(a) <= MAX_NAME_LENGTH:
        return True
    key_a, key_b = plain_key(a), plain_key(b)
    if not key_a or not key_b:
        return False
    if key_a == key_b:
        return True
    known_a, known_b = regions_named(a, country), regions_named(b, country)
    if known_a or known_b:
        return not known_a.isdisjoint(known_b)
    code_a, code_b = subdivision(a, country), subdivision(b, country)
    if code_a is not None and code_b is not None:  # a town and its surrounding county may share a name
        return code_a is code_b
    return not _written_out(a, code_a).isdisjoint(_written_out(b, code_b))


def same_city(a: str, b: str, *, country: str) -> bool:
    """Return whether both names mean one city, town or village of the country.

    Like `same_region`, with the names of places. A section of a city counts as the city and may be followed
    by it, as a city may be by its region or country. Two places with the same name in a country cannot be
    distinguished by name: they count as the same.

    >>> same_city("Munich", "慕尼黑", country="DE"), same_city("Biei Town", "Biei", country="JP")
    (True, True)
    >>> same_city("Shibuya, Tokyo", "東京", country="JP"), same_city("Paris 16", "Paris", country="FR")
    (True, True)
    >>> same_city("Paris, Lyon", "Paris", country="FR"), same_city("", "", country="FR")
    (False, False)
    """
    if a == b and a.isascii() and a[:1].isalnum() and len(a) <= MAX_NAME_LENGTH:
        return True
    key_a, key_b = plain_key(a), plain_key(b)
    if not key_a or not key_b:
        return False
    if key_a == key_b:
        return True
    known_a, known_b = _known_cities(a, country), _known_cities(b, country)
    if known_a or known_b:
        return not known_a.isdisjoint(known_b)
    return _bare_city(a, country) == _bare_city(b, country)


def _written_out(name: str, code: Subdivision | None) -> frozenset[str]:
    """Return the keys of the names of a code that is not a region's (`IT-FI`), or of the name itself."""
    return frozenset(map(name_key, (code.names if code is not None else ()) or (name,)))


def is_another_country(name: str, *, country: str) -> bool:
    """Return whether a name given as a region or city of a country is that of another country.

    In "Spain, Italy, France" it is: a list of countries. In "Georgia, USA" it is a state.

    Args:
        name: A name as written.
        country: ISO 3166-1 alpha-2 code.

    >>> is_another_country("Spain", country="FR"), is_another_country("Georgia", country="US")
    (True, False)
    """
    code = country_code(name)
    if code is None or code == country:
        return False
    if subdivision(name, country) is not None:  # `TO` in Italy is Turin's province, not Tonga
        return False
    return not regions_named(name, country) and not _known_cities(name, country)


def named_place(country: str | None, region: str | None, city: str | None) -> Place:
    """Return the place that three fields of an answer name: the country as ISO code, the rest as written.

    A list of countries names none. A territory may be given as a region or city of its state: then it is
    the country, and is a region only if it has itself as one.

    >>> named_place("France", None, "Paris"), named_place("France", "Italy", "Spain").country
    (Place(country='FR', region=None, city='Paris'), None)
    >>> named_place("USA", "Puerto Rico", "San Juan")
    Place(country='PR', region=None, city='San Juan')
    """
    code = country_code(country) if country else None
    if code is None:
        return Place(None, region, city)
    names = [name for name in (region, city) if name and is_another_country(name, country=code)]
    if not names:
        return Place(code, region, city)
    others = {name: country_code(name) for name in names}
    territories = {other for other in others.values() if other and TERRITORIES.get(other) == code}
    belongs_to = TERRITORIES.get(code)
    if len(territories) > 1 or any(other not in {*territories, belongs_to} for other in others.values()):
        return Place(None, region, city)
    code = next(iter(territories), code)
    kept_region = region if region not in others or plain_key(region or "") in region_names(code) else None
    kept_city = city if city not in others or _known_cities(city or "", code) else None
    return Place(code, kept_region, kept_city)


def _known_cities(name: str, country: str) -> frozenset[int]:
    """Return the places with this name, and the cities of those that are sections."""
    return _find_cities(name, country) if len(name) <= MAX_NAME_LENGTH else frozenset()


@lru_cache(maxsize=65536)
def _find_cities(name: str, country: str) -> frozenset[int]:
    rows = _rows_named(name, country) or _rows_within(name, country) or _rows_of_parts(name, country)
    rows = rows or _rows_around(name, country)
    cities = {city_of_section(row) for row in rows} - rows
    return rows | cities if len(cities) == 1 else rows  # `Old Town` alone says nothing about the city


def _rows_named(name: str, country: str) -> frozenset[int]:
    """Return the rows for a name; generic words are kept if it is known with them (`Kansas City`)."""
    key, forms = plain_key(name), CITY_FORMS.get(country, {})
    rows = city_rows(forms.get(key, key), country=country)
    if rows or split_names(name) is not None:  # no word of `Palermo (TO)` is dropped
        return rows
    for other in _shorter_keys(name, key, country):
        rows = city_rows(other, country=country)
        if rows:
            break
    return rows


def _shorter_keys(name: str, key: str, country: str) -> Iterator[str]:
    bare = _bare_city(name, country)
    yield from (other for other in dict.fromkeys((name_key(name), bare)) if other != key)
    numbered = _NUMBERED.fullmatch(key) or _NUMBER_OF.fullmatch(key)
    if numbered:
        yield numbered["city"]
    if country in _GENITIVES and bare.endswith("s") and bare != key:
        yield bare[:-1]


def _rows_within(name: str, country: str) -> frozenset[int]:
    """Return the rows for the first of several names that each lie in all those after it."""
    parts = [part for part in _COMMA.split(name) if not says_kind(part)]
    if len(parts) == 1 and parts[0] != name:  # `Köln, Stadt`
        return _rows_named(parts[0], country)
    state = _STATE_LETTERS.fullmatch(name) if len(parts) == 1 else None
    parts = [*state.groups()] if state else parts  # `Austin TX`
    if not 2 <= len(parts) <= MAX_PARTS:
        return frozenset()
    first, *around = parts
    rows = _rows_named(first, country) or _rows_of_parts(first, country)
    return frozenset(row for row in rows if all(_lies_in(row, part, country) for part in around))


def _rows_of_parts(name: str, country: str) -> frozenset[int]:
    """Return the rows for a text of two names if they are one place, or one lies in the other."""
    parts = split_names(name)
    if parts is None:
        return frozenset()
    known = [_rows_named(part, country) for part in parts.names]
    shared = frozenset.intersection(*known)
    if shared or parts.are_alternatives or len(known) != 2:
        return shared
    (first, note), (rows, inner) = parts.names, known
    if says_kind(note):
        return rows
    lying = frozenset(row for row in rows if _lies_in(row, note, country))
    if lying:
        return lying
    around = frozenset(city_of_section(row) for row in inner) & rows  # `Tokyo (Shibuya)`
    return around or next(filter(None, _rows_joined(first, note, country)), frozenset())


def _rows_joined(first: str, note: str, country: str) -> Iterator[frozenset[int]]:
    yield from (city_rows(plain_key(f"{first}{joint}{note}"), country=country) for joint in _JOINTS)


def _rows_around(name: str, country: str) -> frozenset[int]:
    """Return the rows for the large city whose surroundings or centre a name means: `Denver area`."""
    for key in cities_around(plain_key(name)):
        population = load_places().population
        found = frozenset(row for row in _rows_named(key, country) if population[row] >= LARGE)
        if found:
            return found
    return frozenset()


def _lies_in(row: int, name: str, country: str) -> bool:
    """Return whether the name is that of a place's region or country, or of the city it is part of."""
    if country_code(name.strip()) == country:
        return True
    if int(load_places().region[row]) in regions_around(name, country):
        return True
    city = city_of_section(row)
    return city != row and city in _rows_named(name, country)


def _bare_city(name: str, country: str = "") -> str:
    return without_municipal_words(name_key(name), country)

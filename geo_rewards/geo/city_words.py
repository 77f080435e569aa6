"""Words next to a city's name that only say what it is, or that a photo is near it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo_rewards.geo.keys import plain_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGE = 20_000
"""Population of a city with a greater area, downtown or old town; a village of that name is not meant."""

_MUNICIPAL_BEFORE = re.compile(
    r"(?:(?:the )?(?:city|town|village|municipality|borough|commune|community|township) of (?:the )?|"
    r"(?:kreisfreie |hanse|landeshaupt|universitats)?stadt |gemeinde |gemeente |stad |gmina |miasto |obec |"
    r"mesto |misto |gorod |grad |opshtina |opstina |ville de |commune de |ciudad de |cidade de |"
    r"(?:ayuntamiento|municipio|municipality|concello|concelho) de |comune di |citta di |"
    r"citta metropolitana di |kota |bandar |thanh pho |tp )(?=\w{2})"
)
_MUNICIPAL_AFTER = re.compile(
    r" (?:city|town|village|municipality|metropolis|borough|township|kommun|kommune|kunta|kaupunki|gemeinde|"
    r"gemeente|stadt|stad|municipio|commune|comune|municipal|linn|vald|novads|belediyesi|proper)$"
)
_AROUND_BEFORE = re.compile(
    r"(?:near(?:by)?|around|in|close to|somewhere in|vicinity of|outskirts of|greater|metro(?:politan)?|"
    r"central|downtown|inner|"
    r"(?:historic )?(?:city )?cent(?:er|re) of|old town of|historic) (?:the )?(?=\w{2})"
)
_AROUND_AFTER = re.compile(
    r" (?:(?:metro(?:politan)? |urban |greater )?(?:area|region)|metro(?:politana)?|agglomeration|downtown|"
    r"(?:historic )?(?:city )?cent(?:er|re)|centro|zentrum|centrum|innenstadt|altstadt|old (?:town|city)|"
    r"historic district|cbd|surroundings|vicinity)$"
)
_NATIONAL_AFTER: Mapping[str, re.Pattern[str]] = {
    "CN": re.compile(r" (?:shi|qu|xian|zhen)$"),
    "JP": re.compile(r" (?:shi|ku|machi|cho|mura|son)$"),
    "KR": re.compile(r" (?:si|gun|gu|eup|myeon|teukbyeolsi|gwangyeoksi)$"),
    "TW": re.compile(r" (?:shi|qu|xiang|zhen)$"),
}
_KIND_WORDS = (
    "area|borough|capital|capital city|centre|center|city|city center|city centre|commune|county|downtown|"
    "gemeinde|hansestadt|kommune|kommun|kreisfreie stadt|landeshauptstadt|metro|metro area|metropolis|"
    "metropolitan area|municipality|old town|prefecture|province|region|stadt|state|territory|the capital|"
    "town|township|urban area|village"
)
_KINDS = frozenset(_KIND_WORDS.split("|"))
_ORDINAL = r"\d{1,2}(?:e|er|eme|ieme|st|nd|rd|th|ter|te)?"
_SECTION_WORD = "arrondissement|district|borough|ward|bezirk|okres|kerulet|quan|municipio"
_NUMBERED_SECTION = re.compile(
    rf"(?:the )?(?:{_ORDINAL} (?:{_SECTION_WORD})|(?:{_SECTION_WORD}) {_ORDINAL}|"
    r"\d{1,2}(?:e|er|eme|ieme|th))"
)


def says_kind(note: str) -> bool:
    """Return whether a text only says what kind of place something is, or names a numbered section.

    >>> says_kind("city"), says_kind("7th arrondissement"), says_kind("Lyon")
    (True, True, False)
    """
    key = plain_key(note)
    return key in _KINDS or _NUMBERED_SECTION.fullmatch(key) is not None


def without_municipal_words(key: str, country: str = "") -> str:
    """Return the key of a name without words saying that it is a city, town or municipality.

    >>> without_municipal_words("ludvika kommun"), without_municipal_words("stadt koln")
    ('ludvika', 'koln')
    """
    key = _MUNICIPAL_AFTER.sub("", _MUNICIPAL_BEFORE.sub("", key, count=1), count=1)
    national = _NATIONAL_AFTER.get(country)
    return key if national is None else national.sub("", key)


def cities_around(key: str) -> Iterator[str]:
    """Yield the keys of cities whose surroundings or centre a name may mean, longest first.

    >>> list(cities_around("greater denver area"))
    ['denver area', 'greater denver', 'denver']
    >>> list(cities_around("denver"))
    []
    """
    before, after = _AROUND_BEFORE.sub("", key, count=1), _AROUND_AFTER.sub("", key, count=1)
    both = _AROUND_AFTER.sub("", before, count=1)
    yield from (found for found in dict.fromkeys((before, after, both)) if found and found != key)

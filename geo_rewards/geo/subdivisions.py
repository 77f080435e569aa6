"""ISO 3166-2 codes of regions and what lies in them: `US-CA`, `CA` in the United States, `IT-PA`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.geo.keys import plain_key
from geo_rewards.geo.tables import TABLES
from geo_rewards.system.first_use import LOADING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODE = re.compile(r"(?:([A-Za-z]{2})[-_. \u2010-\u2015\u2212])?([A-Za-z0-9]{1,3})")
_MOST_CHARACTERS = 10


class Subdivision(NamedTuple):
    """What a code means.

    Attributes:
        region: `plain_key` of the region that it is or lies in; empty if unknown.
        names: Its names in English and its own language; empty if it is a region.
    """

    region: str
    names: tuple[str, ...]


def subdivision(text: str, country: str) -> Subdivision | None:
    """Return what a code means in a country, or None if it is not one of its codes.

    The country's letters may be omitted before two or three letters, not before digits or one letter.

    >>> subdivision("US-CA", "US"), subdivision("ca", "US"), subdivision("US-CA", "CA")
    (Subdivision(region='california', names=()), Subdivision(region='california', names=()), None)
    >>> subdivision("IT-PA", "IT"), subdivision("13", "JP")
    (Subdivision(region='sicily', names=('Palermo',)), None)
    """
    if len(text) > _MOST_CHARACTERS:
        return None
    match = _CODE.fullmatch(text.strip())
    if match is None:
        return None
    prefix, code = match.groups()
    if prefix is None and not (len(code) > 1 and code.isalpha()):
        return None
    if prefix is not None and prefix.upper() != country:
        return None
    return _by_country().get(country, {}).get(code.upper())


def _by_country() -> Mapping[str, Mapping[str, Subdivision]]:
    with LOADING:
        return _load()


@cache
def _load() -> Mapping[str, Mapping[str, Subdivision]]:
    found: dict[str, dict[str, Subdivision]] = {}
    for line in (TABLES / "subdivisions.tsv").read_text(encoding="utf-8").splitlines():
        code, region, names = line.split("\t")
        country, _, own = code.partition("-")
        found.setdefault(country, {})[own] = Subdivision(
            plain_key(region), tuple(names.split("|")) if names else ()
        )
    return found

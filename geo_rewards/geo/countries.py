"""Countries: any usual name or code, in any language, to its ISO 3166-1 alpha-2 code.

Names come from a table made from the package countrynames and are looked up exactly: a fuzzy or partial
match would pay for wrong and for listed answers. `SHORT_FORMS` adds what it lacks.
"""

from __future__ import annotations

import re
import threading
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from geo_rewards.geo.keys import plain_key
from geo_rewards.geo.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_COUNTRY_LENGTH = 80
"""Longer texts are no country; the longest official names have about 60 characters."""

SHORT_FORMS: Mapping[str, str] = {
    key: code
    for code, keys in {
        "AE": "emirates, the emirates, uae",
        "AG": "antigua",
        "BA": "bosnia",
        "BF": "upper volta",
        "BJ": "dahomey",
        "CD": "zaire, drc, dr congo, congo drc, congo dr, belgian congo",
        "CG": "congo brazzaville, republic of the congo",
        "CI": "cote divoire, cote d ivoire",
        "CN": "prc, pr china, mainland china",
        "CZ": "czech rep, cesko, tchequie, cechia, chequia, jieke, cheko",
        "DE": "west germany, east germany, federal republic of germany",
        "DO": "dominican rep",
        "EG": "masr, misr, msr",
        "ET": "abyssinia",
        "FR": "republique francaise, french republic",
        "GB": "uk, great britain, britain, england, scotland, wales, northern ireland, n ireland",
        "GH": "gold coast",
        "HK": "hong kong sar, hong kong china, hksar, hong kong sar china, xianggang",
        "IE": "eire, republic of ireland",
        "IR": "persia",
        "IT": "repubblica italiana, italian republic",
        "KH": "kampuchea",
        "KN": "saint kitts",
        "KP": "n korea, north korea, dprk, korea north",
        "KR": "s korea, south korea, rok, korea south, republic of korea, hangug",
        "LA": "lao pdr, laos pdr",
        "LK": "ceylon",
        "MK": "fyrom, north macedonia, macedoine du nord, nordmazedonien, macedonia del norte",
        "MM": "burma",
        "MO": "macau sar, macao sar, macau china, macao china, macao sar china",
        "NZ": "aotearoa",
        "SA": "ksa, saudi",
        "SZ": "swaziland",
        "TH": "siam",
        "TL": "east timor",
        "TT": "trinidad",
        "TW": "formosa, chinese taipei, taiwan roc",
        "TZ": "tanganyika",
        "US": "america, usa, united states, us of a, the states",
        "VA": "vatican, vatican city, holy see",
        "VC": "saint vincent",
        "VG": "bvi",
        "VI": "usvi, us virgin islands",
        "ZM": "northern rhodesia",
    }.items()
    for key in keys.split(", ")
}
"""Short forms, old names and abbreviations, by `plain_key`; they win over the table."""

_FORMAL = re.compile(r"^(?:the )?(?:republic|kingdom|islamic republic|federal republic) of (?:the )?(?=\w)")
_ARTICLE = re.compile(r"^(?:the|la|le|les|el|los|las|il|der|die|das) (?=\w)")
_MARKS = re.compile(r"[.*_`\s]")
_WITH_BRACKETS = re.compile(r"([^()]+)\(([^()]+)\)\s*")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_LOCK = threading.Lock()


@lru_cache(maxsize=65536)
def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code (or XK) of one country, or None if the text is not exactly one.

    Names in any usual form and language, demonyms, former names of countries that go on under another, and
    ISO codes of two or three letters are understood. Each code is a country of its own (HK is not CN);
    England, Scotland, Wales and Northern Ireland are GB. Nothing is guessed, and a list is no country.

    >>> country_code("Deutschland"), country_code("S. Korea"), country_code("uk"), country_code("GBR")
    ('DE', 'KR', 'GB', 'GB')
    >>> country_code("France or Spain"), country_code("Germny"), country_code("Tokyo"), country_code("")
    (None, None, None, None)
    """
    if len(text) > MAX_COUNTRY_LENGTH:
        return None
    name = _FLAG.sub("", text).strip()  # a flag beside a name says nothing new
    brackets = _WITH_BRACKETS.fullmatch(name)
    if brackets is None:
        return _code(name)
    inside = _code(brackets[2])  # `Netherlands (Holland)` names one country twice, `Congo (Kinshasa)` once
    return inside if inside and inside == _code(brackets[1]) else _code(name)


def _code(name: str) -> str | None:
    letters = _MARKS.sub("", name).lower()
    if len(letters) <= 3 and name.isascii():  # letters alone are a code, or one of ours
        return iso_codes().get(letters.upper()) or SHORT_FORMS.get(letters)
    key = plain_key(name)
    if key in SHORT_FORMS:
        return SHORT_FORMS[key]
    names = _names()
    return names.get(key) or names.get(_ARTICLE.sub("", key)) or names.get(_FORMAL.sub("", key))


def iso_codes() -> Mapping[str, str]:
    """Return the alpha-2 code of every ISO 3166-1 code of two or three letters, and of XK and XKX."""
    return _tables()[0]


def _names() -> Mapping[str, str]:
    return _tables()[1]


def _tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    with _LOCK:
        return _load_tables()


@cache
def _load_tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    lines = (TABLES / "countries.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines]
    codes = {key: code for key, code in pairs if key.isupper()}  # keys of names are lower-case
    return codes, {key: code for key, code in pairs if key not in codes}

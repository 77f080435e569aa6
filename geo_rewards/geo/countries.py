"""Countries: any usual name or code, in any language, to its ISO 3166-1 alpha-2 code.

Names come from a table made from the packages countrynames and Babel (Unicode CLDR) and are looked up
exactly: a fuzzy or partial match would pay for wrong and for listed answers. `SHORT_FORMS` adds what the
table lacks.
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

NOT_LATIN = "~"
"""Mark of a key that only names in other scripts have: `grmny` is a country in Arabic letters alone."""
MAX_COUNTRY_LENGTH = 80
"""Longer texts are no country; the longest official names have about 60 characters."""

SHORT_FORMS: Mapping[str, str] = {
    key: code
    for code, keys in {
        "AE": "emirates, the emirates, uae, alianqiu",
        "AL": "shqiperia",
        "AG": "antigua",
        "AM": "hayastan",
        "BA": "bosnia",
        "BD": "east pakistan",
        "BF": "upper volta, burkina",
        "BJ": "dahomey",
        "BW": "bechuanaland",
        "BY": "belorussia, byelorussia, white russia",
        "BZ": "british honduras",
        "CD": "zaire, drc, dr congo, congo drc, congo dr, belgian congo",
        "CF": "car, ubangi shari",
        "CG": "congo brazzaville, republic of the congo",
        "CI": "cote divoire, cote d ivoire, elfenbeinkuste",
        "CN": "prc, pr china, mainland china, zhongguo",
        "CZ": "czech rep, cesko, tchequie, cechia, chequia, jieke, cheko",
        "DE": "west germany, east germany, federal republic of germany, brd, ddr",
        "DO": "dominican rep",
        "EG": "masr, misr, msr",
        "ET": "abyssinia",
        "FM": "fsm",
        "FR": "republique francaise, french republic",
        "GB": "uk, great britain, britain, england, scotland, wales, northern ireland, n ireland",
        "GE": "sakartvelo",
        "GH": "gold coast",
        "GQ": "spanish guinea",
        "GY": "british guiana",
        "GR": "hellas, ellada",
        "HK": "hong kong sar, hong kong china, hksar, hong kong sar china, xianggang",
        "ID": "dutch east indies",
        "IE": "eire, republic of ireland, irish republic, irish free state",
        "IN": "bharat, hindustan",
        "IR": "persia",
        "IT": "repubblica italiana, italian republic",
        "JO": "transjordan",
        "JP": "nippon, nihon, nihon koku, state of japan",
        "KG": "kirghizia, kirgizia, kirghizstan",
        "KH": "kampuchea",
        "KN": "saint kitts",
        "KP": "n korea, joseon, north korea, dprk, korea north",
        "KR": "s korea, south korea, rok, korea south, republic of korea, hangug, hanguk",
        "KZ": "qazaqstan",
        "LA": "lao pdr, laos pdr",
        "LK": "ceylon",
        "LS": "basutoland",
        "MD": "moldavia",
        "MG": "malagasy republic",
        "MK": "fyrom, n macedonia, north macedonia, macedoine du nord, nordmazedonien, macedonia del norte",
        "MM": "burma, union of burma",
        "MO": "macau sar, macao sar, macau china, macao china, macao sar china",
        "MW": "nyasaland",
        "MX": "estados unidos mexicanos, united mexican states, mejico",
        "MY": "malaya",
        "NA": "south west africa",
        "NL": "holland",
        "NZ": "aotearoa, n zealand",
        "PG": "png",
        "SA": "ksa, saudi",
        "SR": "dutch guiana",
        "ST": "sao tome, saint thomas and prince",
        "SZ": "swaziland",
        "TH": "siam",
        "TL": "east timor",
        "TT": "trinidad",
        "TW": "formosa, chinese taipei, taiwan roc, roc",
        "TZ": "tanganyika",
        "US": "america, usa, united states, us of a, the states",
        "VA": "vatican, vatican city, holy see",
        "VC": "saint vincent",
        "VG": "bvi",
        "VI": "usvi, us virgin islands",
        "VU": "new hebrides",
        "WS": "western samoa",
        "XK": "kosova",
        "ZA": "rsa, s africa, south african republic",
        "ZM": "northern rhodesia",
        "ZW": "rhodesia, southern rhodesia",
    }.items()
    for key in keys.split(", ")
}
"""Short forms, old names and abbreviations, by `plain_key`; they win over the table."""

_FORMAL = re.compile(
    r"^(?:the )?"
    r"(?:(?:islamic |federal |federative |democratic |united |arab |cooperative |socialist )?republic|"
    r"kingdom|state|union|commonwealth|principality|sultanate|emirate|grand duchy|hashemite kingdom|"
    r"plurinational state|bolivarian republic|independent state|nation) of (?:the )?(?=\w)"
)
OTHER_SCRIPTS = re.compile("[\u0370-\u1dff\u2c00-\ua71f\ua800-\ufeff\U00010000-\U000fffff]")
"""A letter of another script than Latin."""
_REPUBLIC = re.compile(r"\brep\b")
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
    names = _names()
    mark = NOT_LATIN if OTHER_SCRIPTS.search(name) else ""
    for form in (key, _ARTICLE.sub("", key), _REPUBLIC.sub("republic", key), _FORMAL.sub("", key)):
        code = SHORT_FORMS.get(form) or names.get(form) or names.get(mark + form)
        if code:
            return code
    return None


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

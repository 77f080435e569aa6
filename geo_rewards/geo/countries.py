"""Countries: any usual name or code, in any language, mapped to its ISO 3166-1 alpha-2 code.

Names come from a table built from the packages countrynames and Babel (Unicode CLDR) and are looked up
exactly: fuzzy or partial matching would reward wrong answers and lists. `country_forms` adds what is
missing from the table.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from geo_rewards.geo.country_forms import FORMAL, KINDS, POINTS, SHORT_FORMS, TERRITORIES, TOLD_APART, WORDS
from geo_rewards.geo.keys import ABBREVIATIONS, plain_key
from geo_rewards.geo.name_parts import JOINING_WORDS, has_several, split_names
from geo_rewards.geo.tables import TABLES
from geo_rewards.system.first_use import LOADING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geo_rewards.geo.name_parts import NameParts

NOT_LATIN = "~"
"""Marks keys that only names in other scripts have: `grmny` is a country only in Arabic letters."""
MAX_COUNTRY_LENGTH = 80
"""Longer texts are not countries; the longest official names have about 60 characters."""
_MAX_WORDS = 12
_SAYS_COUNTRY = frozenset({"country", "nation", "the country", "sovereign state"})

OTHER_SCRIPTS = re.compile("[\u0370-\u1dff\u2c00-\ua71f\ua800-\ufeff\U00010000-\U000fffff]")
"""A letter of a non-Latin script."""
_ARTICLES = "the|la|le|les|el|los|las|il|der|die|das"
_ARTICLE = re.compile(rf"^(?:{_ARTICLES}) (?=\w)")
_MARKS = re.compile(r"[.*_`\s]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_LOADED: list[tuple[Mapping[str, str], Mapping[str, str]]] = []
"""The tables, once they are read: asked for every name, too often to take the lock each time."""


def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code (or XK) of one country, or None if the text is not exactly one.

    Names in any usual form and language, demonyms, former names of countries that still exist, and
    two- and three-letter ISO codes are understood, as are the inverted and abbreviated forms used by the
    UN, the World Bank and atlases. A territory may be named with its state. Each code is a separate
    country (HK is not CN); England, Scotland, Wales and Northern Ireland are GB. Nothing is guessed, and a
    list is not a country.

    >>> country_code("Deutschland"), country_code("S. Korea"), country_code("uk"), country_code("GBR")
    ('DE', 'KR', 'GB', 'GB')
    >>> country_code("Korea, Dem. People's Rep."), country_code("Puerto Rico, USA")
    ('KP', 'PR')
    >>> country_code("France or Spain"), country_code("Germny"), country_code("Tokyo"), country_code("")
    (None, None, None, None)
    """
    if len(text) > MAX_COUNTRY_LENGTH:
        return None
    if len(text) > 3 and text.isascii() and text.isalnum():  # one word, as most names of towns: its own key
        return _exact(text.lower())
    letters = text.replace(" ", "")
    is_words = len(letters) > 3 and letters.isascii() and letters.isalpha()  # as most other names of towns
    if is_words and not _words_of_names().issuperset(text.lower().split()):
        return None
    return _country_code(text)


@lru_cache(maxsize=65536)
def _country_code(text: str) -> str | None:
    # a flag beside a name says nothing new
    name = text.strip() if text.isascii() else _FLAG.sub("", text).strip()
    is_one_name = len(_MARKS.sub("", name)) > 3 and not has_several(name)
    if is_one_name and not _words_of_names().issuperset(plain_key(name).split()):
        return None
    return _code(name) or _code_of_parts(name)


def _code_of_parts(name: str) -> str | None:
    """Return the country of a text of several words or names that is not in the table as written."""
    parts = split_names(name)
    if parts is None:
        return _formal_code(name, None)
    codes = [_code(part) for part in parts.names]
    if parts.are_alternatives:  # `Germany / Deutschland` is one country, `France or Spain` is not
        return _only(set(codes))
    if None not in codes:
        return _joined_code(codes)
    if len(codes) == 2 and parts.names[1].lower() in _SAYS_COUNTRY:
        return codes[0]
    return _formal_code(name, parts)


def _joined_code(codes: list[str | None]) -> str | None:
    """Return the one country that several names refer to, or the territory named with its state."""
    distinct = set(codes)
    for code in distinct:
        if distinct == {code, TERRITORIES.get(code or "")}:
            return code
    return _only(distinct)


def _only(codes: set[str | None]) -> str | None:
    return codes.pop() if len(codes) == 1 else None


def _code(name: str) -> str | None:
    is_ascii = name.isascii()
    if is_ascii and not (len(name) > 3 and name[:4].isalnum()):
        letters = _MARKS.sub("", name).lower()
        if len(letters) <= 3:  # letters alone are a code, or one of ours
            return iso_codes().get(letters.upper()) or SHORT_FORMS.get(letters)
    key = plain_key(name)
    mark = NOT_LATIN if not is_ascii and OTHER_SCRIPTS.search(name) else ""
    bare = _ARTICLE.sub("", key) if " " in key else key
    return _exact(key, mark) or (None if bare == key else _exact(bare, mark))


def _exact(key: str, mark: str = "") -> str | None:
    names = _names()
    return names.get(key) or (names.get(mark + key) if mark else None)


def _formal_code(name: str, parts: NameParts | None) -> str | None:
    """Return the country of a name in the order of lists (`Iran, Islamic Rep.`), or with formal words."""
    key = plain_key(name)
    if not 1 <= key.count(" ") < _MAX_WORDS:
        return None
    words = key.split()
    if parts is None and _are_ordinary(words):
        return _exact(key)
    spelt = " ".join(WORDS.get(word, word) for word in words)
    for form in (spelt, *_with_points(spelt), *_turned(parts)):
        code = _exact(form) or _with_formal_words(form.split())
        if code:
            return code
    return None


def _are_ordinary(words: list[str]) -> bool:
    """Return whether no word of a name is abbreviated, a point of the compass or formal: most names."""
    ends = words[0], words[-1]
    return FORMAL.isdisjoint(ends) and words[0] not in POINTS and WORDS.keys().isdisjoint(words)


def _with_points(key: str) -> Iterator[str]:
    first, _, rest = key.partition(" ")
    yield from (f"{point} {rest}" for point in POINTS.get(first, ()))


def _turned(parts: NameParts | None) -> Iterator[str]:
    """Yield `Rest, First` as `first rest`: `Korea, South`, `Virgin Islands (British)`."""
    if parts is not None and len(parts.names) == 2 and not parts.are_alternatives:
        words = plain_key(f"{parts.names[1]} {parts.names[0]}").split()
        yield " ".join(WORDS.get(word, word) for word in words)


def _with_formal_words(words: list[str]) -> str | None:
    """Return the country of a name that formal words stand before or after."""
    if not words or (words[0] not in FORMAL and words[-1] not in FORMAL):
        return None
    ahead = next((i for i, word in enumerate(words) if word not in FORMAL), len(words))
    after = next((i for i, word in enumerate(reversed(words)) if word not in FORMAL), len(words))
    for formal, bare in ((words[:ahead], words[ahead:]), (words[-after:], words[:-after])):
        if not formal or not bare:
            continue
        style = " ".join(formal).removesuffix(" the").removesuffix(" of").removeprefix("the ")
        base = " ".join(bare)
        if "united states" in style or "united kingdom" in style:  # `Canada, United States` is a list
            return None
        code = _exact(f"{style} of {base}") or _exact(f"{style} of the {base}") or _exact(f"{base} {style}")
        if code or base in TOLD_APART:
            return code
        if not KINDS.isdisjoint(formal) or style == "the":
            return _exact(base)
    return None


def iso_codes() -> Mapping[str, str]:
    """Return the alpha-2 code of every two- or three-letter ISO 3166-1 code, and of XK and XKX."""
    return _tables()[0]


def _names() -> Mapping[str, str]:
    return _tables()[1]


@cache
def _words_of_names() -> frozenset[str]:
    """Return every word of the names that are countries in any of the ways here; most towns have others."""
    words = {word.removeprefix(NOT_LATIN) for key in _names() for word in key.split()}
    others = (WORDS, POINTS, FORMAL, ABBREVIATIONS, JOINING_WORDS, _ARTICLES.split("|"))
    return frozenset(words).union(*others)


def _tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    if not _LOADED:
        with LOADING:
            if not _LOADED:
                _LOADED.append(_load_tables())
    return _LOADED[0]


@cache
def _load_tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    text = (TABLES / "countries.tsv").read_text(encoding="utf-8")
    # a list for each of 29,000 lines would take three times as long
    fields = text.removesuffix("\n").replace("\n", "\t").split("\t")
    table = dict(zip(fields[::2], fields[1::2], strict=True))
    codes = {key: code for key, code in table.items() if key.isupper()}  # keys of names are lower-case
    names = {key: code for key, code in table.items() if key not in codes}
    return codes, {**names, **SHORT_FORMS}

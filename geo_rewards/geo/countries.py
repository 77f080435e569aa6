"""Countries: any usual name or code, in any language, mapped to its ISO 3166-1 alpha-2 code.

Names come from a table built from the packages countrynames and Babel (Unicode CLDR) and are looked up
exactly: fuzzy or partial matching would reward wrong answers and lists. `country_forms` adds what is
missing from the table.
"""

from __future__ import annotations

import re
import threading
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from geo_rewards.geo.country_forms import FORMAL, KINDS, POINTS, SHORT_FORMS, TERRITORIES, TOLD_APART, WORDS
from geo_rewards.geo.keys import plain_key
from geo_rewards.geo.name_parts import split_names
from geo_rewards.geo.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_LATIN = "~"
"""Marks keys that only names in other scripts have: `grmny` is a country only in Arabic letters."""
MAX_COUNTRY_LENGTH = 80
"""Longer texts are not countries; the longest official names have about 60 characters."""
_MAX_WORDS = 12
_SAYS_COUNTRY = frozenset({"country", "nation", "the country", "sovereign state"})

OTHER_SCRIPTS = re.compile("[\u0370-\u1dff\u2c00-\ua71f\ua800-\ufeff\U00010000-\U000fffff]")
"""A letter of a non-Latin script."""
_ARTICLE = re.compile(r"^(?:the|la|le|les|el|los|las|il|der|die|das) (?=\w)")
_MARKS = re.compile(r"[.*_`\s]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_LOCK = threading.Lock()


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
    return _country_code(text) if len(text) <= MAX_COUNTRY_LENGTH else None


@lru_cache(maxsize=65536)
def _country_code(text: str) -> str | None:
    name = _FLAG.sub("", text).strip()  # a flag next to a name adds nothing
    return _code(name) or _code_of_parts(name)


def _code_of_parts(name: str) -> str | None:
    """Return the country of a text of several words or names that is not in the table as written."""
    parts = split_names(name)
    if parts is None:
        return _formal_code(name)
    codes = [_code(part) for part in parts.names]
    if parts.are_alternatives:  # `Germany / Deutschland` is one country, `France or Spain` is not
        return _only(set(codes))
    if None not in codes:
        return _joined_code(codes)
    if len(codes) == 2 and parts.names[1].lower() in _SAYS_COUNTRY:
        return codes[0]
    return _formal_code(name)


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
    letters = _MARKS.sub("", name).lower()
    if len(letters) <= 3 and name.isascii():  # letters alone are a code, or an extra form
        return iso_codes().get(letters.upper()) or SHORT_FORMS.get(letters)
    key = plain_key(name)
    mark = NOT_LATIN if OTHER_SCRIPTS.search(name) else ""
    return _exact(key, mark) or _exact(_ARTICLE.sub("", key), mark)


def _exact(key: str, mark: str = "") -> str | None:
    names = _names()
    return SHORT_FORMS.get(key) or names.get(key) or (names.get(mark + key) if mark else None)


def _formal_code(name: str) -> str | None:
    """Return the country of an inverted name (`Iran, Islamic Rep.`), or of one with formal words."""
    words = plain_key(name).split()
    if not 2 <= len(words) <= _MAX_WORDS:
        return None
    spelt = " ".join(WORDS.get(word, word) for word in words)
    for form in (spelt, *_with_points(spelt), *_turned(name)):
        code = _exact(form) or _with_formal_words(form.split())
        if code:
            return code
    return None


def _with_points(key: str) -> Iterator[str]:
    first, _, rest = key.partition(" ")
    yield from (f"{point} {rest}" for point in POINTS.get(first, ()))


def _turned(name: str) -> Iterator[str]:
    """Yield `Rest, First` as `first rest`: `Korea, South`, `Virgin Islands (British)`."""
    parts = split_names(name)
    if parts is not None and len(parts.names) == 2 and not parts.are_alternatives:
        words = plain_key(f"{parts.names[1]} {parts.names[0]}").split()
        yield " ".join(WORDS.get(word, word) for word in words)


def _with_formal_words(words: list[str]) -> str | None:
    """Return the country of a name with formal words before or after it."""
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


def _tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    with _LOCK:
        return _load_tables()


@cache
def _load_tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    lines = (TABLES / "countries.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines]
    codes = {key: code for key, code in pairs if key.isupper()}  # keys of names are lower-case
    return codes, {key: code for key, code in pairs if key not in codes}

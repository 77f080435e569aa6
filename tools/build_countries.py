"""Make countries.tsv, the names of countries, from the packages countrynames and Babel.

    pip install countrynames==1.17.0 babel==2.18.0
    python tools/build_countries.py

countrynames needs PyICU, which pip has to compile on most machines: so its data are shipped, and it is no
dependency. A key that it gives to two countries is left out, and so are the cities and states that it lists
among the names of their countries (tools/no_countries.txt, by build_gazetteer.py). Babel has Unicode CLDR's
names of territories in some 300 languages; those that are a large city's name as well are left out. A key
that comes from other scripts than Latin alone is marked, since it may look like a misspelling.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from babel.localedata import locale_identifiers
from countrynames.data import DATA
from countrynames.mappings import mappings

from geo_rewards.geo.countries import NOT_LATIN, OTHER_SCRIPTS
from geo_rewards.geo.keys import plain_key
from geo_rewards.geo.places import load_places
from geo_rewards.geo.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REFUSED = Path(__file__).with_name("no_countries.txt")
NO_COUNTRIES = {"EU", "UN", "EZ", "QO"}
"""Groupings that have a code of two letters."""
LARGE_CITY = 100_000


def main() -> None:
    """Write the table: codes first, then keys of names, each with its ISO alpha-2 code."""
    codes = {
        code: alpha2
        for alpha2, alpha3 in mappings.items()
        for code in (alpha2, alpha3)
        if alpha2 not in NO_COUNTRIES
    }
    refused = set(REFUSED.read_text(encoding="utf-8").split("\n"))
    base = unique_keys(countrynames_names(codes), refused)
    cities = large_cities() - base.keys()
    named = [*countrynames_names(codes), *babel_names(set(codes.values()))]
    latin = {plain_key(name) for name, _ in named if not OTHER_SCRIPTS.search(name)}
    names = {
        key if key in latin else NOT_LATIN + key: code
        for key, code in unique_keys(named, refused | cities).items()
    }
    rows = [*sorted(codes.items()), *sorted((key, code) for key, code in names.items() if code)]
    (TABLES / "countries.tsv").write_text("".join(f"{key}\t{code}\n" for key, code in rows), encoding="utf-8")
    sys.stdout.write(f"countries.tsv: {len(codes)} codes, {len(rows) - len(codes)} names\n")


def countrynames_names(codes: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield names with their codes; the code is empty for what is no country (EU, SUHH, GE-AB)."""
    for entry, names in DATA.items():
        code = "GB" if entry.startswith("GB-") else "CD" if entry == "ZR" else codes.get(entry, "")
        yield from ((name, code) for name in names)


def babel_names(codes: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the names of territories in all languages of Unicode CLDR, with their codes."""
    for identifier in locale_identifiers():
        for code, name in Locale.parse(identifier).territories.items():
            # the short ones are words of English more often than names that somebody uses
            if code in codes and (len(plain_key(name)) > 4 or OTHER_SCRIPTS.search(name)):
                yield name, code


def large_cities() -> set[str]:
    """Return the keys of the names of large cities."""
    places = load_places()
    rows = (places.population >= LARGE_CITY).nonzero()[0].tolist()
    return {plain_key(places.names[row]) for row in rows}


def unique_keys(names: Iterable[tuple[str, str]], refused: set[str]) -> dict[str, str]:
    """Return the keys that belong to one code alone; short letters are codes, not names."""
    owners: dict[str, set[str]] = {}
    for name, code in names:
        key = plain_key(name)
        if key and (len(key) > 3 or not name.isascii()):
            owners.setdefault(key, set()).add(code)
    return {key: min(found) for key, found in owners.items() if len(found) == 1 and key not in refused}


if __name__ == "__main__":
    main()

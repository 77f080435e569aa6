"""The default gazetteer's search: country by borders, region and city by nearby places."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.geo.borders import country_index, load_borders
from geo_rewards.geo.cities import city_around
from geo_rewards.geo.located import LocatedPlaces
from geo_rewards.geo.place_search import Scan, Trees
from geo_rewards.geo.place_table import load_places
from geo_rewards.geo.sphere import arc_of_chord, chord_of_arc, unit_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

FAR_KM = 200.0
"""A place farther away than this gives neither region nor city, nor the country of a point at sea."""
TOWN_KM = 2.0
"""So far around a town that the borders put into a wrong country, they are not trusted: the town decides."""
CORRECTED_KM = 0.8
"""The same around a town that only a second map puts on its side: cells of the borders are 1.1 km high."""
MOST_SCANNED = 32
"""So many points are compared with every place; the trees for more take a second to import and to build."""


class NearestPlaces:
    """The places on the unit sphere: compared one by one for the first few points, then in trees."""

    def __init__(self) -> None:
        self._places = places = load_places()
        borders = load_borders()
        number = {code: i for i, code in enumerate(places.countries)}
        # index into the borders' countries -> index into the places' countries, -1 where it has no place
        self._own_index = np.array([number.get(code, -1) for code in borders.countries])
        self._misdrawn = town = borders.misdrawn
        drawn = self._own_index[country_index(places.lat[town], places.lon[town])]
        corrected = drawn == places.country[town]
        self._trust_chord = np.where(corrected, chord_of_arc(CORRECTED_KM), chord_of_arc(TOWN_KM))
        self._near_misdrawn = _tiles_around(places.lat[town], places.lon[town])
        self._search: Scan | Trees = Scan(places, town)
        self._asked = 0

    def find(self, lats: FloatArray, lons: FloatArray) -> LocatedPlaces:
        """Return the place of each coordinate; they must be valid, and there must be one at least."""
        self._asked += len(lats)
        if self._asked > MOST_SCANNED and isinstance(self._search, Scan):
            self._search = Trees(self._places, self._misdrawn)
        order = np.argsort(np.floor(lats * 4.0) * 2048.0 + lons, kind="stable")  # neighbours share the cache
        slots = np.empty(len(order), dtype=np.int64)
        slots[order] = self._slots(lats[order], lons[order])
        return LocatedPlaces(slots)

    def _slots(self, lats: FloatArray, lons: FloatArray) -> IntArray:
        """Return each point's slot; see `LocatedPlaces`."""
        border, points = (
            country_index(lats, lons).astype(np.int64),
            unit_vectors(lats, lons),
        )
        own = self._own_index[border]
        self._correct(own, points, np.flatnonzero(self._near_misdrawn[_tiles(lats, lons)]))
        near, near_km = self._nearest(points, own, border == 0)
        named = near_km <= FAR_KM
        slots = len(self._places.names) + border
        slots[named] = city_around(points[named], near[named])
        return slots

    def _nearest(
        self, points: FloatArray, own: IntArray, at_sea: NDArray[np.bool_]
    ) -> tuple[IntArray, FloatArray]:
        """Return the row and distance of the nearest place in each point's country, or in any if at sea."""
        near, chord = (
            np.zeros(len(points), dtype=np.int64),
            np.full(len(points), np.inf),
        )
        land, sea = np.flatnonzero(own >= 0), np.flatnonzero(at_sea)
        widest = chord_of_arc(FAR_KM * 1.001)
        chord[sea], near[sea] = self._search.any_country(points[sea], widest)
        chord[land], near[land] = self._search.own_country(points[land], own[land], widest)
        return near, arc_of_chord(chord)

    def _correct(self, own: IntArray, points: FloatArray, rows: IntArray) -> None:
        """Set the country of those points of `rows` whose nearest place is a misdrawn town."""
        chord, town = self._search.misdrawn(points[rows], chord_of_arc(TOWN_KM))
        near = np.isfinite(chord)
        near[near] = chord[near] <= self._trust_chord[town[near]]
        rows, town = rows[near], town[near]
        if rows.size:
            _, nearest = self._search.any_country(points[rows], math.inf)
            own[rows] = np.where(nearest == self._misdrawn[town], self._places.country[nearest], own[rows])


def _tiles(lats: FloatArray, lons: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the row and column of each point in a grid of quarter-degree tiles."""
    return ((lats + 90.0) * 4.0).astype(np.int64), ((lons + 180.0) * 4.0).astype(np.int64)


def _tiles_around(lats: FloatArray, lons: FloatArray) -> NDArray[np.bool_]:
    """Return which tiles have one of the points in them or in an adjacent tile."""
    found = np.zeros((90 * 8 + 3, 180 * 8 + 3), dtype=np.bool_)
    rows, columns = _tiles(lats, lons)
    for row in (0, 1, 2):
        for column in (0, 1, 2):
            found[rows + row, columns + column] = True
    return found[1:, 1:]

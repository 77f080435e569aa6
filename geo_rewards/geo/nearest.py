"""The default gazetteer's search: country by borders, region and city by nearby places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.geo.borders import country_index, load_borders
from geo_rewards.geo.cities import city_around
from geo_rewards.geo.place_table import Places, load_places
from geo_rewards.geo.sphere import arc_of_chord, chord_of_arc, unit_vectors
from geo_rewards.types import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

FAR_KM = 200.0
"""A place farther away than this gives neither region nor city, nor the country of a point at sea."""
TOWN_KM = 2.0
"""Within this distance of a town that the borders put in the wrong country, the town decides."""
CORRECTED_KM = 0.8
"""The same for a town that only the second map puts on the right side: border cells are 1.1 km high."""
APART = 4.0
"""Offset between the spheres of two countries in the tree: twice the diameter of the unit sphere."""


class NearestPlaces:
    """Trees of the places on the unit sphere, built once."""

    def __init__(self) -> None:
        from scipy.spatial import cKDTree

        self._places = places = load_places()
        self._any_country = cKDTree(places.vectors)
        # each country on a separate sphere: one query finds the nearest place in each point's own country
        moved = _moved(places.vectors, places.country)
        # places ordered by a first tree are adjacent in the second one, which is faster to read
        order = cKDTree(moved).indices
        self._own_country = cKDTree(moved[order])
        self._order = np.append(order, 0)  # the tree uses its length to mark "none"
        codes = load_borders().countries
        number = {code: i for i, code in enumerate(places.countries)}
        # index into the borders' countries -> index into the places' countries, -1 for one without places
        self._own_index = np.array([number.get(code, -1) for code in codes])
        self._misdrawn = load_borders().misdrawn
        drawn = self._own_index[country_index(places.lat, places.lon)][self._misdrawn]
        corrected = drawn == places.country[self._misdrawn]
        self._trust_chord = np.where(corrected, chord_of_arc(CORRECTED_KM), chord_of_arc(TOWN_KM))
        self._misdrawn_tree = cKDTree(places.vectors[self._misdrawn])
        self._near_misdrawn = _tiles_around(places.lat[self._misdrawn], places.lon[self._misdrawn])
        self._answers = _answers(places, codes)

    def find(self, lats: FloatArray, lons: FloatArray) -> list[Place]:
        """Return the place of each coordinate; they must be valid, and there must be at least one."""
        order = np.argsort(np.floor(lats * 4.0) * 2048.0 + lons, kind="stable")  # neighbours share the cache
        slots = np.empty(len(order), dtype=np.int64)
        slots[order] = self._slots(lats[order], lons[order])
        return list(map(self._answers.__getitem__, slots.tolist()))

    def _slots(self, lats: FloatArray, lons: FloatArray) -> IntArray:
        """Return each point's index into the answers."""
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
        chord[sea], near[sea] = self._any_country.query(points[sea], distance_upper_bound=widest)
        moved = _moved(points[land], own[land])
        chord[land], found = self._own_country.query(moved, distance_upper_bound=widest)
        near[land] = self._order[found]
        return near, arc_of_chord(chord)

    def _correct(self, own: IntArray, points: FloatArray, rows: IntArray) -> None:
        """Correct the country of those points of `rows` whose nearest place is a misdrawn town."""
        chord, town = self._misdrawn_tree.query(points[rows], distance_upper_bound=chord_of_arc(TOWN_KM))
        near = np.isfinite(chord)
        near[near] = chord[near] <= self._trust_chord[town[near]]
        rows, town = rows[near], town[near]
        if rows.size:
            _, nearest = self._any_country.query(points[rows])
            own[rows] = np.where(nearest == self._misdrawn[town], self._places.country[nearest], own[rows])


def _answers(places: Places, border_codes: list[str]) -> list[Place]:
    """Return an answer for each place, then one that names only the country for each in the borders.

    They are shared by all points: creating one per point would take as long as the search.
    """
    region = places.region.tolist()
    codes = [places.countries[country] for country in places.region_country.tolist()]
    towns = map(
        Place,
        [codes[i] for i in region],
        [places.regions[i] for i in region],
        places.names,
    )
    return [*towns, *(Place(code or None) for code in border_codes)]


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


def _moved(points: FloatArray, country: IntArray) -> FloatArray:
    """Return the points, moved so that each country's sphere is separate from all others."""
    moved = points.copy()
    moved[:, 0] += country * APART
    return moved

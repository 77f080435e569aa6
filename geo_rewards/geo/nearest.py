"""The search behind the default gazetteer: country by borders, region and city by the places nearby."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.geo.borders import country_index, load_borders
from geo_rewards.geo.distance import EARTH_RADIUS_KM
from geo_rewards.geo.places import load_places, unit_vectors
from geo_rewards.types import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

FAR_KM = 200.0
"""A place farther away than this names neither region nor city, nor the country of a point at sea."""
TOWN_KM = 0.5
"""A place nearer than this decides the country: the borders are right to about half a kilometre."""
CITY_KM_PER_ROOT = 0.008
"""A city reaches this far, in km, times the square root of its population."""
TIERS = (10**9, 4_000_000, 1_000_000, 250_000, 60_000, 15_000, 2_000, 1)
"""Population classes, largest first: a point's most populous city is in the first class with a hit."""
CANDIDATES = 16
"""Places of one class looked at around a point."""


class NearestPlaces:
    """Trees over the places on the unit sphere, built once."""

    def __init__(self) -> None:
        from scipy.spatial import cKDTree

        self._tree_of = cKDTree
        self._places = places = load_places()
        self._tree = cKDTree(places.vectors)
        self._reach = _chord(CITY_KM_PER_ROOT * np.sqrt(places.population))
        self._tiers: list[tuple[IntArray, Any, float]] = []
        for above, least in pairwise(TIERS):
            rows = np.flatnonzero((places.population >= least) & (places.population < above))
            widest = float(self._reach[rows].max()) * (1.0 + 1e-9)
            self._tiers.append((rows, cKDTree(places.vectors[rows]), widest))
        # index into the borders' countries -> index into the places' countries, -1 where it has no place
        codes = load_borders().countries
        self._border_codes = codes
        self._own_index = np.array(
            [places.countries.index(c) if c in places.countries else -1 for c in codes]
        )
        self._country_trees: dict[int, tuple[int, Any]] = {}
        self._lock = threading.Lock()

    def find(self, lats: FloatArray, lons: FloatArray) -> list[Place]:
        """Return the place of each coordinate; they must be valid, and there must be one at least."""
        places, points = self._places, unit_vectors(lats, lons)
        chord, near = self._tree.query(points)
        near_km = _arc_km(chord)
        border = country_index(lats, lons)
        # no land here, or a town so near that the drawn border may be on its wrong side: the place decides
        by_place = (border == 0) & (near_km <= FAR_KM) | (near_km <= TOWN_KM)
        foreign = ~by_place & (border != 0) & (places.country[near] != self._own_index[border])
        near, near_km = self._nearest_at_home(points, near, near_km, border, foreign)
        named = (near_km <= FAR_KM) & (by_place | (border != 0))
        city = self._cities(points, near, named)
        countries = np.where(by_place, places.country[near], -1).tolist()
        rows = zip(countries, border.tolist(), named.tolist(), near.tolist(), city.tolist(), strict=True)
        return [self._place(*row) for row in rows]

    def _place(self, country: int, border: int, named: bool, near: int, city: int) -> Place:
        places = self._places
        code = places.countries[country] if country >= 0 else self._border_codes[border] or None
        return Place(code, places.regions[places.region[near]], places.names[city]) if named else Place(code)

    def _nearest_at_home(
        self,
        points: FloatArray,
        near: IntArray,
        near_km: FloatArray,
        border: NDArray[np.uint8],
        foreign: BoolArray,
    ) -> tuple[IntArray, FloatArray]:
        """Replace the nearest place of the `foreign` points by the nearest one of the country they lie in."""
        near, near_km = near.copy(), near_km.copy()
        for index in np.unique(border[foreign]).tolist():
            here = np.flatnonzero(foreign & (border == index))
            country = int(self._own_index[index])
            if country < 0:  # land without any town
                near_km[here] = np.inf
                continue
            first, tree = self._country_tree(country)
            chord, rows = tree.query(points[here])
            near[here], near_km[here] = rows + first, _arc_km(chord)
        return near, near_km

    def _country_tree(self, country: int) -> tuple[int, Any]:
        with self._lock:
            if country not in self._country_trees:
                rows = self._places.country_rows[self._places.countries[country]]
                self._country_trees[country] = (rows.start, self._tree_of(self._places.vectors[rows]))
            return self._country_trees[country]

    def _cities(self, points: FloatArray, near: IntArray, wanted: BoolArray) -> IntArray:
        """Return the city around each wanted point, in the region of its nearest place."""
        city = near.copy()
        open_points = np.flatnonzero(wanted)
        for rows, tree, widest in self._tiers:
            count = min(CANDIDATES, len(rows))
            chord, found = tree.query(
                points[open_points], k=np.arange(1, count + 1), distance_upper_bound=widest
            )
            around = np.flatnonzero(found[:, 0] < len(rows))  # the tree marks "none" by its length
            chord, found = chord[around], np.minimum(found[around], len(rows) - 1)
            candidates = rows[found]
            home = self._places.region[near[open_points[around]], None]
            hit = (chord < self._reach[candidates]) & (self._places.region[candidates] == home)
            best = np.where(hit, self._places.population[candidates], 0).argmax(axis=1)
            line = np.arange(len(around))
            done = hit[line, best]
            city[open_points[around[done]]] = candidates[line, best][done]
            open_points = np.delete(open_points, around[done])
            if not open_points.size:
                break
        return city


def _arc_km(chord: FloatArray) -> FloatArray:
    """Return the great-circle distances of chords of the unit sphere."""
    return 2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2.0, 1.0))


def _chord(arc_km: FloatArray) -> FloatArray:
    """Return the chords of the unit sphere under great-circle distances."""
    return 2.0 * np.sin(arc_km / EARTH_RADIUS_KM / 2.0)

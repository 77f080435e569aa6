"""Which place is nearest to a point: `Scan` compares it with every place, `Trees` are built for many points.

Both give the same answers. Their methods take points on the unit sphere, shape (n, 3), and a chord, and
return the chord to the nearest place of each point with that place's row; where none is as near as the given
chord, the returned chord is infinite and the row means nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo_rewards.geo.place_table import Places

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

APART = 4.0
"""Between the spheres of two countries in the tree: more than twice the diameter of the unit sphere."""


class Scan:
    """Compares a point with every place: a few milliseconds a point, and nothing to build.

    Args:
        places: The places.
        misdrawn: Rows of the places that `misdrawn` searches.
    """

    def __init__(self, places: Places, misdrawn: IntArray) -> None:
        self._places = places
        self._misdrawn = misdrawn

    def any_country(self, points: FloatArray, widest: float) -> tuple[FloatArray, IntArray]:
        """Return chord and row of the place nearest to each point."""
        return self._search(points, [slice(len(self._places.names))] * len(points), widest)

    def own_country(
        self, points: FloatArray, country: IntArray, widest: float
    ) -> tuple[FloatArray, IntArray]:
        """Return chord and row of the nearest place in each point's country, by its index."""
        codes = [self._places.countries[index] for index in country.tolist()]
        return self._search(points, [self._places.country_rows[code] for code in codes], widest)

    def misdrawn(self, points: FloatArray, widest: float) -> tuple[FloatArray, IntArray]:
        """Return chord and number (index into `misdrawn`) of the nearest misdrawn town."""
        towns = self._places.vectors[self._misdrawn]
        squares = [np.square(towns - point).sum(axis=1) for point in points]
        found = np.array([square.argmin() for square in squares], dtype=np.int64)
        chord = np.sqrt([square.min() for square in squares])
        return np.where(chord < widest, chord, np.inf), found

    def _search(self, points: FloatArray, groups: list[slice], widest: float) -> tuple[FloatArray, IntArray]:
        """Return chord and row of the place of each point's group that is nearest to it."""
        chords, rows = np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64)
        for i, (point, group) in enumerate(zip(points, groups, strict=True)):
            squares = np.square(self._places.vectors[group] - point).sum(axis=1)
            nearest = np.flatnonzero(squares == squares.min()) + (group.start or 0)
            chord = float(np.sqrt(squares.min()))
            if chord < widest:
                # several are at exactly the same point: see `_distinct_rows`
                chords[i], rows[i] = chord, nearest[self._places.population[nearest].argmax()]
        return chords, rows


class Trees:
    """Trees over the places, built once: microseconds a point.

    Args:
        places: The places.
        misdrawn: Rows of the places that `misdrawn` searches.
    """

    def __init__(self, places: Places, misdrawn: IntArray) -> None:
        from scipy.spatial import cKDTree

        rows = _distinct_rows(places)
        self._any_country = cKDTree(places.vectors[rows])
        self._rows = np.append(rows, 0)  # the trees mark "none" by their length
        # each country on a sphere of its own: one query finds the nearest place within each point's country
        moved = _moved(places.vectors[rows], places.country[rows])
        # places in the order of a first tree stand together in the second one, which is read faster
        order = cKDTree(moved).indices
        self._own_country = cKDTree(moved[order])
        self._own_rows = np.append(rows[order], 0)
        self._misdrawn = cKDTree(places.vectors[misdrawn])

    def any_country(self, points: FloatArray, widest: float) -> tuple[FloatArray, IntArray]:
        """Return chord and row of the place nearest to each point."""
        chord, found = self._any_country.query(points, distance_upper_bound=widest)
        return chord, self._rows[found]

    def own_country(
        self, points: FloatArray, country: IntArray, widest: float
    ) -> tuple[FloatArray, IntArray]:
        """Return chord and row of the nearest place in each point's country, by its index."""
        chord, found = self._own_country.query(_moved(points, country), distance_upper_bound=widest)
        return chord, self._own_rows[found]

    def misdrawn(self, points: FloatArray, widest: float) -> tuple[FloatArray, IntArray]:
        """Return chord and number (index into `misdrawn`) of the nearest misdrawn town."""
        chord, found = self._misdrawn.query(points, distance_upper_bound=widest)
        return chord, found


def _distinct_rows(places: Places) -> IntArray:
    """Return the rows of all places, of those at exactly the same point only the most populous.

    A tree picks one of them by the order of its leaves, which is an accident of its version.
    """
    order = np.lexsort((-places.population, places.lon, places.lat))
    lat, lon = places.lat[order], places.lon[order]
    is_first = np.append(True, (np.diff(lat) != 0.0) | (np.diff(lon) != 0.0))
    return np.sort(order[is_first])


def _moved(points: FloatArray, country: IntArray) -> FloatArray:
    """Return the points with each country's sphere apart from all others."""
    moved = points.copy()
    moved[:, 0] += country * APART
    return moved

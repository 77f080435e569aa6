"""Groups of points on the globe that are near each other, or linked by others that are.

Points are put into cells of a cubic grid, small enough that all points in a cell are near each other.
It remains to check, for every two neighbouring cells, whether any point in one is near any point in the
other, and only as long as the two are not linked by others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.geo.sphere import chord_of_arc, unit_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SMALLEST_KM = 0.02
"""The shortest distance whose cell numbers fit into 64 bits."""

_PAIRS_AT_ONCE = 200_000  # of points: about 20 MB
_FEW = 64  # up to this many pairs of points between two cells, all are checked
_SAMPLE = 8  # points of each of two full cells that are checked first


def near_groups(degrees: Floats, *, radius_km: float) -> Ints:
    """Return the number of each point's group, from 0 without gaps.

    Two points are in one group if and only if their great-circle distance is at most the radius, or a
    chain of such pairs leads from one to the other. A point without a coordinate is its own group.

    Args:
        degrees: Latitudes and longitudes, shape (2, n); NaN where missing.
        radius_km: The distance in km, at least `SMALLEST_KM`.
    """
    known = np.flatnonzero(~np.isnan(degrees).any(axis=0))
    groups = np.empty(degrees.shape[1], dtype=np.int64)
    found = 0
    if len(known):
        # A place with a thousand photos is a single point.
        points, which = np.unique(degrees[0, known] + 1j * degrees[1, known], return_inverse=True)
        of_point = _Cells.of(unit_vectors(points.real, points.imag), _reach(radius_km)).linked()
        groups[known] = of_point[which]
        found = int(of_point.max()) + 1
    unknown = np.flatnonzero(np.isnan(degrees).any(axis=0))
    groups[unknown] = found + np.arange(len(unknown))
    return groups


def _reach(radius_km: float) -> float:
    return chord_of_arc(radius_km) * (1.0 + 1e-9) + 1e-12  # rounding must not separate two points


@dataclass
class _Cells:
    """Points on the unit sphere, sorted by cell.

    Attributes:
        points: The points, shape (n, 3), cell by cell.
        order: Original index of each point.
        keys: The number of each non-empty cell, ascending.
        first: The index of each cell's first point, then the number of points.
        per_axis: How many cells there are along an axis.
        chord: The distance through the sphere up to which points are near.
    """

    points: Floats
    order: Ints
    keys: Ints
    first: Ints
    per_axis: int
    chord: float

    @classmethod
    def of(cls, points: Floats, chord: float) -> _Cells:
        side = chord / math.sqrt(3.0) * (1.0 - 1e-9)  # the diagonal of a cell is at most the chord
        per_axis = int(2.0 / side) + 8  # room for neighbours on all sides
        x, y, z = ((points + 1.0) / side).astype(np.int64).T + 3
        key = (x * per_axis + y) * per_axis + z
        order = np.argsort(key, kind="stable")
        keys, first = np.unique(key[order], return_index=True)
        return cls(points[order], order, keys, np.append(first, len(points)), per_axis, chord)

    def linked(self) -> Ints:
        """Return the group of each point, in the original order."""
        labels = np.arange(len(self.keys))
        for offset in self._offsets():
            one, other = self._neighbours(offset)
            apart = labels[one] != labels[other]
            one, other = one[apart], other[apart]
            pairs = self._sizes(one) * self._sizes(other)
            few = pairs <= _FEW
            for are_near, chosen in (
                (self._all_pairs, few),
                (self._sampled_pairs, ~few),
                (self._by_tree, ~few),
            ):
                left = chosen & (labels[one] != labels[other])
                a, b = one[left], other[left]
                touching = are_near(a, b)
                labels = _merged(labels, a[touching], b[touching])
        groups = np.empty(len(self.points), dtype=np.int64)
        groups[self.order] = np.repeat(labels, np.diff(self.first))
        return groups

    def _offsets(self) -> list[int]:
        """Return the key differences between cells that may have near points, nearest first."""
        steps = [step for step in product(range(-2, 3), repeat=3) if step > (0, 0, 0)]
        # Cells two steps apart on one axis have a full cell between them; the chord is 1.73 sides long.
        possible = [step for step in steps if sum(max(0, abs(part) - 1) ** 2 for part in step) <= 3]
        possible.sort(key=lambda step: sum(part * part for part in step))
        return [(x * self.per_axis + y) * self.per_axis + z for x, y, z in possible]

    def _neighbours(self, offset: int) -> tuple[Ints, Ints]:
        at = np.searchsorted(self.keys, self.keys + offset)
        there = at < len(self.keys)
        there[there] = self.keys[at[there]] == self.keys[there] + offset
        return np.flatnonzero(there), at[there]

    def _sizes(self, cells: Ints) -> Ints:
        return self.first[cells + 1] - self.first[cells]

    def _all_pairs(self, one: Ints, other: Ints) -> NDArray[np.bool_]:
        """Return, for each pair of cells, whether they have near points, by checking all point pairs."""
        return self._any_near(one, other, self._sizes(one), self._sizes(other))

    def _sampled_pairs(self, one: Ints, other: Ints) -> NDArray[np.bool_]:
        """Return whether the first points of two cells are near, which settles most full neighbours."""
        return self._any_near(
            one, other, np.minimum(self._sizes(one), _SAMPLE), np.minimum(self._sizes(other), _SAMPLE)
        )

    def _any_near(self, one: Ints, other: Ints, counts: Ints, other_counts: Ints) -> NDArray[np.bool_]:
        touching = np.zeros(len(one), dtype=bool)
        for begin, end in _portions(counts * other_counts):
            width = other_counts[begin:end]
            which, within = _expanded(counts[begin:end] * width)
            a = self.points[self.first[one[begin:end]][which] + within // width[which]]
            b = self.points[self.first[other[begin:end]][which] + within % width[which]]
            near = ((a - b) ** 2).sum(axis=1) <= self.chord**2
            touching[begin + which[near]] = True
        return touching

    def _by_tree(self, one: Ints, other: Ints) -> NDArray[np.bool_]:
        """Return, for each pair of full cells, whether they have near points, using a tree per first cell."""
        from scipy.spatial import cKDTree

        touching = np.zeros(len(one), dtype=bool)
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            tree = cKDTree(self.points[self.first[a] : self.first[a + 1]])
            points = self.points[self.first[b] : self.first[b + 1]]
            distances, _ = tree.query(points, distance_upper_bound=self.chord * (1.0 + 1e-12))
            touching[index] = bool(np.isfinite(distances).any())
        return touching


def _portions(weights: Ints) -> Iterator[tuple[int, int]]:
    """Yield ranges of entries whose total weight is small enough to process at once."""
    ends = np.cumsum(weights)
    begin = 0
    while begin < len(weights):
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, side="right")))
        yield begin, end
        begin = end


def _expanded(counts: Ints) -> tuple[Ints, Ints]:
    """Return each index repeated by its count, and the numbers from 0 within each.

    >>> [part.tolist() for part in _expanded(np.array([2, 3]))]
    [[0, 0, 1, 1, 1], [0, 1, 0, 1, 2]]
    """
    which = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, within


def _merged(labels: Ints, one: Ints, other: Ints) -> Ints:
    """Return the labels with the groups of these cells merged."""
    if not len(one):
        return labels
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = int(labels.max()) + 1
    ones = np.ones(len(one), dtype=bool)
    graph = coo_array((ones, (labels[one], labels[other])), shape=(count, count))
    _, merged = connected_components(graph, directed=False)
    return merged.astype(np.int64)[labels]  # type: ignore[no-any-return]

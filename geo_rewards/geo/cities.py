"""Which city a point lies in: cities are wide, and most gazetteer entries inside one are its sections."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.geo.distance import EARTH_RADIUS_KM
from geo_rewards.geo.place_table import load_places
from geo_rewards.system.first_use import LOADING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

COMPARABLE = 1.0 / 30.0
"""Fraction of the largest candidate's population that another city needs to compete for a point."""


def city_around(points: FloatArray, near: IntArray) -> IntArray:
    """Return the row of the city that each point lies in.

    A city reaches 0.008 * sqrt(population) km. Of the cities of the region that reach the point and have at
    least a thirtieth of the largest one's population, it is the one whose centre is nearest relative to its
    own reach. If none reaches the point, it is the nearest place.

    Args:
        points: Points on the unit sphere, shape (n, 3).
        near: Row of the nearest place to each.
    """
    places = load_places()
    city, population = near.copy(), places.population
    most, closest = np.zeros(len(near), dtype=np.int64), np.full(len(near), np.inf)
    first, last = places.city_ends[near].copy(), places.city_ends[near + 1]
    left = np.flatnonzero(first < last)
    while left.size:
        other = places.cities[first[left]]
        share = _share_of_reach(points[left], other)
        most[left] = np.where(most[left] == 0, np.where(share < 1.0, population[other], 0), most[left])
        better = (share < np.minimum(closest[left], 1.0)) & (population[other] >= most[left] * COMPARABLE)
        city[left[better]], closest[left[better]] = other[better], share[better]
        first[left] += 1
        left = left[first[left] < last[left]]
    # the nearest place itself comes last: its population is the smallest
    found = np.flatnonzero(most > 0)
    own = found[~places.inner[near[found]] & (population[near[found]] >= most[found] * COMPARABLE)]
    own = own[_share_of_reach(points[own], near[own]) <= closest[own]]
    city[own] = near[own]
    return city


def city_of_section(row: int) -> int:
    """Return the row of the city that a place is a section of, or the place's own row."""
    return int(_cities_of_sections()[row])


def _share_of_reach(points: FloatArray, rows: IntArray) -> FloatArray:
    """Return the distance of each point from its place, as a fraction of the place's reach."""
    places = load_places()
    chord = np.sqrt(np.square(points - places.vectors[rows]).sum(axis=1))
    reach = np.maximum(places.reach_km[rows], 1e-9) / EARTH_RADIUS_KM
    share: FloatArray = chord / reach
    return share


def _cities_of_sections() -> IntArray:
    with LOADING:
        return _find_cities_of_sections()


@cache
def _find_cities_of_sections() -> IntArray:
    places = load_places()
    city = np.arange(len(places.names))
    inner = np.flatnonzero(places.inner)
    city[inner] = city_around(places.vectors[inner], inner)
    return city

"""Towns of the world, drawn by population, and points around them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.geo import EARTH_RADIUS_KM
from geo_rewards.geo.place_table import load_places
from geo_rewards.types import Coordinate

if TYPE_CHECKING:
    from collections.abc import Sequence

_GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))


def sample_towns(count: int) -> list[Coordinate]:
    """Return the coordinates of this many towns, each as likely as it has inhabitants.

    Nothing is random: the people of the world are lined up by country and region, and the towns of those at
    equal intervals are taken. Every second of them is such a sample again.
    """
    places = load_places()
    people = np.cumsum(places.population)
    chosen = (np.arange(count) + 0.5) * people[-1] / count
    return [_town(int(row)) for row in np.searchsorted(people, chosen)]


def largest_towns(count: int) -> list[Coordinate]:
    """Return the coordinates of the most populous towns."""
    return [_town(int(row)) for row in np.argsort(-load_places().population, kind="stable")[:count]]


def at_distances(start: Coordinate, distances_km: Sequence[float]) -> list[Coordinate]:
    """Return points at these distances from a start, each in another direction.

    >>> [str(point) for point in at_distances(Coordinate(0.0, 0.0), [0.0, 111.2])]
    ['0.0, 0.0', '-0.7374, 0.6756']
    """
    return [_destination(start, km, index * _GOLDEN_ANGLE) for index, km in enumerate(distances_km)]


def spaced_distances(nearest_km: float, farthest_km: float, count: int) -> list[float]:
    """Return distances that grow by the same factor.

    >>> spaced_distances(1, 100, 3)
    [1.0, 10.0, 100.0]
    """
    distances: list[float] = np.geomspace(nearest_km, farthest_km, count).tolist()
    return distances


def _town(row: int) -> Coordinate:
    places = load_places()
    return Coordinate(round(float(places.lat[row]), 4), round(float(places.lon[row]), 4))


def _destination(start: Coordinate, distance_km: float, bearing: float) -> Coordinate:
    angle, lat = distance_km / EARTH_RADIUS_KM, math.radians(start.lat)
    north = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)
    end = math.asin(max(-1.0, min(1.0, north)))
    east = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * math.sin(end)
    )
    lon = (start.lon + math.degrees(east) + 540.0) % 360.0 - 180.0
    return Coordinate(round(math.degrees(end), 4), round(lon, 4))

"""Gazetteers: which place a coordinate lies in.

`Gazetteer` is the protocol for plugins; `BUILTIN_GAZETTEERS` creates the two that ship with the library.
Creating one is free: its first lookup loads the data, once per process, in whichever thread comes first.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from geo_rewards.errors import UnknownNameError
from geo_rewards.geo.located import LocatedPlaces
from geo_rewards.geo.nearest import NearestPlaces
from geo_rewards.system.first_use import LOADING
from geo_rewards.types import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]


@runtime_checkable
class Gazetteer(Protocol):
    """A table of places that says where coordinates lie.

    Attributes:
        name: Its name in recipes.
    """

    name: str

    def lookup(self, lats: ArrayLike, lons: ArrayLike) -> list[Place]:
        """Return the place of each coordinate: ISO code, region and city, each None where unknown.

        Args:
            lats: Degrees north, in [-90, 90]: a list or one-dimensional array, possibly empty.
            lons: Degrees east, in [-180, 180], of the same length.

        Raises:
            ValueError: If a coordinate is NaN or out of range (its index is named), or the lengths differ.
        """
        ...


class DefaultGazetteer:
    """Country by Natural Earth's borders, region and city by the GeoNames places of that country.

    Within 2 km of a town that the borders put on the wrong side, the town decides the country.
    The region is that of the nearest place. A city reaches 0.008 * sqrt(population) km, so that a landmark is
    in its city and not in a district of it; `geo_rewards.geo.cities` decides if several cities of the
    region reach a point. If none does, the city is the nearest place. A region or city farther than 200 km
    away is None, as is the country of a point at sea more than 200 km from any place; closer to one, it
    is the country of the nearest place.
    """

    name = "default"

    def lookup(self, lats: ArrayLike, lons: ArrayLike) -> list[Place]:
        """Return the place of each coordinate; see `Gazetteer.lookup`.

        >>> DefaultGazetteer().lookup([48.8584], [2.2945])
        [Place(country='FR', region='Île-de-France', city='Paris')]
        """
        return list(self.locate(lats, lons))

    def locate(self, lats: ArrayLike, lons: ArrayLike) -> LocatedPlaces:
        """Return the same as `lookup`, in a form whose places are compared without making each.

        Raises:
            ValueError: As `lookup` does.
        """
        checked_lats, checked_lons = check_coordinates(lats, lons)
        if not checked_lats.size:
            return LocatedPlaces.nowhere(0)
        return _nearest_places().find(checked_lats, checked_lons)


class ReverseGeocoderGazetteer:
    """The `reverse_geocoder` package: the nearest GeoNames place of 1,000 people or more, as of 2016.

    It returns the name and country of the nearest entry, however far away, and its tree is Euclidean on
    degrees: wrong near the antimeridian and the poles. Kept for comparison with published work.
    """

    name = "reverse_geocoder"

    def lookup(self, lats: ArrayLike, lons: ArrayLike) -> list[Place]:
        """Return the place of each coordinate; see `Gazetteer.lookup`."""
        checked_lats, checked_lons = check_coordinates(lats, lons)
        if not checked_lats.size:
            return []
        geocoder = _reverse_geocoder()
        _, rows = geocoder.tree.query(np.column_stack([checked_lats, checked_lons]))
        entries = [geocoder.locations[row] for row in rows]
        return [Place(entry["cc"], entry["admin1"] or None, entry["name"] or None) for entry in entries]


BUILTIN_GAZETTEERS: Mapping[str, Callable[[], Gazetteer]] = MappingProxyType(
    {DefaultGazetteer.name: DefaultGazetteer, ReverseGeocoderGazetteer.name: ReverseGeocoderGazetteer}
)
"""Factory of each built-in gazetteer, by name."""


def get_builtin_gazetteer(name: str = "default") -> Gazetteer:
    """Return a built-in gazetteer.

    Raises:
        UnknownNameError: If there is none with that name.
    """
    if name not in BUILTIN_GAZETTEERS:
        raise UnknownNameError("gazetteer", name, BUILTIN_GAZETTEERS)
    return BUILTIN_GAZETTEERS[name]()


def check_coordinates(lats: ArrayLike, lons: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return latitudes and longitudes as float64 arrays, checked as `Gazetteer.lookup` requires.

    Raises:
        ValueError: If a coordinate is NaN or out of range (its index is named), or the lengths differ.

    >>> check_coordinates([0, 400], [0, 0])
    Traceback (most recent call last):
    ValueError: coordinate 1: latitude 400.0 is not in [-90, 90]
    """
    columns = np.asarray(lats, dtype=np.float64), np.asarray(lons, dtype=np.float64)
    if columns[0].ndim != 1 or columns[0].shape != columns[1].shape:
        shapes = f"{columns[0].shape} and {columns[1].shape}"
        raise ValueError(f"lats and lons must be lists of the same length, not of shapes {shapes}")
    for kind, values, limit in zip(("latitude", "longitude"), columns, (90.0, 180.0), strict=True):
        bad = np.flatnonzero(~(np.abs(values) <= limit))  # NaN is not within any limit
        if bad.size:
            raise ValueError(
                f"coordinate {bad[0]}: {kind} {values[bad[0]]} is not in [-{limit:g}, {limit:g}]"
            )
    return columns


_LOADED: dict[str, Any] = {}


def _nearest_places() -> NearestPlaces:
    with LOADING:
        if "default" not in _LOADED:
            _LOADED["default"] = NearestPlaces()
        nearest: NearestPlaces = _LOADED["default"]
        return nearest


def _reverse_geocoder() -> Any:
    with LOADING:
        if "reverse_geocoder" not in _LOADED:
            import reverse_geocoder

            # mode 1 starts no processes; if someone chose another mode first, `tree.query` still starts none
            _LOADED["reverse_geocoder"] = reverse_geocoder.RGeocoder(mode=1, verbose=False)
        return _LOADED["reverse_geocoder"]

"""Gazetteers: which place a coordinate lies in.

`Gazetteer` is the protocol that plugins fill; `BUILTIN_GAZETTEERS` makes the two that ship with the library.
Making one is free: its first lookup loads the data, once per process, in whichever thread comes first.
"""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from geo_rewards.errors import UnknownNameError
from geo_rewards.geo.nearest import NearestPlaces
from geo_rewards.types import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]


@runtime_checkable
class Gazetteer(Protocol):
    """A table of places that answers where coordinates lie.

    Attributes:
        name: Its name in recipes.
    """

    name: str

    def lookup(self, lats: ArrayLike, lons: ArrayLike) -> list[Place]:
        """Return the place of each coordinate: ISO code, region and city, each None where unknown.

        Args:
            lats: Degrees north, in [-90, 90]: a list or an array of one dimension, maybe empty.
            lons: Degrees east, in [-180, 180], as many.

        Raises:
            ValueError: If a coordinate is NaN or out of range (its index is named), or the lengths differ.
        """
        ...


class DefaultGazetteer:
    """Country by Natural Earth's borders, region and city by the GeoNames places of that country.

    Around a town that the borders put on the wrong side, the town decides the country, as far as 2 km.
    The region is that of the nearest place. A city reaches 0.008 * sqrt(population) km, so that a landmark is
    in its city and not in a quarter of it; `geo_rewards.geo.cities` decides where several cities of the
    region reach a point. Where none does, the city is the nearest place. A region or city farther than 200 km
    away is None, and so is the country of a point at sea that is more than 200 km from any place; nearer to
    one, it is the country of the nearest place.
    """

    name = "default"

    def lookup(self, lats: ArrayLike, lons: ArrayLike) -> list[Place]:
        """Return the place of each coordinate; see `Gazetteer.lookup`.

        >>> DefaultGazetteer().lookup([48.8584], [2.2945])
        [Place(country='FR', region='Île-de-France', city='Paris')]
        """
        checked_lats, checked_lons = check_coordinates(lats, lons)
        return _nearest_places().find(checked_lats, checked_lons) if checked_lats.size else []


class ReverseGeocoderGazetteer:
    """The `reverse_geocoder` package: the nearest GeoNames place of 1,000 people or more, as of 2016.

    The name and country of the nearest entry are the answer, however far it is, and its tree is Euclidean on
    degrees: wrong beside the antimeridian and the poles. Kept for comparison with published work.
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
"""What makes each built-in gazetteer, by name."""


def get_builtin_gazetteer(name: str = "default") -> Gazetteer:
    """Return a built-in gazetteer.

    Raises:
        UnknownNameError: If there is none of that name.
    """
    if name not in BUILTIN_GAZETTEERS:
        raise UnknownNameError("gazetteer", name, BUILTIN_GAZETTEERS)
    return BUILTIN_GAZETTEERS[name]()


def check_coordinates(lats: ArrayLike, lons: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return latitudes and longitudes as float64 arrays, checked as `Gazetteer.lookup` demands.

    Raises:
        ValueError: If a coordinate is NaN or out of range (its index is named), or the lengths differ.

    >>> check_coordinates([0, 400], [0, 0])
    Traceback (most recent call last):
    ValueError: coordinate 1: latitude 400.0 is not in [-90, 90]
    """
    columns = np.asarray(lats, dtype=np.float64), np.asarray(lons, dtype=np.float64)
    if columns[0].ndim != 1 or columns[0].shape != columns[1].shape:
        shapes = f"{columns[0].shape} and {columns[1].shape}"
        raise ValueError(f"lats and lons must be lists of one length, not of shapes {shapes}")
    for kind, values, limit in zip(("latitude", "longitude"), columns, (90.0, 180.0), strict=True):
        bad = np.flatnonzero(~(np.abs(values) <= limit))  # NaN is within no limit
        if bad.size:
            raise ValueError(
                f"coordinate {bad[0]}: {kind} {values[bad[0]]} is not in [-{limit:g}, {limit:g}]"
            )
    return columns


_LOCK = threading.Lock()
_LOADED: dict[str, Any] = {}


def _nearest_places() -> NearestPlaces:
    with _LOCK:
        if "default" not in _LOADED:
            _LOADED["default"] = NearestPlaces()
        nearest: NearestPlaces = _LOADED["default"]
        return nearest


def _reverse_geocoder() -> Any:
    with _LOCK:
        if "reverse_geocoder" not in _LOADED:
            import reverse_geocoder

            # mode 1 starts no processes; had somebody chosen another before us, `tree.query` would start none
            _LOADED["reverse_geocoder"] = reverse_geocoder.RGeocoder(mode=1, verbose=False)
        return _LOADED["reverse_geocoder"]

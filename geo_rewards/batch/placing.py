"""Names for coordinates and codes for names: how truths and answers become places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.geo import DefaultGazetteer
from geo_rewards.geo.located import LocatedPlaces
from geo_rewards.types import Answer, Coordinate, GroundTruth, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo_rewards.geo import Gazetteer

    FloatArray = NDArray[np.float64]

LEVELS = ("country", "region", "city")
NOWHERE = Place()


def wants_names(truth: GroundTruth) -> bool:
    """Return whether a truth has a coordinate but lacks some names."""
    return truth.coordinate is not None and not (truth.country and truth.region and truth.city)


def filled(truth: GroundTruth, place: Place) -> GroundTruth:
    """Add the gazetteer's names, unless they are in a country other than the given one."""
    if truth.country is not None and place.country != truth.country:
        return truth
    return GroundTruth(
        coordinate=truth.coordinate,
        country=truth.country or place.country,
        region=truth.region or place.region,
        city=truth.city or place.city,
        text=truth.text,
    )


def plain_truth(degrees: FloatArray, row: int) -> GroundTruth:
    """Return the truth of a row that is only a coordinate."""
    return GroundTruth(Coordinate(float(degrees[0, row]), float(degrees[1, row])))


def placed_truth(degrees: FloatArray, places: Sequence[Place], row: int) -> GroundTruth:
    """Return the same, with the gazetteer's names."""
    return filled(plain_truth(degrees, row), places[row])


def names_nothing(place: Answer | GroundTruth) -> bool:
    """Return whether no country, region or city is named."""
    return not (place.country or place.region or place.city)


def joined_place(named: Place, located: Place, *, country: str | None) -> Place:
    """Return each field from the answer's name if it gives one (even a wrong one), else from the coordinate.

    Args:
        named: What the answer names.
        located: Where its coordinate lies.
        country: The country as written, or None.
    """
    return Place(
        country=named.country if country else located.country,
        region=named.region or located.region,
        city=named.city or located.city,
    )


def locate(gazetteer: Gazetteer, degrees: FloatArray) -> Sequence[Place]:
    """Look up each distinct coordinate once; columns of NaN are nowhere.

    Args:
        gazetteer: What names them.
        degrees: Latitudes and longitudes, shape (2, n).

    Raises:
        ValueError: If the gazetteer returns another number of places.
    """
    rows = np.flatnonzero(~np.isnan(degrees[0]))
    if not rows.size:
        return [NOWHERE] * degrees.shape[1]
    pairs = degrees[0, rows] + 1j * degrees[1, rows]  # one number per pair, which `unique` sorts fast
    distinct, inverse = np.unique(pairs, return_inverse=True)
    if type(gazetteer) is DefaultGazetteer:  # a subclass may have a `lookup` of its own
        located = LocatedPlaces.nowhere(degrees.shape[1])
        located.slots[rows] = gazetteer.locate(distinct.real, distinct.imag).slots[inverse]
        return located
    found = gazetteer.lookup(distinct.real, distinct.imag)
    if len(found) != distinct.size:
        raise ValueError(
            f"gazetteer {gazetteer.name!r} returned {len(found)} places for {distinct.size} coordinates"
        )
    places = [NOWHERE] * degrees.shape[1]
    for row, index in zip(rows.tolist(), inverse.tolist(), strict=True):
        places[row] = found[index]
    return places


def alike_by_level(found: Sequence[Place], true: Sequence[Place]) -> dict[str, list[float]]:
    """Return, for each level, 1.0 where two places from the gazetteer share that name and the country.

    A gazetteer has one name per place, so different names are different places, and so are two of one name in
    different regions; 0.0 where one is unknown.

    >>> alike_by_level([Place("FR", "Occitanie", "Lourdes")], [Place("FR", "Bretagne", None)])
    {'country': [1.0], 'region': [0.0], 'city': [0.0]}
    """
    if isinstance(found, LocatedPlaces) and isinstance(true, LocatedPlaces):
        alike = found.alike(true)
    else:
        pairs = zip(found, true, strict=True)
        bits = np.array([_alike(a, b) if a.country == b.country else 0 for a, b in pairs], dtype=np.int64)
        alike = {level: ((bits >> at) & 1).astype(np.bool_) for at, level in enumerate(LEVELS)}
    return {level: values.astype(np.float64).tolist() for level, values in alike.items()}


def _alike(a: Place, b: Place) -> int:
    """Return which names two places in one country share, one bit per level."""
    if b.country is None:
        return 0
    in_region, in_city = a.region == b.region, a.city == b.city is not None
    return 1 | (in_region and b.region is not None) << 1 | (in_region and in_city) << 2

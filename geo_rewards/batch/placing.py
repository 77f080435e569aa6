"""Names for coordinates and codes for names: how truths and answers become places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards import geo
from geo_rewards.types import Answer, Coordinate, GroundTruth, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

NOWHERE = Place()


def wants_names(truth: GroundTruth) -> bool:
    """Return whether a truth has a coordinate but not every name."""
    return truth.coordinate is not None and not (truth.country and truth.region and truth.city)


def filled(truth: GroundTruth, place: Place) -> GroundTruth:
    """Add the gazetteer's names; those of another country than the given one are not used."""
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
    """Return the truth of a row that is nothing but a coordinate."""
    return GroundTruth(Coordinate(float(degrees[0, row]), float(degrees[1, row])))


def placed_truth(degrees: FloatArray, places: Sequence[Place], row: int) -> GroundTruth:
    """Return the same with the gazetteer's names."""
    return filled(plain_truth(degrees, row), places[row])


def names_nothing(place: Answer | GroundTruth) -> bool:
    """Return whether no country, region or city is named."""
    return not (place.country or place.region or place.city)


def named_place(answer: Answer) -> Place:
    """Return the named place; a list of countries, such as "Spain, Italy, France", names no country."""
    return geo.named_place(answer.country, answer.region, answer.city)


def joined_place(answer: Answer, named: Place, located: Place) -> Place:
    """Return each field by its name if the answer gives one (even a wrong one), else by the coordinate."""
    return Place(
        country=named.country if answer.country else located.country,
        region=named.region or located.region,
        city=named.city or located.city,
    )

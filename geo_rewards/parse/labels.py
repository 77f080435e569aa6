"""The words that say what a value is: in labelled lines, in JSON keys, before a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.parse.languages import AXIS_CHARACTERS
from geo_rewards.parse.normalise import normalise

if TYPE_CHECKING:
    from geo_rewards.parse.angles import Axis

AXIS_WORDS: dict[str, Axis] = {
    "lat": "lat",
    "latitude": "lat",
    "lon": "lon",
    "long": "lon",
    "lng": "lon",
    "longitude": "lon",
    **AXIS_CHARACTERS,
}
PLACE_LABELS: dict[str, str] = {
    **dict.fromkeys(("country", "country name", "country/region", "nation"), "country"),
    **dict.fromkeys(
        (
            "region",
            "state",
            "province",
            "administrative region",
            "admin1",
            "admin 1",
            "region name",
            "state name",
            "state/province",
            "province/state",
            "state/region",
            "region/state",
            "state or province",
            "state or region",
            "province or state",
            "region or state",
        ),
        "region",
    ),
    **dict.fromkeys(
        (
            "city",
            "town",
            "village",
            "locality",
            "city or place",
            "city/place",
            "city/town",
            "town/city",
            "city or town",
            "town or city",
            "city name",
        ),
        "city",
    ),
}
COORDINATE_LABELS = frozenset(
    {
        "answer",
        "coord",
        "coordinate",
        "coordinates",
        "coords",
        "geolocation",
        "gps",
        "gps coordinates",
        "guess",
        "lat lng",
        "lat lon",
        "latlng",
        "latlon",
        "loc",
        "location",
        "point",
        "position",
        "prediction",
    }
)
# They end the value before them, and mean nothing else here.
OTHER_LABELS = frozenset(
    {"address", "confidence", "continent", "county", "district", "landmark", "neighborhood", "place"}
    | {"postcode", "reasoning", "street", "sub region", "subregion", "world region", "zip code"}
)


def label_key(label: str) -> str:
    """Return a label as it stands in the tables here.

    >>> label_key("Administrative_Region ")
    'administrative region'
    """
    return " ".join(normalise(label).casefold().replace("_", " ").replace("-", " ").split())

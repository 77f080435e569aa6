"""Distances, decay curves, place names and gazetteers; nothing is loaded before first use."""

from geo_rewards.geo.countries import country_code
from geo_rewards.geo.decay import CURVES, Curve, decay
from geo_rewards.geo.distance import EARTH_RADIUS_KM, geodesic_km, great_circle_km
from geo_rewards.geo.gazetteer import (
    BUILTIN_GAZETTEERS,
    DefaultGazetteer,
    Gazetteer,
    ReverseGeocoderGazetteer,
    check_coordinates,
    get_builtin_gazetteer,
)
from geo_rewards.geo.keys import name_key
from geo_rewards.geo.names import is_another_country, named_place, same_city, same_region

__all__ = [
    "BUILTIN_GAZETTEERS",
    "CURVES",
    "EARTH_RADIUS_KM",
    "Curve",
    "DefaultGazetteer",
    "Gazetteer",
    "ReverseGeocoderGazetteer",
    "check_coordinates",
    "country_code",
    "decay",
    "geodesic_km",
    "get_builtin_gazetteer",
    "great_circle_km",
    "is_another_country",
    "name_key",
    "named_place",
    "same_city",
    "same_region",
]

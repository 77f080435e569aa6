"""Words that say what a value is: in labelled lines, in JSON keys, before a number."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from geo_rewards.parse.languages import AXIS_CHARACTERS, in_english
from geo_rewards.parse.normalise import normalise

if TYPE_CHECKING:
    from geo_rewards.parse.angles import Axis

_CACHED_KEYS = 512  # the keys of a prompt's format recur in every answer
AXIS_WORDS: dict[str, Axis] = {
    "lat": "lat",
    "latitude": "lat",
    "lon": "lon",
    "long": "lon",
    "lng": "lon",
    "longitude": "lon",
    **AXIS_CHARACTERS,
}
# Words for regions; any two may share a label: "State/Province", "prefecture or state".
_REGIONS = ("region", "state", "province", "territory", "prefecture", "oblast", "canton", "department")
# Below the region in some countries: used only if the text names no other region.
LOWER_REGIONS = frozenset(
    {
        "prefecture",
        "canton",
        "governorate",
        "governate",
        "oblast",
        "krai",
        "territory",
        "department",
        "departement",
    }
    | {
        "département",
        "voivodeship",
        "voivodship",
        "county",
        "emirate",
        "federal district",
        "autonomous region",
    }
    | {
        "autonomous community",
        "bundesland",
        "federal state",
        "federal subject",
        "comunidad autónoma",
        "wilaya",
    }
    | {
        "provincia",
        "provincia/estado",
        "estado",
        "región",
        "région",
        "regione",
        "regiao",
        "região",
        "republic",
    }
)
_TOWNS = ("city", "town", "village", "place", "municipality", "locality", "settlement")


def _joined(words: tuple[str, ...]) -> set[str]:
    """Return every pair of different words as one label: ``a/b``, ``a or b``."""
    return {f"{a}{link}{b}" for a in words for b in words if a != b for link in ("/", " or ")}


# Next to the axis in a key such as `gps_latitude`, `decimalLatitude`, `Latitude (deg)`.
_QUALIFIERS = frozenset(
    {
        "gps",
        "deg",
        "degree",
        "degrees",
        "decimal",
        "geo",
        "dd",
        "wgs84",
        "predicted",
        "pred",
        "estimated",
        "est",
    }
    | {
        "approx",
        "approximate",
        "guess",
        "guessed",
        "final",
        "location",
        "loc",
        "center",
        "centre",
        "point",
        "value",
    }
    | {
        "in",
        "of",
        "the",
        "photo",
        "image",
        "camera",
        "answer",
        "coordinate",
        "geographic",
        "my",
        "best",
        "°",
        "(",
        ")",
    }
    | {"gt", "true", "place", "city"}
)
_PARTS_OF_AXES = frozenset(
    {
        "min",
        "mins",
        "minute",
        "minutes",
        "sec",
        "secs",
        "second",
        "seconds",
        "max",
        "minimum",
        "maximum",
        "from",
        "to",
    }
    | {"start", "end", "low", "high", "lower", "upper", "range", "1", "2", "a", "b"}
)
_PART = re.compile(r"[A-Z]?[a-z]++|[A-Z]+(?![a-z])|[0-9]++|[^\W\d_]++|[^\w\s]", re.ASCII)
PLACE_LABELS: dict[str, str] = {
    **dict.fromkeys(("country", "country name", "country/region", "country/territory", "nation"), "country"),
    **dict.fromkeys(
        (
            *(*_REGIONS, *_joined(_REGIONS), *LOWER_REGIONS),
            *("administrative region", "admin1", "admin 1", "region name", "state name", "admin level 1"),
        ),
        "region",
    ),
    **dict.fromkeys(("city", "town", "village", "locality", "city name", *_joined(_TOWNS)), "city"),
}
COORDINATE_LABELS = frozenset(
    {
        "alternate",  # a second pair, so one too many
        "alternative",
        "answer",
        "backup",
        "coord",
        "coordinate",
        "coordinates",
        "coords",
        "geolocation",
        "gps",
        "gps coordinates",
        "gps location",
        "geo",
        "geographic coordinates",
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
        *(
            "坐标",
            "座標",
            "좌표",
            "координаты",
            "coordenadas",
            "coordonnées",
            "koordinaten",
            "coordinate gps",
        ),
    }
)
# Numbers in their values are not the answer if it has a coordinate elsewhere.
ASIDE_LABELS = frozenset(
    {
        "address",
        "street",
        "street address",
        "road",
        "house number",
        "postcode",
        "postal code",
        "zip",
        "zip code",
    }
    | {
        "phone",
        "phone number",
        "telephone",
        "tel",
        "fax",
        "population",
        "elevation",
        "altitude",
        "year",
        "date",
    }
    | {
        "reasoning",
        "reason",
        "explanation",
        "rationale",
        "analysis",
        "evidence",
        "clue",
        "clues",
        "notes",
        "note",
    }
    | {"description", "justification", "thought", "thoughts", "thinking", "observation", "observations"}
    | {"landmark", "route", "bus", "highway", "sign", "signs", "text", "confidence"}
)
# They only end the value before them.
OTHER_LABELS = ASIDE_LABELS | {
    "continent",
    "district",
    "neighborhood",
    "place",
    "sub region",
    "subregion",
    "world region",
}


@lru_cache(maxsize=_CACHED_KEYS)
def label_key(label: str) -> str:
    """Return a label in the form used by the tables here.

    >>> label_key("Administrative_Region ")
    'administrative region'
    """
    return " ".join(normalise(label).casefold().replace("_", " ").replace("-", " ").split())


@lru_cache(maxsize=_CACHED_KEYS)
def axis_of_key(key: str) -> Axis | None:
    """Return the axis that a key names; None if it names none, or anything else with it.

    >>> axis_of_key("decimalLatitude"), axis_of_key("Latitude (deg)"), axis_of_key("lat_max")
    ('lat', 'lat', None)
    """
    name = label_key(key)
    if name in AXIS_WORDS:
        return AXIS_WORDS[name]
    if not _may_name_axis(name):
        return None
    parts = _parts_of(key)
    named = [AXIS_WORDS[part] for part in parts if part in AXIS_WORDS]
    rest = [part for part in parts if part not in AXIS_WORDS]
    return named[0] if len(named) == 1 and _QUALIFIERS.issuperset(rest) else None


@lru_cache(maxsize=_CACHED_KEYS)
def is_part_of_axis(key: str) -> bool:
    """Return whether a key is one of several for an axis: ``lat_min``, ``latitude_seconds``, ``lonMax``.

    >>> is_part_of_axis("lat_max"), is_part_of_axis("lat")
    (True, False)
    """
    if not _may_name_axis(key.lower()):
        return False
    parts = _parts_of(key)
    return not _PARTS_OF_AXES.isdisjoint(parts) and any(part in AXIS_WORDS for part in parts)


def _may_name_axis(name: str) -> bool:
    """Return whether a lower-case key may contain the name of an axis."""
    return not name.isascii() or any(word in name for word in ("lat", "lon", "lng", "breite", "laenge"))


def _parts_of(key: str) -> list[str]:
    """Return the lower-case words and marks of a key."""
    plain = in_english(normalise(key)).replace("_", " ").replace("-", " ")
    return [part.lower() for part in _PART.findall(plain)]

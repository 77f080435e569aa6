"""Notations of one right answer: many ways to write a coordinate or a place, which must all earn the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.testing.cases import NAMES

if TYPE_CHECKING:
    from geo_rewards.testing.cases import Case

PAIR = "({lat}, {lon})"
"""The notation that the others are compared with."""

# {lat} and {lon} are signed, {a} and {o} without sign next to the letters {n} and {e}.
COORDINATES = (
    "{lat}, {lon}", "{lat},{lon}", "{lat} {lon}", "{lat}; {lon}", "{lat} / {lon}", "{lat}\n{lon}",
    "[{lat}, {lon}]", "({lat}, {lon}).", "**{lat}, {lon}**", "`{lat}, {lon}`", "$({lat}, {lon})$",
    "\\boxed{{({lat}, {lon})}}", "```\n{lat}, {lon}\n```", "{lat}°, {lon}°", "~{lat}, ~{lon}",
    "It is at {lat}, {lon}.", "The photo was taken here ({lat}, {lon}), in 1999, from room 12.",
    "Coordinates: {lat}, {lon}", "Coordinates (lat, lon): {lat}, {lon}",
    "Longitude, Latitude: {lon}, {lat}", "Latitude: {lat}\nLongitude: {lon}",
    "Longitude: {lon}, Latitude: {lat}", "Lat. {lat}, Long. {lon}", "lat={lat} lon={lon}",
    "**Latitude:** {lat}° **Longitude:** {lon}°", "{lat} latitude, {lon} longitude",
    "latitude ({lat}) and longitude ({lon})", "| Lat | Lon |\n|---|---|\n| {lat} | {lon} |",
    '{{"lat": {lat}, "lon": {lon}}}', '{{"longitude": {lon}, "latitude": {lat}}}',
    '{{"lat": "{lat}", "lng": "{lon}"}}', "{{'LOC': [{lat}, {lon}]}}",
    '{{"answer": {{"lat": {lat}, "long": {lon}}}}}', '```json\n{{"lat": {lat}, "lon": {lon}}}\n```',
    '{{"type": "Point", "coordinates": [{lon}, {lat}]}}', "POINT({lon} {lat})", "geo:{lat},{lon}",
    "https://www.google.com/maps/@{lat},{lon},15z", "https://maps.google.com/?q={lat},{lon}",
    "<lat>{lat}</lat><lon>{lon}</lon>", "{a}° {n}, {o}° {e}", "{a}{n}{o}{e}", "{n}{a} {e}{o}",
    "{n} {a}, {e} {o}", "{o} {e}, {a} {n}", "({a}° {n}, {o}° {e})",
    "Latitude: {a}° {n}, Longitude: {o}° {e}", "${a}^\\circ$ {n}, ${o}^\\circ$ {e}",
    "纬度：{lat}，经度：{lon}", "Широта: {lat}, Долгота: {lon}", "Latitud: {lat}, Longitud: {lon}",
    "Breitengrad: {lat}, Längengrad: {lon}",
)  # fmt: skip

LINES = "Country: {country}\nRegion: {region}\nCity: {city}"
"""The notation of names that the others are compared with."""

PLACES = (
    "Country: {country} Region: {region} City: {city}",
    "Country: {country}, Region: {region}, City: {city}",
    "City: {city}\nRegion: {region}\nCountry: {country}",
    "1. Country: {country}\n2. Region: {region}\n3. City: {city}",
    "- Country: {country}\n- Region: {region}\n- City: {city}",
    "**Country:** {country}\n**Region:** {region}\n**City:** {city}",
    "country: {country}\nstate: {region}\ncity: {city}", "{city}, {region}, {country}",
    "{country}; {region}; {city}", '{{"country": "{country}", "region": "{region}", "city": "{city}"}}',
    '```json\n{{"city": "{city}", "region": "{region}", "country": "{country}"}}\n```',
)  # fmt: skip

_FULL_WIDTH = str.maketrans("0123456789,-.", "０１２３４５６７８９，－．")


def coordinate_notations(case: Case) -> list[str]:
    """Return answers that write the true coordinate, the one to compare with first; none without it."""
    if case.coordinate is None:
        return []
    lat, lon = str(case.coordinate).split(", ")
    known = {
        "lat": lat,
        "lon": lon,
        "a": lat.removeprefix("-"),
        "o": lon.removeprefix("-"),
        "n": "S" if case.coordinate.lat < 0 else "N",
        "e": "W" if case.coordinate.lon < 0 else "E",
    }
    plain = f"{lat}, {lon}"
    others = [
        plain.translate(_FULL_WIDTH),
        plain.replace("-", "\N{MINUS SIGN}"),
        plain.replace("-", "\N{EN DASH}"),
        f"{lat}; {lon}".replace(".", ","),
        ", ".join(degrees if degrees.startswith("-") else f"+{degrees}" for degrees in (lat, lon)),
    ]
    return [*(notation.format(**known) for notation in (PAIR, *COORDINATES)), *others]


def place_notations(case: Case) -> list[str]:
    """Return answers that name the true place, the one to compare with first; none if a name is missing."""
    if set(case.place) != set(NAMES):
        return []
    return [notation.format(**case.place) for notation in (LINES, *PLACES)]

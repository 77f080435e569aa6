"""What a careful person would write first: each reward does its own parsing and lookups.

Every reward finds the answer with a regular expression and reads it with a few more, the distance is pure
Python, and each point is one query to reverse_geocoder (mode=1).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import reverse_geocoder
import texts

WHOLE = re.compile(r"\s*<think>.*?</think>\s*<answer>.*?</answer>\s*", re.DOTALL)
ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
OBJECT = re.compile(r"\{.*\}", re.DOTALL)
PAIR = re.compile(r"[(\[]?\s*([+-]?\d+(?:\.\d+)?)\s*(?:[,;/]|\s)\s*([+-]?\d+(?:\.\d+)?)\s*[)\]]?")
LATITUDE = re.compile(r"\blat(?:itude)?\s*[:=]\s*([+-]?\d+(?:\.\d+)?)", re.IGNORECASE)
LONGITUDE = re.compile(r"\b(?:longitude|long|lon|lng)\s*[:=]\s*([+-]?\d+(?:\.\d+)?)", re.IGNORECASE)
NORTH = re.compile(r"(\d+(?:\.\d+)?)\s*°?\s*([NS])\b|\b([NS])\s*(\d+(?:\.\d+)?)")
EAST = re.compile(r"(\d+(?:\.\d+)?)\s*°?\s*([EW])\b|\b([EW])\s*(\d+(?:\.\d+)?)")
NAMES = {
    "country": re.compile(r"\b(?:country|nation)\s*[:=]\s*(.+?)(?=[,;\n]|\s+\w+\s*[:=]|$)", re.IGNORECASE),
    "region": re.compile(
        r"\b(?:state|region|province)\s*[:=]\s*(.+?)(?=[,;\n]|\s+\w+\s*[:=]|$)", re.IGNORECASE
    ),
    "city": re.compile(r"\b(?:city|town|locality)\s*[:=]\s*(.+?)(?=[,;\n]|\s+\w+\s*[:=]|$)", re.IGNORECASE),
}
CODES = {name.lower(): code for code, names in texts.COUNTRIES.items() for name in names}


def answer_pair(completion: str) -> tuple[float, float] | None:
    """Return the pair in the answer block, if it is valid."""
    answer = ANSWER.search(completion)
    pair = answer and read_pair(answer.group(1).strip())
    return pair if pair and abs(pair[0]) <= 90 and abs(pair[1]) <= 180 else None


def read_pair(text: str) -> tuple[float, float] | None:
    """Return the pair in an answer: JSON, labels, hemisphere letters, or two numbers."""
    if found := OBJECT.search(text):
        return object_pair(found.group())
    lat, lon = LATITUDE.search(text), LONGITUDE.search(text)
    if lat and lon:
        return float(lat.group(1)), float(lon.group(1))
    north, east = NORTH.search(text), EAST.search(text)
    if north and east:
        return signed(north, "S"), signed(east, "W")
    pair = PAIR.search(text)
    return (float(pair.group(1)), float(pair.group(2))) if pair else None


def object_pair(text: str) -> tuple[float, float] | None:
    """Return the pair in a JSON object."""
    try:
        fields = {key.lower(): value for key, value in json.loads(text).items()}
        for key in ("loc", "coordinates", "location"):
            if key in fields:
                lat, lon = fields[key]
                return float(lat), float(lon)
        lon_key = next(key for key in ("lon", "lng", "longitude") if key in fields)
        return float(fields.get("lat", fields.get("latitude"))), float(fields[lon_key])
    except (ValueError, TypeError, StopIteration):
        return None


def signed(match: re.Match[str], negative: str) -> float:
    """Return degrees with the sign of their letter."""
    size = float(match.group(1) or match.group(4))
    return -size if (match.group(2) or match.group(3)) == negative else size


def answer_names(completion: str) -> dict[str, str]:
    """Return country, region and city as an answer names them."""
    answer = ANSWER.search(completion)
    text = answer.group(1).strip() if answer else ""
    found = {
        field: match.group(1).strip() for field, pattern in NAMES.items() if (match := pattern.search(text))
    }
    if found:
        return found
    names = [name.strip(" .") for name in text.split(",")]
    return {"city": names[0], "region": names[1] if len(names) == 3 else "", "country": names[-1]}


def haversine_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in km."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


def lookup(lat: float, lon: float) -> dict[str, Any]:
    """Return reverse_geocoder's place for one point."""
    place: dict[str, Any] = reverse_geocoder.search([(lat, lon)], mode=1, verbose=False)[0]
    return place


def format_reward(completions: list[str], **_: Any) -> list[float]:
    """1 for think and answer blocks, else 0."""
    return [1.0 if WHOLE.fullmatch(completion) else 0.0 for completion in completions]


def distance_reward(completions: list[str], *, lat: list[float], lon: list[float]) -> list[float]:
    """``exp(-d / 1492.7)``."""
    values = []
    for completion, true_lat, true_lon in zip(completions, lat, lon, strict=True):
        pair = answer_pair(completion)
        values.append(math.exp(-haversine_km(*pair, true_lat, true_lon) / 1492.7) if pair else 0.0)
    return values


def place_reward(
    completions: list[str], *, lat: list[float], lon: list[float], keys: tuple[str, ...]
) -> list[float]:
    """1 if these fields of the two places agree, else 0."""
    values = []
    for completion, true_lat, true_lon in zip(completions, lat, lon, strict=True):
        pair = answer_pair(completion)
        if pair is None:
            values.append(0.0)
            continue
        found, truth = lookup(*pair), lookup(true_lat, true_lon)
        values.append(1.0 if all(found[key] == truth[key] for key in keys) else 0.0)
    return values


def name_reward(
    completions: list[str], *, lat: list[float], lon: list[float], keys: tuple[str, ...]
) -> list[float]:
    """1 if these names in the answer are those of the true place, else 0."""
    values = []
    for completion, true_lat, true_lon in zip(completions, lat, lon, strict=True):
        names, truth = answer_names(completion), lookup(true_lat, true_lon)
        found = {
            "cc": CODES.get(names.get("country", "").lower()),
            "admin1": names.get("region", ""),
            "name": names.get("city", ""),
        }
        values.append(1.0 if all(found[key] == truth[key] for key in keys) else 0.0)
    return values


def score(
    completions: list[str], *, lat: list[float], lon: list[float], source: str = "coordinate"
) -> list[list[float]]:
    """Return the columns of five rewards: format, distance, and places by coordinate or by name."""
    truth = {"lat": lat, "lon": lon}
    place = place_reward if source == "coordinate" else name_reward
    return [
        format_reward(completions),
        distance_reward(completions, **truth),
        place(completions, **truth, keys=("cc",)),
        place(completions, **truth, keys=("cc", "admin1")),
        place(completions, **truth, keys=("cc", "admin1", "name")),
    ]

"""What a careful person would write first: each reward parses and looks up for itself.

Every reward finds the answer by a regular expression, the distance is pure Python, and each point is
one query of reverse_geocoder (mode=1).
"""

from __future__ import annotations

import math
import re
from typing import Any

import reverse_geocoder

WHOLE = re.compile(r"\s*<think>.*?</think>\s*<answer>.*?</answer>\s*", re.DOTALL)
ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
PAIR = re.compile(r"\(?\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)\s*\)?")


def answer_pair(completion: str) -> tuple[float, float] | None:
    """Return the pair in the answer block, if there is a valid one."""
    answer = ANSWER.search(completion)
    pair = answer and PAIR.search(answer.group(1))
    if not pair:
        return None
    lat, lon = float(pair.group(1)), float(pair.group(2))
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def haversine_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in km."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


def lookup(lat: float, lon: float) -> dict[str, Any]:
    """Return reverse_geocoder's place of one point."""
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


def score(completions: list[str], *, lat: list[float], lon: list[float]) -> list[list[float]]:
    """Return the columns of five rewards: format, distance, country, region, city by coordinate."""
    truth = {"lat": lat, "lon": lon}
    return [
        format_reward(completions),
        distance_reward(completions, **truth),
        place_reward(completions, **truth, keys=("cc",)),
        place_reward(completions, **truth, keys=("cc", "admin1")),
        place_reward(completions, **truth, keys=("cc", "admin1", "name")),
    ]

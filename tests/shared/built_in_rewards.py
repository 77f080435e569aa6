"""The built-in rewards as the tests see them: found by the registry, with further choices of parameters.

A new reward is tested with its default parameters as soon as it is registered; what else should be tried
goes into `VARIATIONS`.
"""

from __future__ import annotations

from typing import Any

import geo_rewards as gr
from geo_rewards.registry.registry import get_registry
from geo_rewards.testing.cases import build_cases
from geo_rewards.testing.subject import RewardSubject

VARIATIONS: dict[str, dict[str, Any]] = {
    "think_answer_format in template": {"think_in_template": True},
    "coordinate_format parentheses": {"style": "parentheses"},
    "haversine_decay geodesic": {"distance": "geodesic"},
    "haversine_decay geo_r": {"curve": "geo_r"},
    "haversine_decay geo_r_code": {"curve": "geo_r_code"},
    "haversine_decay linear": {"curve": "linear"},
    "haversine_decay logistic": {"curve": "logistic", "scale_km": 1000},
    "haversine_decay mixture": {"curve": "mixture"},
    "haversine_decay piecewise": {"curve": "piecewise", "knots": [[1, 1.0], [25, 0.8], [2500, 0.2]]},
    "haversine_decay steps geodesic": {"curve": "steps", "distance": "geodesic", "limits": "strict"},
    "haversine_decay thresholds": {"curve": "thresholds"},
    "haversine_decay truncated": {"curve": "truncated_exponential"},
    "haversine_decay scheduled": {"schedule": {"from": 2000, "to": 25, "over": 0.8}},
    "country_match text": {"source": "text"},
    "country_match coordinate": {"source": "coordinate"},
    "region_match text": {"source": "text"},
    "region_match coordinate": {"source": "coordinate"},
    "city_match text": {"source": "text"},
    "city_match coordinate": {"source": "coordinate"},
    "city_match near": {"within_km": 5},
    "place_hierarchy deepest": {"mode": "deepest"},
    "place_hierarchy globe": {"country": 0.2, "region": None, "city": 1.0},
    "place_hierarchy decay": {"decay": {"curve": "exponential", "scale_km": 25}, "decay_weight": 0.5},
    "place_consistency region": {"level": "region"},
    "precision_bonus street": {"bonuses": [[0.1, 2.0]]},
    "field_format commas": {"separator": ",", "at_least": 1, "at_most": 4},
    "entity_recall words": {"column": "words"},
    "think_length short": {"full_at": 10},
    "cost_factor tokens": {"column": "tokens", "cap": 0.5, "missing": 0},
    "overlong_penalty short": {"max_length": 400, "buffer": 100},
    "repetition_penalty words": {"n": 1, "scale": 0.5},
}
"""Parameters by a label: the reward's name and a word for the choice."""

OPTIONS: dict[str, dict[str, Any]] = {
    "cost_factor": {"columns": {"cost": 0.05, "tokens": 0.05}},
    "entity_recall": {"columns": {"entities": ["picture"], "words": ["picture"]}, "about": "neither"},
    "field_format": {"ideal": "France; Île-de-France; Paris", "about": "neither"},
    "think_length": {"about": "neither"},
}
"""What `check_reward` has to be told about a reward that is neither about the answer nor about the tags."""

INTENDED = {
    "coordinate_format": [
        "constant_answer",
        "no_spread",
    ],  # about the form of the answer
    "coordinate_format parentheses": ["constant_answer", "no_spread", "refuses_notation"],  # Geo-R's format
    "place_consistency": ["constant_answer", "no_spread"],  # whether the answer agrees with itself
    "place_consistency region": ["constant_answer", "no_spread"],
    "haversine_decay linear": ["constant_answer"],  # half the world is at least as near as 0.5
}
"""Findings that a reward is meant to have, by label: each is why it needs a small weight or a gate."""

NAMES = sorted(claim.name for claim in get_registry().rewards if claim.source.is_built_in)
PARAMETERS: dict[str, dict[str, Any]] = {**{name: {} for name in NAMES}, **VARIATIONS}
"""Parameters by label, the defaults among them."""


def reward_of(label: str) -> gr.Reward:
    """Return the reward of a label."""
    return gr.get_reward(label.split(maxsplit=1)[0], **PARAMETERS[label])


def about(reward: gr.Reward) -> str:
    """Return what a reward judges, as the authors' kit finds it out: answer, format or neither."""
    options = OPTIONS.get(reward.name, {})
    cases = build_cases(reward.needs, options.get("columns"), ideal=options.get("ideal"), wrong=None)
    subject = RewardSubject(reward, cases, about=options.get("about"))
    if subject.about_format:
        return "format"
    return "answer" if subject.about_answer else "neither"

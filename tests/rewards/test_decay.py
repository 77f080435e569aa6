import geopy.distance
import numpy as np
import pytest

import geo_rewards as gr
from geo_rewards.geo import CURVES
from geo_rewards.rewards.decay import CurveName

NORTH_OF_NULL = [0.0, 1.0, 25.0, 200.0, 750.0, 2500.0, 10000.0]  # km along the meridian

CHECKS = {
    "geo_r_code": ({}, [1, 0.9993, 0.9833, 0.8667, 0.5, 0.2667, 0.1176]),
    "exponential": ({"scale_km": 1492.7}, [1, 0.9993, 0.9834, 0.8746, 0.6051, 0.1873, 0.0012]),
    "linear": ({}, [1, 0.99995, 0.99875, 0.99, 0.9625, 0.875, 0.5]),
    "logistic": ({"scale_km": 1000}, [1, 0.9995, 0.9875, 0.9003, 0.6416, 0.1517, 0.0001]),
    "truncated_exponential": ({}, [1, 0.995, 0.8825, 0.3679, 0.0235, 0, 0]),
    "thresholds": ({}, [1, 1, 0.8, 0.6, 0.4, 0.2, 0]),
    "steps": ({}, [1, 0.8, 0.4, 0.2, 0.1, 0, 0]),
    "geo_r": ({}, [1, 0.9993, 0.9833, 0.8667, 0.5, 0.2, 0.1143]),
    "mixture": ({}, [1, 0.99957, 0.9892, 0.9177, 0.73288, 0.39694, 0.06828]),
    "piecewise": (
        {"knots": [[1, 1], [25, 0.8], [200, 0.6], [750, 0.4], [2500, 0.2]]},
        [1, 1, 0.8, 0.6, 0.4, 0.2, 0],
    ),
}


def at_distance(km: float) -> str:
    """Return an answer that far north of 0, 0; a hair less, so that a threshold is within."""
    lat = np.degrees(km / 6371.0088) * (1 - 1e-9)
    return f"<think>x</think><answer>{lat:.12f}, 0.0</answer>"


def test_every_curve_is_checked():
    assert set(CHECKS) == set(CURVES) == set(CurveName.__args__)


@pytest.mark.parametrize("curve", CHECKS)
def test_curves_give_their_published_check_values(curve):
    constants, expected = CHECKS[curve]
    completions = [at_distance(km) for km in NORTH_OF_NULL]
    reward = gr.get_reward("haversine_decay", curve=curve, **constants)
    values = reward(completions, lat=[0.0] * len(completions), lon=[0.0] * len(completions))
    assert values == pytest.approx(expected, abs=6e-5)


def test_geodesic_distance_is_that_of_the_ellipsoid():
    completion = "<think>x</think><answer>48.8584, 2.2945</answer>"
    truth = {"lat": [40.7484], "lon": [-73.9857]}
    km = geopy.distance.geodesic((48.8584, 2.2945), (40.7484, -73.9857)).km
    reward = gr.get_reward("haversine_decay", distance="geodesic", scale_km=1000)
    assert reward([completion], **truth) == [pytest.approx(np.exp(-km / 1000))]
    haversine = gr.get_reward("haversine_decay", scale_km=1000)([completion], **truth)
    assert haversine != reward([completion], **truth)


def test_the_antipode_earns_the_documented_minimum_or_more():
    for curve, (constants, _) in CHECKS.items():
        reward = gr.get_reward("haversine_decay", curve=curve, **constants)
        (value,) = reward(["<think>x</think><answer>0.0, 180.0</answer>"], lat=[0.0], lon=[0.0])
        assert value >= reward.bounds[0]


def test_bounds_follow_the_steps():
    reward = gr.get_reward("haversine_decay", curve="steps", steps=[[10, 0.5], [100, 0.25]])
    assert reward.bounds == (0.0, 0.5)
    assert reward([at_distance(50)], lat=[0.0], lon=[0.0]) == [0.25]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"curve": "geo_r", "limit_km": 5}, "does not take limit_km"),
        ({"curve": "logistic"}, "has no default scale_km"),
        ({"curve": "exponential", "scale_km": 0}, "scale_km"),
        ({"curve": "exponential", "scale_km": float("nan")}, "scale_km"),
        ({"curve": "cubic"}, "curve"),
        ({"curve": "steps", "steps": [[10, 0.5], [5, 0.25]]}, "must ascend"),
        ({"curve": "piecewise"}, "has no default knots"),
        ({"curve": "piecewise", "knots": [[1, 0.5], [5, 0.75]]}, "must not increase"),
        ({"curve": "mixture", "terms": [[0, 5]]}, "must be above 0"),
        ({"curve": "steps", "limits": "open"}, "limits"),
        ({"curve": "exponential", "limits": "strict"}, "does not take limits"),
    ],
)
def test_wrong_constants_are_errors_when_the_reward_is_made(params, message):
    with pytest.raises(gr.GeoRewardsError, match=message):
        gr.get_reward("haversine_decay", **params)

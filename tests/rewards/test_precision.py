import pytest

import geo_rewards as gr

KM_PER_DEGREE = 111.19508


def bonus(km, **params):
    text = f"<think>x</think><answer>{km / KM_PER_DEGREE:.9f}, 0.0</answer>"
    return gr.get_reward("precision_bonus", **params)([text], lat=[0.0], lon=[0.0])[0]


@pytest.mark.parametrize(
    ("km", "value"), [(0, 1.0), (0.99, 1.0), (1.01, 0.5), (24.9, 0.5), (25.1, 0.0), (9000, 0.0)]
)
def test_each_distance_below_a_limit_earns_its_bonus(km, value):
    assert bonus(km) == value


def test_a_distance_that_is_exactly_the_limit_earns_nothing():
    exact = gr.great_circle_km(0.0, 0.0, 0.5, 0.0)
    reward = gr.get_reward("precision_bonus", bonuses=[[float(exact), 1.0]])
    assert reward(["<think>x</think><answer>0.5, 0.0</answer>"], lat=[0.0], lon=[0.0]) == [0.0]


def test_bounds_follow_the_bonuses():
    assert gr.get_reward("precision_bonus").bounds == (0.0, 1.0)
    assert gr.get_reward("precision_bonus", bonuses=[[10, 2], [5, 0.5]]).bounds == (0.0, 2.5)
    assert bonus(3, bonuses=[[10, 2], [5, 0.5]]) == 2.5


def test_no_coordinate_earns_nothing_and_no_truth_abstains():
    reward = gr.get_reward("precision_bonus")
    assert reward(["Paris"], lat=[0.0], lon=[0.0]) == [0.0]
    assert reward(["0.0, 0.0"], country=["FR"]) == [None]


@pytest.mark.parametrize(
    "bonuses", [[], [[0, 1]], [[1, 0]], [[1, -1]], [[float("inf"), 1]], [[1, 1e308], [2, 1e308]]]
)
def test_bonuses_must_be_positive_and_finite(bonuses):
    with pytest.raises(gr.GeoRewardsError, match="bonus"):
        gr.get_reward("precision_bonus", bonuses=bonuses)

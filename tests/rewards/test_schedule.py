import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_rewards as gr
from geo_rewards.rewards.schedule import Schedule
from geo_rewards.scoring.file import parse_recipe

SCHEDULE = {"from": 2000, "to": 25, "over": 0.8}
AWAY = ["<think>x</think><answer>1.0, 0.0</answer>"]  # 111.2 km from 0, 0
KM = math.radians(1) * 6371.0088
TRUTH = {"lat": [0.0], "lon": [0.0]}


def at_step(step: int, steps: int = 100) -> SimpleNamespace:
    """Return what a trainer hands over as its state."""
    return SimpleNamespace(global_step=step, max_steps=steps)


@pytest.mark.parametrize(
    ("step", "scale_km"),
    [(0, 2000.0), (20, 2000 * (25 / 2000) ** 0.25), (40, math.sqrt(2000 * 25)), (80, 25.0), (100, 25.0)],
)
def test_the_scale_shrinks_by_the_same_factor_in_every_step(step, scale_km):
    reward = gr.get_reward("haversine_decay", schedule=SCHEDULE)
    values = reward(AWAY, **TRUTH, trainer_state=at_step(step))
    assert values == [pytest.approx(math.exp(-KM / scale_km))]


def test_a_linear_schedule_falls_by_the_same_difference():
    reward = gr.get_reward("haversine_decay", schedule={**SCHEDULE, "over": 1, "shape": "linear"})
    values = reward(AWAY, **TRUTH, trainer_state=at_step(50))
    assert values == [pytest.approx(math.exp(-KM / 1012.5))]


def test_outside_training_the_last_value_counts():
    reward = gr.get_reward("haversine_decay", schedule=SCHEDULE)
    assert reward(AWAY, **TRUTH) == gr.get_reward("haversine_decay", scale_km=25)(AWAY, **TRUTH)
    assert reward(AWAY, **TRUTH, trainer_state=at_step(3, steps=-1)) == reward(AWAY, **TRUTH)


@pytest.mark.parametrize("curve", ["exponential", "logistic", "truncated_exponential"])
def test_every_curve_with_a_scale_takes_a_schedule(curve):
    reward = gr.get_reward("haversine_decay", curve=curve, schedule=SCHEDULE)
    fixed = gr.get_reward("haversine_decay", curve=curve, scale_km=2000)
    assert reward(AWAY, **TRUTH, trainer_state=at_step(0)) == fixed(AWAY, **TRUTH)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"curve": "geo_r", "schedule": SCHEDULE}, "curve 'geo_r' has no scale_km"),
        ({"scale_km": 500, "schedule": SCHEDULE}, "remove scale_km"),
        ({"schedule": {"from": 2000}}, r"schedule\.to' is missing"),
        ({"schedule": {**SCHEDULE, "over": 0}}, r"schedule\.over"),
        ({"schedule": {**SCHEDULE, "over": 1.5}}, r"schedule\.over"),
        ({"schedule": {**SCHEDULE, "from": 0}}, r"schedule\.from"),
        ({"schedule": {**SCHEDULE, "to": float("inf")}}, r"schedule\.to"),
        ({"schedule": {**SCHEDULE, "until": 1}}, r"unknown key 'schedule\.until'"),
        ({"schedule": {**SCHEDULE, "shape": "cosine"}}, r"schedule\.shape"),
    ],
)
def test_a_wrong_schedule_is_an_error_when_the_reward_is_made(params, message):
    with pytest.raises(gr.GeoRewardsError, match=message):
        gr.get_reward("haversine_decay", **params)


def test_a_recipe_anneals_in_training_and_logs_the_scale():
    entry = {"name": "haversine_decay", "as": "distance", "params": {"schedule": SCHEDULE}}
    recipe = gr.Recipe(parse_recipe({"rewards": [entry]}, where="test"))
    (distance,) = recipe.trl_rewards()
    early, late = (distance(AWAY, **TRUTH, trainer_state=at_step(step)) for step in (0, 100))
    assert early == [pytest.approx(math.exp(-KM / 2000))]
    assert late == [pytest.approx(math.exp(-KM / 25))]
    assert "scale_km = 25" in recipe.score(AWAY, **TRUTH).explain(0)
    assert recipe.resolved()["rewards"][0]["params"]["schedule"] == {**SCHEDULE, "shape": "geometric"}


def test_a_named_recipe_is_annealed_by_override():
    overrides = {"distance.scale_km": None, "distance.schedule": SCHEDULE}
    assert gr.load_recipe("default", override=overrides).rewards["distance"].schedule.to == 25


@given(
    start=st.floats(1e-3, 1e5),
    to=st.floats(1e-3, 1e5),
    over=st.floats(0.01, 1.0),
    steps=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=9),
    shape=st.sampled_from(["geometric", "linear"]),
)
def test_a_schedule_moves_from_one_end_to_the_other_without_turning(start, to, over, steps, shape):
    schedule = Schedule(start=start, to=to, over=over, shape=shape)
    scales = [schedule.at(step) for step in sorted(steps)]
    low, high = sorted([start, to])
    assert all(low * (1 - 1e-9) <= scale <= high * (1 + 1e-9) for scale in scales)
    ordered = sorted(scales, reverse=to < start)
    assert scales == pytest.approx(ordered, rel=1e-9)
    assert (schedule.at(0.0), schedule.at(1.0)) == (pytest.approx(start), to)

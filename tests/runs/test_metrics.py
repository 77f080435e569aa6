"""Figures of batches that were made up: over ranks, over batches, and where there is nothing to say."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_rewards as gr
from geo_rewards.runs.metrics import (
    cells_of,
    join_batches,
    join_ranks,
    metrics,
    summarise,
    zero_spread_groups,
)
from geo_rewards.scoring.file import parse_recipe

GATED = {
    "rewards": [
        {"name": "think_answer_format", "as": "format"},
        {"name": "haversine_decay", "as": "distance", "gate": {"reward": "format", "at_least": 1.0}},
        {"name": "coordinate_format", "as": "pair", "weight": 0},
    ]
}


def tagged(answer):
    return f"<think>x</think><answer>{answer}</answer>"


def scored(answers, **columns):
    recipe = gr.Recipe(parse_recipe(GATED, where="test"))
    return recipe.score(answers, **columns)


def summary_of(answers, lats=None, **columns):
    lats = [40.0] * len(answers) if lats is None else lats
    return summarise(scored(answers, lat=lats, lon=[10.0] * len(answers), **columns))


def figures(*ranks, generations=None):
    return metrics(join_ranks(ranks, generations=generations))


def test_ranks_are_counted_together_not_averaged():
    near, far = tagged("40.0, 10.0"), tagged("-40.0, 10.0")
    found = figures(summary_of([near]), summary_of([near, far, far, "junk"]))
    distances = [0.0, 0.0, *[gr.great_circle_km(40, 10, -40, 10)] * 2]
    assert found["distance_km/p50"] == pytest.approx(np.median(distances))
    assert found["accuracy/1km"] == pytest.approx(2 / 5)  # no answer is a wrong one
    assert found["distance_km/share"] == pytest.approx(4 / 5)
    assert found["predictions/cells"] == 2
    assert found["predictions/top_cell_share"] == pytest.approx(1 / 2)
    assert (found["truths/cells"], found["truths/top_cell_share"]) == (1, 1.0)
    assert found["gates_closed/distance"] == pytest.approx(1 / 5)
    assert found["rewards/pair/mean"] == pytest.approx(4 / 5)
    assert found["rewards/pair/std"] == pytest.approx(np.std([1, 1, 1, 1, 0], ddof=1))


@given(cut=st.integers(1, 7))
def test_it_does_not_matter_how_rows_are_spread_over_ranks_and_batches(cut):
    answers = [tagged(f"{lat}, 10") for lat in (40, 41, 41.5, -3, 400)] + ["junk", tagged("Rome, Italy"), ""]
    lats = [40.0, None, 41.0, 50.0, 60.0, 70.0, 80.0, -10.0]
    parts = [slice(0, cut), slice(cut, None)]
    ranks = [
        summarise(scored(answers[part], lat=lats[part], lon=[x and 10.0 for x in lats[part]]))
        for part in parts
    ]
    whole = summarise(scored(answers, lat=lats, lon=[x and 10.0 for x in lats]))
    assert metrics(join_batches(ranks)) == pytest.approx(metrics(whole), nan_ok=True)


def test_where_nobody_gives_a_coordinate_quantiles_are_nan_and_accuracies_are_0():
    found = figures(summary_of(["junk", tagged("Rome, Italy")]))
    assert math.isnan(found["distance_km/p50"])
    assert math.isnan(found["predictions/top_cell_share"])
    assert (found["predictions/cells"], found["distance_km/share"], found["accuracy/2500km"]) == (0, 0, 0)


def test_where_no_row_has_a_true_coordinate_nothing_is_said_about_places():
    found = metrics(summarise(scored([tagged("two")], solution=["2"])))
    assert not [key for key in found if key.startswith(("distance_km", "accuracy", "predictions", "truths"))]
    assert found["parse_problems/nothing_read"] == 0.0  # a text was asked for, and there is one
    assert math.isnan(found["gates_closed/distance"])


@pytest.mark.parametrize(
    ("answer", "family"),
    [
        ("<think>x", "no_answer"),
        ("<answer>1, 2</answer><answer>1, 2</answer>", "several_answers"),
        (tagged("(48.85, 2.35) or (40.4, -3.7)"), "several_answers"),
        (tagged("somewhere nice"), "nothing_read"),
        (tagged("400, 2"), "out_of_range"),
        (tagged("1e1, 2"), "malformed"),
    ],
)
def test_each_problem_is_counted_in_one_family(answer, family):
    found = figures(summary_of([answer, tagged("1, 2")]))
    counted = {key: value for key, value in found.items() if key.startswith("parse_problems/") and value}
    assert counted == {f"parse_problems/{family}": 0.5}


def test_a_row_with_a_bad_picture_abstains_as_a_whole_and_is_counted():
    scores = scored([tagged("40, 10")] * 2, lat=[40.0] * 2, lon=[10.0] * 2, picture_fault=[None, "truncated"])
    assert scores.total == [2.0, None]
    assert {tuple(values) for values in scores.rewards.values()} == {(1.0, None)}
    assert "the picture could not be read: truncated" in scores.explain(1)
    summary = summarise(scores)
    assert (summary.picture_faults, summary.failed, summary.faulty) == (1, 0, 1)
    assert metrics(summary)["picture_faults"] == 1.0
    assert metrics(summary)["gates_closed/distance"] == 0.0


def test_a_guess_at_a_picture_that_could_not_be_read_counts_for_no_distance():
    answers, faults = [tagged("40, 10"), tagged("0, 0"), tagged("-40, 10")], [None, "truncated", None]
    found = metrics(summarise(scored(answers, lat=[40.0] * 3, lon=[10.0] * 3, picture_fault=faults)))
    assert found["accuracy/25km"] == 0.5
    assert found["distance_km/share"] == 1.0
    assert found["distance_km/p50"] == pytest.approx(gr.great_circle_km(40, 10, -40, 10) / 2, rel=1e-6)


def test_the_slowest_rank_tells_the_time_and_batches_add_up():
    first, second = (
        summarise(scored([tagged("1, 2")], lat=[1.0], lon=[2.0]), seconds=seconds)
        for seconds in [(1.0, 10.0), (3.0, 10.0)]
    )
    batch = join_ranks([first, second], generations=None)
    assert (metrics(batch)["reward_time/seconds"], metrics(batch)["reward_time/share"]) == (3.0, 0.3)
    assert metrics(join_batches([batch, batch]))["reward_time/share"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("totals", "flat"),
    [
        ([1, 1, 1, 1], 1),
        ([1, 1, 1, 2], 0),
        ([1, math.nan, math.nan, math.nan], 1),
        ([math.nan] * 4, 1),
        ([1, math.nan, 2, math.nan], 0),
        ([0.1 + 0.2, 0.3, 0.3, 0.3], 1),
    ],
)
def test_a_group_teaches_nothing_without_two_different_totals(totals, flat):
    assert zero_spread_groups(np.array(totals), 4) == (flat, 1)


def test_totals_that_are_no_whole_groups_are_not_judged():
    assert zero_spread_groups(np.ones(6), 4) == (0, 0)
    assert "zero_spread_groups" not in figures(summary_of([tagged("1, 2")]), generations=4)


def test_groups_may_lie_on_two_ranks():
    good = tagged("40, 10")
    ranks = [summary_of([good] * 3), summary_of([good, "junk", "junk", "junk", tagged("1, 2")])]
    assert figures(*ranks, generations=4)["zero_spread_groups"] == pytest.approx(1 / 2)


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1))
def test_cells_are_whole_degrees(pairs):
    numbers = cells_of(np.array(pairs).T)
    expected = [(min(math.floor(lat), 89), -180 if lon == 180 else math.floor(lon)) for lat, lon in pairs]
    assert [(number // 360 - 90, number % 360 - 180) for number in numbers.tolist()] == expected


def test_a_summary_travels_between_ranks():
    summary = summary_of([tagged("40, 10"), "junk"])
    assert metrics(pickle.loads(pickle.dumps(summary))) == pytest.approx(metrics(summary), nan_ok=True)

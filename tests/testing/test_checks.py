"""`check_reward`: right rewards pass, and its arguments do what they say."""

from __future__ import annotations

import pytest

import geo_rewards as gr
from geo_rewards.errors import UnknownNameError
from geo_rewards.testing import CHECKS, LESSONS, HolesFoundError, check_reward, find_holes
from geo_rewards.testing.cases import build_cases
from geo_rewards.testing.hacks import answer_hacks, format_hacks, long_junk
from geo_rewards.testing.subject import RewardSubject

BUILT_IN = [info.name for info in gr.list_rewards() if info.plugin == "geo-rewards"]

# What each is about, so that a new reward is looked at by a person, and the kit's guess with it.
ABOUT = {
    "city_match": "answer",
    "coordinate_format": "answer",
    "country_match": "answer",
    "haversine_decay": "answer",
    "overlong_penalty": "neither",
    "place_consistency": "answer",
    "place_hierarchy": "answer",
    "region_match": "answer",
    "repetition_penalty": "neither",
    "think_answer_format": "format",
}

VARIATIONS = [
    ("think_answer_format", {"think_in_template": True}),
    ("coordinate_format", {"style": "parentheses"}),
    ("haversine_decay", {"distance": "geodesic"}),
    ("haversine_decay", {"curve": "logistic", "scale_km": 100}),
    *(
        ("haversine_decay", {"curve": curve})
        for curve in ("geo_r", "geo_r_code", "linear", "steps", "thresholds", "truncated_exponential")
    ),
    *(
        (name, {"source": source})
        for name in ("country_match", "region_match", "city_match")
        for source in ("text", "coordinate")
    ),
    ("city_match", {"within_km": 25}),
    ("haversine_decay", {"schedule": {"from": 2000, "to": 25, "over": 0.8}}),
    ("place_hierarchy", {"decay": {"curve": "exponential", "scale_km": 25}, "decay_weight": 0.5}),
    ("place_consistency", {"level": "region"}),
    ("overlong_penalty", {"unit": "tokens", "max_length": 20, "buffer": 10}),
    ("overlong_penalty", {"unit": "characters", "max_length": 100, "buffer": 50}),
    ("repetition_penalty", {"n": 1, "scale": 0.5}),
]


class AnswerLength(gr.Reward):
    """The longer the answer, the better, up to 100 characters."""

    name = "answer_length"

    def score(self, sample):
        return min(1.0, len(sample.answer.answer or "") / 100)


class SameBoxes(gr.Reward):
    """1 if the answer is the boxes of the row, as written."""

    name = "same_boxes"

    def score(self, sample):
        return 1.0 if sample.answer.answer == str(sample.row["boxes"]) else 0.0


class Waiting(gr.Reward):
    """1 for the true country, after asking somebody else."""

    name = "waiting"
    needs = ("country",)

    async def score(self, sample):
        return 1.0 if sample.answer_place.country == sample.truth.country else 0.0


def names(findings):
    return [finding.name for finding in findings]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_reward_has_no_holes(name):
    check_reward(name)


@pytest.mark.parametrize(("name", "params"), VARIATIONS, ids=str)
def test_a_built_in_reward_with_other_parameters_has_no_holes(name, params):
    check_reward(gr.get_reward(name, **params), skip=["time"])


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_a_built_in_reward_is_about_is_found_out(name):
    reward = gr.get_reward(name)
    subject = RewardSubject(reward, build_cases(reward.needs, None, ideal=None, wrong=None))
    expected = ABOUT[name]
    assert (subject.about_answer, subject.about_format) == (expected == "answer", expected == "format")


@pytest.mark.parametrize(
    "truth",
    [{"lat": 35.6586, "lon": 139.7454}, {"country": "JP"}, {"solution": "Country: Japan\nCity: Tokyo"}],
)
def test_the_truth_may_be_the_authors(truth):
    check_reward(gr.get_reward("country_match"), columns=truth, skip=["time"])


def test_a_reward_about_another_column_is_given_its_ideal_answer():
    check_reward(SameBoxes(), columns={"boxes": [1, 2]}, ideal="[1, 2]", wrong="[3, 4]", skip=["time"])
    with pytest.raises(HolesFoundError, match="KeyError: 'boxes'"):
        check_reward(SameBoxes())


def test_an_asynchronous_reward_has_no_holes():
    check_reward(Waiting(), skip=["time"])


def test_the_author_says_what_the_reward_is_about():
    assert "long_junk" in names(find_holes(AnswerLength()))
    check_reward(AnswerLength(), about="neither")
    assert names(find_holes(gr.get_reward("overlong_penalty"), about="answer", only=["ideal_answer"])) == [
        "ignores_the_answer",
        "empty_answer",
    ]


def test_only_some_checks_are_made():
    assert names(find_holes(AnswerLength(), only=["values", "time"], skip=["long_junk"])) == []


def test_an_unknown_check_is_an_error_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="'pickling'"):
        check_reward("country_match", skip=["pickle"])
    with pytest.raises(UnknownNameError, match="'order'"):
        check_reward("country_match", only=["ordre"])


def test_all_findings_are_reported_at_once_with_their_lessons():
    with pytest.raises(HolesFoundError) as caught:
        check_reward(AnswerLength(), about="answer")
    error = caught.value
    assert len(error.findings) > 3
    assert f"reward 'answer_length' has {len(error.findings)} holes" in str(error)
    for finding in error.findings:
        assert f"{finding.name}: " in str(error)
        assert finding.lesson in str(error)


def test_a_clean_reward_says_nothing():
    assert find_holes(gr.get_reward("country_match"), skip=["time"]) == []


def test_every_hack_has_a_lesson():
    (case, _) = build_cases((), None, ideal=None, wrong=None)
    assert {hack.name for hack in (*answer_hacks(case), *format_hacks(case), *long_junk(1000))} <= set(
        LESSONS
    )


def test_every_check_says_what_it_checks():
    assert all(check.__doc__ for check in CHECKS.values())

"""`check_reward`: right rewards pass, and its arguments do what they say."""

from __future__ import annotations

import pytest
from built_in_rewards import INTENDED, NAMES, OPTIONS, PARAMETERS, VARIATIONS, about, reward_of

import geo_rewards as gr
from geo_rewards.errors import InputError, UnknownNameError
from geo_rewards.testing import CHECKS, LESSONS, HolesFoundError, check_recipe, check_reward, find_holes
from geo_rewards.testing.cases import build_cases
from geo_rewards.testing.hacks import answer_hacks, format_hacks, long_junk

# What each is about, so that a person has looked at the kit's guess.
ABOUT = {
    "city_match": "answer",
    "coordinate_format": "answer",
    "cost_factor": "neither",
    "country_match": "answer",
    "entity_recall": "neither",
    "field_format": "neither",
    "haversine_decay": "answer",
    "overlong_penalty": "neither",
    "place_consistency": "answer",
    "place_hierarchy": "answer",
    "precision_bonus": "answer",
    "region_match": "answer",
    "repetition_penalty": "neither",
    "think_answer_format": "format",
    "think_length": "neither",
}


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
    """1 for the true country, after asking a service."""

    name = "waiting"
    needs = ("country",)

    async def score(self, sample):
        return 1.0 if sample.answer_place.country == sample.truth.country else 0.0


def names(findings):
    return [finding.name for finding in findings]


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_reward_has_no_holes(name):
    check_reward(name, **OPTIONS.get(name, {}), skip=INTENDED.get(name, []))


@pytest.mark.parametrize("label", VARIATIONS)
def test_a_built_in_reward_with_other_parameters_has_no_holes(label):
    reward = reward_of(label)
    check_reward(reward, skip=["time", *INTENDED.get(label, [])], **OPTIONS.get(reward.name, {}))


@pytest.mark.parametrize("label", INTENDED)
def test_what_a_built_in_reward_is_excused_from_is_found(label):
    reward = gr.get_reward(label.split()[0], **PARAMETERS[label])
    found = names(find_holes(reward, only=["constant_answer", "spread", "notations"]))
    assert sorted(found) == sorted(INTENDED[label])


def test_a_built_in_reward_that_counts_tokens_has_no_holes():
    check_reward(gr.get_reward("overlong_penalty", unit="tokens", max_length=20, buffer=10), skip=["time"])


@pytest.mark.parametrize("name", ABOUT)
def test_what_a_built_in_reward_is_about_is_found_out(name):
    assert about(gr.get_reward(name)) == ABOUT[name]


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


def test_a_clean_reward_has_no_findings():
    assert find_holes(gr.get_reward("country_match"), skip=["time"]) == []


def test_every_hack_has_a_lesson():
    (case, _) = build_cases((), None, ideal=None, wrong=None)
    assert {hack.name for hack in (*answer_hacks(case), *format_hacks(case), *long_junk(1000))} <= set(
        LESSONS
    )


def test_every_check_says_what_it_checks():
    assert all(check.__doc__ for check in CHECKS.values())


def test_what_is_no_reward_is_told_what_to_pass():
    with pytest.raises(InputError, match=r"make one: check_reward\(HaversineDecay\(\)\)"):
        check_reward(type(gr.get_reward("haversine_decay")))
    for thing in (None, 3, gr.load_recipe("geo-r")):
        with pytest.raises(InputError, match="check_reward takes a reward, not"):
            check_reward(thing)
    with pytest.raises(InputError, match="a recipe must be a name, a path or a dict"):
        check_recipe(None)

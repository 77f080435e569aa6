import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_rewards as gr
from geo_rewards.registry.registry import get_registry
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.scoring.rehearsal import JUNK, ideal_completion, rehearse
from geo_rewards.testing import temporary_plugin
from geo_rewards.types import Coordinate, GroundTruth

PARIS = GroundTruth(Coordinate(48.8584, 2.2945), "FR", "Île-de-France", "Paris")
COLUMNS = {"lat": [48.8584, -33.87], "lon": [2.2945, 151.2]}


def recipe(*rewards, **keys):
    return gr.Recipe(parse_recipe({"rewards": list(rewards), **keys}, where="test"))


def test_the_ideal_answer_is_well_formed_and_complete():
    answer = gr.parse_completion(ideal_completion(PARIS))
    assert answer.well_formed
    assert (answer.coordinate, answer.coordinate_form) == (PARIS.coordinate, "parentheses")
    assert (answer.country, answer.region, answer.city) == ("FR", "Île-de-France", "Paris")
    assert answer.problems == ()


def test_a_row_that_is_not_about_a_place_has_its_text_as_ideal_answer():
    assert gr.parse_completion(ideal_completion(GroundTruth(text="3 balls"))).answer == "3 balls"
    assert gr.parse_completion(ideal_completion(GroundTruth())).well_formed


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_coordinate_is_written_so_that_it_is_read_again(lat, lon):
    answer = gr.parse_completion(ideal_completion(GroundTruth(Coordinate(lat, lon))))
    assert answer.coordinate is not None, answer.problems
    assert tuple(answer.coordinate) == pytest.approx((lat, lon), abs=1e-9)


@pytest.mark.parametrize("name", ["default", "geo-r", "geo-r-code", "geoguessr"])
def test_right_labels_pass_the_named_recipes(name):
    result = rehearse(gr.load_recipe(name), COLUMNS, 2)
    assert result.shortfalls == []
    assert set(result.answered.values()) == {2}


NAMED = [claim.name for claim in get_registry().recipes if claim.source.is_built_in]


@pytest.mark.parametrize("name", NAMED)
def test_terms_that_no_truth_can_satisfy_are_not_asked_of_it(name):
    """The ideal answer names no entities, thinks shortly, has no fields, and cannot change its cost."""
    loaded = gr.load_recipe(name, override={"distance.scale_km": 1000} if name == "gre" else None)
    columns = {**COLUMNS, "entities": [["a tower"], None], "cost": [0.1, 9]}
    assert [found.message for found in rehearse(loaded, columns, 2).shortfalls] == []


def test_a_factor_that_an_answer_changes_is_asked_of_it():
    mine = recipe(
        {"name": "coordinate_format", "as": "form", "weight": 0, "params": {"style": "parentheses"}},
        {"name": "country_match", "factor": "form"},
    )
    assert rehearse(mine, COLUMNS, 2).shortfalls == []
    (shortfall,) = rehearse(mine, {"country": ["FR"]}, 1).shortfalls
    assert "country_match 0 instead of 1" in shortfall.message


def test_a_label_that_contradicts_its_coordinate_is_found():
    columns = {**COLUMNS, "country": ["ES", "AU"]}
    (shortfall,) = rehearse(gr.load_recipe("default"), columns, 2).shortfalls
    assert shortfall.row == 0
    assert shortfall.message.startswith("its own truth as an ideal answer earns")
    assert "consistency 0 instead of 0.1" in shortfall.message
    assert "named      country 'ES'" in shortfall.explanation


def test_a_label_that_contradicts_its_coordinate_is_found_by_every_recipe_about_countries():
    columns = {**COLUMNS, "country": ["ES", "AU"]}
    (shortfall,) = rehearse(gr.load_recipe("globe"), columns, 2).shortfalls
    assert shortfall.row == 0
    assert shortfall.message == (
        "its truth contradicts itself: the country is ES, but 48.8584, 2.2945 lies in FR"
    )
    assert rehearse(gr.load_recipe("geoguessr"), columns, 2).shortfalls == []
    at_sea = {"lat": [0.0], "lon": [-30.0], "country": ["BR"]}
    assert rehearse(gr.load_recipe("globe"), at_sea, 1).shortfalls == []


def test_a_recipe_that_no_answer_can_satisfy_is_found():
    nowhere = recipe(
        {"name": "coordinate_format", "as": "format", "weight": 0},
        {"name": "country_match", "gate": {"reward": "format", "at_least": 1.0}},
    )
    (shortfall,) = rehearse(nowhere, {"country": ["FR"]}, 1).shortfalls
    assert "country_match 0 instead of 1" in shortfall.message


class Lenient(gr.Reward):
    """Pays for anything."""

    name = "lenient"

    def score(self, sample):
        return 1.0 if sample.completion or sample.truth.city == "Sydney" else 0.0


class Fragile(gr.Reward):
    """Fails where the answer has no coordinate."""

    name = "fragile"

    def score(self, sample):
        return 1.0 if sample.answer.coordinate.lat else 0.0


@pytest.fixture
def plugin():
    class Plugin:
        @staticmethod
        @gr.hookimpl
        def register_rewards(register):
            register(Lenient)
            register(Fragile)

    with temporary_plugin(Plugin):
        yield


def test_a_reward_that_pays_for_junk_is_found(plugin):
    shortfalls = rehearse(recipe({"name": "lenient"}), {"country": ["FR"] * 6}, 6).shortfalls
    assert [shortfall.row for shortfall in shortfalls] == [row for row in range(6) if JUNK[row % len(JUNK)]]
    assert all("lenient 1 instead of 0" in shortfall.message for shortfall in shortfalls)
    assert "I cannot tell" in shortfalls[0].message


def test_a_reward_that_fails_is_found_whatever_its_on_error_says(plugin):
    for on_error in ("raise", "abstain", 0.0):
        fragile = recipe({"name": "fragile", "on_error": on_error})
        shortfalls = rehearse(fragile, COLUMNS, 2).shortfalls
        assert [(f.row, "junk" in f.message, "AttributeError" in f.message) for f in shortfalls] == [
            (0, True, True),
            (1, True, True),
        ]


def test_rewards_that_abstain_are_left_out_and_counted():
    result = rehearse(gr.load_recipe("geoguessr"), {"country": ["FR"], "lat": [None], "lon": [None]}, 1)
    assert result.shortfalls == []
    assert result.answered == {"distance": 0, "format": 1}


def test_a_penalty_need_not_fall_on_junk():
    penalty = recipe({"name": "think_answer_format", "weight": -1.0}, {"name": "coordinate_format"})
    messages = [shortfall.message for shortfall in rehearse(penalty, COLUMNS, 2).shortfalls]
    assert len(messages) == 2  # the ideal answer is punished for its format; junk is free to earn 0
    assert all("think_answer_format -1 instead of 0" in message for message in messages)


def test_columns_of_the_recipe_and_other_columns_reach_the_rewards():
    mine = recipe({"name": "haversine_decay"}, columns={"lat": "breite", "lon": "laenge"})
    result = rehearse(mine, {"breite": [1.0], "laenge": [2.0], "note": ["x"]}, 1)
    assert (result.shortfalls, result.answered) == ([], {"haversine_decay": 1})

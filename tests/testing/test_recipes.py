"""`check_recipe`: no named recipe can be cheated, and one that can is caught."""

import pytest

import geo_rewards as gr
from geo_rewards.registry.registry import get_registry
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.testing import HolesFoundError, check_recipe, temporary_plugin
from geo_rewards.testing.cases import build_cases
from geo_rewards.testing.recipe_subject import RecipeSubject

NAMED = [claim.name for claim in get_registry().recipes if claim.source.is_built_in]
SETTINGS = {"gre": {"distance.scale_km": 500}}  # it has no default, and says so
GATED = ["default"]
INTENDED = {
    "geo-r": ["refuses_notation"],  # the paper asks for a pair in parentheses
    "geospot": ["flat_groups"],  # outside training its scale is 25 km
    "globe": ["form_outweighs_answer"],
    "thinking-with-map": ["flat_groups"],  # a ladder that ends at 750 km
    "seekworld": [  # its source pays for the length of the think block, whatever is in it and around it
        "answer_only_in_think",
        "flattery",
        "form_outweighs_answer",
        "flat_groups",
        "text_before",
        "text_between",
        "text_after",
        "nested_blocks",
        "wrong_order",
    ],
}


def load(name):
    return gr.load_recipe(name, override=SETTINGS.get(name))


def recipe(**text):
    return gr.Recipe(parse_recipe(text, where="a test"), origin="mine")


def subject(name):
    return RecipeSubject(load(name), build_cases((), None, ideal=None, wrong=None))


@pytest.mark.parametrize("name", NAMED)
def test_no_hack_pays_under_a_named_recipe(name):
    assert subject(name).about_answer
    check_recipe(load(name), skip=["time", *INTENDED.get(name, ())])


@pytest.mark.parametrize("name", INTENDED)
def test_what_a_named_recipe_is_excused_from_is_found(name):
    with pytest.raises(HolesFoundError) as caught:
        check_recipe(load(name), skip=["time"])
    assert sorted(caught.value.names) == sorted(INTENDED[name])


def test_seekworld_without_its_term_for_the_length_is_only_a_ladder():
    recipe = gr.load_recipe("seekworld", override={"length.weight": 0})
    check_recipe(recipe, skip=["time", "flat_groups"])


@pytest.mark.parametrize("name", GATED)
def test_a_recipe_that_gates_by_format_is_checked_for_format_hacks(name):
    assert subject(name).about_format


def test_a_recipe_that_counts_tags_falls_for_format_hacks():
    tags = {"name": "think_answer_format", "params": {"mode": "tags"}}
    with pytest.raises(HolesFoundError, match="recipe 'mine' has") as caught:
        check_recipe(recipe(rewards=[tags, {"name": "country_match"}]), skip=["time"])
    assert {"text_after", "wrong_order"} <= set(caught.value.names)
    assert "several_pairs" not in caught.value.names


def test_penalties_are_not_a_hole():
    rewards = [{"name": "city_match"}, {"name": "overlong_penalty"}, {"name": "repetition_penalty"}]
    check_recipe(recipe(rewards=rewards), skip=["time"])


def test_the_columns_of_the_recipe_are_used():
    mine = recipe(rewards=[{"name": "haversine_decay"}], columns={"lat": "breite", "lon": "laenge"})
    check_recipe(mine, skip=["time"])
    check_recipe(mine, columns={"breite": 52.52, "laenge": 13.405}, skip=["time"])


def test_a_failing_reward_is_a_finding():
    mine = recipe(rewards=[{"name": "overlong_penalty", "params": {"unit": "tokens"}}])
    with pytest.raises(HolesFoundError, match="raises") as caught:
        check_recipe(mine, columns={"completion_ids": None}, only=["values"])
    assert caught.value.names == ["raises"]


def test_a_value_that_no_reward_may_return_is_found_under_another_label_too():
    class Endless(gr.Reward):
        """Infinite."""

        name = "endless"

        def score(self, sample):
            return float("inf")

    class Plugin:
        @staticmethod
        @gr.hookimpl
        def register_rewards(register):
            register(Endless)

    with temporary_plugin(Plugin):
        mine = recipe(rewards=[{"name": "endless", "as": "mine"}])
        with pytest.raises(HolesFoundError) as caught:
            check_recipe(mine, only=["values"])
    assert caught.value.names == ["not_finite"]

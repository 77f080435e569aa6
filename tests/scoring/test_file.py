"""What a person writes in a recipe: numbers as they are meant, and keys where they belong."""

import pytest

import geo_rewards as gr
from geo_rewards.errors import RecipeError
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.yaml_file import parse_yaml


def load(text):
    return gr.Recipe(parse_recipe(parse_yaml(text), where="r.yaml"), origin="r.yaml")


def entry(text):
    recipe = (
        "rewards:\n- {name: think_answer_format, as: format}\n- {name: haversine_decay, as: distance, %s}\n"
    )
    return load(recipe % text).entries["distance"]


@pytest.mark.parametrize(
    ("written", "weight"),
    [("0.5", 0.5), ("'0.5'", 0.5), ("1e3", 1000), ("1_000", 1000), ("010", 10), ("-2", -2), ("+.5", 0.5)],
)
def test_a_number_is_what_it_looks_like(written, weight):
    assert entry(f"weight: {written}").weight == weight
    assert gr.load_recipe("haversine_decay").override({"weight": parse_yaml(written)}).weights == [weight]


NO_NUMBERS = ["yes", "true", ".inf", ".nan", "~", "1:30", "2024-01-01", "[1]", "1e400", "one", "١"]


@pytest.mark.parametrize("written", NO_NUMBERS)
@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("weight: %s", "rewards.1.weight must be a finite number, not"),
        ("gate: {reward: format, at_least: %s}", "rewards.1.gate.at_least must be a finite number, not"),
        (
            "gate: {reward: format, at_least: 1, otherwise: %s}",
            "gate.otherwise must be a number or `abstain`",
        ),
        ("on_error: %s", "on_error must be `raise`, `abstain` or a number, not"),
        ("timeout_s: %s", "timeout_s must be a number greater than 0, or null for no limit, not"),
        ("params: {scale_km: %s}", "scale_km"),
    ],
)
def test_what_is_no_number_is_refused_with_its_place(key, wanted, written):
    if written == "~" and key.partition(":")[0] in ("on_error", "timeout_s", "params"):
        assert entry(key % written)
        return
    with pytest.raises(RecipeError, match=wanted):
        entry(key % written)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on_error: abstain", "'on_error': it belongs to each entry of `rewards`"),
        ("weight: 1", "'weight': it belongs to each entry of `rewards`"),
        ("params: {scale_km: 1}", "'params': it belongs to each entry of `rewards`"),
        ("at_least: 1", "'at_least': it belongs into the entry's gate"),
        ("scale: 1", "'scale'; the keys are rewards, columns, gazetteer"),
        ("gazeteer: x", "'gazeteer'; did you mean 'gazetteer'"),
    ],
)
def test_a_key_in_the_wrong_place_is_told_where_it_belongs(text, message):
    with pytest.raises(RecipeError, match=message):
        load(f"rewards:\n- {{name: haversine_decay}}\n{text}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columns: {lat: x}", "'rewards.1.columns': it belongs to the top of the recipe"),
        ("at_least: 1", "'rewards.1.at_least': it belongs into the entry's gate"),
        ("scale_km: 5", r"'rewards.1.scale_km': a parameter .* belongs into `params: \{scale_km: ...\}`"),
        (
            "gate: {reward: format, at_least: 1, weight: 2}",
            "'rewards.1.gate.weight': it belongs to each entry",
        ),
        ("gate: format", "rewards.1.gate must be a mapping, not 'format'"),
        ("gate: {reward: format}", "key 'rewards.1.gate.at_least' is missing"),
        ("params: [1]", r"rewards.1.params must be a mapping, not \[1\]"),
        ("sha256: 3", "rewards.1.sha256 must be a text, not 3"),
        ("params: {curve: exponentiel}", "curve must be 'exponential', .*; did you mean 'exponential'"),
        ("params: {scale_km: -1}", "scale_km must be greater than 0, not -1"),
    ],
)
def test_a_mistake_in_an_entry_is_said_in_plain_words(text, message):
    with pytest.raises(RecipeError, match=message):
        entry(text)


def test_a_reward_that_is_only_a_name_is_told_how_to_write_it():
    with pytest.raises(RecipeError, match=r"rewards.0 must be a mapping: write `- name: haversine_decay`"):
        load("rewards: [haversine_decay]")


def test_a_name_written_as_a_key_is_told_how_to_write_it():
    with pytest.raises(RecipeError, match=r"'rewards.0.haversine_decay': write `- name: haversine_decay`"):
        load("rewards:\n- haversine_decay:\n    scale_km: 3\n")


def test_a_missing_column_is_answered_with_the_columns():
    recipe = load("rewards: [{name: haversine_decay}]\ncolumns: {lat: gps_y}\n")
    with pytest.raises(
        RecipeError, match=r"column 'gps_y', named for 'lat', is not in the data \(columns: a\)"
    ):
        recipe.score(["x"], a=[1])

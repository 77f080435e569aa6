"""Overrides: parameters, weights and gates by label; a misspelt label is answered with the labels."""

import pytest

import geo_rewards as gr
from geo_rewards.errors import InputError, MissingParameterError, RecipeError
from geo_rewards.scoring.overrides import parse_overrides
from geo_rewards.scoring.recipe import recipe_of_rewards


def changed(values, name="geo-r", label="distance"):
    return gr.load_recipe(name).override(values).entries[label]


def test_gates_can_be_overridden():
    assert changed({"distance.gate.at_least": 0.5}).gate.at_least == 0.5
    assert changed({"distance.gate.otherwise": "abstain"}).gate.otherwise == "abstain"
    assert changed({"distance.gate": None}).gate is None
    assert changed({"distance.gate": {"reward": "format", "at_least": 0.25}}).gate.at_least == 0.25
    both = changed({"distance.gate.at_least": 0.5, "distance.gate.otherwise": -1})
    assert (both.gate.at_least, both.gate.otherwise, both.gate.reward) == (0.5, -1.0, "format")


def test_the_other_settings_of_an_entry_can_be_overridden():
    assert changed({"distance.on_error": "abstain"}).on_error == "abstain"
    assert changed({"distance.timeout_s": 5}).timeout_s == 5
    assert changed({"distance.weight": "1e3"}).weight == 1000
    assert changed({"distance.params.curve": "linear"}).params == {"curve": "linear"}
    schedule = {"from": 500, "to": 100}
    annealed = changed(
        {"distance.curve": "exponential", "distance.schedule": schedule, "distance.schedule.to": 50}
    )
    assert annealed.params["schedule"] == {"from": 500, "to": 50}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"dist.curve": "linear"},
            r"'dist' is not a label; did you mean 'distance'\? \(labels: format, distance\)",
        ),
        ({"curve": "linear"}, r"'curve' is not a label \(labels: format, distance\)"),
        ({"distance": 3}, "'distance' must be label.parameter, such as 'distance.weight'"),
        ({"": 3}, "must be label.parameter"),
        ({"distance.gate.atleast": 1}, "unknown key 'gate.atleast'; did you mean 'at_least'"),
        ({"distance.gate.at_least": "yes"}, "gate.at_least must be a finite number, not 'yes'"),
        ({"distance.gate.reward": "frmat"}, "names 'frmat', which is not a label; did you mean 'format'"),
        ({"distance.gate.at_least": 7}, "can never open"),
        ({"format.gate.at_least": 1}, "key 'gate.reward' is missing"),
        ({"distance.on_error": True}, "on_error must be `raise`, `abstain` or a number, not true"),
        ({"distance.weight": True}, "weight must be a finite number, not true"),
        ({"distance.name": "x"}, "unknown key 'name'"),
        ({"distance.wieght": 2}, "unknown key 'wieght'; did you mean 'weight'"),
        ({"distance.onerror": "raise"}, "unknown key 'onerror'; did you mean 'on_error'"),
        ({"distance.curv": "linear"}, "unknown key 'curv'; did you mean 'curve'"),
    ],
)
def test_a_wrong_override_says_what_would_be_right(values, message):
    with pytest.raises(RecipeError, match=f"^geo-r: .*{message}"):
        changed(values)


def test_a_label_may_contain_dots():
    entries = [{"name": "haversine_decay", "as": "d"}, {"name": "haversine_decay", "as": "d.far"}]
    recipe = gr.Recipe({"rewards": entries}).override({"d.far.scale_km": 5})
    assert recipe.entries["d.far"].params == {"scale_km": 5}
    assert recipe.entries["d"].params == {}


def test_a_recipe_of_one_reward_needs_no_label():
    for key in ("scale_km", "haversine_decay.scale_km", "params.scale_km"):
        recipe = gr.load_recipe("haversine_decay", override={key: 5})
        assert recipe.rewards["haversine_decay"].scale_km == 5.0
    with pytest.raises(RecipeError, match="unknown key 'scale'; did you mean 'scale_km'"):
        gr.load_recipe("haversine_decay", override={"scale": 5})


@pytest.mark.parametrize("text", ["a", "=1", "a.b=[", ""])
def test_a_setting_must_be_an_assignment(text):
    with pytest.raises(RecipeError, match=r"label.parameter=value|not valid YAML"):
        parse_overrides([text])


def test_a_setting_cannot_be_given_twice():
    with pytest.raises(RecipeError, match=r"'a.b' is set twice"):
        parse_overrides(["a.b=1", "a.b=2"])


def test_what_must_be_given_is_said_for_python_and_for_a_command_line():
    with pytest.raises(MissingParameterError, match=r"override=\{'distance.scale_km': ...\}") as caught:
        gr.load_recipe("gre")
    assert caught.value.by_option("--set").endswith(": --set distance.scale_km=VALUE")
    with pytest.raises(MissingParameterError, match=r"\(scale_km=...\)"):
        gr.get_reward("haversine_decay", curve="logistic")
    assert recipe_of_rewards(["haversine_decay"], override={"haversine_decay.curve": "linear"}).weights == [
        1.0
    ]


@pytest.mark.parametrize("values", ["distance.scale_km=3", ["distance.scale_km=3"], 3])
def test_an_override_must_be_a_dict(values):
    with pytest.raises(InputError, match=r"an override is a dict by label\.parameter"):
        gr.load_recipe("geo-r", override=values)

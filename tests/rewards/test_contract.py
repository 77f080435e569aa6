"""What every built-in reward must keep: range, abstention, pickling, order, and that hacks earn nothing."""

import math
import pickle

import pytest
from built_in_rewards import NAMES, PARAMETERS, about, reward_of

import geo_rewards as gr
from geo_rewards.registry.registry import get_registry
from geo_rewards.scoring.file import parse_recipe

TRUTH = {"lat": 48.8584, "lon": 2.2945, "country": "France", "region": "Île-de-France", "city": "Paris"}
ROW = {"entities": ["Iron tower"], "words": ["tower"], "cost": 0, "tokens": 0}
IDEAL = "<think>an iron tower</think><answer>France; Île-de-France; Paris (48.8584, 2.2945)</answer>"
LONG_IDEAL = IDEAL.replace("an iron tower", "an iron tower, " + "seen from the river " * 50)
AT_LENGTH = {"think_length", "seekworld"}

ALL = list(PARAMETERS)
ABOUT = {label: about(reward_of(label)) for label in ALL}
PLACE = [label for label in ALL if reward_of(label).needs]
FORMAT = [label for label in NAMES if ABOUT[label] == "format"]
ABOUT_THE_ANSWER = [label for label in ALL if ABOUT[label] == "answer"]
PENALTY = [label for label in ALL if reward_of(label).bounds[1] <= 0.0]
READS_THE_ROW = [label for label in ALL if label.startswith(("entity_recall", "cost_factor"))]


# Recipes that gate every value by the think/answer format, and those that add it to the rest or have
# none, as their sources do. A new recipe has to be put into one of them.
BEHIND_THE_FORMAT = {"default"}
ADDITIVE = {
    "geo-r",
    "geo-r-code",
    "geo-search-env",
    "geoagent",
    "geoguessr",
    "geospot",
    "geovista",
    "globe",
    "gre",
    "huggingenvs-geoguesser",
    "reverse",
    "seekworld",
    "thinking-with-map",
}
RECIPES = sorted(BEHIND_THE_FORMAT | ADDITIVE)
OVERRIDES = {"gre": {"distance.scale_km": 1000}}  # its scale is left to whoever uses it


def load(recipe: str) -> gr.Recipe:
    return gr.load_recipe(recipe, override=OVERRIDES.get(recipe))


def tagged(answer: str) -> str:
    return f"<think>x</think><answer>{answer}</answer>"


ANSWER_HACKS = {
    "several different pairs": tagged("(48.8584, 2.2945) or (40.7128, -74.006)"),
    "several different lines": tagged("48.8584, 2.2945\n40.7128, -74.006\n35.68, 139.69"),
    "the answer only in think": "<think>City: Paris (48.8584, 2.2945)</think><answer>unknown</answer>",
    "several answer blocks": tagged("48.8584, 2.2945") + "<answer>40.7128, -74.006</answer>",
    "the same answer block twice": tagged("48.8584, 2.2945") + "<answer>48.8584, 2.2945</answer>",
    "nested answer blocks": "<think>x</think><answer><answer>48.8584, 2.2945</answer></answer>",
    "latitude 400 wraps onto nothing": tagged("Country: Nowhere (408.8584, 2.2945)"),
    "longitude out of range": tagged("(48.8584, 362.2945)"),
    "a list of countries": tagged("Country: France, Spain, Italy"),
    "two countries": tagged(
        "Country: France or Spain\nCity: Paris or Madrid\nRegion: Île-de-France or Madrid"
    ),
    "empty tags": "<think></think><answer></answer>",
    "an empty string": "",
    "the truth inside a longer list": tagged("Country: Spain / France / Italy\nCity: Madrid / Paris"),
    "100,000 tags": "<answer>" * 12_500,
    "100,000 digits": tagged("1" * 100_000),
    "100,000 spaces": tagged(" " * 100_000),
    "a key twice": tagged('{"lat": 48.8584, "lon": 2.2945, "lat": 48.8584, "country": "France"}'),
    "two letters of a country": tagged("Country: Fr ance"),
    "a country inside a longer name": tagged("Country: New France, City: Parisian"),
    "the prompt's example alone": tagged("Country: ... Region: ... City: ... Coordinates: (lat, lon)"),
}

FORMAT_HACKS = {
    "text before": "Sure! <think>x</think><answer>48.8584, 2.2945</answer>",
    "text between": "<think>x</think> so <answer>48.8584, 2.2945</answer>",
    "text after": "<think>x</think><answer>48.8584, 2.2945</answer> and more",
    "nested think": "<think><think>x</think></think><answer>48.8584, 2.2945</answer>",
    "answer inside think": "<think>x<answer>48.8584, 2.2945</answer></think>",
    "repeated think": "<think>x</think><think>y</think><answer>48.8584, 2.2945</answer>",
    "repeated answer": "<think>x</think><answer>48.8584, 2.2945</answer><answer>48.8584, 2.2945</answer>",
    "unclosed answer": "<think>x</think><answer>48.8584, 2.2945",
    "unclosed think": "<think>x<answer>48.8584, 2.2945</answer>",
    "upper case": "<THINK>x</THINK><ANSWER>48.8584, 2.2945</ANSWER>",
    "full-width": "＜think＞x＜/think＞＜answer＞48.8584, 2.2945＜/answer＞",
    "empty think": "<think> </think><answer>48.8584, 2.2945</answer>",
    "empty answer": "<think>x</think><answer> </answer>",
    "answer first": "<answer>48.8584, 2.2945</answer><think>x</think>",
    "no tags": "48.8584, 2.2945",
    "cut off in the think block": "<think>an iron tower at 48.8584, 2.2945",
    "the prompt's example and then the answer": "First <think>...</think><answer>...</answer> "
    + tagged("48.8584, 2.2945"),
}

HONEST = {
    "full-width digits": tagged("４８．８５８４，２．２９４５"),
    "a plus sign and a full stop": tagged("+48.8584, +2.2945."),
    "JSON": tagged('{"lat": "48.8584", "lon": "2.2945"}'),
    "hemispheres": tagged("48.8584° N, 2.2945° E"),
}


def truths(count: int) -> dict[str, list]:
    return {name: [value] * count for name, value in {**TRUTH, **ROW}.items()}


def rows(count: int) -> dict[str, list]:
    return {name: [value] * count for name, value in ROW.items()}


def ideal_of(name: str) -> str:
    return LONG_IDEAL if name in AT_LENGTH else IDEAL


def lowest(reward: gr.Reward) -> float:
    return reward.bounds[0]


@pytest.mark.parametrize("label", ALL)
def test_the_ideal_answer_earns_the_maximum(label):
    reward = reward_of(label)
    assert reward([ideal_of(label)], **truths(1)) == [pytest.approx(reward.bounds[1])]


@pytest.mark.parametrize("label", ABOUT_THE_ANSWER)
@pytest.mark.parametrize("hack", ANSWER_HACKS)
def test_an_answer_hack_earns_nothing(label, hack):
    reward = reward_of(label)
    assert reward([ANSWER_HACKS[hack]], **truths(1)) == [lowest(reward)]


@pytest.mark.parametrize("label", FORMAT)
@pytest.mark.parametrize("hack", FORMAT_HACKS)
def test_a_format_hack_earns_nothing(label, hack):
    assert reward_of(label)([FORMAT_HACKS[hack]]) == [lowest(reward_of(label))]


@pytest.mark.parametrize("label", PENALTY)
@pytest.mark.parametrize("hack", ["100,000 tags", "100,000 digits"])
def test_a_flood_of_characters_costs_the_full_penalty(label, hack):
    reward = reward_of(label)
    assert reward([ANSWER_HACKS[hack]]) == [pytest.approx(lowest(reward), abs=0.01)]


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_way_of_writing_earns_the_maximum(text):
    assert gr.get_reward("haversine_decay")([HONEST[text]], **truths(1)) == [1.0]


def test_a_pair_with_a_unicode_minus_is_read_right():
    answer = tagged("−33.8568, 151.2153")
    assert gr.get_reward("haversine_decay")([answer], lat=[-33.8568], lon=[151.2153]) == [1.0]


@pytest.mark.parametrize("label", PLACE)
def test_rewards_about_the_truth_abstain_without_one(label):
    assert reward_of(label)([IDEAL, ""], **rows(2)) == [None, None]


@pytest.mark.parametrize("label", [label for label in ALL if label not in PLACE])
def test_rewards_that_know_no_truth_never_abstain(label):
    assert reward_of(label).needs == ()
    assert None not in reward_of(label)([IDEAL, ""], **rows(2))


@pytest.mark.parametrize("label", READS_THE_ROW)
def test_rewards_about_a_column_abstain_without_it_unless_told_its_value(label):
    expected = 1.0 if "missing" in PARAMETERS[label] else None
    assert reward_of(label)([IDEAL, ""]) == [expected, expected]


@pytest.mark.parametrize("label", ALL)
def test_values_stay_in_range_for_any_completion(label):
    reward = reward_of(label)
    completions = [IDEAL, *ANSWER_HACKS.values(), *FORMAT_HACKS.values(), *HONEST.values()]
    low, high = reward.bounds
    values = reward(completions, **truths(len(completions)))
    assert all(math.isfinite(value) and low <= value <= high for value in values)


@pytest.mark.parametrize("label", ALL)
def test_a_batch_equals_its_rows_one_by_one_in_any_order(label):
    reward = reward_of(label)
    completions = [IDEAL, *HONEST.values(), *FORMAT_HACKS.values()]
    together = reward(completions, **truths(len(completions)))
    assert [reward([completion], **truths(1))[0] for completion in completions] == together
    assert reward(completions[::-1], **truths(len(completions))) == together[::-1]


@pytest.mark.parametrize("label", ALL)
def test_rewards_survive_pickling(label):
    reward = pickle.loads(pickle.dumps(reward_of(label)))
    assert reward == reward_of(label)
    assert reward.__name__ == label.split()[0]
    assert reward([ideal_of(label)], **truths(1)) == [pytest.approx(reward.bounds[1])]


@pytest.mark.parametrize("label", ALL)
def test_the_parameters_that_a_run_saves_make_the_same_reward(label):
    reward = reward_of(label)
    entry = {"name": reward.name, "params": PARAMETERS[label]}
    (saved,) = gr.Recipe(parse_recipe({"rewards": [entry]}, where="test")).resolved()["rewards"]
    assert gr.get_reward(reward.name, **saved["params"]) == reward


@pytest.mark.parametrize("name", NAMES)
def test_every_reward_says_what_it_computes_and_where_it_comes_from(name):
    reward = gr.get_reward(name)
    assert "\n    Source: " in type(reward).__doc__
    assert "\n    >>> " in type(reward).__doc__
    assert reward.formula
    assert reward.reference


def test_every_shipped_recipe_is_covered():
    shipped = {claim.name for claim in get_registry().recipes if claim.source.is_built_in}
    assert set(RECIPES) == shipped


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_ideal_answer_earns_a_recipes_maximum(recipe):
    shipped = load(recipe)
    assert shipped.score([ideal_of(recipe)], **truths(1)).total == [pytest.approx(shipped.bounds[1])]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("hack", ANSWER_HACKS)
def test_an_answer_hack_earns_a_recipes_format_at_most(recipe, hack):
    shipped = load(recipe)
    scores = shipped.score([ANSWER_HACKS[hack]], **truths(1))
    for label, reward in shipped.rewards.items():
        if about(reward) == "answer":
            assert scores.rewards[label] == [shipped.final_bounds(label)[0]], label


@pytest.mark.parametrize("recipe", sorted(BEHIND_THE_FORMAT))
@pytest.mark.parametrize("hack", FORMAT_HACKS)
def test_a_format_hack_earns_nothing_under_a_recipe_that_gates_by_format(recipe, hack):
    shipped = load(recipe)
    scores = shipped.score([FORMAT_HACKS[hack]], **truths(1))
    assert scores.total == [shipped.bounds[0]]


@pytest.mark.parametrize("recipe", sorted(ADDITIVE))
@pytest.mark.parametrize("hack", FORMAT_HACKS)
def test_a_format_hack_earns_no_format_under_any_recipe(recipe, hack):
    shipped = load(recipe)
    scores = shipped.score([FORMAT_HACKS[hack]], **truths(1))
    formats = [label for label, reward in shipped.rewards.items() if reward.name in FORMAT]
    assert [scores.rewards[label] for label in formats] == [[0.0]] * len(formats)


@pytest.mark.parametrize("hack", FORMAT_HACKS)
def test_geo_r_asks_for_parentheses_and_not_for_tags(hack):
    assert load("geo-r").score([FORMAT_HACKS[hack]], **truths(1)).total == [0.0]
    in_parentheses = FORMAT_HACKS["text after"].replace("48.8584, 2.2945", "(48.8584, 2.2945)")
    assert load("geo-r").score([in_parentheses], **truths(1)).total == [1.0]


def test_one_consistent_answer_for_every_photo_earns_its_distance_only():
    tokyo = tagged("Country: Japan Region: Tokyo City: Tokyo Coordinates: (35.6762, 139.6503)")
    scores = load("default").score([tokyo], **truths(1))
    assert scores.rewards["consistency"] == [0.0]
    assert scores.rewards["place"] == [0.0]
    assert scores.total == [pytest.approx(0.2, abs=0.01)]  # the format, and next to nothing for 9,700 km

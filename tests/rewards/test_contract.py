"""What every built-in reward must keep: range, abstention, pickling, order, and that hacks earn nothing."""

import math
import pickle

import pytest

import geo_rewards as gr
from geo_rewards.reward import Reward

TRUTH = {"lat": 48.8584, "lon": 2.2945, "country": "France", "region": "Île-de-France", "city": "Paris"}
IDEAL = (
    "<think>an iron tower</think>"
    "<answer>Country: France Region: Île-de-France City: Paris Coordinates: (48.8584, 2.2945)</answer>"
)
FORMAT = ["think_answer_format"]
ANSWER = ["coordinate_format", "haversine_decay", "country_match", "region_match", "city_match"]


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
}

HONEST = {
    "full-width digits": tagged("４８．８５８４，２．２９４５"),
    "a plus sign and a full stop": tagged("+48.8584, +2.2945."),
    "JSON": tagged('{"lat": "48.8584", "lon": "2.2945"}'),
    "hemispheres": tagged("48.8584° N, 2.2945° E"),
}


def truths(count: int) -> dict[str, list]:
    return {name: [value] * count for name, value in TRUTH.items()}


def lowest(reward: Reward) -> float:
    return reward.bounds[0]


@pytest.mark.parametrize("name", FORMAT + ANSWER)
def test_the_ideal_answer_earns_the_maximum(name):
    reward = gr.get_reward(name)
    assert reward([IDEAL], **truths(1)) == [pytest.approx(reward.bounds[1])]


@pytest.mark.parametrize("name", ANSWER)
@pytest.mark.parametrize("hack", ANSWER_HACKS)
def test_an_answer_hack_earns_nothing(name, hack):
    reward = gr.get_reward(name)
    assert reward([ANSWER_HACKS[hack]], **truths(1)) == [lowest(reward)]


@pytest.mark.parametrize("hack", FORMAT_HACKS)
def test_a_format_hack_earns_nothing(hack):
    assert gr.get_reward("think_answer_format")([FORMAT_HACKS[hack]]) == [0.0]


@pytest.mark.parametrize("hack", [*FORMAT_HACKS, *ANSWER_HACKS])
@pytest.mark.parametrize("recipe", ["default", "geo-r"])
def test_no_hack_earns_a_distance_under_a_gated_recipe(recipe, hack):
    completion = {**FORMAT_HACKS, **ANSWER_HACKS}[hack]
    if recipe == "geo-r" and hack in FORMAT_HACKS:
        completion = completion.replace("48.8584, 2.2945", "48.8584 2.2945")  # its gate is the parentheses
    assert gr.load_recipe(recipe).score([completion], **truths(1)).rewards["distance"] == [0.0]


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_way_of_writing_earns_the_maximum(text):
    assert gr.get_reward("haversine_decay")([HONEST[text]], **truths(1)) == [1.0]


def test_a_pair_with_a_unicode_minus_is_read_right():
    answer = tagged("−33.8568, 151.2153")
    assert gr.get_reward("haversine_decay")([answer], lat=[-33.8568], lon=[151.2153]) == [1.0]


@pytest.mark.parametrize("name", ANSWER[1:])
def test_rewards_about_the_truth_abstain_without_one(name):
    assert gr.get_reward(name)([IDEAL, ""]) == [None, None]


@pytest.mark.parametrize("name", FORMAT + ANSWER[:1])
def test_format_rewards_never_abstain(name):
    assert None not in gr.get_reward(name)([IDEAL, ""])


@pytest.mark.parametrize("name", FORMAT + ANSWER)
def test_values_stay_in_range_for_any_completion(name):
    reward = gr.get_reward(name)
    completions = [IDEAL, *ANSWER_HACKS.values(), *FORMAT_HACKS.values(), *HONEST.values()]
    low, high = reward.bounds
    values = reward(completions, **truths(len(completions)))
    assert all(math.isfinite(value) and low <= value <= high for value in values)


@pytest.mark.parametrize("name", FORMAT + ANSWER)
def test_a_batch_equals_its_rows_one_by_one_in_any_order(name):
    reward = gr.get_reward(name)
    completions = [IDEAL, *HONEST.values(), *FORMAT_HACKS.values()]
    together = reward(completions, **truths(len(completions)))
    assert [reward([completion], **truths(1))[0] for completion in completions] == together
    assert reward(completions[::-1], **truths(len(completions))) == together[::-1]


@pytest.mark.parametrize("name", FORMAT + ANSWER)
def test_rewards_survive_pickling(name):
    reward = pickle.loads(pickle.dumps(gr.get_reward(name)))
    assert reward == gr.get_reward(name)
    assert reward.__name__ == name
    assert reward([IDEAL], **truths(1)) == [pytest.approx(reward.bounds[1])]


@pytest.mark.parametrize("name", FORMAT + ANSWER)
def test_every_reward_says_what_it_computes_and_where_it_comes_from(name):
    reward = gr.get_reward(name)
    assert type(reward).__doc__
    assert reward.formula
    assert reward.reference

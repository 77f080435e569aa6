import pytest

import geo_rewards as gr
from geo_rewards.errors import InputError
from geo_rewards.scoring.file import parse_recipe

TRUTH = {"lat": [48.8584], "lon": [2.2945]}


def explained(completion, recipe="geo-r", **truth):
    columns = {name: [value] for name, value in truth.items()} or TRUTH
    return gr.load_recipe(recipe).score([completion], **columns).explain(0)


def tagged(answer):
    return f"<think>x</think><answer>{answer}</answer>"


def line(text, start):
    return next(line for line in text.splitlines() if line.startswith(start))


@pytest.mark.parametrize(
    ("completion", "why"),
    [
        ("48.86, 2.35", "not well-formed: no tags"),
        ("<answer>48.86, 2.35</answer>", "<think> is missing and </think> is missing"),
        ("<think>x</think><answer>1, 2</answer><answer>1, 2</answer>", "<answer> occurs 2 times"),
        (
            "x</think><answer>1, 2</answer>",
            "<think> is missing, as in a completion whose prompt",
        ),
        ("<think></think><answer>1, 2</answer>", "the think block is empty"),
        ("<think>x</think><answer> </answer>", "the answer block is empty"),
        ("<think>x</think><answer>1, 2</answer> Done.", "there is text outside the blocks"),
        ("So: <think>x</think><answer>1, 2</answer>", "there is text outside the blocks"),
        ("<answer>1, 2</answer><think>x</think>", "the tags are not in the order"),
        ("<think>x<answer>1, 2</answer></think>", "the tags are not in the order"),
        ("", "not well-formed: no tags"),
    ],
)
def test_a_bad_format_says_why(completion, why):
    first = explained(completion).splitlines()[0]
    assert first.startswith("format     not well-formed: ")
    assert why in first


def test_what_was_read_from_which_part_is_shown():
    text = explained(tagged("City: Paris, Coordinates: (48.86, 2.35)"))
    assert line(text, "coordinate") == "coordinate 48.86, 2.35  (parentheses: '(48.86, 2.35)')"
    assert "(the complete text, which has no tags)" in line(explained("48.86, 2.35"), "answer")
    assert "whole text" not in line(text, "answer")


def test_both_places_and_the_distance_are_shown():
    text = explained(tagged("Country: Deutschland, Coordinates: (48.86, 2.35)"))
    assert line(text, "named") == "named      country 'Deutschland' (DE)"
    assert line(text, "lies in").startswith("lies in    country 'FR', region 'Île-de-France'")
    assert "48.8584, 2.2945; by the gazetteer country 'FR'" in line(text, "truth")
    assert line(text, "distance") == "distance   4.1 km"


def test_given_names_and_names_by_the_gazetteer_are_distinguished():
    text = explained("x", lat=48.8584, lon=2.2945, city="Paris")
    assert line(text, "truth").startswith(
        "truth      48.8584, 2.2945; city 'Paris'; by the gazetteer country"
    )
    assert "gazetteer" not in line(explained("x", "default", country="France"), "truth")


def test_an_unknown_country_and_a_coordinate_at_sea_are_explained():
    assert "'Narnia' (no country is known by that name)" in explained(tagged("Country: Narnia"))
    assert line(explained(tagged("(0, -140)")), "lies in") == "lies in    no known country"
    assert "lies in" not in explained(tagged("Country: Narnia"))


def test_one_row_of_a_batch_is_explained_like_the_row_alone():
    completions = [tagged("(48.86, 2.35)"), tagged("400, 2"), "Country: Spain"]
    columns = {"lat": [48.8584] * 3, "lon": [2.2945] * 3}
    for recipe in ("geo-r", "default"):
        together = gr.load_recipe(recipe).score(completions, **columns)
        assert [together.explain(row) for row in range(3)] == [
            explained(completion, recipe) for completion in completions
        ]


def test_an_account_can_be_kept_to_some_rewards():
    scores = gr.load_recipe("geo-r").score([tagged("(48.86, 2.35)")], **TRUTH)
    text = scores.explain(0, labels=["distance"])
    assert "reward     distance" in text
    assert "reward     format" not in text
    assert text.splitlines()[-1] == scores.explain(0).splitlines()[-1]


def test_a_gate_that_abstains_is_explained():
    entries = [
        {"name": "haversine_decay", "as": "distance"},
        {"name": "coordinate_format", "as": "form", "gate": {"reward": "distance", "at_least": 0.5}},
    ]
    recipe = gr.Recipe(parse_recipe({"rewards": entries}, where="test"))
    assert "gate distance is closed (abstains); without it 1.0000" in recipe.score([tagged("1, 2")]).explain(
        0
    )


@pytest.mark.parametrize("row", [1, -1, "a", None, 0.0])
def test_a_row_that_does_not_exist_is_an_error(row):
    scores = gr.load_recipe("geo-r").score(["x"], lat=[1.0], lon=[2.0])
    with pytest.raises(InputError, match="does not exist: there are 1, counted from 0"):
        scores.explain(row)


def test_one_label_may_be_a_text():
    scores = gr.load_recipe("geo-r").score(["x"], lat=[1.0], lon=[2.0])
    assert scores.explain(0, labels="distance") == scores.explain(0, labels=["distance"])
    assert "reward     format" not in scores.explain(0, labels="distance")

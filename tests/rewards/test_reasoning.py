import pytest

import geo_rewards as gr

TEXT = "<think>A BOULANGERIE near the Eiffel Tower.</think><answer>France, the Seine</answer>"


def recall(entities, text=TEXT, **params):
    return gr.get_reward("entity_recall", **params)([text], **{params.get("column", "entities"): [entities]})


@pytest.mark.parametrize(
    ("entities", "value"),
    [
        (["boulangerie"], 1.0),
        (["boulangerie", "Seine"], 0.5),
        (["EIFFEL tower", " boulangerie ", "Louvre", "Métro"], 0.5),
        ([{"text": "Eiffel Tower", "box": [1, 2]}, {"text": "Louvre"}], 0.5),
        ({"text": ["Eiffel Tower", "Louvre"]}, 0.5),
        (("Louvre",), 0.0),
        ([], None),
        (None, None),
        ([" ", ""], None),
        ({}, None),
    ],
)
def test_the_share_of_entities_in_the_think_block_is_paid(entities, value):
    assert recall(entities) == [value]


def test_only_the_think_block_counts_and_there_must_be_one():
    assert recall(["france"]) == [0.0]
    assert recall(["tower"], "An Eiffel tower.") == [0.0]
    assert recall(["tower"], "<think>a tower</think><think>b</think><answer>x</answer>") == [0.0]


def test_entities_may_be_in_another_column():
    assert recall(["tower"], column="clues") == [1.0]
    assert gr.get_reward("entity_recall")([TEXT], clues=[["tower"]]) == [None]


@pytest.mark.parametrize("entities", ["Eiffel Tower", 3, [3], [{"name": "Eiffel Tower"}], [None]])
def test_entities_that_are_no_texts_are_an_error_that_names_the_column(entities):
    with pytest.raises(gr.GeoRewardsError, match=r"column 'entities' must (be a list|contain)"):
        recall(entities)


@pytest.mark.parametrize(
    ("characters", "value"), [(0, 0.0), (1, 0.001), (999, 0.999), (1000, 1.0), (5000, 1.0)]
)
def test_each_character_of_thought_earns_a_thousandth(characters, value):
    text = f"<think>{'x' * characters}</think><answer>y</answer>"
    assert gr.get_reward("think_length")([text]) == [pytest.approx(value)]


def test_text_outside_the_think_block_and_white_space_around_it_have_no_length():
    reward = gr.get_reward("think_length", full_at=10)
    assert reward(["xxxxx", "<think> xx </think>xxxxx<answer>xxxxx</answer>", "<think>xxxx"]) == [
        0.0,
        0.2,
        0.0,
    ]


def test_a_length_of_nothing_is_an_error():
    with pytest.raises(gr.GeoRewardsError, match="full_at"):
        gr.get_reward("think_length", full_at=0)

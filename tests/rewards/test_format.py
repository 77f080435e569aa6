import pytest

import geo_rewards as gr

GOOD = "<think>x</think><answer>48.85, 2.35</answer>"


@pytest.mark.parametrize(
    ("completion", "value"),
    [
        (GOOD, 1.0),
        ("<think>x</think><answer>y", 0.75),
        ("<answer>y</answer>", 0.5),
        ("<answer>y</answer><answer>y</answer>", 0.0),
        ("nothing", 0.0),
        ("<answer>y</answer> <think>x</think>", 1.0),
    ],
)
def test_tags_mode_gives_a_quarter_for_each_tag_that_occurs_once(completion, value):
    assert gr.get_reward("think_answer_format", mode="tags")([completion]) == [value]


def test_a_template_that_opened_think_is_allowed_for():
    reward = gr.get_reward("think_answer_format", think_in_template=True)
    assert reward(["x</think><answer>y</answer>", GOOD, "x</think>y"]) == [1.0, 1.0, 0.0]
    tags = gr.get_reward("think_answer_format", think_in_template=True, mode="tags")
    assert tags(["x</think><answer>y</answer>"]) == [1.0]


def test_white_space_around_the_blocks_is_allowed():
    assert gr.get_reward("think_answer_format")(["\n<think>\nx\n</think>\n\n<answer>\ny\n</answer>\n"]) == [
        1.0
    ]


@pytest.mark.parametrize(
    ("answer", "any_style", "parentheses"),
    [
        ("(48.85, 2.35)", 1.0, 1.0),
        ("It is in Paris (48.85, 2.35).", 1.0, 1.0),
        ("48.85, 2.35", 1.0, 0.0),
        ("[48.85, 2.35]", 1.0, 0.0),
        ("(48.85; 2.35)", 1.0, 0.0),
        ("Paris", 0.0, 0.0),
    ],
)
def test_the_papers_format_is_a_comma_pair_in_parentheses(answer, any_style, parentheses):
    completion = [f"<think>x</think><answer>{answer}</answer>"]
    assert gr.get_reward("coordinate_format")(completion) == [any_style]
    assert gr.get_reward("coordinate_format", style="parentheses")(completion) == [parentheses]


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("France; Île-de-France; Paris", 1.0),
        ("France;Paris", 1.0),
        ("France; ; Paris;", 1.0),
        ("France", 0.0),
        ("France, Île-de-France, Paris", 0.0),
        ("a; b; c; d", 0.0),
        (";;", 0.0),
        ("", 0.0),
    ],
)
def test_an_answer_of_two_or_three_fields_is_what_geoagents_code_asks_for(answer, value):
    assert gr.get_reward("field_format")([f"<think>x</think><answer>{answer}</answer>"]) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "<think>a; b</think><answer>c</answer>",
        "<think>a; b",
        "<think>a</think>b; c",
        "a; b; c",
        "&lt;think&gt;42",
    ],
)
def test_fields_are_counted_in_the_answer_block_alone(text):
    assert gr.get_reward("field_format")([text]) == [0.0]


def test_separator_and_number_of_fields_are_parameters():
    reward = gr.get_reward("field_format", separator=",", at_least=4, at_most=4)
    texts = [f"<answer>{answer}</answer>" for answer in ("Italy, Golfo Aranci, 40.96, 9.58", "Italy, Rome")]
    assert reward(texts) == [1.0, 0.0]
    with pytest.raises(gr.GeoRewardsError, match="at_most 2 must be at least at_least 3"):
        gr.get_reward("field_format", at_least=3, at_most=2)

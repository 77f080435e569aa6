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

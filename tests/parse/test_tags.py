"""Think and answer blocks: what is well-formed, and which text is the answer."""

import pytest

from geo_rewards.parse import parse_completion
from geo_rewards.types import Coordinate, TagCounts

WELL_FORMED = [
    "<think>x</think><answer>48.85, 2.35</answer>",
    " \n<think>\nx\n</think>\n\n<answer>\n48.85, 2.35\n</answer>\n ",
    "<think>a < b </ think> <THINK></think>\t<answer>48.85, 2.35</answer>",
]
# each with whether its coordinate is still read
ILL_FORMED = [
    ("", False),
    ("48.85, 2.35", True),
    ("text <think>x</think><answer>48.85, 2.35</answer>", True),
    ("<think>x</think> text <answer>48.85, 2.35</answer>", True),
    ("<think>x</think><answer>48.85, 2.35</answer> text", True),
    ("<think></think><answer>48.85, 2.35</answer>", True),
    ("<think> \n </think><answer>48.85, 2.35</answer>", True),
    ("<answer>48.85, 2.35</answer>", True),
    ("<answer>48.85, 2.35</answer><think>x</think>", True),
    ("<think>x</think><think>y</think><answer>48.85, 2.35</answer>", True),
    ("<think>x</think><answer>48.85, 2.35</answer><think>and", True),
    ("<think>x</think><answer>48.85, 2.35</answer></answer>", True),
    ("<think>x</think><answer>48.85, 2.35</answer><answer>", True),
    ("x</think><answer>48.85, 2.35</answer>", True),
    ("<THINK>x</THINK><ANSWER>48.85, 2.35</ANSWER>", True),
    ("<think>x</think><answer></answer>", False),
    ("<think>x</think><answer>  </answer>", False),
    ("<think>48.85, 2.35</think><answer></answer>", False),
    ("<think>48.85, 2.35</think>", False),
    ("<think>1.5, 2.5</think> 48.85, 2.35", True),
    ("1.5, 2.5</think>\n\n48.85, 2.35", True),
    ("<think>x</think> 1.5, 2.5 <think>y</think> 48.85, 2.35", True),
    ("<think>x</think> 48.85, 2.35 <think>", False),
    ("<think>x<think>y</think> 48.85, 2.35", False),
    ("</think>", False),
    ("<think><answer>48.85, 2.35</answer></think>", False),
    ("<think>x<answer>48.85, 2.35</answer>", False),
    ("<answer>48.85, 2.35</answer></think>", False),
    ("<think>x<think>y</think><answer>48.85, 2.35</answer>", False),
    ("<think>x</think><answer>48.85, 2.35", False),
    ("<think>x</think>48.85, 2.35</answer>", False),
    ("<think>x</think><answer>48.85, 2.35</answer><answer>48.85, 2.35</answer>", False),
    ("<think>x</think><answer><answer>48.85, 2.35</answer></answer>", False),
    ("<think>x</think><answer>1.5, 2.5<answer>48.85, 2.35</answer>", False),
    ("<answer><think>48.85, 2.35</think></answer>", False),
    ("<think>x<answer></think>48.85, 2.35</answer>", False),
    ("</answer>48.85, 2.35<answer>", False),
    ("</think>x<think><answer>48.85, 2.35</answer>", False),
]


@pytest.mark.parametrize("text", WELL_FORMED)
def test_one_think_block_then_one_answer_block_is_well_formed(text: str) -> None:
    answer = parse_completion(text)
    assert answer.well_formed
    assert not answer.continues_think
    assert answer.tags == TagCounts(1, 1, 1, 1)
    assert answer.coordinate == Coordinate(48.85, 2.35)


@pytest.mark.parametrize(("text", "is_read"), ILL_FORMED)
def test_anything_else_is_ill_formed_and_read_only_from_a_single_answer_block(
    text: str, is_read: bool
) -> None:
    answer = parse_completion(text)
    assert not answer.well_formed
    assert answer.coordinate == (Coordinate(48.85, 2.35) if is_read else None)
    assert is_read or answer.problems


@pytest.mark.parametrize("text", [text for text, _ in ILL_FORMED] + WELL_FORMED)
def test_a_completion_continues_think_when_the_missing_tag_makes_it_well_formed(text: str) -> None:
    whole = parse_completion("<think>" + text)
    if not text.startswith(" "):
        assert parse_completion(text).continues_think == whole.well_formed


def test_a_completion_whose_prompt_opened_think_is_recognised() -> None:
    answer = parse_completion("A tower.</think>\n<answer>48.85, 2.35</answer>")
    assert answer.continues_think
    assert not answer.well_formed
    assert answer.think is None
    assert answer.answer == "48.85, 2.35"
    assert answer.tags == TagCounts(0, 1, 1, 1)


@pytest.mark.parametrize(
    ("text", "think"),
    [
        ("<think> a tower </think><answer>x</answer>", "a tower"),
        ("<think></think>", ""),
        ("before <think>a</think> after", "a"),
        ("<think>a</think><think>b</think><answer>x</answer>", None),
        ("<think>a", None),
        ("</think>a<think>", None),
        ("no tags", None),
    ],
)
def test_the_only_think_block_is_kept(text: str, think: str | None) -> None:
    assert parse_completion(text).think == think


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>x</think><answer> Paris, France </answer>", "Paris, France"),
        ("<think>x</think><answer></answer>", ""),
        (" no tags ", "no tags"),
        ("<think>x</think>", None),
        ("<answer>a</answer><answer>b</answer>", None),
    ],
)
def test_the_answer_is_kept_stripped(text: str, answer: str | None) -> None:
    assert parse_completion(text).answer == answer


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<answer>a</answer><answer>b</answer>", "several answers"),
        ("<answer><answer>b</answer></answer>", "nested tags"),
        ("<answer><think>b</think></answer>", "nested tags"),
        ("<think>x</think><answer>48.85, 2.35", "no answer"),
        ("<think>x</think><answer></answer>", "empty answer"),
    ],
)
def test_a_missing_answer_says_why(text: str, kind: str) -> None:
    assert parse_completion(text).problems[0].startswith(f"{kind}: ")


@pytest.mark.parametrize(
    ("text", "think_only"),
    [
        ("<think>x</think>\n\nParis", True),
        ("x</think>\n\nParis", True),
        ("<think></think>Paris", False),
        ("</think>Paris", False),
        ("text <think>x</think>Paris", False),
        ("<think>x</think><think>y</think>Paris", False),
        ("<think>x</think>", False),
        ("<think>x</think><answer>Paris</answer>", False),
        ("Paris", False),
    ],
)
def test_an_answer_after_just_a_think_block_is_recognised(text: str, think_only: bool) -> None:
    answer = parse_completion(text)
    assert answer.think_only == think_only
    assert answer.answer == "Paris" or not think_only


def test_full_width_tags_are_not_tags() -> None:
    text = "＜think＞x＜/think＞＜answer＞48.85, 2.35＜/answer＞"
    answer = parse_completion(text)
    assert answer.tags == TagCounts()
    assert not answer.well_formed
    assert answer.answer == text

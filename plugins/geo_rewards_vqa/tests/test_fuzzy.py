"""The fuzzy grader compared with the textbook's distance, and on dishonest answers."""

from __future__ import annotations

import pickle
import time

import pytest
from geo_rewards_vqa import VqaFuzzy
from geo_rewards_vqa.similarity import text_similarity
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

TRUTH = "Golden Gate Bridge"


def grade(answer: str, truth: str = TRUTH, **parameters: float) -> float | None:
    completion = f"<think>I look.</think><answer>{answer}</answer>"
    return VqaFuzzy(**parameters)([completion], solution=[truth])[0]


def edits(one: str, other: str) -> int:
    """Return the Levenshtein distance, computed by the textbook's table (Wagner and Fischer 1974)."""
    above = list(range(len(other) + 1))
    for row, left in enumerate(one, start=1):
        line = [row]
        for column, right in enumerate(other, start=1):
            line.append(min(above[column] + 1, line[column - 1] + 1, above[column - 1] + (left != right)))
        above = line
    return above[-1]


@given(st.text("abcd ", max_size=12), st.text("abcd ", min_size=1, max_size=12))
def test_the_similarity_is_the_textbooks(answer: str, truth: str) -> None:
    one, other = " ".join(answer.split()), " ".join(truth.split())
    longer = max(len(one), len(other))
    expected = 1 - edits(one, other) / longer if longer else 1.0
    assert text_similarity(answer, truth) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("Golden Gate Bridge", 1.0),
        ("  golden gate BRIDGE. ", 1.0),
        ("**Golden Gate Bridge**", 1.0),
        ("The answer is Golden Gate Bridge", 1.0),
        ("Golden Gate Brigde", 1 - 2 / 18),
        ("Goldn Gate Bridge", 1 - 1 / 18),
        ("the Golden Gate Bridge", 1 - 4 / 22),
        ("Golden Gate", 1 - 7 / 18),
        ("Gate", 0.0),
        ("Tower Bridge", 0.0),
        ("", 0.0),
    ],
)
def test_an_answer_earns_for_what_is_right_in_it(answer: str, value: float) -> None:
    assert grade(answer) == pytest.approx(value)


@pytest.mark.parametrize(
    "answer",
    [
        "Golden Gate Bridge or Bay Bridge",
        "Golden Gate Bridge / Bay",
        "Golden Gate Bridge\nTower",
        "maybe Golden Gate Bridge",
        "Golden Gate Bridge is wrong",
        "It is not Golden Gate Bridge",
        "It isn't Golden Gate Bridge",
        "either Golden Gate Bridge",
        "Golden Gate Bridge, Bay Bridge, Tower Bridge",
        "Golden Gate Bridge " * 40,
        "Golden Gate Bridge " + "x" * 1000,
        "G o l d e n G a t e B r i d g e or what",
        "eeeeeeeeeeeeeeeeee",
        "abcdefghijklmnopqrstuvwxyz",
        "not the bridge you mean",
    ],
)
def test_lists_hedges_and_junk_earn_nothing(answer: str) -> None:
    assert grade(answer) == 0.0


def test_an_answer_may_leave_a_choice_if_the_truth_does() -> None:
    assert grade("heads or tails", "heads or tails") == 1.0
    assert grade("km/h", "km/h") == 1.0


def test_every_extra_word_costs() -> None:
    values = [grade("Golden Gate Bridge" + " of gold" * count) for count in range(6)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == 0.0


@pytest.mark.parametrize(
    "completion",
    [f"<answer>{TRUTH}</answer>", f"<think>x</think><answer>{TRUTH}</answer> and more", TRUTH],
)
def test_an_ill_formed_completion_earns_nothing(completion: str) -> None:
    assert VqaFuzzy()([completion], solution=[TRUTH]) == [0.0]


def test_only_similarities_above_the_threshold_earn_anything() -> None:
    assert grade("abxy", "abcd") == 0.0
    assert grade("abxy", "abcd", threshold=0.49) == 0.5


@pytest.mark.parametrize("threshold", [-0.1, 1.0, float("nan")])
def test_a_threshold_outside_its_range_is_an_error(threshold: float) -> None:
    with pytest.raises(ValidationError, match="threshold"):
        VqaFuzzy(threshold=threshold)


def test_a_row_about_a_place_and_one_without_truth_abstain() -> None:
    completion = f"<think>x</think><answer>{TRUTH}</answer>"
    assert VqaFuzzy()([completion] * 2, solution=["48.8584, 2.2945", None]) == [None, None]


def test_the_grader_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(VqaFuzzy(threshold=0.7))) == VqaFuzzy(threshold=0.7)


def test_long_texts_take_no_time() -> None:
    start = time.perf_counter()
    assert grade("x" * 100_000) == 0.0
    assert grade("a\u0301\u0327" * 50_000) == 0.0
    assert grade("lorem ipsum " * 1_000, "lorem ipsum " * 1_000) == 1.0
    assert grade("dolor sit am " * 1_000, "lorem ipsum " * 1_000) == 0.0
    assert time.perf_counter() - start < 1.0

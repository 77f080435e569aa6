"""The grader that chooses another one by the row's method or its truth."""

from __future__ import annotations

import pytest
from geo_rewards_vqa import VqaAuto

from geo_rewards.errors import RewardError

SAMPLE = "<think>I count the metallic balls.</think><answer>0</answer>"


def auto(answer: str, truth: str, method: str | None = None) -> float | None:
    completion = f"<think>I look.</think><answer>{answer}</answer>"
    return VqaAuto()([completion], solution=[truth], accu_reward_method=[method])[0]


def test_a_counting_question_is_graded() -> None:
    question = {"from": "human", "value": "<image>How many metallic balls?"}
    row = {"conversations": [question, {"from": "gpt", "value": "0"}]}
    assert VqaAuto()([SAMPLE], solution=[row["conversations"][1]["value"]]) == [1.0]
    assert VqaAuto()([SAMPLE], solution=["2"]) == [0.0]


@pytest.mark.parametrize(
    ("answer", "truth", "value"),
    [
        ("zero", "0", 1.0),
        ("(b) a dog", "B", 1.0),
        ("true", "Yes", 1.0),
        ("Stop", "STOP", 1.0),
        ("stop sign", "STOP", 0.0),
        ("no", "N", 0.0),
        ("N", "N", 1.0),
        ("yes, 2", "2", 0.0),
        ("2 dogs", "2 dogs and 3 cats", 0.0),
        ("2 dogs and 3 cats", "2 dogs and 3 cats", 1.0),
    ],
)
def test_the_truth_decides_which_grader_is_used(answer: str, truth: str, value: float) -> None:
    assert auto(answer, truth) == value


def test_a_truth_that_is_not_a_string_is_read_as_json() -> None:
    assert VqaAuto()([SAMPLE, SAMPLE, SAMPLE], solution=[0, 0.0, True]) == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("exact", 0.0),
        ("numeric", 1.0),
        ("fuzzy", 0.0),
        ("auto", 1.0),
        ("default", 1.0),
        (None, 1.0),
        ("", 1.0),
    ],
)
def test_the_rows_method_takes_precedence(method: str | None, value: float) -> None:
    assert auto("two", "2", method) == value


def test_only_fuzzy_rows_earn_in_part() -> None:
    completions = ["<think>x</think><answer>Main Sreet</answer>"] * 3
    values = VqaAuto()(completions, solution=["Main Street"] * 3, accu_reward_method=["fuzzy", "exact", None])
    assert values == [pytest.approx(10 / 11), 0.0, 0.0]


def test_the_threshold_applies_to_fuzzy_texts() -> None:
    completion = "<think>x</think><answer>Main Sreet</answer>"
    assert VqaAuto(method="fuzzy", threshold=0.95)([completion], solution=["Main Street"]) == [0.0]


def test_each_row_has_its_own_method() -> None:
    completions = [f"<think>x</think><answer>{answer}</answer>" for answer in ("b)", "true", "two", "two")]
    values = VqaAuto()(
        completions,
        solution=["B", "yes", "2", "2"],
        accu_reward_method=["mcq", "yes_no", "numeric", "exact"],
    )
    assert values == [1.0, 1.0, 1.0, 0.0]


def test_the_parameter_applies_to_rows_without_a_method() -> None:
    completion = "<think>x</think><answer>two</answer>"
    assert VqaAuto(method="exact")([completion], solution=["2"]) == [0.0]
    assert VqaAuto(method="exact")([completion], solution=["2"], accu_reward_method=["numeric"]) == [1.0]


@pytest.mark.parametrize("method", ["llm", "Numeric", 3])
def test_an_unknown_method_is_an_error_that_lists_the_known_ones(method: object) -> None:
    with pytest.raises(
        RewardError, match=r"row 1: .*unknown accu_reward_method .*exact, numeric, choice, yes_no, fuzzy"
    ):
        VqaAuto()([SAMPLE, SAMPLE], solution=["0", "0"], accu_reward_method=[None, method])


def test_a_method_that_cannot_read_its_truth_is_an_error() -> None:
    with pytest.raises(RewardError, match="'a dog' cannot be graded by the row's method 'numeric'"):
        auto("a dog", "a dog", "numeric")


def test_tolerances_apply_to_numbers() -> None:
    completion = "<think>x</think><answer>9</answer>"
    assert VqaAuto(absolute_tolerance=1)([completion], solution=["10"]) == [1.0]
    assert VqaAuto(method="numeric", relative_tolerance=0.2)([completion], solution=["10"]) == [1.0]

"""Each grader on a table of honest and dishonest answers."""

from __future__ import annotations

import pickle
import time
from typing import TYPE_CHECKING

import pytest
from geo_rewards_vqa import VqaAuto, VqaChoice, VqaExact, VqaNumeric, VqaYesNo

if TYPE_CHECKING:
    import geo_rewards as gr

GRADERS = [VqaExact(), VqaNumeric(), VqaChoice(), VqaYesNo(), VqaAuto()]
TRUTHS = {"vqa_exact": "stop", "vqa_numeric": "0", "vqa_choice": "B", "vqa_yes_no": "yes", "vqa_auto": "0"}


def grade(grader: gr.Reward, answer: str, truth: str) -> float | None:
    return grader([f"<think>I look.</think><answer>{answer}</answer>"], solution=[truth])[0]


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        ("0", "0"),
        ("zero", "0"),
        ("0 balls", "0"),
        ("There are 0 metallic balls.", "0"),
        ("two", "2"),
        ("2", "two"),
        ("Twenty-one", "21"),
        ("a dozen", "12"),
        ("1,234", "1234"),
        ("1 234,5", "1234.5"),
        ("1.234.567", "1234567"),
        ("1.5 million", "1,500,000"),
        ("1.5×10⁸", "150000000"),
        ("３", "3"),
        ("−3", "-3"),
        ("minus three", "-3"),
        ("½", "0.5"),
        ("1½", "1.5"),
        (r"\frac{1}{2}", "0.5"),
        ("50%", "50 percent"),
        ("50", "50 %"),
        ("0.5", "50 %"),
        ("50 %", "0.5"),
        ("$12", "12 dollars"),
        ("5 kilometres", "5 km"),
        ("5", "5 km"),
        (r"\boxed{7}", "7"),
        ("**7**", "7.0"),
        ("The answer is 7.", "7"),
    ],
)
def test_a_number_is_right_however_it_is_written(answer: str, truth: str) -> None:
    assert grade(VqaNumeric(), answer, truth) == 1.0


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        ("1", "0"),
        ("", "0"),
        ("none", "0"),
        ("0 or 1", "0"),
        ("0, 1, 2, 3", "0"),
        ("0 1 2", "0"),
        ("0-9", "0"),
        ("zero one two", "0"),
        ("at least 2", "2"),
        ("about 2", "2"),
        ("2 or more", "2"),
        ("2+", "2"),
        ("not 2", "2"),
        ("2 is wrong", "2"),
        ("2 is impossible.", "2"),
        ("2 would be incorrect", "2"),
        ("2 was ruled out", "2"),
        ("2 can never be", "2"),
        ("2nd", "2"),
        ("two thirds", "2"),
        ("two point five", "2"),
        ("2 thousand", "2"),
        ("10²", "102"),
        ("1/0", "1"),
        ("I see 2 balls on the left and 3 on the right", "2"),
        ("5 m", "5 km"),
        ("$5", "5 €"),
        ("5000 m", "5 km"),
        ("1e999", "1"),
        ("nan", "0"),
        ("3.1", "3"),
    ],
)
def test_a_wrong_number_or_several_earn_nothing(answer: str, truth: str) -> None:
    assert grade(VqaNumeric(), answer, truth) == 0.0


@pytest.mark.parametrize(
    ("answer", "tolerances", "value"),
    [
        ("105", {"relative_tolerance": 0.05}, 1.0),
        ("106", {"relative_tolerance": 0.05}, 0.0),
        ("95", {"relative_tolerance": 0.05}, 1.0),
        ("101", {"absolute_tolerance": 1}, 1.0),
        ("101.5", {"absolute_tolerance": 1}, 0.0),
        ("104", {"absolute_tolerance": 1, "relative_tolerance": 0.04}, 1.0),
        ("101", {}, 0.0),
    ],
)
def test_the_larger_tolerance_decides(answer: str, tolerances: dict[str, float], value: float) -> None:
    assert grade(VqaNumeric(**tolerances), answer, "100") == value


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_a_senseless_tolerance_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="relative_tolerance"):
        VqaNumeric(relative_tolerance=tolerance)


@pytest.mark.parametrize(
    "answer",
    [
        "B", "b", "(B)", "(b)", "[B]", "B.", "B)", "B:", "B) a dog", "B. A dog", "(B) a dog",
        "B - a dog", "option B", "Answer: B", "The answer is (B).", "**B**", r"\boxed{B}", "`B`",
        r"\text{B}",
    ],
)  # fmt: skip
def test_an_option_is_right_however_it_is_written(answer: str) -> None:
    assert grade(VqaChoice(), answer, "B") == 1.0
    assert grade(VqaChoice(), answer, "(B) a dog") == 1.0


@pytest.mark.parametrize(
    "answer",
    [
        "A", "", "A or B", "B or A", "A, B", "B, A", "B A", "AB", "B) A)", "(B) (A)", "B. C.",
        "B) a dog or C) a cat", "B) C", "B and C", "B/C", "a bee", "A B C D", "Bee", "B is wrong",
        "not B", "all", "BB",
    ],
)  # fmt: skip
def test_a_wrong_option_or_several_earn_nothing(answer: str) -> None:
    assert grade(VqaChoice(), answer, "B") == 0.0


def test_the_options_text_is_right_if_the_truth_has_it() -> None:
    assert grade(VqaChoice(), "A dog.", "B) a dog") == 1.0
    assert grade(VqaChoice(), "a dog and a cat", "B) a dog") == 0.0
    assert grade(VqaChoice(), "A dog", "B") == 0.0  # the article is not option A, and "dog" not B


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        ("yes", "Yes"), ("Yes.", "yes"), ("YES", "true"), ("true", "yes"), ("Yes, on the left.", "yes"),
        ("no", "false"), ("No, there is no dog", "no"), ("Nope", "No."), ("**No**", "no"),
        ("The answer is no.", "no"),
    ],
)  # fmt: skip
def test_yes_is_yes_and_no_is_no(answer: str, truth: str) -> None:
    assert grade(VqaYesNo(), answer, truth) == 1.0


@pytest.mark.parametrize(
    "answer",
    [
        "no", "", "yes and no", "yes or no", "yes, no", "yes/no", "no, yes", "Yes, maybe",
        "yes, but not really", "maybe", "yes yes no", "yesno", "I would say yes", "yes, it isn't",
    ],
)  # fmt: skip
def test_no_or_both_earn_nothing_where_yes_is_true(answer: str) -> None:
    assert grade(VqaYesNo(), answer, "yes") == 0.0


def test_case_spacing_and_wrapping_do_not_matter() -> None:
    assert grade(VqaExact(), ' "Red  Square". ', "red square") == 1.0
    assert grade(VqaExact(), "Ｒｅｄ Square", "Red Square") == 1.0
    assert grade(VqaExact(), "the Red Square in Moscow", "Red Square") == 0.0
    assert grade(VqaExact(), "Red", "Red Square") == 0.0


@pytest.mark.parametrize("grader", GRADERS, ids=lambda grader: grader.name)
@pytest.mark.parametrize(
    "completion",
    [
        "{t}",
        "<answer>{t}</answer>",
        "<think>{t}</think>",
        "<think>{t}</think><answer></answer>",
        "<think>x</think><answer>{t}",
        "<think>x</think><answer>{t}</answer> and more",
        "so: <think>x</think><answer>{t}</answer>",
        "<think>x</think><answer>{t}</answer><answer>{t}</answer>",
        "<think>x</think><answer>9</answer><answer>{t}</answer>",
        "<think>x</think><answer><answer>{t}</answer></answer>",
        "<THINK>x</THINK><ANSWER>{t}</ANSWER>",
        "",
    ],
)
def test_an_ill_formed_completion_earns_nothing(grader: gr.Reward, completion: str) -> None:
    truth = TRUTHS[grader.name]
    assert grade(grader, truth, truth) == 1.0
    assert grader([completion.format(t=truth)], solution=[truth]) == [0.0]


@pytest.mark.parametrize("grader", GRADERS, ids=lambda grader: grader.name)
def test_a_row_without_a_truth_of_its_kind_abstains(grader: gr.Reward) -> None:
    completion = "<think>x</think><answer>0</answer>"
    assert grader([completion]) == [None]
    assert grader([completion], solution=[None]) == [None]
    assert grader([completion], solution=["48.8584, 2.2945"]) == [None]  # a place


@pytest.mark.parametrize(
    ("grader", "truth"), [(VqaNumeric(), "a dog"), (VqaChoice(), "a dog"), (VqaYesNo(), "2")]
)
def test_a_grader_abstains_if_it_cannot_read_the_truth(grader: gr.Reward, truth: str) -> None:
    assert grade(grader, truth, truth) is None
    assert grader(["no answer at all"], solution=[truth]) == [None]


@pytest.mark.parametrize("grader", GRADERS, ids=lambda grader: grader.name)
def test_a_pickled_grader_is_the_same(grader: gr.Reward) -> None:
    assert pickle.loads(pickle.dumps(grader)) == grader


@pytest.mark.parametrize("grader", GRADERS, ids=lambda grader: grader.name)
def test_the_order_and_number_of_rows_do_not_matter(grader: gr.Reward) -> None:
    answers = ["0", "B", "yes", "stop", "0 or 1", ""]
    truths = ["0", "B", "yes", "stop", "no", "7"]
    completions = [f"<think>x</think><answer>{answer}</answer>" for answer in answers]
    together = grader(completions, solution=truths)
    alone = [grader([c], solution=[t])[0] for c, t in zip(completions, truths, strict=True)]
    assert together == alone
    assert grader(completions[::-1], solution=truths[::-1]) == together[::-1]


@pytest.mark.parametrize("grader", GRADERS, ids=lambda grader: grader.name)
@pytest.mark.parametrize(
    "junk",
    ["0", "1,000", " ", "*", "\u0301\u0316", "the answer is ", "one hundred and ", "B) ", "no, ", "1/"],
)  # fmt: skip
def test_a_hundred_kilobytes_of_junk_earn_nothing_and_take_no_time(grader: gr.Reward, junk: str) -> None:
    completion = f"<think>x</think><answer>{junk * (100_000 // len(junk))}</answer>"
    truth = TRUTHS[grader.name]
    begin = time.perf_counter()
    assert grader([completion], solution=[truth]) == [0.0]
    assert time.perf_counter() - begin < 1.0

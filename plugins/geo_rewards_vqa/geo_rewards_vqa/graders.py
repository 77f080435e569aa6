"""The graders: rewards for questions with a known answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from geo_rewards import Reward
from geo_rewards_vqa.choices import read_choice
from geo_rewards_vqa.numbers import read_quantity, same_quantity
from geo_rewards_vqa.plain import same_text
from geo_rewards_vqa.similarity import text_similarity
from geo_rewards_vqa.yes_no import read_yes_no

if TYPE_CHECKING:
    from geo_rewards import Sample


class Grader(Reward):
    """What the graders share: the completion must be strictly formatted, and its entire answer is judged."""

    needs = ("text",)
    reference = "the accuracy rewards of VLM-R1 (arXiv 2504.07615), without their fuzzy and partial matches"

    def score(self, sample: Sample) -> float | None:
        """Judge the answer; abstain if this grader cannot read the truth."""
        truth = sample.truth.text or ""
        if not self.reads(truth):
            return None
        answer = sample.answer
        return self.value(answer.answer, truth) if answer.well_formed and answer.answer else 0.0

    def reads(self, truth: str) -> bool:
        """Return whether this grader can read a text as the truth."""
        return bool(truth.strip())

    def value(self, answer: str, truth: str) -> float:
        """Return the value of an answer, from 0 to 1."""
        return 1.0 if self.agrees(answer, truth) else 0.0

    def agrees(self, answer: str, truth: str) -> bool:
        """Return whether the answer is right."""
        return same_text(answer, truth)


class VqaExact(Grader):
    """1 if the answer is the true text, ignoring case, spacing, quotes and a final full stop; else 0.

    Abstains if the row's truth is not text.

    >>> VqaExact()(["<think>a sign</think><answer>Stop.</answer>"], solution=["STOP"])
    [1.0]
    """

    name = "vqa_exact"
    formula = "1 if answer and truth are equal after NFKC, case folding and unwrapping, else 0"


class VqaFuzzy(Grader):
    """1 if the answer is the true text, less for each differing character; 0 if it is not similar enough.

    For texts that can be partly right: a name with a typo, a sign read with one letter wrong.
    The entire answer counts, so every extra word reduces the value, and an answer that leaves
    a choice ("a or b", "a / b", "maybe a") or denies ("a is wrong") is worth 0. Case, spacing, quotes
    and a final full stop do not matter. Numbers and opposites can be similar as text ("1985" and "1986",
    "north" and "south"): use another grader for such truths. Abstains if the row's truth is not text.

    Attributes:
        threshold: A similarity up to this is worth 0, so that no text earns anything by chance.

    >>> VqaFuzzy()(["<think>a sign</think><answer>Main Sreet</answer>"], solution=["Main Street"])
    [0.9090909090909091]
    """

    name = "vqa_fuzzy"
    formula = "s if s > threshold else 0, where s = 1 - edits / max(len(answer), len(truth)), folded"
    reference = "the score on which ANLS is based (Biten et al. 2019, arXiv 1905.13648)"

    threshold: float = Field(default=0.5, ge=0, lt=1)

    def value(self, answer: str, truth: str) -> float:
        """Return the similarity, or 0 up to the threshold."""
        return text_similarity(answer, truth, threshold=self.threshold)


class NumberTolerance(Grader):
    """The parameters of graders that compare numbers.

    Attributes:
        relative_tolerance: How far a number may be off, as a share of the true one.
        absolute_tolerance: How far it may be off in absolute terms; the larger of the two counts.
    """

    relative_tolerance: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    absolute_tolerance: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class VqaNumeric(NumberTolerance):
    """1 if the answer is the true number, else 0; several numbers, ranges and estimates earn nothing.

    Reads thousands separators, decimal commas, fractions, exponents, percent, number words and a unit.
    Either side may omit the unit, but different units are wrong. Abstains if the truth is not a number.

    Attributes:
        relative_tolerance: How far the number may be off, as a share of the true one.
        absolute_tolerance: How far it may be off in absolute terms; the larger of the two counts.

    >>> VqaNumeric()(["<think>I see none</think><answer>zero balls</answer>"], solution=["0"])
    [1.0]
    """

    name = "vqa_numeric"
    formula = "1 if |answer - truth| <= max(relative_tolerance * |truth|, absolute_tolerance), else 0"

    def reads(self, truth: str) -> bool:
        """Return whether the truth is one number."""
        return read_quantity(truth) is not None

    def agrees(self, answer: str, truth: str) -> bool:
        """Compare the numbers, and the units if both have one."""
        given, wanted = read_quantity(answer), read_quantity(truth)
        return (
            given is not None
            and wanted is not None
            and same_quantity(
                given,
                wanted,
                relative_tolerance=self.relative_tolerance,
                absolute_tolerance=self.absolute_tolerance,
            )
        )


class VqaChoice(Grader):
    """1 if the answer is the true option of a multiple choice, else 0; two options earn nothing.

    The letter decides ("B", "(b)", "B.", "B) a dog"). If the truth also has the option's text, that
    text alone is right too. Abstains if the truth does not name an option.

    >>> VqaChoice()(["<think>it barks</think><answer>(B) a dog</answer>"], solution=["B"])
    [1.0]
    """

    name = "vqa_choice"
    formula = "1 if the answer's letter is the true one, else 0"

    def reads(self, truth: str) -> bool:
        """Return whether the truth is one option."""
        return read_choice(truth) is not None

    def agrees(self, answer: str, truth: str) -> bool:
        """Compare the letters, or the answer with the option's text."""
        given, wanted = read_choice(answer), read_choice(truth)
        if wanted is None:
            return False
        if given is not None:
            return given.letter == wanted.letter
        return bool(wanted.text) and same_text(answer, wanted.text)


class VqaYesNo(Grader):
    """1 if the answer correctly says yes or no, else 0; both at once earn nothing.

    "True", "correct", "yeah" and the like count; an explanation may follow after a comma or a full
    stop. Abstains if the truth is neither yes nor no.

    >>> VqaYesNo()(["<think>a dog</think><answer>Yes, on the left.</answer>"], solution=["yes"])
    [1.0]
    """

    name = "vqa_yes_no"
    formula = "1 if yes/no is the true one, else 0"

    def reads(self, truth: str) -> bool:
        """Return whether the truth is yes or no."""
        return read_yes_no(truth) is not None

    def agrees(self, answer: str, truth: str) -> bool:
        """Compare yes with yes, no with no."""
        given = read_yes_no(answer)
        return given is not None and given == read_yes_no(truth)

"""The grader that chooses another one by the row's method or its truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import Field

from geo_rewards_vqa.graders import (
    Grader,
    NumberTolerance,
    VqaChoice,
    VqaExact,
    VqaFuzzy,
    VqaNumeric,
    VqaYesNo,
)

if TYPE_CHECKING:
    from geo_rewards import Sample

METHOD_COLUMN = "accu_reward_method"
MethodName = Literal["auto", "exact", "numeric", "choice", "yes_no", "fuzzy"]

# The spellings of VLM-R1's data files.
_SPELLINGS = {"default": "auto", "mcq": "choice"}
_METHODS = get_args(MethodName)


class VqaAuto(NumberTolerance):
    """1 if the answer is right by the row's own method, else 0; `fuzzy` also gives values in between.

    The method of a row is in its column `accu_reward_method`: exact, numeric, choice, yes_no, fuzzy or
    auto (or `mcq` and `default`, VLM-R1's names for choice and auto). `auto` chooses by the truth: yes/no
    for "yes", "no", "true" and "false", choice for a letter, numeric for a number, otherwise exact. An
    unknown method, or one that cannot read the row's truth, is an error. Abstains if the row's truth is
    not text.

    Attributes:
        method: The method of rows that do not have one.
        relative_tolerance: For numbers, as in `vqa_numeric`.
        absolute_tolerance: For numbers, as in `vqa_numeric`.
        threshold: For fuzzy texts, as in `vqa_fuzzy`.

    >>> VqaAuto()(["<think>I see none</think><answer>0</answer>"], solution=["0"])
    [1.0]
    """

    name = "vqa_auto"
    formula = "vqa_exact, vqa_numeric, vqa_choice, vqa_yes_no or vqa_fuzzy, by the row's method or its truth"

    method: MethodName = "auto"
    threshold: float = Field(default=0.5, ge=0, lt=1)

    def score(self, sample: Sample) -> float | None:
        """Judge the answer by the row's method.

        Raises:
            ValueError: If the row's method does not exist or cannot read its truth.
        """
        truth = sample.truth.text or ""
        method = read_method(sample.row.get(METHOD_COLUMN)) or self.method
        graders = self._graders()
        if method == "auto":
            return _pick(graders, truth).score(sample)
        graders["fuzzy"] = VqaFuzzy(threshold=self.threshold)
        if not graders[method].reads(truth):
            raise ValueError(f"the truth {truth!r:.60} cannot be graded by the row's method {method!r}")
        return graders[method].score(sample)

    def _graders(self) -> dict[str, Grader]:
        numeric = VqaNumeric(
            relative_tolerance=self.relative_tolerance, absolute_tolerance=self.absolute_tolerance
        )
        return {"yes_no": VqaYesNo(), "choice": VqaChoice(), "numeric": numeric, "exact": VqaExact()}


def read_method(cell: Any) -> str | None:
    """Return the method named in a cell of `accu_reward_method`, or None if it is empty.

    Raises:
        ValueError: If there is no such method.

    >>> read_method("mcq"), read_method(None)
    ('choice', None)
    """
    if cell is None or cell == "":
        return None
    method = _SPELLINGS.get(cell, cell) if isinstance(cell, str) else cell
    if method not in _METHODS:
        known = ", ".join([*_METHODS, *_SPELLINGS])
        raise ValueError(f"unknown {METHOD_COLUMN} {cell!r:.60}; known methods: {known}")
    return str(method)


def _pick(graders: dict[str, Grader], truth: str) -> Grader:
    """Return the first grader that can read the truth; a single letter is an option, never "y" or "n"."""
    return next(
        grader
        for method, grader in graders.items()
        if grader.reads(truth) and not (method == "yes_no" and len(truth.strip()) == 1)
    )

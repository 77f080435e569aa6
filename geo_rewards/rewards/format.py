"""Rewards for the format of a completion: its tags, and that its answer is one coordinate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from geo_rewards.contract.reward import Reward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Batch
    from geo_rewards.types import Answer


class ThinkAnswerFormat(Reward):
    """1 if the completion is one think block followed by one answer block, both non-empty; else 0.

    Only white space may come before, between or after the blocks: with a parser that takes the first
    match anywhere, GRPO learns within 100 steps to run on after ``</answer>``.

    Source: DeepSeek-R1 (arXiv 2501.12948); VLM-R1; Geo-R (arXiv 2601.00388).

    Attributes:
        mode: `strict`, as above; `tags` gives a quarter for each of the four tags that occurs
            exactly once, whatever their order.
        think_in_template: The prompt already opened `<think>`, so the completion continues it.

    >>> ThinkAnswerFormat()(["<think>by the sea</think><answer>48.86, 2.35</answer>", "48.86, 2.35"])
    [1.0, 0.0]
    """

    name = "think_answer_format"
    range = (0.0, 1.0)
    formula = "1 if the complete text is <think>..</think><answer>..</answer>, else 0"
    reference = "DeepSeek-R1 (arXiv 2501.12948); VLM-R1; Geo-R (arXiv 2601.00388)"

    mode: Literal["strict", "tags"] = "strict"
    think_in_template: bool = False

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Read the parser's verdict on the tags; never abstains."""
        if self.mode == "strict" and not self.think_in_template:
            return [1.0 if well_formed else 0.0 for well_formed in batch.well_formed]
        return [self._value(answer) for answer in batch.answers]

    def _value(self, answer: Answer) -> float:
        if self.mode == "tags":
            return self._share_of_tags(answer)
        valid = answer.well_formed or (self.think_in_template and answer.continues_think)
        return 1.0 if valid else 0.0

    def _share_of_tags(self, answer: Answer) -> float:
        opened = answer.tags.think_open
        if self.think_in_template and opened == 0:  # the prompt's own tag counts
            opened = 1
        return sum(count == 1 for count in (opened, *answer.tags[1:])) / 4


class CoordinateFormat(Reward):
    """1 if the answer contains exactly one distinct valid coordinate, else 0.

    Source: Geo-R (arXiv 2601.00388), as a factor of its reward.

    Attributes:
        style: `any` form that the parser reads, or `parentheses`: a comma pair in round
            parentheses, as Geo-R's paper asks for.

    >>> CoordinateFormat()(["<think>x</think><answer>(48.86, 2.35)</answer>", "Paris"])
    [1.0, 0.0]
    """

    name = "coordinate_format"
    range = (0.0, 1.0)
    formula = "1 if the answer contains exactly one distinct valid (lat, lon), else 0"
    reference = "Geo-R (arXiv 2601.00388)"

    style: Literal["any", "parentheses"] = "any"

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Read the parser's verdict on the coordinate; never abstains."""
        forms = batch.answer_columns["form"]
        return [1.0 if form and self.style in ("any", form) else 0.0 for form in forms]

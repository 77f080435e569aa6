"""Rewards for the format of a completion: its tags, and that its answer is one coordinate or has fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

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


class FieldFormat(Reward):
    """1 if the answer block has the right number of fields, such as `Country; Region; Place`, else 0.

    Only the number of fields counts, not what they say: give it a small weight next to the place. A text
    without an answer block has no fields.

    Source: GeoAgent (arXiv 2602.12617), released code.

    Attributes:
        separator: What separates the fields.
        at_least: The lowest number of fields that are not empty.
        at_most: The highest number.

    >>> FieldFormat()(["<think>x</think><answer>France; Île-de-France; Paris</answer>", "Paris, France"])
    [1.0, 0.0]
    """

    name = "field_format"
    range = (0.0, 1.0)
    rehearsed = False
    formula = "1 if at_least <= non-empty fields <= at_most, else 0"
    reference = "GeoAgent (arXiv 2602.12617), released code: two or three fields, separated by semicolons"

    separator: str = Field(default=";", min_length=1)
    at_least: int = Field(default=2, ge=1)
    at_most: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        if self.at_most < self.at_least:
            raise ValueError(f"at_most {self.at_most} must be at least at_least {self.at_least}")
        return self

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Count the fields of each answer block; never abstains."""
        return [self._value(answer) for answer in batch.answers]

    def _value(self, answer: Answer) -> float:
        text = answer.answer if answer.answer and answer.tags.answer_close else ""
        fields = sum(1 for field in text.split(self.separator) if field.strip())
        return 1.0 if self.at_least <= fields <= self.at_most else 0.0

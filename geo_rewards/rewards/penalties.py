"""Penalties for the text of a completion: its length and its repetitions. They never abstain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from geo_rewards.contract.reward import Reward
from geo_rewards.errors import RewardError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Batch

# A word is cut after 20 characters: a text without spaces would be a single word, which repeats nothing.
_WORD = re.compile(r"\S{1,20}")


class OverlongPenalty(Reward):
    """0 for a completion up to a limit, then falling linearly to -1 at the maximum length.

    ``-(length - (max_length - buffer)) / buffer`` over the last `buffer` characters or tokens before
    `max_length`, and -1 beyond it.

    Source: the soft overlong punishment of DAPO (arXiv 2503.14476).

    Attributes:
        max_length: Length at and beyond which the value is -1.
        buffer: Number of characters or tokens before `max_length` over which the value falls; at most
            `max_length`; 0 makes a step.
        unit: What is counted: `characters` of the completion, or its `tokens`, from the trainer's
            `completion_ids`; outside training these are missing, which is an error.

    >>> OverlongPenalty(max_length=10, buffer=4)(["123456", "12345678", "1234567890", "1" * 99])
    [0.0, -0.5, -1.0, -1.0]
    """

    name = "overlong_penalty"
    range = (-1.0, 0.0)
    formula = (
        "0 up to max_length - buffer; -(length - (max_length - buffer)) / buffer; -1 at max_length and beyond"
    )
    reference = "soft overlong punishment of DAPO (arXiv 2503.14476)"

    max_length: int = Field(default=4096, gt=0)
    buffer: int = Field(default=1024, ge=0)
    unit: Literal["characters", "tokens"] = "characters"

    @model_validator(mode="after")
    def _check_buffer(self) -> Self:
        if self.buffer > self.max_length:
            raise ValueError(f"buffer {self.buffer} must be at most max_length {self.max_length}")
        return self

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Measure each completion; never abstains."""
        return [self._value(len(measured)) for measured in self._measured(batch)]

    def _measured(self, batch: Batch) -> Sequence[Sequence[object]]:
        if self.unit == "characters":
            return batch.completions
        if batch.completion_ids is None:
            message = "unit tokens counts completion_ids, which only a trainer provides: use unit characters"
            raise RewardError(message, reward=self.name)
        return batch.completion_ids

    def _value(self, length: int) -> float:
        if length >= self.max_length:
            return -1.0
        free = self.max_length - self.buffer
        return 0.0 if length <= free else (free - length) / self.buffer


class RepetitionPenalty(Reward):
    """0 for a completion that repeats no n consecutive words, down to -`scale` for one that only repeats.

    ``-(1 - distinct n-grams / n-grams) * scale``. Words are separated by white space and compared without
    case; after 20 characters a word is cut, so that a text without spaces is not one word. Fewer than n
    words earn 0.

    Source: arXiv 2502.03373; the same in TRL and ms-swift.

    Attributes:
        n: Number of consecutive words that are compared.
        scale: What a completion loses that only repeats itself.

    >>> RepetitionPenalty(n=2)(["a b c d", "a b a b a b", "yes"])
    [0.0, -0.6, 0.0]
    """

    name = "repetition_penalty"
    range = (-1.0, 0.0)
    formula = "-(1 - distinct n-grams / n-grams) * scale"
    reference = "n-gram repetition penalty of arXiv 2502.03373; the same in TRL and ms-swift"

    n: int = Field(default=3, ge=1, le=100)
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @property
    def bounds(self) -> tuple[float, float]:
        """-`scale` and 0."""
        return -self.scale, 0.0

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Count the n-grams of each completion; never abstains, linear in length."""
        return [self._value(completion) for completion in batch.completions]

    def _value(self, completion: str) -> float:
        words = _WORD.findall(completion.lower())
        count = len(words) - self.n + 1
        if count <= 0:
            return 0.0
        distinct = len(set(zip(*(words[start:] for start in range(self.n)), strict=False)))
        return (distinct / count - 1.0) * self.scale

"""`Reward`: the base class of every reward, built in or third-party."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from geo_rewards.batch.batch import Batch
from geo_rewards.contract.calls import Outcome, call_batch, call_rows, values_of
from geo_rewards.contract.class_checks import PLAIN_TYPES, check_class
from geo_rewards.contract.given import check_booleans
from geo_rewards.contract.silence import warn_of_silence
from geo_rewards.contract.time_limit import check_limit
from geo_rewards.phrases import in_our_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Sample


class Reward(BaseModel):
    """A reward: a frozen model whose fields are its parameters, with a `score` method.

    Subclasses set `name`, have a docstring (``geo-rewards list`` shows its first line), and override
    `score`, or `score_batch` if they benefit from arrays. ``score`` may be ``async def``: the rows of
    a batch are then gathered, `concurrency` at a time (32 unless a class attribute or parameter of
    that name says otherwise).

    A class attribute or parameter `timeout_s` limits each call of `score` or `score_batch`, in seconds: a row
    that takes longer is an error, and after three in succession the rest of the batch is not tried.

    Attributes:
        name: The name it is registered under; also the instance's ``__name__``.
        range: Closed range of the values; if it depends on parameters, override `bounds`.
        needs: Fields of `GroundTruth` without which a row abstains before `score` is called.
        rehearsed: Whether an answer made from the truth must earn the highest value, as the rehearsal of a
            recipe demands; False if that depends on the reasoning or on columns other than the truth.
        formula: One line for ``geo-rewards describe``.
        reference: Paper, code or dataset that it comes from.

    >>> class ShortAnswer(Reward):
    ...     '''1 if the answer has at most `max_characters` characters, else 0.'''
    ...     name = "short_answer"
    ...     max_characters: int = 200
    ...     def score(self, sample: Sample) -> float | None:
    ...         return 1.0 if len(sample.answer.answer or "") <= self.max_characters else 0.0
    >>> ShortAnswer(max_characters=3)(["<think>a</think><answer>Rome</answer>"])
    [0.0]
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, ignored_types=PLAIN_TYPES)

    name: ClassVar[str]
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    needs: ClassVar[tuple[str, ...]] = ()
    rehearsed: ClassVar[bool] = True
    formula: ClassVar[str] = ""
    reference: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Reject fields that would shadow what the library reads from the class."""
        super().__init_subclass__(**kwargs)
        for field, annotation in inspect.get_annotations(cls).items():
            if field in RESERVED_NAMES and "ClassVar" not in str(annotation):
                raise TypeError(
                    f"{cls.__name__}.{field} is reserved and cannot be a parameter: "
                    f"write `{field} = ...` without annotation to set it, or choose another name"
                )
        check_class(cls, base=Reward)

    @model_validator(mode="before")
    @classmethod
    def _check_name(cls, data: Any) -> Any:
        if not isinstance(getattr(cls, "name", None), str):
            raise TypeError(f"{cls.__name__} has no name: write `name = ...` in the class")
        return data

    @model_validator(mode="wrap")
    @classmethod
    def _check_booleans(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            reward = handler(data)
        except ValidationError as error:
            raise in_our_words(error) from None
        if isinstance(data, dict):
            check_booleans(reward, data)
        return reward

    @property
    def __name__(self) -> str:
        """The reward's name, under which trainers log it."""
        return self.name

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value with these parameters."""
        return self.range

    def score(self, sample: Sample) -> float | None:  # noqa: ARG002 - the contract of subclasses
        """Return the value of one sample, or None to abstain.

        A bad answer earns the lowest value; an exception is for bugs and dead services.
        """
        raise TypeError(f"{type(self).__name__} defines neither score nor score_batch")

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Return one value per row of the batch, from its cached columns; None to abstain.

        Only rows that have the truth fields of `needs` are in the batch.
        """
        return values_of(call_rows(self, batch, None))

    def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
        """Return one value per completion, as trainers call it.

        Args:
            completions: Strings, or lists of chat messages.
            **columns: Columns by name, one value per completion: truths (see `geo_rewards.batch.truths`),
                `prompts`, `completion_ids`, extra columns. Unknown keywords are ignored.

        Raises:
            RewardError: If the reward fails, or returns NaN, a wrong length or a value out of bounds.
            TruthError: If a truth is unreadable; names the row.
        """
        batch = Batch(completions, columns)
        values = self.evaluate(batch)
        if self.needs and all(value is None for value in values):
            warn_of_silence(f"reward {self.name!r} abstains", self.needs, batch, columns)
        return values

    def evaluate(self, batch: Batch) -> list[float | None]:
        """Return one value per row, None where the reward abstains.

        Raises:
            RewardError: Like `__call__`, naming the first row that failed.
        """
        return values_of(self.outcomes(batch))

    def outcomes(self, batch: Batch, *, timeout_s: float | None = None) -> list[Outcome]:
        """Return the outcome of each row: a value, None or a `RewardError`, which is not raised.

        Args:
            batch: The rows.
            timeout_s: Time limit that replaces the reward's own.

        Raises:
            ValueError: If the limit is not positive.
        """
        limit_s = getattr(self, "timeout_s", None) if timeout_s is None else timeout_s
        check_limit(limit_s)
        if not self.needs:
            return self._call(batch, limit_s)
        present = batch.has_truth(self.needs)
        if all(present):
            return self._call(batch, limit_s)
        rows = [row for row, is_present in enumerate(present) if is_present]
        outcomes: list[Outcome] = [None] * len(batch)
        if rows:
            for row, outcome in zip(rows, self._call(batch.take(rows), limit_s), strict=True):
                outcomes[row] = outcome
        return outcomes

    def _call(self, batch: Batch, limit_s: float | None) -> list[Outcome]:
        if type(self).score_batch is Reward.score_batch:
            return call_rows(self, batch, limit_s)
        return call_batch(self, batch, limit_s)


RESERVED_NAMES = frozenset(
    {name for name in dir(Reward) if not name.startswith("_") and not hasattr(BaseModel, name)}
) | {"name"}

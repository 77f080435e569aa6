"""`Reward`: the base class of every reward, built in or published by somebody else."""

from __future__ import annotations

import dataclasses
import inspect
import math
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from geo_rewards.batch.batch import Batch
from geo_rewards.contract.coroutines import gather_outcomes
from geo_rewards.contract.time_limit import Patience, call_within, check_limit, warn_once
from geo_rewards.errors import RewardError
from geo_rewards.types import GroundTruth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Sample

Outcome = float | None | Exception
"""What became of one row: its value, None if the reward abstained, or what went wrong."""

DEFAULT_CONCURRENCY = 32

# Rounding in a sum of values must not turn a value at the very bound into an error.
_TOLERANCE = 1e-9


class Reward(BaseModel):
    """A reward: a frozen model whose fields are its parameters, with a `score` method.

    Subclasses set `name`, document themselves (the first line is shown by ``geo-rewards list``),
    and override `score`, or `score_batch` if they gain from arrays. ``score`` may be ``async def``:
    the rows of a batch are then gathered, `concurrency` at a time (32 unless the class or a parameter
    of that name says otherwise).

    A class attribute or parameter `timeout_s` limits each call of `score` or `score_batch`, in seconds: a row
    that takes longer is an error, and so are, untried, the rows left in a batch after three such in a row.

    Attributes:
        name: The name it is asked for by; also the instance's ``__name__``.
        range: Closed range of the values; where parameters move it, override `bounds`.
        needs: Fields of `GroundTruth` without which a row abstains before `score` is called.
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

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    name: ClassVar[str]
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    needs: ClassVar[tuple[str, ...]] = ()
    formula: ClassVar[str] = ""
    reference: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse fields that would shadow what the library reads from the class."""
        super().__init_subclass__(**kwargs)
        for field, annotation in inspect.get_annotations(cls).items():
            if field in RESERVED_NAMES and "ClassVar" not in str(annotation):
                raise TypeError(
                    f"{cls.__name__}.{field} is reserved and cannot be a parameter: "
                    f"write `{field} = ...` without annotation to set it, or choose another name"
                )
        _check_class(cls)

    @model_validator(mode="before")
    @classmethod
    def _check_name(cls, data: Any) -> Any:
        if not isinstance(getattr(cls, "name", None), str):
            raise TypeError(f"{cls.__name__} has no name: write `name = ...` in the class")
        return data

    @property
    def __name__(self) -> str:
        """The reward's name, by which trainers log it."""
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
        return _raised(self._score_rows(batch, None))

    def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
        """Return one value per completion, as trainers call it.

        Args:
            completions: Strings, or lists of chat messages.
            **columns: Columns by name, one value a completion: truths (see `geo_rewards.batch.truths`),
                `prompts`, `completion_ids`, extra columns. What the reward does not know is ignored.

        Raises:
            RewardError: If the reward fails, or returns NaN, a wrong length or a value out of bounds.
            TruthError: If a truth is unreadable; names the row.
        """
        return self.evaluate(Batch(completions, columns))

    def evaluate(self, batch: Batch) -> list[float | None]:
        """Return one value per row, None where the reward abstains.

        Raises:
            RewardError: As `__call__`, naming the first row that failed.
        """
        return _raised(self.outcomes(batch))

    def outcomes(self, batch: Batch, *, timeout_s: float | None = None) -> list[Outcome]:
        """Return what became of each row: a value, None, or the `RewardError`; raises for no row's fault.

        Args:
            batch: The rows.
            timeout_s: Limit in place of the reward's own.

        Raises:
            ValueError: If the limit is not more than 0.
        """
        limit_s = getattr(self, "timeout_s", None) if timeout_s is None else timeout_s
        check_limit(limit_s)
        if not self.needs:
            return self._scored(batch, limit_s)
        present = batch.has_truth(self.needs)
        if all(present):
            return self._scored(batch, limit_s)
        rows = [row for row, is_present in enumerate(present) if is_present]
        outcomes: list[Outcome] = [None] * len(batch)
        if rows:
            for row, outcome in zip(rows, self._scored(batch.take(rows), limit_s), strict=True):
                outcomes[row] = outcome
        return outcomes

    def _scored(self, batch: Batch, limit_s: float | None) -> list[Outcome]:
        if type(self).score_batch is Reward.score_batch:
            return self._score_rows(batch, limit_s)
        try:
            values = call_within(lambda: list(self.score_batch(batch)), limit_s, name=self.name)
        except Exception as error:  # noqa: BLE001 - a plugin's code; retried row by row, then reported
            if len(batch) == 1:
                return [self._failure(error, batch.samples[0])]
            if isinstance(error, TimeoutError) and limit_s is not None:
                warn_once(
                    f"reward {self.name!r}: score_batch took more than {limit_s:g} s for {len(batch)} rows, "
                    "which are now tried one by one: raise timeout_s if no single row hangs"
                )
            return self._retried(batch, limit_s)
        return self._checked_batch(values, batch)

    def _retried(self, batch: Batch, limit_s: float | None) -> list[Outcome]:
        """Return the outcomes of a batch that failed as a whole, row by row."""
        patience, outcomes = Patience(), list[Outcome]()
        for row in range(len(batch)):
            if patience.is_over:
                outcomes.append(self._failure(patience.refusal(limit_s), batch.samples[row]))
                continue
            (outcome,) = self._scored(batch.take([row]), limit_s)
            cause = outcome.__cause__ if isinstance(outcome, RewardError) else None
            patience.note(is_timeout=limit_s is not None and isinstance(cause, TimeoutError))
            outcomes.append(outcome)
        return outcomes

    def _checked_batch(self, values: Sequence[Any], batch: Batch) -> list[Outcome]:
        if len(values) != len(batch):
            message = f"returned {len(values)} values for {len(batch)} completions"
            return [RewardError(message, reward=self.name)] * len(batch)
        bounds = self.bounds
        if _are_valid(values, bounds):
            return list(values)
        return [self._checked(value, batch.samples, row, bounds) for row, value in enumerate(values)]

    def _score_rows(self, batch: Batch, limit_s: float | None) -> list[Outcome]:
        if inspect.iscoroutinefunction(self.score):
            outcomes = gather_outcomes(
                self.score,
                batch.samples,
                concurrency=getattr(self, "concurrency", DEFAULT_CONCURRENCY),
                timeout_s=limit_s,
                name=self.name,
            )
        elif limit_s is None:
            outcomes = [self._score_row(sample) for sample in batch.samples]
        else:
            outcomes = self._score_within(batch.samples, limit_s)
        bounds = self.bounds
        if _are_valid(outcomes, bounds):
            return outcomes
        return [
            self._failure(outcome, batch.samples[row])
            if isinstance(outcome, Exception)
            else self._checked(outcome, batch.samples, row, bounds)
            for row, outcome in enumerate(outcomes)
        ]

    def _score_row(self, sample: Sample) -> Outcome:
        try:
            return self.score(sample)
        except Exception as error:  # noqa: BLE001 - a plugin's code; returned to be counted or raised
            return error

    def _score_within(self, samples: Sequence[Sample], limit_s: float) -> list[Outcome]:
        patience, outcomes = Patience(), list[Outcome]()
        for sample in samples:
            if patience.is_over:
                outcomes.append(patience.refusal(limit_s))
                continue
            try:
                outcome = call_within(partial(self._score_row, sample), limit_s, name=self.name)
            except TimeoutError as error:
                outcome = error
            patience.note(is_timeout=isinstance(outcome, TimeoutError))
            outcomes.append(outcome)
        return outcomes

    def _failure(self, error: Exception, sample: Sample) -> RewardError:
        if isinstance(error, RewardError):
            return error
        failure = RewardError(f"{type(error).__name__}: {error}", reward=self.name, row=sample.index)
        failure.__cause__ = error
        return failure

    def _checked(
        self, value: Any, samples: Sequence[Sample], row: int, bounds: tuple[float, float]
    ) -> Outcome:
        if value is None:
            return None
        problem = _value_problem(value, bounds)
        if problem is None:
            return float(value)
        return RewardError(problem, reward=self.name, row=samples[row].index)


RESERVED_NAMES = frozenset(
    {name for name in dir(Reward) if not name.startswith("_") and not hasattr(BaseModel, name)}
) | {"name"}


def _are_valid(values: Sequence[Any], bounds: tuple[float, float]) -> bool:
    """Return whether all are None or floats in range, at the speed of arrays; if not, look at each."""
    kinds = set(map(type, values))
    if not kinds <= {float, NoneType}:
        return False
    given = [value for value in values if value is not None] if NoneType in kinds else values
    numbers = np.array(given, dtype=np.float64)
    low, high = bounds
    in_range = (numbers >= low - _TOLERANCE) & (numbers <= high + _TOLERANCE) & np.isfinite(numbers)
    return bool(in_range.all())


_TRUTH_FIELDS = tuple(field.name for field in dataclasses.fields(GroundTruth))


def _check_class(cls: type[Reward]) -> None:
    """Refuse what would fail at the first batch, in words of its own.

    Raises:
        TypeError: Naming the class and what to write.
    """
    needs = cls.__dict__.get("needs", ())
    if not isinstance(needs, tuple) or not set(needs) <= set(_TRUTH_FIELDS):
        fields = ", ".join(_TRUTH_FIELDS)
        raise TypeError(f"{cls.__name__}.needs is {needs!r}; it must be a tuple of truth fields: {fields}")
    if inspect.iscoroutinefunction(cls.__dict__.get("score_batch")):
        raise TypeError(f"{cls.__name__}.score_batch must be a plain function; `score` may be `async def`")


def _value_problem(value: Any, bounds: tuple[float, float]) -> str | None:
    """Return why this cannot be a reward's value, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return f"returned {value!r:.60}, which is not a number"
    if not math.isfinite(number):
        return f"returned {number}; None is how a reward abstains"
    low, high = bounds
    if not low - _TOLERANCE <= number <= high + _TOLERANCE:
        return f"returned {number}, outside its range [{low}, {high}]"
    return None


def _raised(outcomes: Sequence[Outcome]) -> list[float | None]:
    """Return the values, or raise the first error among them."""
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return list(outcomes)  # type: ignore[arg-type]

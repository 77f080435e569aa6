"""How a reward is called: row by row or as a batch, within a time limit, every value checked."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping, Set
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from geo_rewards.contract.time_limit import Patience, call_within, warn_once
from geo_rewards.errors import InvalidValueError, RewardError
from geo_rewards.system.first_use import LOADING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.batch.batch import Batch, Sample

Outcome = float | None | Exception
"""The outcome of one row: its value, None if the reward abstained, or an exception."""

DEFAULT_CONCURRENCY = 32

# Rounding in a sum must not turn a value at a bound into an error.
_TOLERANCE = 1e-9

# Kinds of NumPy's types that `float` takes, though they are texts, times or complex numbers.
_NO_NUMBERS = "SUmMc"


class Callee(Protocol):
    """What this module calls: a `geo_rewards.Reward`."""

    @property
    def name(self) -> str:
        """Its name, for messages."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value."""

    def score(self, sample: Sample) -> Any:
        """Return the value of one sample, or a coroutine of it."""

    def score_batch(self, batch: Batch) -> Sequence[float | None]:
        """Return the values of a batch."""


def call_batch(reward: Callee, batch: Batch, limit_s: float | None) -> list[Outcome]:
    """Call `score_batch` once and return each row's outcome; if it fails, call it row by row.

    Args:
        reward: The reward.
        batch: The rows.
        limit_s: Time limit of each call in seconds, or None.
    """
    try:
        values = call_within(lambda: _listed(reward.score_batch(batch)), limit_s, name=reward.name)
    except Exception as error:  # noqa: BLE001 - a plugin's code; retried row by row, then reported
        if len(batch) == 1:
            return [_failure(reward, error, batch.samples[0])]
        if isinstance(error, TimeoutError) and limit_s is not None:
            warn_once(
                f"reward {reward.name!r}: score_batch took more than {limit_s:g} s for {len(batch)} rows, "
                "which are now tried one by one: raise timeout_s if no single row hangs"
            )
        return _retry(reward, batch, limit_s)
    return _checked_batch(reward, values, batch)


def call_rows(reward: Callee, batch: Batch, limit_s: float | None) -> list[Outcome]:
    """Call `score` once per row and return the outcomes; coroutines are gathered.

    Args:
        reward: The reward.
        batch: The rows.
        limit_s: Time limit of each call in seconds, or None.
    """
    if inspect.iscoroutinefunction(reward.score):
        with LOADING:  # asyncio takes a tenth of a second to import, and few rewards need it
            from geo_rewards.contract.coroutines import gather_outcomes

        outcomes: list[Outcome] = gather_outcomes(
            reward.score,
            batch.samples,
            concurrency=getattr(reward, "concurrency", DEFAULT_CONCURRENCY),
            timeout_s=limit_s,
            name=reward.name,
        )
    elif limit_s is None:
        outcomes = [_score_row(reward, sample) for sample in batch.samples]
    else:
        outcomes = _score_rows_within(reward, batch.samples, limit_s)
    bounds = reward.bounds
    if _are_valid(outcomes, bounds):
        return outcomes
    return [
        _failure(reward, outcome, batch.samples[row])
        if isinstance(outcome, Exception)
        else _checked(reward, outcome, batch.samples[row], bounds)
        for row, outcome in enumerate(outcomes)
    ]


def values_of(outcomes: Sequence[Outcome]) -> list[float | None]:
    """Return the values, or raise the first error."""
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return list(outcomes)  # type: ignore[arg-type]


def _retry(reward: Callee, batch: Batch, limit_s: float | None) -> list[Outcome]:
    """Score row by row a batch whose single call failed."""
    patience, outcomes = Patience(), list[Outcome]()
    for row in range(len(batch)):
        if patience.is_over:
            outcomes.append(_failure(reward, patience.refusal(limit_s), batch.samples[row]))
            continue
        (outcome,) = call_batch(reward, batch.take([row]), limit_s)
        cause = outcome.__cause__ if isinstance(outcome, RewardError) else None
        patience.note(is_timeout=limit_s is not None and isinstance(cause, TimeoutError))
        outcomes.append(outcome)
    return outcomes


def _listed(values: Any) -> Any:
    """Return the values of `score_batch` as a list; unchanged if that would yield names or letters."""
    if isinstance(values, (str, bytes, bytearray, Mapping, Set)) or hasattr(values, "columns"):
        return values
    return list(values) if isinstance(values, Iterable) else values


def _checked_batch(reward: Callee, values: Any, batch: Batch) -> list[Outcome]:
    if not isinstance(values, list):
        message = f"score_batch returned {_shown(values)}; return a list with one value per completion"
        return [InvalidValueError(message, reward=reward.name, value=values)] * len(batch)
    if len(values) != len(batch):
        message = f"returned {len(values)} values for {len(batch)} completions"
        return [InvalidValueError(message, reward=reward.name, value=values)] * len(batch)
    bounds = reward.bounds
    if _are_valid(values, bounds):
        return list(values)
    return [_checked(reward, value, batch.samples[row], bounds) for row, value in enumerate(values)]


def _score_row(reward: Callee, sample: Sample) -> Outcome:
    try:
        value: Outcome = reward.score(sample)
    except Exception as error:  # noqa: BLE001 - a plugin's code; returned to be counted or raised
        return error
    return value


def _score_rows_within(reward: Callee, samples: Sequence[Sample], limit_s: float) -> list[Outcome]:
    patience, outcomes = Patience(), list[Outcome]()
    for sample in samples:
        if patience.is_over:
            outcomes.append(patience.refusal(limit_s))
            continue
        try:
            outcome = call_within(partial(_score_row, reward, sample), limit_s, name=reward.name)
        except TimeoutError as error:
            outcome = error
        patience.note(is_timeout=isinstance(outcome, TimeoutError))
        outcomes.append(outcome)
    return outcomes


def _failure(reward: Callee, error: Exception, sample: Sample) -> RewardError:
    if isinstance(error, RewardError):
        return error
    failure = RewardError(f"{type(error).__name__}: {error}", reward=reward.name, row=sample.index)
    failure.__cause__ = error
    return failure


def _checked(reward: Callee, value: Any, sample: Sample, bounds: tuple[float, float]) -> Outcome:
    if value is None:
        return None
    problem = _value_problem(value, bounds)
    if problem is None:
        return float(value)
    return InvalidValueError(problem, reward=reward.name, row=sample.index, value=value)


def _are_valid(values: Sequence[Any], bounds: tuple[float, float]) -> bool:
    """Return whether all are None or floats in range, at array speed; if not, check each."""
    kinds = set(map(type, values))
    if not kinds <= {float, NoneType}:
        return False
    given = [value for value in values if value is not None] if NoneType in kinds else values
    numbers = np.array(given, dtype=np.float64)
    low, high = bounds
    in_range = (numbers >= low - _TOLERANCE) & (numbers <= high + _TOLERANCE) & np.isfinite(numbers)
    return bool(in_range.all())


def _value_problem(value: Any, bounds: tuple[float, float]) -> str | None:
    """Return why this is not a valid reward value, or None."""
    number = _number(value)
    if number is None:
        return f"returned {_shown(value)}, which is not a number"
    if not math.isfinite(number):
        return f"returned {number}; to abstain, return None"
    low, high = bounds
    if not low - _TOLERANCE <= number <= high + _TOLERANCE:
        return f"returned {number}, outside its range [{low}, {high}]"
    return None


def _number(value: Any) -> float | None:
    """Return a number, boolean, or array or tensor without dimensions as a float; else None.

    A text is no number, even if it looks like one: nobody knows what else it may hold on other rows.
    """
    if isinstance(value, (str, bytes, bytearray)) or getattr(value, "ndim", 0) != 0:
        return None
    if getattr(getattr(value, "dtype", None), "kind", "f") in _NO_NUMBERS:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _shown(value: Any) -> str:
    if value is None:
        return "None"
    text = " ".join(repr(value).split())
    return f"{text:.60} of type {type(value).__name__}"

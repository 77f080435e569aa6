"""Checks of what every reward promises: each yields a finding per broken promise."""

from __future__ import annotations

import copy
import math
import pickle
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.batch.batch import Batch
from geo_rewards.errors import InvalidValueError
from geo_rewards.testing.cases import JUNK_ANSWER, with_another_truth, without_truth
from geo_rewards.testing.findings import Finding, shown
from geo_rewards.testing.samples import tagged
from geo_rewards.testing.subject import Trial, batch_of, columns_of, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo_rewards.contract.calls import Outcome
    from geo_rewards.testing.subject import RewardSubject, Subject

PROGRESS = (None, 0.0, 0.5, 1.0)

_SHARED_COLUMNS = (
    "completions",
    "columns",
    "answers",
    "truths",
    "answer_degrees",
    "truth_degrees",
    "distance_km",
)


def check_values(subject: Subject) -> Iterator[Finding]:
    """No completion, at any point of the training, makes it raise or leave its finite bounds."""
    low, high = subject.bounds
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        yield Finding("out_of_range", f"its bounds ({low}, {high}) are not a closed range")
    for progress in PROGRESS:
        trials = subject.trials if progress is not None else subject.all_trials
        yield from _failures(trials, subject.score(trials, progress=progress))


def check_labels(subject: Subject) -> Iterator[Finding]:
    """It abstains if the row has no label for it, and never otherwise."""
    for case in subject.cases:
        ideal, unlabelled = tagged(case.ideal), without_truth(case.columns)
        value = subject.value(ideal, case)
        trials = [Trial(completion, unlabelled) for completion in (ideal, tagged(JUNK_ANSWER))]
        outcomes = subject.score(trials)
        yield from _failures(trials, outcomes, where=", in a row without a label")
        (elsewhere,) = subject.score([Trial(ideal, with_another_truth(case))])
        if not (isinstance(elsewhere, Exception) or value is None or same(value, elsewhere)):
            yield from _paid(trials, outcomes)
        yield from _abstentions(
            subject, [trial for trial in subject.all_trials if trial.columns is case.columns], value
        )


def check_batch(subject: Subject) -> Iterator[Finding]:
    """A row earns the same alone as among others."""
    alone = [subject.score([trial])[0] for trial in subject.trials]
    yield from _differences(subject.trials, subject.outcomes, alone, "depends_on_batch", "alone")


def check_order(subject: Subject) -> Iterator[Finding]:
    """A row earns the same wherever it is in its batch."""
    places = list(range(len(subject.trials)))
    for seed in range(3):
        random.Random(seed).shuffle(places)
        moved = dict(zip(places, subject.score([subject.trials[place] for place in places]), strict=True))
        again = [moved[place] for place in range(len(places))]
        yield from _differences(
            subject.trials, subject.outcomes, again, "depends_on_order", "in another order"
        )


def check_determinism(subject: Subject) -> Iterator[Finding]:
    """A row earns the same every time."""
    for _ in range(5):
        again = subject.score(subject.trials)
        yield from _differences(subject.trials, subject.outcomes, again, "not_deterministic", "the next time")


def check_pickling(subject: RewardSubject) -> Iterator[Finding]:
    """It survives pickling: equal, with the same name and the same values."""
    try:
        copied = pickle.loads(pickle.dumps(subject.reward))  # noqa: S301 - our own bytes
    except Exception as error:  # noqa: BLE001 - pickle raises whatever the author's attributes raise
        hint = "define the class at the top level of a module, with picklable fields"
        yield Finding("not_picklable", f"{type(error).__name__}: {error} ({hint})")
        return
    if copied != subject.reward or copied.__name__ != subject.reward.__name__:
        yield Finding("not_picklable", f"{subject.reward!r} comes back as {copied!r}")
    again = copied.outcomes(batch_of(subject.trials))
    yield from _differences(subject.trials, subject.outcomes, again, "not_picklable", "after pickling")


def check_inputs(subject: RewardSubject) -> Iterator[Finding]:
    """It does not change the caller's columns, or what the batch shares between rewards."""
    columns = columns_of(subject.trials)
    completions = [[{"role": "assistant", "content": trial.completion}] for trial in subject.trials]
    pristine = copy.deepcopy((completions, columns))
    batch = Batch(completions, columns)
    for name in _SHARED_COLUMNS:
        getattr(batch, name)
    subject.reward.outcomes(batch)
    fresh = Batch(*copy.deepcopy(pristine))
    for name in pristine[1]:
        if not _equal(columns.get(name), pristine[1][name]):
            yield Finding("changes_inputs", f"the column {name!r} was changed")
    if columns.keys() != pristine[1].keys() or not _equal(completions, pristine[0]):
        yield Finding("changes_inputs", "the trainer's lists were changed")
    for name in _SHARED_COLUMNS:
        if not _equal(getattr(batch, name), getattr(fresh, name)):
            yield Finding("changes_inputs", f"`batch.{name}`, which other rewards read too, was changed")


def _failures(trials: Sequence[Trial], outcomes: Sequence[Outcome], *, where: str = "") -> Iterator[Finding]:
    for trial, outcome in zip(trials, outcomes, strict=True):
        if isinstance(outcome, Exception):
            yield Finding(_kind(outcome), f"{outcome} for {shown(trial.completion)}{where}")


def _kind(error: Exception) -> str:
    """Distinguish a value that the library refused from the reward's own exception."""
    refused = error if isinstance(error, InvalidValueError) else error.__cause__  # a recipe adds its label
    if not isinstance(refused, InvalidValueError):
        return "raises"
    if not isinstance(refused.value, (int, float, np.number)):
        return "invalid_value"
    return "out_of_range" if math.isfinite(refused.value) else "not_finite"


def _paid(trials: Sequence[Trial], outcomes: Sequence[Outcome]) -> Iterator[Finding]:
    for trial, outcome in zip(trials, outcomes, strict=True):
        if isinstance(outcome, float):
            detail = f"{outcome} instead of None for {shown(trial.completion)} without a label: set `needs`"
            yield Finding("paid_without_label", detail)


def _abstentions(subject: Subject, trials: Sequence[Trial], value: float | None) -> Iterator[Finding]:
    if value is None:
        given = sorted(trials[0].columns)
        detail = f"no value for an ideal answer with the columns {given}: give `columns` with its label"
        yield Finding("always_abstains", detail)
        return
    for trial, outcome in zip(trials, subject.score(trials), strict=True):
        if outcome is None:
            detail = f"None instead of the lowest value for {shown(trial.completion)} in a row with a label"
            yield Finding("abstains_on_bad_answers", detail)


def _differences(
    trials: Sequence[Trial], expected: Sequence[Outcome], found: Sequence[Outcome], name: str, when: str
) -> Iterator[Finding]:
    for trial, before, after in zip(trials, expected, found, strict=True):
        if not same(before, after):
            yield Finding(name, f"{before}, but {after} {when}, for {shown(trial.completion)}")


def _equal(one: Any, other: Any) -> bool:
    """Compare by value, including arrays and NaN, which equals itself here."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f"))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other) or (one != one and other != other)

"""`Subject`: what is under test, with the completions it is tried on."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from geo_rewards.batch.batch import Batch
from geo_rewards.system.first_use import lazy_property
from geo_rewards.testing.cases import JUNK_ANSWER, without_truth
from geo_rewards.testing.hacks import answer_hacks, format_hacks, honest_writings
from geo_rewards.testing.prompts import PROMPT
from geo_rewards.testing.samples import tagged, trainer_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo_rewards.contract.calls import Outcome
    from geo_rewards.contract.reward import Reward
    from geo_rewards.testing.cases import Case
    from geo_rewards.types import Coordinate

About = Literal["answer", "format", "both", "neither"]

# Rounding may differ between one row and many; a hack that pays is far above this.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Trial:
    """A completion with its row's value of each column."""

    completion: str
    columns: Mapping[str, Any]


class Subject(ABC):
    """Something under test that pays for completions.

    Args:
        cases: The labelled rows that it is tried on.
        data: Rows of a data set, for the checks that need many.
        bounds: Lowest and highest value.
        needs: Truth fields without which it abstains.
        about: What it is about: the answer, the format, both or neither; detected by what it pays for
            if None.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        *,
        data: Sequence[Case] = (),
        bounds: tuple[float, float],
        needs: tuple[str, ...] = (),
        about: About | None = None,
    ) -> None:
        self.cases = cases
        self.data = data
        self.bounds = bounds
        self._needs = needs
        self._about = about

    @lazy_property
    def about_answer(self) -> bool:
        """Whether the answer hacks apply: a label is needed, or the ideal answer pays more than junk."""
        if self._about is not None:
            return self._about in ("answer", "both")
        return bool(self._needs) or any(
            self.pays_more(tagged(case.ideal), than=tagged(JUNK_ANSWER), case=case) for case in self.cases
        )

    @lazy_property
    def about_format(self) -> bool:
        """Whether the format hacks apply: an answer with tags pays more than without."""
        if self._about is not None:
            return self._about in ("format", "both")
        return all(self.pays_more(tagged(case.ideal), than=case.ideal, case=case) for case in self.cases)

    @property
    def lowest(self) -> float | None:
        """What an empty answer must earn; None if unknown."""
        return self.bounds[0]

    @lazy_property
    def trials(self) -> list[Trial]:
        """Completions of every kind, none of them long, on each case."""
        return [Trial(completion, case.columns) for case in self.cases for completion in _kinds(case)]

    @lazy_property
    def all_trials(self) -> list[Trial]:
        """Every completion of the kit, except the long ones, on each case."""
        return [Trial(completion, case.columns) for case in self.cases for completion in _completions(case)]

    @lazy_property
    def outcomes(self) -> list[Outcome]:
        """The outcomes of `trials` in one batch."""
        return self.score(self.trials)

    def columns_at(self, truth: Coordinate) -> dict[str, Any]:
        """Return the columns of a row whose truth is a coordinate; the others are as in the first case."""
        others = without_truth(self.cases[0].columns) if self.cases else {}
        return {**others, "lat": truth.lat, "lon": truth.lon}

    @abstractmethod
    def score(self, trials: Sequence[Trial], *, progress: float | None = None) -> list[Outcome]:
        """Return the outcomes of these trials in one batch."""

    def value(self, completion: str, case: Case) -> float | None:
        """Return what a completion earns, or None if the reward abstains or fails."""
        (outcome,) = self.score([Trial(completion, case.columns)])
        return None if isinstance(outcome, Exception) else outcome

    def pays_more(self, completion: str, *, than: str, case: Case) -> bool:
        """Return whether one completion earns more than another."""
        more, less = self.value(completion, case), self.value(than, case)
        return more is not None and less is not None and more > less + TOLERANCE


class RewardSubject(Subject):
    """A reward under test."""

    def __init__(
        self, reward: Reward, cases: Sequence[Case], *, data: Sequence[Case] = (), about: About | None = None
    ) -> None:
        super().__init__(cases, data=data, bounds=_bounds(reward), needs=reward.needs, about=about)
        self.reward = reward

    def score(self, trials: Sequence[Trial], *, progress: float | None = None) -> list[Outcome]:
        """Return the outcomes of these trials in one batch."""
        return self.reward.outcomes(batch_of(trials, progress=progress))


def batch_of(trials: Sequence[Trial], *, progress: float | None = None) -> Batch:
    """Return the trials as a batch, with the columns that a trainer would add."""
    return Batch([trial.completion for trial in trials], columns_of(trials, progress=progress))


def columns_of(trials: Sequence[Trial], *, progress: float | None = None) -> dict[str, Any]:
    """Return the trials' columns as a trainer passes them, including prompts and token ids."""
    columns: dict[str, Any] = {
        "prompts": [copy.deepcopy(PROMPT) for _ in trials],
        "completion_ids": [list(range((len(trial.completion) + 3) // 4)) for trial in trials],
    }
    for name in trials[0].columns if trials else ():
        columns[name] = [copy.deepcopy(trial.columns[name]) for trial in trials]
    if progress is not None:
        columns["trainer_state"] = trainer_state(progress)
    return columns


def same(one: Outcome, other: Outcome) -> bool:
    """Return whether two outcomes of one trial agree."""
    if isinstance(one, Exception) or isinstance(other, Exception):
        return type(one) is type(other)
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _bounds(reward: Reward) -> tuple[float, float]:
    """Return the reward's bounds, or those of its class if they cannot be computed, which is found later."""
    try:
        return reward.bounds
    except Exception:  # noqa: BLE001 - the author's property; then every outcome is an error
        return reward.range


def _completions(case: Case) -> list[str]:
    hacks = [hack.completion for hack in (*answer_hacks(case), *format_hacks(case))]
    return list(dict.fromkeys([*_kinds(case), *hacks]))


def _kinds(case: Case) -> list[str]:
    """Return plain completions, honest ones, and one hack of each name."""
    plain = [tagged(answer) for answer in (case.ideal, case.wrong, JUNK_ANSWER)]
    hacks = {hack.name: hack.completion for hack in (*answer_hacks(case), *format_hacks(case))}
    return list(dict.fromkeys([*plain, *honest_writings(case), *hacks.values()]))

"""Checks with threads that score at the same time, and with faults that must not be swallowed."""

from __future__ import annotations

import inspect
import itertools
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.batch import Batch
from geo_rewards.contract.reward import Reward
from geo_rewards.testing.findings import Finding, shown
from geo_rewards.testing.samples import tagged
from geo_rewards.testing.subject import Trial, columns_of, same

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from geo_rewards.testing.subject import RewardSubject

THREADS = 4
ROUNDS = 3
MAX_SWITCHES = 20_000  # in one thread: a reward of many lines would take minutes


class InjectedFault(Exception):  # noqa: N818 - the name is what tracebacks show
    """Raised by a deliberately broken batch; only a catch-all clause can catch it."""


def check_threads(subject: RewardSubject) -> Iterator[Finding]:
    """Threads that share the reward get the same values as a single thread."""
    subject.outcomes  # noqa: B018 - scored once, before threads start
    together = threading.Barrier(THREADS)
    files = _own_files(type(subject.reward))

    def score(thread: int) -> list[Finding]:
        start = thread * len(subject.trials) // THREADS
        order = [*range(start, len(subject.trials)), *range(start)]  # threads are never on the same row
        together.wait()
        with _switch_at_every_line(files):
            return [finding for _ in range(ROUNDS) for finding in _disagreements(subject, order)]

    with ThreadPoolExecutor(THREADS) as pool:
        for findings in pool.map(score, range(THREADS)):
            yield from findings


def check_faults(subject: RewardSubject) -> Iterator[Finding]:
    """A fault inside the reward surfaces as an exception, never as a value."""
    for case in subject.cases:
        trial = Trial(tagged(case.ideal), case.columns)
        batch = FaultyBatch([trial.completion], columns_of([trial]))
        (outcome,) = subject.reward.outcomes(batch)
        if batch.was_read.is_set() and not isinstance(outcome, Exception):
            hint = "catch only the exceptions that you expect"
            yield Finding("swallowed_exception", f"{outcome} although reading the completion failed: {hint}")


class FaultyBatch(Batch):
    """A batch whose completions cannot be read, but its truths can."""

    def __init__(self, completions: list[str], columns: dict[str, Any]) -> None:
        self.was_read = threading.Event()
        super().__init__(completions, columns)

    def __len__(self) -> int:
        return len(self.__dict__["completions"])

    def __getattribute__(self, name: str) -> Any:
        if name in {"completions", "answers", "completion_ids"}:
            self.was_read.set()
            raise InjectedFault(f"`{name}` is deliberately broken, to see how the reward handles a fault")
        return super().__getattribute__(name)


def _disagreements(subject: RewardSubject, order: list[int]) -> list[Finding]:
    outcomes = subject.score([subject.trials[place] for place in order])
    return [
        Finding(
            "not_thread_safe",
            f"{subject.outcomes[place]} alone, {outcome} among {THREADS} threads, "
            f"for {shown(subject.trials[place].completion)}",
        )
        for place, outcome in zip(order, outcomes, strict=True)
        if not same(outcome, subject.outcomes[place])
    ]


def _own_files(reward: type[Reward]) -> set[str]:
    """Return the files in which the reward's own methods are defined."""
    own = [kind for kind in reward.__mro__ if issubclass(kind, Reward) and kind is not Reward]
    members = [inspect.unwrap(member) for kind in own for member in vars(kind).values() if callable(member)]
    return {member.__code__.co_filename for member in members if inspect.isfunction(member)}


@contextmanager
def _switch_at_every_line(files: set[str]) -> Iterator[None]:
    """Switch threads after each line of these files, to provoke races."""

    def switch(frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ARG001 - as Python calls it
        if frame.f_code.co_filename not in files or next(switches) > MAX_SWITCHES:
            return None
        time.sleep(0)  # releases the interpreter to other threads; does not wait
        return switch

    switches = itertools.count()
    usual = sys.gettrace()
    sys.settrace(switch)
    try:
        yield
    finally:
        sys.settrace(usual)

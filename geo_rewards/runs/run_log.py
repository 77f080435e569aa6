"""Where a batch's figures go: in training to the trainer's log, in an evaluation together at its end."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from geo_rewards.runs.metrics import join_batches, metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo_rewards.runs.metrics import Summary


class Phase(NamedTuple):
    """What the trainer is doing.

    Attributes:
        evaluating: It is evaluating, and will call `RunLog.end_evaluation`.
        generations: How many completions make a group; None if nobody has said.
    """

    evaluating: bool = False
    generations: int | None = None


class RunLog:
    """Logs each batch under a stable set of keys, and an evaluation over all its rows.

    Attributes:
        phase: Returns what the trainer is doing.
    """

    def __init__(self) -> None:
        self.phase: Callable[[], Phase] = Phase
        self._evaluation: list[Summary] = []
        self._known: dict[str, None] = {}
        self._clock = time.perf_counter()

    def restart_clock(self) -> None:
        """Measure the next batch from now on: the time before had nothing to do with it."""
        self._clock = time.perf_counter()

    def lap(self) -> float:
        """Return the seconds since the last call, or since the clock was restarted."""
        before, self._clock = self._clock, time.perf_counter()
        return self._clock - before

    def add(self, batch: Summary, log_metric: Callable[[str, float], None] | None) -> None:
        """Log a batch of all ranks; in an evaluation, keep it until the end.

        Args:
            batch: The batch.
            log_metric: The trainer's function that takes a name and a figure; all ranks call it alike.
        """
        if self.phase().evaluating:
            self._evaluation.append(batch)
        elif log_metric is not None:
            for name, value in self._complete(metrics(batch)).items():
                log_metric(name, value)

    def end_evaluation(self) -> dict[str, float | None]:
        """Return the figures over all rows of the evaluation, None where there is none, and start over."""
        batches, self._evaluation = self._evaluation, []
        found = self._complete(metrics(join_batches(batches))) if batches else {}
        return {name: None if math.isnan(value) else value for name, value in found.items()}

    def _complete(self, found: dict[str, float]) -> dict[str, float]:
        """Add NaN for keys that were logged before and have no figure now: a key never disappears."""
        self._known.update(dict.fromkeys(found))
        return {name: found.get(name, math.nan) for name in self._known}

    def __getstate__(self) -> dict[str, Any]:
        """Drop the trainer, and what belongs to this process."""
        return {"_known": self._known}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Start over with the known keys."""
        self.__dict__.update({**RunLog().__dict__, **state})

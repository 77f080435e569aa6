"""Where the figures of a batch go: in training to the trainer's log, in an evaluation together at its end."""

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
        evaluating: It is evaluating, and collects the figures by `RunLog.end_evaluation`.
        generations: How many completions make a group; None if nobody has said.
    """

    evaluating: bool = False
    generations: int | None = None


class RunLog:
    """Logs each batch under keys that stay, and an evaluation as a whole.

    Attributes:
        phase: Tells what the trainer is doing.
    """

    def __init__(self) -> None:
        self.phase: Callable[[], Phase] = Phase
        self._evaluation: list[Summary] = []
        self._known: dict[str, None] = {}
        self._clock = time.perf_counter()

    def restart_clock(self) -> None:
        """Let the time of the next batch begin now: what came before was not about it."""
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
        """Return the figures over all rows of the evaluation, None where there is none, and begin anew."""
        batches, self._evaluation = self._evaluation, []
        found = self._complete(metrics(join_batches(batches))) if batches else {}
        return {name: None if math.isnan(value) else value for name, value in found.items()}

    def _complete(self, found: dict[str, float]) -> dict[str, float]:
        """Add NaN for what was logged before and cannot be said now: a key, once there, stays."""
        self._known.update(dict.fromkeys(found))
        return {name: found.get(name, math.nan) for name in self._known}

    def __getstate__(self) -> dict[str, Any]:
        """Drop the trainer, and what belongs to this process."""
        return {"_known": self._known}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin anew."""
        self.__dict__.update({**RunLog().__dict__, **state})


class LogsWholeEvaluations:
    """A part of a GRPOTrainer whose rewards log: tells them what it does, and logs an evaluation as a whole.

    TRL averages a metric over an evaluation's batches, and a mean of medians is no median.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._run_logs = _run_logs(self.reward_funcs)  # type: ignore[attr-defined]  # the trainer's
        for log in self._run_logs:
            log.phase = self._phase

    def train(self, *args: Any, **kwargs: Any) -> Any:
        """Train; the time of the first step begins here."""
        self._restart_clocks()
        return super().train(*args, **kwargs)  # type: ignore[misc]  # the trainer's

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate, in a time of its own."""
        self._restart_clocks()
        try:
            return super().evaluate(*args, **kwargs)  # type: ignore[misc]  # the trainer's
        finally:
            self._restart_clocks()

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """Log, in an evaluation with the figures of all its batches."""
        if self._phase().evaluating:
            for log in self._run_logs:
                logs.update({f"eval_{name}": value for name, value in log.end_evaluation().items()})
        super().log(logs, start_time)  # type: ignore[misc]  # the trainer's

    def _restart_clocks(self) -> None:
        for log in self._run_logs:
            log.restart_clock()

    def _phase(self) -> Phase:
        trainer: Any = self
        if trainer.model.training:
            return Phase(evaluating=False, generations=trainer.num_generations)
        return Phase(evaluating=True, generations=trainer.num_generations_eval)


def _run_logs(rewards: list[Any]) -> list[RunLog]:
    """Return the logs behind a trainer's rewards, each once."""
    logs = [getattr(getattr(reward, "shared", None), "run_log", None) for reward in rewards]
    return list({id(log): log for log in logs if isinstance(log, RunLog)}.values())

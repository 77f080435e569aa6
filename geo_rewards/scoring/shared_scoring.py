"""A recipe as trainers call it: one callable per reward, scored together.

TRL calls its reward functions one by one with the same lists. `SharedScoring` scores the complete
recipe at the first call and lets the others read their column.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.tables import list_of, read_table
from geo_rewards.parse.chat import completion_texts
from geo_rewards.system.first_use import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from geo_rewards.scoring.scores import Scores

logger = logging.getLogger(__name__)

_Snapshot = tuple[list[str], dict[str, list[Any]], Any]


class SharedScoring:
    """Scores a recipe once for each batch that a trainer passes to its reward functions.

    The memo contains one batch, is compared by value, and is dropped on pickling. Threads may call at the
    same time, as in TRL's asynchronous trainer: one of them scores, the others wait for it.

    Args:
        labels: The rewards that the trainer gets, in order.
        score: Scores completions and columns as in training: a reward that fails abstains unless the
            recipe says otherwise.
    """

    def __init__(
        self, labels: Sequence[str], score: Callable[[Sequence[Any], Mapping[str, Any]], Scores]
    ) -> None:
        self.labels = tuple(labels)
        self._score = score
        self._memo: tuple[_Snapshot, Scores] | None = None
        self._reported: set[str] = set()
        self._scoring = ForkSafeLock()

    def named_rewards(self) -> list[NamedReward]:
        """Return one callable for each label, in order."""
        return [NamedReward(self, label, logs=index == 0) for index, label in enumerate(self.labels)]

    def scores(self, completions: Sequence[Any], columns: Mapping[str, Any]) -> Scores:
        """Return the scores of this batch, computed once."""
        completions, columns = read_table(completions, columns)
        seen = _snapshot(completions, columns)
        with self._scoring:
            if self._memo is None or not _same(self._memo[0], seen):
                self._memo = seen, self.score(completions, columns)
                self._report(self._memo[1])
            return self._memo[1]

    def score(self, completions: Sequence[Any], columns: Mapping[str, Any]) -> Scores:
        """Score a batch; an adapter may prepare the completions first."""
        return self._score(completions, columns)

    def log(self, scores: Scores, columns: Mapping[str, Any]) -> None:
        """Log errors and the means of what rewards noted; called once per batch, by the first callable."""
        log_metric = columns.get("log_metric")
        if log_metric is None:
            return
        for label, errors in scores.errors.items():
            log_metric(f"reward_errors/{label}", float(len(errors)))
        for name, mean in self.mean_notes(scores).items():
            log_metric(name, mean)

    def mean_notes(self, scores: Scores) -> dict[str, float]:
        """Return the mean of each figure that a reward noted, as ``label/key``."""
        return {
            f"{label}/{key}": mean
            for label, column in scores.columns.items()
            for key, mean in _mean_notes(column.notes).items()
        }

    def _report(self, scores: Scores) -> None:
        """Log one full traceback for each reward that fails, however often it does."""
        for label, errors in scores.errors.items():
            if errors and label not in self._reported:
                self._reported.add(label)
                first = next(iter(errors.values()))
                logger.error("reward %r failed on %d rows; the first:", label, len(errors), exc_info=first)

    def __getstate__(self) -> dict[str, Any]:
        """Drop the memo, and the lock, which belongs to this process."""
        return {**self.__dict__, "_memo": None, "_scoring": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state with a new lock."""
        self.__dict__.update(state, _scoring=ForkSafeLock())


class NamedReward:
    """One reward of a recipe, as a trainer calls it; its ``__name__`` is the label.

    Args:
        shared: Scores the batch.
        label: The column that this callable returns.
        logs: Whether it logs for all.
    """

    def __init__(self, shared: SharedScoring, label: str, *, logs: bool) -> None:
        self.shared = shared
        self.__name__ = label
        self._logs = logs

    def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
        """Return one raw value per completion, None where the reward abstains."""
        scores = self.shared.scores(completions, columns)
        if self._logs:
            self.shared.log(scores, columns)
        return scores.trained_values(self.__name__)


def _snapshot(completions: Sequence[Any], columns: Mapping[str, Any]) -> _Snapshot:
    """Return what distinguishes one batch from another: texts, columns as lists, and the training step.

    These are copies, so that a batch changed in place later counts as another.
    """
    texts = completion_texts(completions, None)
    values = {name: list_of(given) for name, given in columns.items()}
    lists = {name: list(v) for name, v in values.items() if isinstance(v, (list, tuple))}
    return texts, lists, getattr(columns.get("trainer_state"), "global_step", None)


def _mean_notes(notes: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each figure over the rows that noted it; NaN would poison a trainer's average."""
    figures: dict[str, list[float]] = {}
    for row in notes:
        for key, value in row.items():
            if math.isfinite(value):
                figures.setdefault(key, []).append(value)
    return {key: sum(values) / len(values) for key, values in figures.items()}


def _same(seen: Any, now: Any) -> bool:
    """Compare by value; what cannot be compared (such as arrays) is not the same."""
    try:
        return bool(seen == now)
    except (TypeError, ValueError):
        return False

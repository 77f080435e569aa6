"""Score for a trainer on all ranks, log the figures, and stop the run when too many rows are faulty."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from geo_rewards.parse.chat import completion_text, restore_think
from geo_rewards.runs.completions_table import CompletionColumns, check_labels
from geo_rewards.runs.fault_window import BatchFaults, FaultWindow
from geo_rewards.runs.metrics import join_ranks, summarise
from geo_rewards.runs.run_log import RunLog
from geo_rewards.scoring.shared_scoring import SharedScoring
from geo_rewards.system.first_use import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from geo_rewards.runs.metrics import Summary
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.scores import Scores


class LoggedScoring(SharedScoring):
    """Scores for a trainer on all ranks, and logs the figures.

    Args:
        recipe: The recipe to score by.
        gather: Returns every rank's value, in order, when all ranks call it; it must survive pickling.
        think_opened: The chat template opens `<think>` in the prompt; the tag is put back.
        log_completions: Also add parsed answer, truth and distance to the completions table.

    Attributes:
        run_log: Where the figures go; a trainer sets its `phase` to tell what it is doing.

    Raises:
        RecipeError: If a label is a column of the completions table.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        gather: Callable[[Any], list[Any]],
        think_opened: bool = False,
        log_completions: bool = False,
    ) -> None:
        check_labels(recipe)
        super().__init__(recipe.weighted_labels, recipe.score_in_training)
        self._gather = gather
        self.think_opened = think_opened
        self.log_completions = log_completions
        self.run_log = RunLog()
        self._table = CompletionColumns()
        self._faults = FaultWindow()
        self._seconds = 0.0
        self._logging = ForkSafeLock()

    def score(self, completions: Sequence[Any], columns: Mapping[str, Any]) -> Scores:
        """Score a batch; the think tag that the prompt opened is restored first."""
        start = time.perf_counter()
        if self.think_opened:
            completions = [restore_think(completion_text(completion)) for completion in completions]
        scores = super().score(completions, columns)
        self._seconds = time.perf_counter() - start
        return scores

    def log(self, scores: Scores, columns: Mapping[str, Any]) -> None:
        """Log metrics over all ranks, and columns for the completions table.

        Raises:
            GeoRewardsError: On every rank, when too many samples are faulty.
        """
        with self._logging:
            summary = summarise(scores, seconds=(self._seconds, self.run_log.lap()))
            batch = join_ranks(self._gather(summary), generations=self.run_log.phase().generations)
            self.run_log.add(batch, columns.get("log_metric"))
            self._log_completions(scores, columns)
            self._stop_on_faults(batch)

    def _log_completions(self, scores: Scores, columns: Mapping[str, Any]) -> None:
        log_extra = columns.get("log_extra")
        if log_extra is None or not self.log_completions:
            return
        for name, values in self._table(scores).items():
            log_extra(name, values)
        if self.think_opened:  # the table has the completion as generated, without the prompt's tag
            log_extra("think_opened", [True] * len(scores.batch))

    def _stop_on_faults(self, batch: Summary) -> None:
        labels = tuple(label for label, count in batch.errors.items() if count)
        self._faults.add(BatchFaults(batch.samples, batch.failed, batch.picture_faults, labels))
        if self._faults.is_too_full:
            raise self._faults.error()

    def __getstate__(self) -> dict[str, Any]:
        """Drop what belongs to this process."""
        return {**super().__getstate__(), "_logging": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state with a new lock."""
        super().__setstate__({**state, "_logging": ForkSafeLock()})

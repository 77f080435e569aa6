"""Bind a recipe to TRL's GRPOTrainer: rewards, metrics over all ranks, columns for the completions table."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from geo_rewards.parse.chat import completion_text
from geo_rewards.runs.completions_table import CompletionColumns, check_labels
from geo_rewards.runs.fault_window import BatchFaults, FaultWindow
from geo_rewards.runs.metrics import join_ranks, summarise
from geo_rewards.scoring.shared_scoring import SharedScoring
from geo_rewards_trl.logs.run_log import RunLog
from geo_rewards_trl.ranks.agreement import gather_ranks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo_rewards.runs.metrics import Summary
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.scores import Scores
    from geo_rewards.scoring.shared_scoring import NamedReward


class TrainerScoring(SharedScoring):
    """Scores for a trainer on all ranks, and logs what it found.

    Args:
        recipe: What to score by.
        think_opened: The chat template opens `<think>` in the prompt; the tag is put back.
        log_completions: Also add parsed answer, truth and distance to the completions table.

    Attributes:
        run_log: Where the figures go; a trainer with `LogsWholeEvaluations` tells it what it does.
    """

    def __init__(self, recipe: Recipe, *, think_opened: bool = False, log_completions: bool = False) -> None:
        super().__init__(recipe.weighted_labels, recipe.score_in_training)
        self.think_opened = think_opened
        self.log_completions = log_completions
        self.run_log = RunLog()
        self._table = CompletionColumns()
        self._faults = FaultWindow()
        self._seconds = 0.0
        self._logging = threading.Lock()

    def score(self, completions: Sequence[Any], columns: Mapping[str, Any]) -> Scores:
        """Score a batch; the think tag that the prompt opened is restored first."""
        start = time.perf_counter()
        if self.think_opened:
            completions = [_with_think(completion_text(completion)) for completion in completions]
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
            batch = join_ranks(gather_ranks(summary), generations=self.run_log.phase().generations)
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
        """Drop what belongs to this process, as all scorings do."""
        return {**super().__getstate__(), "_logging": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state with a lock of one's own."""
        super().__setstate__({**state, "_logging": threading.Lock()})


def bind_rewards(
    recipe: Recipe, *, think_opened: bool = False, log_completions: bool = False
) -> list[NamedReward]:
    """Return a recipe's weighted rewards for ``GRPOTrainer(reward_funcs=...)``, to go with `recipe.weights`.

    Beside what TRL logs of each reward, they log parse problems, distances, accuracies, gates, failures
    and more over all ranks; the table in docs/training.md names every key.

    Args:
        recipe: What to score by.
        think_opened: The chat template opens `<think>` in the prompt; see `opens_think`.
        log_completions: Also add parsed answer, truth and distance to the completions table.

    Raises:
        RecipeError: If a label is a column of the completions table.
    """
    check_labels(recipe)
    scoring = TrainerScoring(recipe, think_opened=think_opened, log_completions=log_completions)
    return scoring.named_rewards()


def opens_think(processing_class: Any) -> bool:
    """Return whether the chat template ends the prompt with an open `<think>`."""
    messages = [{"role": "user", "content": [{"type": "text", "text": "Where?"}]}]
    prompt = processing_class.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return str(prompt).rstrip().endswith("<think>")


def _with_think(text: str) -> str:
    return text if text.lstrip().startswith("<think>") else f"<think>{text}"

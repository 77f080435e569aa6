"""Bind a recipe to TRL's GRPOTrainer: rewards, metrics over all ranks, columns for the completions table."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.completions import completion_text
from geo_rewards.errors import RecipeError, RewardError
from geo_rewards.trainer_calls import SharedScoring
from geo_rewards_trl.environment import gather_ranks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo_rewards.recipe import Recipe
    from geo_rewards.scores import Scores
    from geo_rewards.trainer_calls import NamedReward
    from geo_rewards.types import GroundTruth

TABLE_COLUMNS = frozenset(
    {
        "step",
        "prompt",
        "completion",
        "advantage",
        "parsed",
        "problems",
        "truth",
        "distance_km",
        "think_opened",
    }
)
"""What stands beside the rewards in the completions table."""

FAULT_WINDOW = 1000
FAULT_SHARE = 0.05
FAULTS_AT_LEAST = 20


@dataclass
class FaultWindow:
    """Counts the faulty rows among the latest samples of all ranks.

    Attributes:
        batches: Faulty rows and samples of each batch, latest last.
    """

    batches: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, faulty: int, samples: int) -> None:
        """Add a batch and forget the oldest, as long as `FAULT_WINDOW` samples remain."""
        self.batches.append((faulty, samples))
        while sum(size for _, size in self.batches) - self.batches[0][1] >= FAULT_WINDOW:
            self.batches.popleft()

    @property
    def faulty(self) -> int:
        """Faulty rows in the window."""
        return sum(faulty for faulty, _ in self.batches)

    @property
    def samples(self) -> int:
        """Samples in the window."""
        return sum(samples for _, samples in self.batches)

    @property
    def is_too_full(self) -> bool:
        """Whether a run must stop: over 5 % of the samples are faulty, and at least 20 of them."""
        return self.faulty >= FAULTS_AT_LEAST and self.faulty > FAULT_SHARE * self.samples


class TrainerScoring(SharedScoring):
    """Scores for a trainer on all ranks, and logs what it found.

    Args:
        recipe: What to score by.
        think_opened: The chat template opens `<think>` in the prompt; the tag is put back.
        log_completions: Also add parsed answer, truth and distance to the completions table.
    """

    def __init__(self, recipe: Recipe, *, think_opened: bool = False, log_completions: bool = False) -> None:
        super().__init__(recipe)
        self.think_opened = think_opened
        self.log_completions = log_completions
        self._faults = FaultWindow()

    def score(self, completions: Sequence[Any], columns: Mapping[str, Any]) -> Scores:
        """Score a batch; the think tag that the prompt opened is restored first."""
        if self.think_opened:
            completions = [_with_think(completion_text(completion)) for completion in completions]
        return super().score(completions, columns)

    def log(self, scores: Scores, columns: Mapping[str, Any]) -> None:
        """Log metrics over all ranks, and columns for the completions table.

        Raises:
            RewardError: On every rank, when too many samples failed.
        """
        ranks = gather_ranks(_summary(scores))
        log_metric, log_extra = columns.get("log_metric"), columns.get("log_extra")
        if log_metric is not None:
            for name, value in {**self.mean_notes(scores), **_metrics(ranks)}.items():
                log_metric(name, value)
        if log_extra is not None and self.log_completions:
            for name, values in completion_columns(scores).items():
                log_extra(name, values)
            if self.think_opened:  # the table has the completion as generated, without the prompt's tag
                log_extra("think_opened", [True] * len(scores.batch))
        self._stop_on_faults(ranks)

    def _stop_on_faults(self, ranks: Sequence[_RankSummary]) -> None:
        self._faults.add(sum(rank.faulty for rank in ranks), sum(rank.samples for rank in ranks))
        if self._faults.is_too_full:
            labels = sorted({label for rank in ranks for label, count in rank.errors.items() if count})
            raise RewardError(
                f"failed on {self._faults.faulty} of the last {self._faults.samples} samples of all ranks; "
                "the run stops, since more than 5 % is no accident (the first traceback is in the log)",
                reward=", ".join(labels) or "any",
            )


def check_labels(recipe: Recipe) -> None:
    """Refuse labels that are columns of the completions table.

    Raises:
        RecipeError: Naming the label.
    """
    for label in recipe.entries:
        if label in TABLE_COLUMNS:
            raise RecipeError(
                f"{recipe.origin}: label {label!r} is a column of the completions table: "
                "give another with `as`"
            )


def bind_rewards(
    recipe: Recipe, *, think_opened: bool = False, log_completions: bool = False
) -> list[NamedReward]:
    """Return a recipe's weighted rewards for ``GRPOTrainer(reward_funcs=...)``, to go with `recipe.weights`.

    Beside what TRL logs of each reward, they log `parse_rate`, `distance_km/median` and
    `reward_errors/<label>`, over all ranks.

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


def completion_columns(scores: Scores) -> dict[str, list[Any]]:
    """Return the columns that stand beside each completion: what was parsed, the truth, the distance.

    The truth is a JSON object, from which ``geo-rewards score`` takes it again: columns of their own
    could collide with a reward's label.
    """
    batch = scores.batch
    return {
        "parsed": [answer.coordinate and str(answer.coordinate) for answer in batch.answers],
        "problems": ["; ".join(answer.problems) for answer in batch.answers],
        "truth": [truth_json(truth) for truth in batch.given_truths],
        "distance_km": [scores.distance_km(row) for row in range(len(batch))],
    }


def truth_json(truth: GroundTruth) -> str:
    """Return what is known of a truth as a JSON object of truth columns.

    >>> from geo_rewards.types import GroundTruth
    >>> truth_json(GroundTruth(country="FR", text="the Louvre"))
    '{"country": "FR", "solution": "the Louvre"}'
    """
    lat, lon = truth.coordinate or (None, None)
    columns = {"lat": lat, "lon": lon, "country": truth.country, "region": truth.region, "city": truth.city}
    known = {name: value for name, value in {**columns, "solution": truth.text}.items() if value is not None}
    return json.dumps(known, ensure_ascii=False)


def _with_think(text: str) -> str:
    return text if text.lstrip().startswith("<think>") else f"<think>{text}"


@dataclass(frozen=True, slots=True)
class _RankSummary:
    """One rank's part of the metrics of a batch."""

    samples: int
    parsed: int
    faulty: int
    errors: dict[str, int]
    distances_km: tuple[float, ...]


def _summary(scores: Scores) -> _RankSummary:
    distances = scores.batch.distance_km
    return _RankSummary(
        samples=len(scores.batch),
        parsed=sum(map(scores.parses, range(len(scores.batch)))),
        faulty=len(scores.faulty),
        errors={label: len(errors) for label, errors in scores.errors.items()},
        distances_km=tuple(distances[~np.isnan(distances)].tolist()),
    )


def _metrics(ranks: Sequence[_RankSummary]) -> dict[str, float]:
    samples = sum(rank.samples for rank in ranks)
    metrics = {"parse_rate": sum(rank.parsed for rank in ranks) / samples}
    for label in ranks[0].errors:
        metrics[f"reward_errors/{label}"] = float(sum(rank.errors[label] for rank in ranks))
    distances = [distance for rank in ranks for distance in rank.distances_km]
    if distances:  # one NaN would poison TRL's average: leave the key out
        metrics["distance_km/median"] = float(np.median(distances))
    return metrics

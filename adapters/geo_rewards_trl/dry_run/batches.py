"""The arithmetic of batches: what a step consists of, and how many steps there are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.data.selection.batch_order import count_batches
from geo_rewards.runs.report import plural

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from trl import GRPOConfig

    from geo_rewards.runs.report import Report

_SMALL_GROUP = 4


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What the trainer will do with the rows.

    Attributes:
        completions_per_step: Completions of an optimizer step, over all ranks.
        groups_per_generation: Prompts that are answered together, over all ranks; each gives a group.
        generations_per_epoch: How often that happens in an epoch.
        steps_per_epoch: Optimizer steps.
        total_steps: Optimizer steps of the run.
        kinds: How many rows there are of each kind, with and without pictures: a batch is of one kind.
        rows: Rows to train on, or None for a stream of unknown length.
    """

    completions_per_step: int
    groups_per_generation: int
    generations_per_epoch: int | None
    steps_per_epoch: int | None
    total_steps: int
    kinds: tuple[int, ...]
    rows: int | None

    @property
    def epochs(self) -> float | None:
        """How often each row will be used."""
        return self.total_steps / self.steps_per_epoch if self.steps_per_epoch else None

    @property
    def unused_rows(self) -> int:
        """Rows left over in each epoch (different ones each time): they do not fill a generation batch."""
        return sum(
            rows % self.groups_per_generation for rows in self.kinds if rows >= self.groups_per_generation
        )


def plan_batches(training: GRPOConfig, kinds: NDArray[np.bool_] | None) -> BatchPlan:
    """Return the plan of a run.

    Args:
        training: TRL's configuration.
        kinds: The kind of each row, since a batch is of one kind; None for a stream.
    """
    groups = training.generation_batch_size // training.num_generations
    per_step = (
        training.per_device_train_batch_size * training.world_size * training.gradient_accumulation_steps
    )
    if kinds is None:
        return BatchPlan(per_step, groups, None, None, max(0, training.max_steps), (), None)
    rounds = count_batches(kinds, batch_rows=groups)
    micro_batches = rounds * training.num_iterations * training.steps_per_generation
    steps = math.ceil(micro_batches / training.gradient_accumulation_steps)
    total = training.max_steps if training.max_steps > 0 else math.ceil(training.num_train_epochs * steps)
    counts = tuple(int(count) for count in np.unique(kinds, return_counts=True)[1])
    return BatchPlan(per_step, groups, rounds, steps, total, counts, len(kinds))


def _groups(count: float) -> str:
    return "1 group" if count == 1 else f"{count:g} groups"


def describe_batches(report: Report, training: GRPOConfig, plan: BatchPlan) -> None:
    """Spell out the arithmetic, and find what does not add up."""
    ranks, device = training.world_size, training.per_device_train_batch_size
    accumulation, generations = training.gradient_accumulation_steps, training.num_generations
    report.section("batches", f"{plural(plan.total_steps, 'step')}{_epochs(plan)}")
    report.line(
        "a step",
        f"{plural(ranks, 'rank')} x {device} per device x {accumulation} accumulated = "
        f"{plan.completions_per_step:,} completions = "
        f"{_groups(plan.completions_per_step / generations)} of {generations}",
    )
    report.line(
        "a generation",
        f"{plural(ranks, 'rank')} x {device} x {training.steps_per_generation} micro-batches = "
        f"{training.generation_batch_size:,} completions of {plural(plan.groups_per_generation, 'prompt')}"
        + (f", used {training.num_iterations} times" if training.num_iterations > 1 else ""),
    )
    if plan.rows is not None:
        report.line(
            "an epoch",
            f"{plural(plan.rows, 'row')} = {plan.generations_per_epoch:,} generations = "
            f"{plan.steps_per_epoch:,} steps"
            + (f", {plural(plan.unused_rows, 'row')} left over" if plan.unused_rows else ""),
        )
    _check_batches(report, training, plan)


def _check_batches(report: Report, training: GRPOConfig, plan: BatchPlan) -> None:
    if plan.total_steps < 1:
        report.error(
            "there is no step to train: --num_train_epochs is 0, or --max_steps is missing for a stream"
        )
    for rows in plan.kinds:
        if rows < plan.groups_per_generation:
            report.warn(
                f"{plural(rows, 'row')} (all with pictures, or all without) do not fill the "
                f"{plan.groups_per_generation} prompts of a generation batch: they are repeated in it"
            )
    if training.num_generations < _SMALL_GROUP:
        report.warn(
            f"--num_generations {training.num_generations}: advantages are computed within a group, and in "
            "so small a group they are noisy, or 0 because all completions earn the same"
        )


def _epochs(plan: BatchPlan) -> str:
    return "" if plan.epochs is None else f", {plan.epochs:.3g} epochs"

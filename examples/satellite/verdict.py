"""Did it learn? The figures of a run, and the reasons why a run counts as failed."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WINDOW_STEPS = 20
LEAST_GAIN = 1.3
LEAST_DISTINCT_SHARE = 0.25


def run_figures(
    rewards: Sequence[float],
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """Return what ``metrics.json`` holds.

    Args:
        rewards: Mean reward of every training step.
        before: Figures of the evaluation before GRPO.
        after: Figures of the evaluation after it.
        seconds: How long the demo took in total.

    Raises:
        ValueError: If there are too few steps for separate first and last windows.
    """
    if len(rewards) < 2 * WINDOW_STEPS:
        raise ValueError(
            f"only {len(rewards)} steps were logged; comparing the first and last {WINDOW_STEPS} "
            f"needs {2 * WINDOW_STEPS}"
        )
    return {
        "reward_first_20": round(statistics.fmean(rewards[:WINDOW_STEPS]), 4),
        "reward_last_20": round(statistics.fmean(rewards[-WINDOW_STEPS:]), 4),
        "before": dict(before),
        "after": dict(after),
        "seconds": round(seconds, 1),
    }


def reasons_it_did_not_learn(figures: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each sign that the model did not learn; empty if it did.

    Args:
        figures: As `run_figures` returns them.
    """
    first, last = figures["reward_first_20"], figures["reward_last_20"]
    before, after = figures["before"], figures["after"]
    least_distinct = LEAST_DISTINCT_SHARE * after["samples"]
    reasons = []
    if not last >= LEAST_GAIN * first or last <= 0:  # also true of a NaN
        reasons.append(
            f"the mean reward of the last {WINDOW_STEPS} steps, {last}, is less than "
            f"{LEAST_GAIN} times that of the first {WINDOW_STEPS}, {first}"
        )
    if not after["mean_reward"] > before["mean_reward"]:
        reasons.append(
            f"the greedy evaluation did not improve: mean reward {before['mean_reward']} before, "
            f"{after['mean_reward']} after"
        )
    if after["distinct_answers"] < least_distinct:
        reasons.append(
            f"the answers collapsed: {after['distinct_answers']} different ones for "
            f"{after['samples']} pictures; there should be at least {least_distinct:g}"
        )
    return reasons

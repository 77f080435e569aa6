"""Measure what a run's log costs on two ranks, for realistic completions, and write it into the results.

``python benchmarks/logging_share.py``; needs the extra `[train]`. Both ranks share this machine's cores,
so each waits for the other in the single gather per batch: on separate machines they would not.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from geo_rewards_trl.binding import bind_rewards
from results import RESULTS, replaced
from texts import completions

import geo_rewards as gr

COUNTS = (64, 128, 256, 512)
REPEATS = 9
RANKS = 2
WAYS = ("scored", "logged", "logged with the completions table")


def main() -> None:
    """Measure, print and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(measure, args=(folder,), nprocs=RANKS)
        lines = (Path(folder) / "table").read_text(encoding="utf-8")
    print(lines)
    RESULTS.write_text(replaced(RESULTS.read_text(encoding="utf-8"), "logging", lines), encoding="utf-8")


def measure(rank: int, folder: str) -> None:
    """Score and log on one rank; the first writes the table."""
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(RANKS)}
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=RANKS)
    rows = ["| completions a rank | " + " | ".join(f"{way}, ms" for way in WAYS) + " |", "|---|---|---|---|"]
    rows += [row(rank, count) for count in COUNTS]
    if rank == 0:
        (Path(folder) / "table").write_text("\n".join(rows), encoding="utf-8")
    dist.destroy_process_group()


def row(rank: int, count: int) -> str:
    """Return the medians for one batch size, each way with fresh completions."""
    recipe = gr.load_recipe("default")
    ways = [recipe.trl_rewards(), bind_rewards(recipe), bind_rewards(recipe, log_completions=True)]
    found = [
        timed(rewards, rank, count, seed=index * 1000, logs=index > 0) for index, rewards in enumerate(ways)
    ]
    return f"| {count} | " + " | ".join(f"{ms:.1f}" for ms in found) + " |"


def timed(rewards: list[Any], rank: int, count: int, *, seed: int, logs: bool) -> float:
    """Return the median milliseconds for all rewards of a batch, excluding the first, a warm-up."""
    sinks: dict[str, Any] = {"log_metric": ignore, "log_extra": ignore} if logs else {}
    spent = []
    for repeat in range(REPEATS + 1):
        texts, truth = completions(count, seed=seed + 100 * rank + repeat, group=8)
        dist.barrier()
        start = time.perf_counter()
        for reward in rewards:
            reward(texts, **truth, **sinks)
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent[1:])


def ignore(name: str, value: Any) -> None:
    """Stand in for the trainer's own log."""


if __name__ == "__main__":
    main()

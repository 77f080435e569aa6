"""Measure what share of a training step scoring takes, on the tiny model, and write it into the results.

``python benchmarks/training_share.py``; needs the extra `[train]`. A step takes minutes with a real model
but a fraction of a second with the tiny one, so this share is an upper bound by orders of magnitude.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards_trl.tiny_model import build_tiny_model
from geo_rewards_trl.train import run_training
from PIL import Image
from results import RESULTS, replaced

from geo_rewards.scoring.shared_scoring import NamedReward

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = {32: 8, 128: 6, 512: 4}
"""Steps per number of completions; the first, which warms up model and parser, is excluded."""
TOKENS = 64
GENERATIONS = 8


def main() -> None:
    """Train with each number of completions, and write the median share per step."""
    rows = [
        f"| completions of up to {TOKENS} tokens, recipe `default`, tiny model | "
        "a step | all rewards and their log | **share** |",
        "|---|---|---|---|",
    ]
    with timed_rewards() as spent:
        for count in STEPS:
            spent.clear()
            with tempfile.TemporaryDirectory() as folder:
                trainer = run_training(flags(Path(folder), count))
            rows.append(row(count, spent, trainer.state.log_history))
            print(rows[-1])
    table = "\n".join(rows)
    RESULTS.write_text(replaced(RESULTS.read_text(encoding="utf-8"), "share", table), encoding="utf-8")


@contextmanager
def timed_rewards() -> Iterator[list[float]]:
    """Provide a list that collects the seconds of every reward call."""
    spent: list[float] = []
    call = NamedReward.__call__

    def timed_call(self: NamedReward, *args: Any, **columns: Any) -> list[float | None]:
        start = time.perf_counter()
        values = call(self, *args, **columns)
        spent.append(time.perf_counter() - start)
        return values

    NamedReward.__call__ = timed_call  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        NamedReward.__call__ = call  # type: ignore[method-assign]


def row(count: int, spent: list[float], log: list[dict[str, Any]]) -> str:
    """Return the medians of one run."""
    steps = [entry["step_time"] for entry in log if "step_time" in entry]
    rewards = len(spent) // len(steps)
    scoring = [sum(spent[at : at + rewards]) for at in range(0, len(spent), rewards)]
    share = statistics.median(score / step for score, step in list(zip(scoring, steps, strict=True))[1:])
    step, score = statistics.median(steps[1:]), statistics.median(scoring[1:])
    return f"| {count} | {step:.2f} s | {score * 1000:.1f} ms | **{share:.2%}** |"


def flags(folder: Path, count: int) -> list[str]:
    """Write pictures and rows, build the model, and return the command line."""
    rows = []
    for number in range(max(32, count // GENERATIONS)):
        Image.new("RGB", (56, 56), (number * 7 % 256, 90, 200)).save(folder / f"{number}.png")
        turns = [
            {"from": "human", "value": "<image>Where was this taken?"},
            {"from": "gpt", "value": f"{number}.5, {number + 10}.25"},
        ]
        rows.append({"id": number, "image": f"{number}.png", "conversations": turns})
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    model = build_tiny_model(folder / "tiny", hidden_size=64, vocab_size=400, image_size=56)
    values = {
        "model_name_or_path": model,
        "output_dir": folder / "out",
        "data_file_paths": data,
        "image_folders": folder,
        "recipe": "default",
        "max_steps": STEPS[count],
        "use_cpu": "true",
        "bf16": "false",
        "num_generations": GENERATIONS,
        "per_device_train_batch_size": count,
        "max_completion_length": TOKENS,
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "dataloader_pin_memory": "false",
    }
    return [part for name, value in values.items() for part in (f"--{name}", str(value))]


if __name__ == "__main__":
    main()

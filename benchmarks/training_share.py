"""Measure which share of a training step the scoring takes, on the tiny model; writes it into the results.

``python benchmarks/training_share.py``; needs the extra `[train]`. A real model's step takes minutes where
the tiny one's takes part of a second, so that its share is an upper bound by orders of magnitude.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from geo_rewards_trl.tiny_model import build_tiny_model
from geo_rewards_trl.train import run_training
from PIL import Image
from run import RESULTS, replaced

from geo_rewards.trainer_calls import NamedReward

STEPS = 8
COMPLETIONS = 32
TOKENS = 64


def main() -> None:
    """Train, and write the median share of a step."""
    spent: list[float] = []
    call = NamedReward.__call__

    def timed_call(self: NamedReward, *args: Any, **columns: Any) -> list[float | None]:
        start = time.perf_counter()
        values = call(self, *args, **columns)
        spent.append(time.perf_counter() - start)
        return values

    NamedReward.__call__ = timed_call  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        trainer = run_training(flags(Path(folder)))
    steps = [entry["step_time"] for entry in trainer.state.log_history if "step_time" in entry]
    rewards = len(spent) // len(steps)
    scoring = [sum(spent[at : at + rewards]) for at in range(0, len(spent), rewards)]
    # without the first step, which warms up model and parser
    share = statistics.median(score / step for score, step in list(zip(scoring, steps, strict=True))[1:])
    table = (
        f"| {COMPLETIONS} completions of up to {TOKENS} tokens a step, recipe `default`, tiny model | |\n"
        "|---|---|\n"
        f"| a step, median | {statistics.median(steps[1:]):.2f} s |\n"
        f"| all rewards of a step, median | {statistics.median(scoring[1:]) * 1000:.1f} ms |\n"
        f"| **share of a step** | **{share:.2%}** |\n"
        f"| the first step's rewards (junk answers: no place is looked up) | {scoring[0] * 1000:.0f} ms |"
    )
    print(table)
    RESULTS.write_text(replaced(RESULTS.read_text(encoding="utf-8"), "share", table), encoding="utf-8")


def flags(folder: Path) -> list[str]:
    """Write pictures and rows, build the model, and return the command line."""
    rows = []
    for number in range(COMPLETIONS):
        Image.new("RGB", (56, 56), (number * 7, 90, 200)).save(folder / f"{number}.png")
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
        "max_steps": STEPS,
        "use_cpu": "true",
        "bf16": "false",
        "num_generations": 8,
        "per_device_train_batch_size": COMPLETIONS,
        "max_completion_length": TOKENS,
        "logging_steps": 1,
        "report_to": "none",
        "dataloader_pin_memory": "false",
    }
    return [part for name, value in values.items() for part in (f"--{name}", str(value))]


if __name__ == "__main__":
    main()

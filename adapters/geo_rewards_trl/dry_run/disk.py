"""Whether the disk has room for the checkpoints and the final model."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from geo_rewards_trl.dry_run.memory import checkpoint_bytes, saved_model_bytes
from geo_rewards_trl.dry_run.report import byte_size, plural

if TYPE_CHECKING:
    from trl import GRPOConfig

    from geo_rewards_trl.dry_run.memory import Layout
    from geo_rewards_trl.dry_run.outline import ModelOutline
    from geo_rewards_trl.dry_run.report import Report


def count_checkpoints(training: GRPOConfig, *, total_steps: int, epochs: float | None) -> tuple[int, int]:
    """Return how many checkpoints a run writes, and how many there are at most at a time."""
    strategy = str(getattr(training.save_strategy, "value", training.save_strategy))
    written = 0
    if strategy == "epoch":
        written = math.ceil(epochs or 0)
    elif strategy == "steps":
        every = training.save_steps if training.save_steps >= 1 else training.save_steps * total_steps
        written = math.ceil(total_steps / max(1, math.ceil(every)))
    limit = training.save_total_limit
    # The new one is written before the oldest is removed.
    return written, min(written, limit + 1) if limit else written


def describe_disk(
    report: Report,
    training: GRPOConfig,
    *,
    outline: ModelOutline,
    layout: Layout,
    total_steps: int,
    epochs: float | None,
) -> None:
    """Compare the free space with what checkpoints and the final model will take."""
    written, held = count_checkpoints(training, total_steps=total_steps, epochs=epochs)
    checkpoint = checkpoint_bytes(outline, layout, only_model=training.save_only_model)
    needed = held * checkpoint + saved_model_bytes(outline, layout)
    folder = existing_folder(Path(training.output_dir))
    free = shutil.disk_usage(folder).free
    report.section("disk", f"about {byte_size(needed)} of {byte_size(free)} free in {folder}")
    report.line(
        "checkpoints",
        f"{plural(written, 'checkpoint')} of {byte_size(checkpoint)}, at most {held} at a time "
        f"(--save_total_limit {training.save_total_limit}), and the model of "
        f"{byte_size(saved_model_bytes(outline, layout))}",
    )
    if needed > free:
        report.error(
            f"{folder} has {byte_size(free)} free, but checkpoints and model take about {byte_size(needed)}: "
            "set --save_total_limit, raise --save_steps, or choose another --output_dir"
        )


def check_writable(report: Report, output_dir: Path) -> None:
    """See, without writing anything, that the output folder can be made and written."""
    folder = existing_folder(output_dir)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        report.error(f"--output_dir {output_dir} cannot be written: {folder} does not allow it")


def existing_folder(path: Path) -> Path:
    """Return the nearest folder above a path, or itself, that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())

"""Whether the model's files are complete, and whether the disk has room for what a run writes."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError
from geo_rewards.runs.model_states import checkpoint_bytes, saved_model_bytes
from geo_rewards.runs.report import byte_size, plural

if TYPE_CHECKING:
    from trl import GRPOConfig

    from geo_rewards.runs.model_states import Layout, ModelSize
    from geo_rewards.runs.report import Report


class WeightFilesError(GeoRewardsError):
    """A model's folder without its weights, or with only some of them."""


def missing_folder(name_or_path: str) -> str | None:
    """Return what is wrong with a path that is not a folder; None for a folder or a name on the hub."""
    is_path = name_or_path.startswith((".", "/", "~")) or name_or_path.count("/") > 1
    if Path(name_or_path).is_dir() or not is_path:
        return None
    return f"--model_name_or_path {name_or_path}: there is no such folder"


def weight_files(model_dir: Path) -> list[Path]:
    """Return the files with a local model's weights.

    Raises:
        WeightFilesError: If there are none, or one is missing or truncated; names it.
    """
    found = sorted(model_dir.glob("*.safetensors")) or sorted(model_dir.glob("*.bin"))
    for index in model_dir.glob("*.index.json"):
        _check_index(index)
    if not found:
        raise WeightFilesError(f"{model_dir} has no weights (*.safetensors or *.bin)")
    for file in found:
        if file.suffix == ".safetensors":
            _check_complete(file)
    return found


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
    model: ModelSize,
    layout: Layout,
    total_steps: int,
    epochs: float | None,
) -> None:
    """Compare the free space with what checkpoints and the final model will take."""
    written, held = count_checkpoints(training, total_steps=total_steps, epochs=epochs)
    checkpoint = checkpoint_bytes(model, layout, only_model=training.save_only_model)
    final = saved_model_bytes(model, layout)
    needed = held * checkpoint + final
    folder = existing_folder(Path(training.output_dir))
    free = shutil.disk_usage(folder).free
    report.section("disk", f"about {byte_size(needed)} of {byte_size(free)} free in {folder}")
    report.line(
        "checkpoints",
        f"{plural(written, 'checkpoint')} of {byte_size(checkpoint)}, at most {held} at a time "
        f"(--save_total_limit {training.save_total_limit}), and the model of {byte_size(final)}",
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
        report.error(f"--output_dir {output_dir} cannot be written: no permission to write in {folder}")


def existing_folder(path: Path) -> Path:
    """Return the nearest existing folder: the path itself or one above it."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _check_index(index: Path) -> None:
    names = set(json.loads(index.read_text(encoding="utf-8")).get("weight_map", {}).values())
    missing = sorted(name for name in names if not (index.parent / name).is_file())
    if missing:
        raise WeightFilesError(f"{index} names {', '.join(missing)}, which the folder does not have")


def _check_complete(file: Path) -> None:
    """Compare the file's length with its own header, as opening it does."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise WeightFilesError(f"{file} is not a complete safetensors file: {error}") from error

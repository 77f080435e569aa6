"""The weight files of a model's folder: whether they are all there and whole, before they are loaded."""

from __future__ import annotations

import json
from pathlib import Path

from geo_rewards.errors import GeoRewardsError


class WeightFilesError(GeoRewardsError):
    """A model's folder without its weights, or with a part of them."""


def weight_files(model_dir: Path) -> list[Path]:
    """Return the files with a local model's weights.

    Raises:
        WeightFilesError: If there are none, or one is missing or cut short; names it.
    """
    found = sorted(model_dir.glob("*.safetensors")) or sorted(model_dir.glob("*.bin"))
    for index in model_dir.glob("*.index.json"):
        _check_index(index)
    if not found:
        raise WeightFilesError(f"{model_dir} has no weights (*.safetensors or *.bin)")
    for file in found:
        if file.suffix == ".safetensors":
            _check_whole(file)
    return found


def missing_folder(name_or_path: str) -> str | None:
    """Return what is wrong with a path that is no folder; None for a folder or a name of the hub."""
    is_path = name_or_path.startswith((".", "/", "~")) or name_or_path.count("/") > 1
    if Path(name_or_path).is_dir() or not is_path:
        return None
    return f"--model_name_or_path {name_or_path}: there is no such folder"


def _check_index(index: Path) -> None:
    names = set(json.loads(index.read_text(encoding="utf-8")).get("weight_map", {}).values())
    missing = sorted(name for name in names if not (index.parent / name).is_file())
    if missing:
        raise WeightFilesError(f"{index} names {', '.join(missing)}, which the folder does not have")


def _check_whole(file: Path) -> None:
    """Compare the file's length with what its own header says; opening it does."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise WeightFilesError(f"{file} is not a whole safetensors file: {error}") from error

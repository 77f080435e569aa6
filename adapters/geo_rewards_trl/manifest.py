"""What a run was started with: saved beside its output, compared between ranks and at a resume."""

from __future__ import annotations

import itertools
import json
import logging
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from geo_rewards.errors import GeoRewardsError
from geo_rewards_trl.environment import differences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.recipe import Recipe
    from geo_rewards_trl.arguments import RunArguments

logger = logging.getLogger(__name__)

MANIFEST_NAME = "run.json"
RECIPE_NAME = "recipe.yaml"

# What changes the meaning of a run: these must be equal on all ranks and at a resume.
BINDING_KEYS = ("recipe", "plugins", "data")

_PACKAGES = ("accelerate", "datasets", "deepspeed", "peft", "torch", "transformers", "trl")


class ResumeError(GeoRewardsError):
    """A resume with something else than what the checkpoint was made with."""


def make_manifest(
    run: RunArguments, recipe: Recipe, *, data_files: Sequence[Path], rows: int
) -> dict[str, Any]:
    """Return what a run was started with, as JSON values."""
    from geo_rewards.data import content_hash

    return {
        "recipe": recipe.resolved(),
        "plugins": recipe.provenance(),
        "data": {
            "files": [file.name for file in data_files],
            "content_hash": content_hash(list(data_files)),
            "rows": rows,
            "val_split_ratio": run.val_split_ratio,
        },
        "packages": {"geo-rewards": version("geo-rewards"), **_versions(_PACKAGES)},
    }


def binding_part(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the part that must not change, rewards by label so that differences name them."""
    part = {key: manifest[key] for key in BINDING_KEYS}
    recipe = part["recipe"]
    by_label = {entry.get("as", entry["name"]): entry for entry in recipe["rewards"]}
    return {**part, "recipe": {**recipe, "rewards": by_label}}


def find_checkpoint(
    output_dir: Path, *, resume: str, given: str | None, manifest: dict[str, Any]
) -> str | None:
    """Return the checkpoint to go on from, or None to start anew.

    Args:
        output_dir: The run's output folder.
        resume: ``auto`` or ``never``.
        given: A value of ``--resume_from_checkpoint``: a checkpoint, or None.
        manifest: What this run was started with.

    Raises:
        ResumeError: If `given` is no checkpoint; or if recipe, data or a plugin's version is another than
            the checkpoint's; names it.
    """
    from transformers.trainer_utils import get_last_checkpoint

    if given is not None and not Path(given).is_dir():
        raise ResumeError(
            f"--resume_from_checkpoint {given}: no such folder; --resume auto finds the last one"
        )
    last = get_last_checkpoint(str(output_dir)) if output_dir.is_dir() and resume == "auto" else None
    checkpoint = given or last
    if checkpoint is None:
        return None
    _check_same(Path(checkpoint), manifest)
    logger.info("resuming from %s", checkpoint)
    return str(checkpoint)


def move_checkpoints_aside(output_dir: Path) -> None:
    """Move the checkpoints of an earlier run into a folder of their own.

    A later ``--resume auto`` would take the highest number for this run's last checkpoint.
    """
    found = sorted(output_dir.glob("checkpoint-*")) if output_dir.is_dir() else []
    if not found:
        return
    aside = next(folder for n in itertools.count(1) if not (folder := output_dir / f"earlier-{n}").exists())
    aside.mkdir()
    for checkpoint in found:
        checkpoint.rename(aside / checkpoint.name)
    logger.warning("--resume never: starting from step 0; %d checkpoints went to %s", len(found), aside)


def _check_same(checkpoint: Path, manifest: dict[str, Any]) -> None:
    saved = checkpoint / MANIFEST_NAME
    if not saved.is_file():
        raise ResumeError(
            f"{checkpoint} has no {MANIFEST_NAME}, so recipe and data cannot be compared: "
            "start anew with --resume never"
        )
    before = json.loads(saved.read_text(encoding="utf-8"))
    found = differences(binding_part(before), binding_part(manifest))
    if found:
        raise ResumeError(
            f"{checkpoint} was made with something else ({'; '.join(found)}): "
            "restore it, choose another --output_dir, or start anew with --resume never"
        )


def save_manifest(output_dir: Path, manifest: dict[str, Any]) -> None:
    """Write ``run.json`` and, so that it loads again, ``recipe.yaml`` into a folder that exists."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (output_dir / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")
    recipe = yaml.safe_dump(manifest["recipe"], sort_keys=False, allow_unicode=True)
    (output_dir / RECIPE_NAME).write_text(recipe, encoding="utf-8")


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

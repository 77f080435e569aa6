"""What a run was started with: saved beside its output, compared between ranks and at a resume."""

from __future__ import annotations

import json
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from geo_rewards.system.atomic_file import write_text
from geo_rewards.yaml_file import dump_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geo_rewards.data import Source
    from geo_rewards.scoring.recipe import Recipe

MANIFEST_NAME = "run.json"
RECIPE_NAME = "recipe.yaml"

# What changes the meaning of a run: these must be equal on all ranks and at a resume.
BINDING_KEYS = ("recipe", "plugins", "data", "trained")


def describe_scoring(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe with every parameter, and where its rewards come from, as JSON values."""
    return {"recipe": recipe.resolved(), "plugins": recipe.provenance()}


def describe_data(sources: Sequence[Source], *, hashes: Sequence[str], rows: int | None) -> dict[str, Any]:
    """Return the data of a run as JSON values.

    Args:
        sources: The data files; where they and their pictures are may change, how they are mixed may not.
        hashes: Fingerprints of the data files' content, in their order.
        rows: How many rows they hold, if known.
    """
    return {
        "files": [source.path.name for source in sources],
        "sources": [
            {
                "sampling": None if source.sampling is None else str(source.sampling),
                "weight": source.weight,
                "reward_method": source.reward_method,
            }
            for source in sources
        ],
        "content_hash": list(hashes),
        "rows": rows,
    }


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Return the versions of those packages that are installed."""
    found = {}
    for package in packages:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def binding_part(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the part that must not change, rewards by label so that differences name them."""
    part = {key: manifest[key] for key in BINDING_KEYS if key in manifest}
    recipe = part["recipe"]
    by_label = {entry.get("as", entry["name"]): entry for entry in recipe["rewards"]}
    return {**part, "recipe": {**recipe, "rewards": by_label}}


def save_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``run.json`` and, so that it loads again, ``recipe.yaml`` into a folder that exists.

    Each file is written atomically.
    """
    recipe = dump_yaml(manifest["recipe"])
    write_text(folder / RECIPE_NAME, recipe)
    write_text(folder / MANIFEST_NAME, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def differences(before: Any, after: Any, *, path: str = "") -> list[str]:
    """Return where two nested JSON values differ, as ``path: before -> after``.

    >>> differences({"a": {"b": 1}}, {"a": {"b": 2}})
    ['a.b: 1 -> 2']
    """
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        return [
            line
            for key in keys
            for line in differences(
                before.get(key), after.get(key), path=f"{path}.{key}" if path else str(key)
            )
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [line for i, (a, b) in pairs for line in differences(a, b, path=f"{path}[{i}]")]
    return [] if before == after else [f"{path}: {before!r} -> {after!r}"]

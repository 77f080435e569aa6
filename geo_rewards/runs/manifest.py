"""What a run was started with: saved beside its output, compared between ranks and at a resume."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from geo_rewards.atomic_file import write_text

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_NAME = "run.json"
RECIPE_NAME = "recipe.yaml"

# What changes the meaning of a run: these must be equal on all ranks and at a resume.
BINDING_KEYS = ("recipe", "plugins", "data", "trained")


def binding_part(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the part that must not change, rewards by label so that differences name them."""
    part = {key: manifest[key] for key in BINDING_KEYS if key in manifest}
    recipe = part["recipe"]
    by_label = {entry.get("as", entry["name"]): entry for entry in recipe["rewards"]}
    return {**part, "recipe": {**recipe, "rewards": by_label}}


def save_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``run.json`` and, so that it loads again, ``recipe.yaml`` into a folder that exists.

    Each file is there as a whole or not at all.
    """
    recipe = yaml.safe_dump(manifest["recipe"], sort_keys=False, allow_unicode=True)
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

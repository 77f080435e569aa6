"""The package's own metadata."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

from geo_rewards.registry.catalog import PluginSource
from geo_rewards.registry.registry import Registry

PYPROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_entry_point_names_a_plugin_that_registers_every_grader() -> None:
    (module,) = PYPROJECT["project"]["entry-points"]["geo_rewards"].values()
    registry = Registry()
    info = registry.load(PluginSource("geo-rewards-vqa", "0"), lambda: importlib.import_module(module))
    assert info.error is None
    names = ["vqa_auto", "vqa_choice", "vqa_exact", "vqa_fuzzy", "vqa_numeric", "vqa_yes_no"]
    assert registry.rewards.names() == names


def test_every_reward_is_documented() -> None:
    registry = Registry()
    registry.load(PluginSource("geo-rewards-vqa", "0"), lambda: importlib.import_module("geo_rewards_vqa"))
    assert all(reward.summary.startswith("1 if the answer") for reward in registry.list_rewards())
    assert all(claim.thing.formula and claim.thing.reference for claim in registry.rewards)

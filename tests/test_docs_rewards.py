"""docs/rewards.md is what tools/build_docs.py makes of the code; its check values are the published ones."""

import importlib.util
import struct
from pathlib import Path

import pytest

import geo_rewards as gr
from geo_rewards.geo import CURVES
from geo_rewards.registry.registry import get_registry

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "rewards.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def build_docs():
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "tools" / "build_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(build_docs):
    assert build_docs.page() == PAGE, "out of date: run `make docs` and commit what it writes"


def test_the_page_has_its_picture():
    picture = (ROOT / "docs" / "curves.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 800
    assert height > 400
    assert "](curves.png)" in PAGE


def test_every_built_in_reward_curve_and_recipe_is_on_the_page():
    registry = get_registry()
    names = [claim.name for claim in (*registry.rewards, *registry.recipes) if claim.source.is_built_in]
    assert len(names) > 15
    assert [name for name in names if f"\n### {name}\n" not in PAGE] == []
    assert [name for name in CURVES if PAGE.count(f"\n| `{name}` |") < 2] == []


def test_every_recipe_is_measured_and_the_right_answer_pays_the_most():
    table = PAGE.split("## What the recipes pay for")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if "](#" in line]
    recipes = [claim.name for claim in get_registry().recipes if claim.source.is_built_in]
    assert [row[0] for row in rows] == [f"[`{name}`](#{name})" for name in recipes]
    for name, right, constant, nothing, coordinate, *_ in rows:
        assert float(right) >= float(coordinate) > float(constant) >= float(nothing), name


def test_rewards_of_other_plugins_are_not_on_the_page():
    others = {info.name for info in gr.list_rewards() if info.plugin != "geo-rewards"}
    assert [name for name in others if f"### {name}\n" in PAGE] == []


@pytest.mark.parametrize(
    ("curve", "values"),
    [
        ("geo_r_code", "1.0000 | 0.9993 | 0.9833 | 0.8667 | 0.5000 | 0.2667 | 0.1176"),
        ("thresholds", "1.0000 | 1.0000 | 0.8000 | 0.6000 | 0.4000 | 0.2000 | 0.0000"),
    ],
)
def test_the_check_values_on_the_page_are_the_published_ones(curve, values):
    assert f"| `{curve}` | {values} |" in PAGE


def test_markdown_is_escaped_outside_of_code(build_docs):
    assert build_docs.escaped("a | b * c < `d * e <`") == "a \\| b \\* c &lt; `d * e <`"

"""The README and the guides, executed: Python as doctests, console blocks as a user would type them."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import geo_rewards as gr
from geo_rewards.scoring.file import parse_recipe

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def console_steps(text: str) -> list[tuple[str, str]]:
    """Return each command of a console block with the output that the page shows for it."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [tuple(part.split("\n", 1)) for part in parts]


def test_the_readmes_python_does_what_it_says():
    source = "\n".join(blocks(README, "python"))
    test = doctest.DocTestParser().get_doctest(source, {}, "README.md", "README.md", 0)
    assert len(test.examples) > 8
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("page", ["README.md", "docs/data.md"])
def test_the_commands_of_a_page_print_what_it_says(page, tmp_path):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ran = 0
    for block in blocks((ROOT / page).read_text(encoding="utf-8"), "console"):
        for command, shown in console_steps(block):
            if command.startswith("cat "):  # the page shows a file: write it
                (tmp_path / command.removeprefix("cat ")).write_text(shown, encoding="utf-8")
                continue
            done = subprocess.run(
                command,
                shell=True,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout == shown, command
            ran += 1
    assert ran >= 1


def test_the_readmes_recipe_loads():
    import yaml

    for text in blocks(README, "yaml"):
        assert gr.Recipe(parse_recipe(yaml.safe_load(text), where="README.md")).weights


def test_every_shipped_recipe_stands_in_the_readme():
    for file in (ROOT / "geo_rewards" / "recipes").glob("*.yaml"):
        assert f"| `{file.stem}` |" in README


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_links_between_pages_lead_somewhere(guide):
    for target in re.findall(r"\]\(([^)#:]+)\)", guide.read_text(encoding="utf-8")):
        assert (guide.parent / target).exists(), target


def test_every_training_flag_of_ours_stands_in_the_guide():
    pytest.importorskip("trl", reason="needs the extra `train`")
    from dataclasses import fields

    from geo_rewards_trl.flags.arguments import RunArguments

    guide = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert [field.name for field in fields(RunArguments) if f"--{field.name}" not in guide] == []


def test_the_tree_in_the_readme_names_what_is_there():
    tree = README.split("## The tree")[1].split("## ")[0]
    for name in re.findall(r"^\s+([a-z_]+(?:\.py|/))(?=\s)", tree, re.MULTILINE):
        places = (ROOT, ROOT / "geo_rewards", ROOT / "adapters")
        assert any((place / name).exists() for place in places), name

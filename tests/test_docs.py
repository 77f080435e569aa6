"""The README and the guides, executed: Python as doctests, console blocks as commands."""

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
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


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


def test_the_readme_lists_every_built_in_recipe():
    for file in (ROOT / "geo_rewards" / "recipes").glob("*.yaml"):
        assert f"| `{file.stem}` |" in README


def anchors(page: Path) -> set[str]:
    """Return the anchor of each heading, as GitHub forms it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_links_between_pages_resolve(guide):
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", guide.read_text(encoding="utf-8")):
        page = guide.parent / target if target else guide
        assert page.exists(), target
        assert not anchor or anchor in anchors(page), f"{target}#{anchor}"


def test_the_guide_lists_every_training_flag_of_ours():
    pytest.importorskip("trl", reason="needs the extra `train`")
    from dataclasses import fields

    from geo_rewards_trl.flags.arguments import RunArguments

    guide = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert [field.name for field in fields(RunArguments) if f"--{field.name}" not in guide] == []


def tree_paths() -> list[str]:
    """Return the path of every line of the README's tree; the indentation says what lies in what."""
    parents: list[str] = []
    paths = []
    for line in README.split("## The tree")[1].split("## ")[0].splitlines():
        match = re.match(r"    (\s*)([a-z_]+(?:\.py|/))(?:\s|$)", line)
        if match:
            parents = [*parents[: len(match[1]) // 2], match[2]]
            paths.append("".join(parents))
    return paths


def test_the_tree_in_the_readme_names_what_is_there():
    assert len(tree_paths()) > 20
    assert [path for path in tree_paths() if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("package", ["geo_rewards", "adapters/geo_rewards_trl"])
def test_every_room_has_a_line_in_the_tree(package):
    rooms = {file.parent for file in (ROOT / package).glob("*/__init__.py")}
    assert [room for room in rooms if f"{room.relative_to(ROOT).as_posix()}/" not in tree_paths()] == []


def test_contributing_names_files_and_code_that_exist():
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Where to make a change")[1]
    quoted = set(re.findall(r"`([^`\s]+)`", table))
    files = {name for name in quoted if "/" in name}
    assert len(files) > 30
    assert sorted(name for name in files if not (ROOT / name).exists()) == []
    folders = ("geo_rewards", "adapters", "tests", "tools")
    sources = "".join(file.read_text("utf-8") for folder in folders for file in (ROOT / folder).rglob("*.py"))
    names = {name.split(".")[0] for name in quoted if re.fullmatch(r"[A-Za-z_]*[A-Z_][A-Za-z_.]*", name)}
    assert len(names) > 15
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", sources + PROJECT)) == []

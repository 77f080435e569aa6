"""The package that `new-plugin` writes; tests/plugins installs one."""

import importlib
import sys

import pytest

from geo_rewards.errors import DataError, UsageError
from geo_rewards.new_plugin import names_of, write_package
from geo_rewards.new_plugin.package import FILES
from geo_rewards.testing import check_reward, temporary_plugin


def test_every_template_is_written_and_nothing_else_is_there(tmp_path):
    files = write_package(names_of("street-name"), tmp_path / "new", taken=[])
    assert len(files) == len(FILES)
    assert sorted(files) == sorted(path for path in (tmp_path / "new").rglob("*") if path.is_file())
    assert list(tmp_path.iterdir()) == [tmp_path / "new"]
    assert "$" not in "".join(path.read_text() for path in files if path.suffix in {".py", ".toml", ".md"})
    assert "${{ matrix.python }}" in (tmp_path / "new" / ".github" / "workflows" / "ci.yml").read_text()


@pytest.mark.parametrize(
    "name", ["street-name", "geo-rewards-street-name", "geo_rewards_street_name", "Street_Name"]
)
def test_a_name_may_have_the_prefix_and_any_spelling(name):
    assert names_of(name) == (
        "geo-rewards-street-name",
        "geo_rewards_street_name",
        "street_name",
        "street_name",
        "StreetName",
    )


@pytest.mark.parametrize(
    "name", ["", "9x", "street name", "../x", "a/b", "straße", "class", "none", "-x", "x-", "a--b", "x" * 31]
)
def test_other_names_are_refused(name):
    with pytest.raises(UsageError, match=r"is no name for a plugin|is a word of Python"):
        names_of(name)


def test_an_installed_reward_keeps_its_name(tmp_path):
    with pytest.raises(UsageError, match="`haversine_decay` is already installed"):
        write_package(names_of("haversine-decay"), tmp_path / "new", taken=["haversine_decay"])
    assert not (tmp_path / "new").exists()


def test_a_folder_with_something_in_it_is_not_touched(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for folder in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(UsageError, match="is not an empty folder"):
            write_package(names_of("street-name"), folder, taken=[])
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path):
    write_package(names_of("street-name"), tmp_path, taken=[])
    assert (tmp_path / "pyproject.toml").is_file()


def test_a_folder_that_cannot_be_written_is_an_error_and_nothing_remains(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="was not written"):
        write_package(names_of("street-name"), tmp_path / "file" / "new", taken=[])


def test_the_reward_passes_the_kit(tmp_path, monkeypatch):
    write_package(names_of("street-name"), tmp_path / "new", taken=[])
    monkeypatch.syspath_prepend(str(tmp_path / "new"))
    module = importlib.import_module("geo_rewards_street_name")
    try:
        with temporary_plugin(module):
            check_reward(module.StreetName())
    finally:
        for name in [name for name in sys.modules if name.startswith("geo_rewards_street_name")]:
            del sys.modules[name]


def test_the_command_says_what_comes_next(run, tmp_path):
    ran = run("new-plugin", "street-name", tmp_path / "here", "--author", 'Ann "A" Lee')
    assert ran.code == 0
    assert str(tmp_path / "here" / "pyproject.toml") in ran.out
    assert "pip install -e '.[dev]' && pytest" in ran.err
    assert r'authors = [{ name = "Ann \"A\" Lee" }]' in (tmp_path / "here" / "pyproject.toml").read_text()

"""Write a plugin package: names from one word, files from templates, all of them or none."""

from __future__ import annotations

import importlib.metadata
import keyword
import re
import shutil
import tempfile
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "geo-rewards-"
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_MOST_CHARACTERS = 30

FILES: Mapping[str, str] = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "gitignore.txt": ".gitignore",
    "package/init.py.txt": "$package/__init__.py",
    "package/rewards.py.txt": "$package/rewards.py",
    "package/py.typed.txt": "$package/py.typed",
    "tests/test_reward.py.txt": "tests/test_$reward.py",
    "github/ci.yml.txt": ".github/workflows/ci.yml",
}
"""What is written, by the template that it is written from."""


class Names(NamedTuple):
    """What the parts of a plugin are called.

    Attributes:
        distribution: For pip: `geo-rewards-street-name`.
        package: To import: `geo_rewards_street_name`.
        entry: The entry point: `street_name`.
        reward: The reward: `street_name`.
        reward_class: Its class: `StreetName`.
    """

    distribution: str
    package: str
    entry: str
    reward: str
    reward_class: str


def names_of(name: str) -> Names:
    """Return the names of a plugin that is called this; the prefix `geo-rewards-` may be given or left out.

    Raises:
        UsageError: If it cannot be the name of a package and of a class.

    >>> names_of("street-name").package, names_of("geo_rewards_street_name").reward_class
    ('geo_rewards_street_name', 'StreetName')
    """
    plain = name.lower().replace("_", "-").removeprefix(PREFIX)
    if not _NAME.fullmatch(plain) or len(plain) > _MOST_CHARACTERS:
        raise UsageError(
            f"{name!r} is no name for a plugin: use lower-case letters, digits and hyphens, a letter first, "
            f"at most {_MOST_CHARACTERS} characters, such as `street-name`"
        )
    reward = plain.replace("-", "_")
    reward_class = "".join(word.capitalize() for word in plain.split("-"))
    if keyword.iskeyword(reward) or keyword.iskeyword(reward_class):
        raise UsageError(f"{name!r} is a word of Python: choose another, such as `{plain}-match`")
    return Names(PREFIX + plain, f"geo_rewards_{reward}", reward, reward, reward_class)


def write_package(
    names: Names, folder: Path, *, taken: Iterable[str], author: str | None = None
) -> list[Path]:
    """Write a plugin package into a new or empty folder, and return its files.

    Args:
        names: From `names_of`.
        folder: The folder of the package.
        taken: The names of the rewards that are installed.
        author: Its author's name, if it is to be in the package.

    Raises:
        UsageError: If a reward of that name is installed, or the folder has something in it.
        DataError: If the folder cannot be written; nothing remains of it.
    """
    if names.reward in {other.replace("-", "_").replace(".", "_").lower() for other in taken}:
        raise UsageError(f"a reward `{names.reward}` is already installed: choose another name for yours")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder: choose another one, or remove it")
    values = {**names._asdict(), "version": _compatible_version(), "authors": _authors(author)}
    parent = folder.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=parent) as written:
            package = Path(written, "package")
            for template, target in FILES.items():
                path = package / Template(target).substitute(values)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(_filled(template, values), encoding="utf-8")
            if folder.exists():
                folder.rmdir()
            shutil.move(package, folder)
    except OSError as error:
        raise DataError(f"{folder} was not written: {error}") from error
    return [folder / Template(target).substitute(values) for target in FILES.values()]


def _filled(template: str, values: Mapping[str, str]) -> str:
    text = (
        resources.files("geo_rewards.new_plugin").joinpath("template", template).read_text(encoding="utf-8")
    )
    return Template(text).substitute(values)


def _compatible_version() -> str:
    """Return the versions of geo-rewards that a plugin written now works with."""
    major, minor, *_ = importlib.metadata.version("geo-rewards").split(".")
    after = f"{major}.{int(minor) + 1}" if major == "0" else f"{int(major) + 1}"
    return f">={major}.{minor},<{after}"


def _authors(author: str | None) -> str:
    if not author:
        return ""
    quoted = author.replace("\\", "\\\\").replace('"', '\\"')
    return f'authors = [{{ name = "{quoted}" }}]\n'

"""Rewards from a Python file, named as ``./my_reward.py:MyReward``: no packaging needed to start."""

from __future__ import annotations

import ast
import copyreg
import hashlib
import importlib.abc
import importlib.util
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.contract.reward import Reward
from geo_rewards.errors import GeoRewardsError, PluginError, UnknownNameError, one_line
from geo_rewards.registry.catalog import PluginSource
from geo_rewards.registry.registration import reward_claim
from geo_rewards.system.first_use import ForkSafeLock
from geo_rewards.system.regular_file import NotRegularError, read_regular

if TYPE_CHECKING:
    from types import ModuleType


MAX_BYTES = 10_000_000
"""The largest reward file that is read."""


class RewardFileError(PluginError):
    """A reward's file that cannot be read or executed, or whose class is not a reward."""


@dataclass(frozen=True, slots=True)
class FileReward:
    """A reward class with the file that it was loaded from.

    Attributes:
        name: Absolute path and class, to look it up again.
        reward_class: The class.
        sha256: Hash of the file as loaded, in hexadecimal digits.
    """

    name: str
    reward_class: type[Reward]
    sha256: str

    @property
    def source(self) -> PluginSource:
        """The file's name and hash, instead of a distribution and its version."""
        return PluginSource(Path(self.name.rpartition(":")[0]).name, f"sha256:{self.sha256}")


def names_a_file(name: str) -> bool:
    """Return whether a reward's name is a file and class, not a registered name.

    >>> names_a_file("./my_reward.py:MyReward"), names_a_file("haversine_decay")
    (True, False)
    """
    return name.endswith(".py") or name.rpartition(":")[0].endswith(".py")


def absolute_name(name: str, *, folder: Path) -> str:
    """Return the name of a file's class with an absolute path; a registered name is returned unchanged.

    Args:
        name: A reward's name.
        folder: The folder that a relative path is relative to.
    """
    if not names_a_file(name) or name.endswith(".py"):
        return name
    path, _, class_name = name.rpartition(":")
    # `~` and `..` are resolved, links are not: an error then names the path that the user knows.
    return f"{os.path.abspath(folder / Path(path).expanduser())}:{class_name}"  # noqa: PTH100


def load_file_reward(name: str) -> FileReward:
    """Load a reward class from a Python file; an unchanged file is executed once per process.

    A class without a `name` is called like the class. The file can import installed packages but no files
    next to it, so that its hash covers the code that ran. Instances can be pickled: the other process
    loads the file again, and raises an error if it has changed.

    Args:
        name: Path and class, as ``./my_reward.py:MyReward``.

    Raises:
        UnknownNameError: If the file or the class does not exist; offers the nearest names.
        RewardFileError: If the file cannot be executed, or the class is not a reward; with the cause.
    """
    written, _, class_name = name.rpartition(":")
    if not written.endswith(".py"):
        raise RewardFileError(f"{name!r} names a file but no class: write {name}:{_first_class(name)}")
    path = Path(absolute_name(name, folder=Path.cwd()).rpartition(":")[0])
    content = _read(path)
    digest = hashlib.sha256(content).hexdigest()
    module = _module_of(path, content, digest)
    reward_class = _class_of(module, class_name, path)
    if reward_class.__module__ == module.__name__:  # an imported class is pickled as usual
        copyreg.pickle(reward_class, partial(_reduce, origin=(str(path), class_name, digest)))
    return FileReward(f"{path}:{class_name}", reward_class, digest)


_executing = ForkSafeLock(delays_forks=True)


class _Source(importlib.abc.SourceLoader):
    """Loads the bytes that were hashed, so that the hash is of the code that runs; caches no bytecode."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        self._content = content

    def get_filename(self, _fullname: str) -> str:
        return str(self._path)

    def get_data(self, _path: str | bytes) -> bytes:
        return self._content


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, max_bytes=MAX_BYTES)
    except NotRegularError as error:
        raise RewardFileError(f"reward file {path} cannot be read: {error}") from error
    except (FileNotFoundError, NotADirectoryError):
        neighbours = [str(file) for file in path.parent.glob("*.py")]
        raise UnknownNameError("reward file", str(path), neighbours) from None
    except OSError as error:
        raise RewardFileError(f"reward file {path} cannot be read: {error.strerror}") from error


def _module_of(path: Path, content: bytes, digest: str) -> ModuleType:
    """Execute a file as a module named after its path and content, so that pickles can find it."""
    place = hashlib.sha256(str(path).encode(errors="surrogateescape")).hexdigest()
    name = f"geo_rewards_file_{path.stem}_{place[:12]}_{digest[:12]}"
    with _executing:
        if name in sys.modules:
            return sys.modules[name]
        spec = importlib.util.spec_from_loader(name, _Source(path, content), origin=str(path))
        if spec is None or spec.loader is None:
            raise RewardFileError(f"reward file {path} cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        module.__file__ = str(path)
        sys.modules[name] = module  # before it runs: pydantic looks up its annotations there
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            raise RewardFileError(f"reward file {path} cannot be loaded: {one_line(error)}") from error
        return module


def _class_of(module: ModuleType, class_name: str, path: Path) -> type[Reward]:
    found = getattr(module, class_name, None)
    if found is None:
        known = [name for name, thing in vars(module).items() if _is_reward(thing) and thing is not Reward]
        raise UnknownNameError("reward class", class_name, known, where=str(path))
    if not _is_reward(found):
        raise RewardFileError(f"{path}: {class_name} is not a subclass of geo_rewards.Reward")
    if found.__module__ == module.__name__ and "name" not in found.__dict__:
        found.name = class_name  # a file needs no other: nothing else can claim it
    try:
        return reward_claim(found, PluginSource(path.name, "")).thing
    except PluginError as error:
        raise RewardFileError(f"{path}: {error}") from error


def _first_class(file: str) -> str:
    """Return the first class in a file, without executing it; an example if there is none."""
    try:
        tree = ast.parse(Path(file).expanduser().read_bytes())
    except (OSError, ValueError, SyntaxError):
        return "MyReward"
    return next((node.name for node in tree.body if isinstance(node, ast.ClassDef)), "MyReward")


def _is_reward(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, Reward)


def _reduce(reward: Reward, *, origin: tuple[str, str, str]) -> tuple[Any, ...]:
    # The file must be loaded before the state is read, which may contain other classes of the file.
    return _empty_reward, origin, reward.__getstate__()


def _empty_reward(path: str, class_name: str, sha256: str) -> Reward:
    """Return an instance for `pickle` to fill, perhaps in another process."""
    loaded = load_file_reward(f"{path}:{class_name}")
    check_hash(loaded.name, loaded.sha256, expected=sha256)
    return loaded.reward_class.__new__(loaded.reward_class)


def check_hash(name: str, sha256: str, *, expected: str) -> None:
    """Raise an error if a reward's file differs from the one that was recorded.

    Args:
        name: Path and class.
        sha256: Hash of the file as loaded.
        expected: The hash that was recorded.

    Raises:
        GeoRewardsError: If they differ.
    """
    if sha256 != expected:
        raise GeoRewardsError(
            f"reward file {name.rpartition(':')[0]} has changed: its sha256 is {sha256[:12]}..., "
            f"but {expected[:12]}... was recorded; restore the file, or remove the hash from the recipe"
        )

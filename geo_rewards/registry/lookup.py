"""Look up a reward, installed or in a file, by the name given in a recipe, a command or Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import InputError
from geo_rewards.registry.file_rewards import check_hash, load_file_reward, names_a_file
from geo_rewards.registry.registry import get_registry

if TYPE_CHECKING:
    from geo_rewards.contract.reward import Reward
    from geo_rewards.registry.catalog import PluginSource


@dataclass(frozen=True, slots=True)
class FoundReward:
    """A reward class and where it comes from, all from a single look-up.

    Attributes:
        name: The name to look it up again: as registered, or absolute path and class.
        reward_class: The class.
        source: Distribution and version; or the file's name and hash.
        sha256: Hash of the file's content that was executed, in hexadecimal digits; None if it is installed.
    """

    name: str
    reward_class: type[Reward]
    source: PluginSource
    sha256: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle a file's class as path and hash: the other process loads the file itself."""
        if self.sha256 is None:
            return FoundReward, (self.name, self.reward_class, self.source)
        return _find_again, (self.name, self.sha256)


def find_reward(name: str) -> FoundReward:
    """Return the reward with a registered name, or a class of a Python file.

    A file is read once: the hash is that of the code that runs, even if the file changes meanwhile.

    Args:
        name: A name from ``geo-rewards list``, or path and class, as ``./my_reward.py:MyReward``.

    Raises:
        UnknownNameError: If there is none; offers the nearest names.
        PluginError: If its plugin is broken (with that failure as the cause) or two plugins claim the name.
        RewardFileError: If the file is broken; with that failure as the cause.
        InputError: If it is not a text.
    """
    if not isinstance(name, str):
        raise InputError(f"a reward is looked up by its name, a text, not by {name!r:.60}")
    if not names_a_file(name):
        claim = get_registry().find_reward(name)
        return FoundReward(claim.name, claim.thing, claim.source)
    loaded = load_file_reward(name)
    return FoundReward(loaded.name, loaded.reward_class, loaded.source, loaded.sha256)


def _find_again(name: str, sha256: str) -> FoundReward:
    """Return a file's reward in another process; raise an error if the file has changed since."""
    found = find_reward(name)
    check_hash(name, found.sha256 or "", expected=sha256)
    return found

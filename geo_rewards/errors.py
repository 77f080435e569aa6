"""The errors of the library: each says what was wrong, where, and what would be right."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class GeoRewardsError(Exception):
    """Anything that a person wrote or installed wrong; its message is one readable sentence."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive pickling, whatever arguments the subclass takes: workers send their errors home."""
        return _rebuild, (type(self), self.args, self.__dict__)


class UnknownNameError(GeoRewardsError, LookupError):
    """A reward, recipe, gazetteer, column or key that does not exist.

    Args:
        kind: What was asked for, such as ``reward``.
        name: The name as written.
        known: The valid names, from which the nearest are offered.
        where: File or place of the mistake, put in front of the message.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        self.kind = kind
        self.name = name
        self.nearest = nearest_names(name, known)
        prefix = f"{where}: " if where else ""
        super().__init__(f"{prefix}unknown {kind} {name!r}{hint(self.nearest)}")


class PluginError(GeoRewardsError):
    """A plugin that could not be loaded, or a name that two plugins claim."""


class RecipeError(GeoRewardsError):
    """A recipe that does not make sense."""


class TruthError(GeoRewardsError, ValueError):
    """A truth that is unreadable, out of range or contradictory.

    Args:
        message: What is wrong with it.
        row: Index of the row in its batch, from 0.
    """

    def __init__(self, message: str, *, row: int | None = None) -> None:
        self.cause_text = message
        self.row = row
        super().__init__(message if row is None else f"row {row}: {message}")


class RewardError(GeoRewardsError):
    """A reward that returned a value it must not return, or failed.

    Args:
        message: What it did.
        reward: Its name or label.
        row: Index of the row in its batch, from 0, if one row is to blame.
    """

    def __init__(self, message: str, *, reward: str, row: int | None = None) -> None:
        self.reward = reward
        self.row = row
        where = "" if row is None else f", row {row}"
        super().__init__(f"reward {reward!r}{where}: {message}")


class DataError(GeoRewardsError, ValueError):
    """A data file, or some of its lines, that cannot be used."""


class UsageError(GeoRewardsError):
    """Flags that do not exist or do not go together."""


def _rebuild(kind: type[GeoRewardsError], args: tuple[Any, ...], state: dict[str, Any]) -> GeoRewardsError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def nearest_names(name: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """Return up to `count` known names that resemble `name`, nearest first.

    >>> nearest_names("haversin_decay", ["city_match", "haversine_decay"])
    ['haversine_decay']
    """
    return difflib.get_close_matches(name, list(known), n=count, cutoff=0.5)


def hint(names: list[str]) -> str:
    """Return ``; did you mean 'x' or 'y'?``, or an empty string without names."""
    return f"; did you mean {' or '.join(map(repr, names))}?" if names else ""

"""The library's errors: each says what was wrong, where, and what would be right."""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class GeoRewardsError(Exception):
    """A mistake in what a user wrote or installed; its message is one readable sentence."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle, whatever arguments the subclass takes: worker processes send their errors back."""
        return _rebuild, (type(self), self.args, self.__dict__)


class UnknownNameError(GeoRewardsError, LookupError):
    """A reward, recipe, gazetteer, column or key that does not exist.

    Args:
        kind: What was asked for, such as ``reward``.
        name: The name as written.
        known: The valid names, from which the nearest are offered.
        where: File or place of the mistake, a prefix of the message.
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
    """A recipe that is invalid."""


class TruthError(GeoRewardsError, ValueError):
    """A truth that is unreadable, out of range or contradictory.

    Args:
        message: What is wrong.
        row: Index of the row in its batch, from 0.
    """

    def __init__(self, message: str, *, row: int | None = None) -> None:
        self.cause_text = message
        self.row = row
        super().__init__(message if row is None else f"row {row}: {message}")


class RewardError(GeoRewardsError):
    """A reward that failed or returned an invalid value.

    Args:
        message: What happened.
        reward: Its name or label.
        row: Index of the row in its batch, from 0, if a single row is the cause.
    """

    def __init__(self, message: str, *, reward: str, row: int | None = None) -> None:
        self.reward = reward
        self.row = row
        where = "" if row is None else f", row {row}"
        super().__init__(f"reward {reward!r}{where}: {message}")


class InvalidValueError(RewardError):
    """A value that no reward may return, or a wrong number of values.

    Args:
        message: What was returned.
        reward: The reward's name or label.
        row: Index of the row in its batch, from 0; None for a wrong number of values.
        value: What was returned for the row, or all values.
    """

    def __init__(self, message: str, *, reward: str, row: int | None = None, value: Any = None) -> None:
        self.value = value
        super().__init__(message, reward=reward, row=row)


class DataError(GeoRewardsError, ValueError):
    """A data file, or some of its lines, that cannot be used."""


class UsageError(GeoRewardsError):
    """Flags that do not exist or cannot be combined."""


def one_line(error: BaseException) -> str:
    r"""Return an exception on one line, with its type unless it is one of ours.

    >>> one_line(ValueError("two\nlines")), one_line(KeyError()), one_line(DataError("a.jsonl is empty"))
    ('ValueError: two lines', 'KeyError', 'a.jsonl is empty')
    """
    text = " ".join(str(error).split())
    if text and isinstance(error, GeoRewardsError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@contextmanager
def noting(note: str) -> Iterator[None]:
    """Add a note to what interrupts the block, such as Ctrl-C; errors say themselves what failed."""
    try:
        yield
    except (Exception, GeneratorExit):
        raise
    except BaseException as interruption:
        interruption.add_note(note)
        raise


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

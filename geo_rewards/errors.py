"""The library's errors: each says what was wrong, where, and what would be right."""

from __future__ import annotations

import importlib.util
import math
import re
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


class MissingParameterError(RecipeError):
    """A parameter without a default that was not given.

    Its text says how to give it in Python; `by_option` says it for a command line.

    Args:
        problem: What is missing, and where.
        names: The parameters.
        label: The label of the reward, if it is in a recipe.
    """

    def __init__(self, problem: str, names: Iterable[str], *, label: str | None = None) -> None:
        self.problem = problem
        self.keys = [name if label is None else f"{label}.{name}" for name in names]
        given = ", ".join(f"{key}=..." if label is None else f"{key!r}: ..." for key in self.keys)
        super().__init__(f"{problem} ({given if label is None else f'override={{{given}}}'})")

    def by_option(self, option: str) -> str:
        """Return the problem with the options that solve it."""
        return f"{self.problem}: {' '.join(f'{option} {key}=VALUE' for key in self.keys)}"


class MissingValueError(ValueError):
    """Raised by a reward's own check of its parameters if some must be given.

    Args:
        message: What is missing.
        names: The parameters.
    """

    def __init__(self, message: str, names: Iterable[str]) -> None:
        self.names = list(names)
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the names."""
        return type(self), (str(self), self.names)


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


class InputError(GeoRewardsError, TypeError):
    """Completions or columns of a kind that cannot be scored; says what to pass instead."""


class MissingPackageError(GeoRewardsError, ImportError):
    """A package of an extra that is not installed; says how to install it."""


class UsageError(GeoRewardsError):
    """Flags that do not exist or cannot be combined."""


def need_pyarrow(what: str) -> None:
    """Check that pyarrow is installed; it is as large as everything else together, and few need it.

    Args:
        what: What needs it, for the message.

    Raises:
        MissingPackageError: If it is missing.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingPackageError(f"{what} needs pyarrow: pip install 'geo-rewards[parquet]'")


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
    """Return up to `count` known names that `name` may have been meant for, nearest first.

    A name is near if it is the same but for case and separators, a few typing errors away, or made of the
    same words, of which some may be left out. Other names are not offered, however alike they look.

    >>> nearest_names("haversin_decay", ["city_match", "haversine_decay"])
    ['haversine_decay']
    >>> nearest_names("scale", ["scale_km", "schedule"]), nearest_names("exponential", ["overlong_penalty"])
    (['scale_km'], [])
    """
    ranked = [(_farness(str(name), candidate), candidate) for candidate in map(str, known)]
    near = sorted((farness, candidate) for farness, candidate in ranked if farness is not None)
    same = [candidate for farness, candidate in near if farness == 0.0]
    return (same or [candidate for _, candidate in near])[:count]


def _farness(name: str, candidate: str) -> float | None:
    """Return how far a name is from a candidate, 0 for the same; None if it is not near."""
    words, others = _words(name), _words(candidate)
    written, other = "".join(words), "".join(others)
    if not written or not other:
        return None
    if written == other:
        return 0.0
    edits = typing_errors(written, other)
    shorter = min(len(written), len(other))
    if edits <= max(1, (shorter + 1) // 3) and shorter > 2:
        return edits / len(other)
    if len(others) == 1 and _share_a_beginning(written, other):  # parameters, params; latitude, lat
        return 1.0 + abs(len(written) - len(other)) / 100
    if any(len(word) < 3 for word in words) or not all(_is_among(word, others) for word in words):
        return None
    return 1.0 + abs(len(written) - len(other)) / 100


def _share_a_beginning(a: str, b: str) -> bool:
    least = max(3, math.ceil(0.75 * min(len(a), len(b))))
    return min(len(a), len(b)) >= least and a[:least] == b[:least]


def _words(name: str) -> list[str]:
    """Return the words of a name, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^\W\d_a-zA-Z]+", name)]


def _is_among(word: str, others: Iterable[str]) -> bool:
    """Return whether a word is one of the others, the beginning of one, or one typing error away."""
    return any(
        other.startswith(word) or (len(word) > 3 and typing_errors(word, other) <= 1) for other in others
    )


def typing_errors(written: str, meant: str) -> int:
    """Return how many letters must be left out, added, replaced, or swapped with the next one.

    >>> typing_errors("socre", "score"), typing_errors("scores", "score"), typing_errors("core", "score")
    (1, 1, 1)
    """
    if abs(len(written) - len(meant)) > 9:  # far apart, whatever the letters: not worth counting
        return 10
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(written, start=1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(meant, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and written[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def hint(names: list[str]) -> str:
    """Return ``; did you mean 'x' or 'y'?``, or an empty string without names."""
    return f"; did you mean {' or '.join(map(repr, names))}?" if names else ""

"""Checks of a reward's class when it is defined: what would fail, or be ignored, at the first batch."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from geo_rewards.errors import hint, nearest_names, typing_errors
from geo_rewards.types import GroundTruth

_TRUTH_FIELDS = tuple(field.name for field in dataclasses.fields(GroundTruth))
PLAIN_TYPES = (bool, int, float, str, bytes, tuple, list, dict, set, frozenset, type(None))
"""Types of values that pydantic is told not to complain about: `check_class` does, in words of ours."""
_OTHER_WORDS = frozenset({"store", "scope", "core"})
_SETTINGS = ("timeout_s", "concurrency")
"""Attributes that a class may have without an annotation, beside those of `Reward`."""
_METHODS = {"score": "sample", "score_batch": "batch"}
"""The methods that an author overrides, with their one argument."""


def check_class(cls: type, *, base: type) -> None:
    """Reject what would fail at the first batch or never be called, with a clear message.

    Args:
        cls: The class.
        base: `Reward`.

    Raises:
        TypeError: Naming the class and what to write.
    """
    needs = cls.__dict__.get("needs", ())
    if not isinstance(needs, tuple) or not set(needs) <= set(_TRUTH_FIELDS):
        fields = ", ".join(_TRUTH_FIELDS)
        raise TypeError(f"{cls.__name__}.needs is {needs!r}; it must be a tuple of truth fields: {fields}")
    if inspect.iscoroutinefunction(cls.__dict__.get("score_batch")):
        raise TypeError(f"{cls.__name__}.score_batch must be a plain function; `score` may be `async def`")
    _check_annotations(cls, base)
    for method, argument in _METHODS.items():
        _check_arguments(cls, method, argument)
    _check_spelling(cls, base)


def _check_annotations(cls: type, base: type) -> None:
    """Find a parameter without a type, or a misspelt attribute of `Reward`."""
    typed = {name for ancestor in _between(cls, base) for name in getattr(ancestor, "__class_vars__", ())}
    typed |= set(inspect.get_annotations(cls))
    for name, value in cls.__dict__.items():
        if name in _METHODS and not callable(getattr(value, "__func__", value)):
            raise TypeError(f"{cls.__name__}.{name} is {value!r:.60}; it must be a method")
        is_plain = isinstance(value, PLAIN_TYPES) and not name.startswith("_")
        if not is_plain or name in typed or name in _SETTINGS or hasattr(base, name) or name == "name":
            continue
        nearest = hint(nearest_names(name, ["name", "range", "needs", "formula", "reference", *_SETTINGS]))
        kind = type(value).__name__
        typed_name = f"`{name}: {kind} = {value!r:.40}`"
        raise TypeError(f"{cls.__name__}.{name} has no type: a parameter is written {typed_name}{nearest}")


def _check_arguments(cls: type, method: str, argument: str) -> None:
    function = cls.__dict__.get(method)
    if not inspect.isfunction(function):
        return
    try:
        inspect.signature(function).bind(cls, argument)
    except TypeError:
        raise TypeError(
            f"{cls.__name__}.{method} is called with one argument: write `def {method}(self, {argument})`"
        ) from None


def _check_spelling(cls: type, base: type) -> None:
    """Find a method that was meant to be `score` or `score_batch`, but has another name."""
    own = [ancestor for ancestor in cls.__mro__ if ancestor not in base.__mro__]
    scores = any(method in ancestor.__dict__ for ancestor in own for method in _METHODS)
    for name, thing in cls.__dict__.items():
        if not inspect.isfunction(thing) or name.startswith("_") or hasattr(base, name):
            continue
        meant = _meant(name, has_score=scores)
        if meant is not None and meant not in cls.__dict__:
            raise TypeError(
                f"{cls.__name__}.{name} is never called: did you mean `{meant}`? "
                f"A helper of that name needs another one, such as `_{name}`"
            )


def _between(cls: type, base: type) -> list[Any]:
    return [ancestor for ancestor in cls.__mro__ if ancestor is not base and issubclass(ancestor, base)]


def _meant(name: str, *, has_score: bool) -> str | None:
    """Return the method that a name is a few typing errors away from, or None.

    Where a class has a method that scores, a single replaced letter is another word, such as `store`.
    """
    written = name.lower().replace("_", "")
    for method in _METHODS:
        target = method.replace("_", "")
        errors = typing_errors(written, target)
        limit = 1 if method == "score" else 2
        if written in _OTHER_WORDS or (has_score and errors and _is_another_word(written, target)):
            continue
        if errors <= limit:
            return method
    return None


def _is_another_word(written: str, target: str) -> bool:
    return written[0] != target[0] or (len(written) == len(target) and sorted(written) != sorted(target))

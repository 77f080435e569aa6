"""Parameters as given, compared with what became of them: what was read as something else is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


def check_booleans(model: BaseModel, given: Mapping[str, Any]) -> None:
    """Refuse a boolean that was read as a number.

    Args:
        model: What was made.
        given: The values by the names of its fields.

    Raises:
        ValueError: Naming the parameter.
    """
    for name, value in given.items():
        if name in type(model).model_fields and _is_read_as_number(value, getattr(model, name)):
            raise ValueError(f"{name}: true and false are not numbers, in {value!r:.60}")


def endless_parameters(model: BaseModel, given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with parameters that are infinite or NaN, where the default is neither."""
    fields = type(model).model_fields
    return [
        f"{name} must be a finite number, not {value!r:.60}"
        for name, value in given.items()
        if name in fields
        and _is_endless(getattr(model, name))
        and not _is_endless(fields[name].get_default(call_default_factory=True))
    ]


def _is_read_as_number(given: Any, became: Any) -> bool:
    """Return whether a boolean became a number, here or anywhere inside."""
    if isinstance(given, bool):
        return isinstance(became, (int, float)) and not isinstance(became, bool)
    if isinstance(given, Mapping) and isinstance(became, Mapping):
        return any(_is_read_as_number(value, became.get(key)) for key, value in given.items())
    if _is_sequence(given) and _is_sequence(became) and len(given) == len(became):
        return any(map(_is_read_as_number, given, became))
    return False


def _is_endless(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Mapping):
        return any(map(_is_endless, value.values()))
    return _is_sequence(value) and any(map(_is_endless, value))


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))

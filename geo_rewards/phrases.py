"""What is wrong with a value that pydantic refused, in words of ours: "must be a number, not 'x'"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError, ValidationError

from geo_rewards.errors import hint, nearest_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails, InitErrorDetails

_MUST_BE = {
    "none_required": "null",
    "finite_number": "a finite number",
    "recursion_loop": "a value that does not contain itself",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "fraction": "a number",
    "complex": "a number",
    "string": "a text",
    "bytes": "a text",
    "enum": "one of its choices",
    "list": "a list",
    "tuple": "a list",
    "deque": "a list",
    "set": "a list of different values",
    "frozen_set": "a list of different values",
    "iterable": "a list",
    "named_tuple": "a list",
    "dict": "a mapping",
    "frozen_dict": "a mapping",
    "ordered_dict": "a mapping",
    "counter": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
    "dataclass": "a mapping",
    "json": "JSON",
    "int_from_float": "a whole number",
    "date": "a date",
    "datetime": "a date with a time",
    "time": "a time",
    "time_delta": "a duration",
    "uuid": "a UUID",
    "url": "a URL",
    "callable": "a function",
}
"""By the type of pydantic's error, or its beginning."""
_BOUNDS = {
    "greater_than": ("greater than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


def what_is_wrong(error: ErrorDetails) -> str:
    """Return a phrase about one of pydantic's errors that can follow the name of the value.

    >>> from pydantic import TypeAdapter, ValidationError
    >>> try:
    ...     TypeAdapter(float).validate_python("many")
    ... except ValidationError as error:
    ...     print(what_is_wrong(error.errors()[0]))
    must be a number, not 'many'
    """
    kind, context = error["type"], error.get("ctx") or {}
    if kind in ("value_error", "assertion_error"):
        return error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return "is missing"
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return "is not a known key"
    wanted = _wanted(kind, context)
    if wanted is None:
        return f"cannot be {shown(error.get('input'))} ({kind.replace('_', ' ')})"
    return f"must {wanted}, not {shown(error.get('input'))}{_nearest(error, context)}"


def in_our_words(error: ValidationError) -> ValidationError:
    """Return one of pydantic's errors whose messages are those of `what_is_wrong`; all else is unchanged."""
    faults: list[InitErrorDetails] = [
        {
            "type": PydanticCustomError(fault["type"], what_is_wrong(fault), fault.get("ctx")),
            "loc": fault["loc"],
            "input": fault["input"],
        }
        for fault in error.errors()
    ]
    return ValidationError.from_exception_data(error.title, faults)


def _wanted(kind: str, context: Mapping[str, Any]) -> str | None:
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        bound = context.get(key)
        return f"be {words} {bound:g}" if isinstance(bound, (int, float)) else f"be {words} {bound}"
    if kind in ("literal_error", "enum"):
        return f"be {context.get('expected')}"
    if kind == "string_pattern_mismatch":
        return f"match the pattern {context.get('pattern')}"
    if kind in ("too_short", "string_too_short", "bytes_too_short"):
        return f"have at least {context.get('min_length')} {_unit(kind, context.get('min_length'))}"
    if kind in ("too_long", "string_too_long", "bytes_too_long"):
        return f"have at most {context.get('max_length')} {_unit(kind, context.get('max_length'))}"
    if kind in ("is_instance_of", "is_subclass_of"):
        return f"be a {context.get('class')}"
    families = [name for name in _MUST_BE if kind == name or kind.startswith(f"{name}_")]
    return f"be {_MUST_BE[max(families, key=len)]}" if families else None


def _unit(kind: str, count: Any) -> str:
    unit = "value" if kind.startswith("too_") else "character"
    return unit if count == 1 else f"{unit}s"


def _nearest(error: ErrorDetails, context: Mapping[str, Any]) -> str:
    """Return the choice that a text was meant for, if it is a misspelt one."""
    if error["type"] not in ("literal_error", "enum") or not isinstance(error.get("input"), str):
        return ""
    choices = str(context.get("expected")).split("'")[1::2]
    return hint(nearest_names(error["input"], choices, count=1))


def shown(value: Any) -> str:
    """Return a value as it is written in YAML and JSON."""
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else f"{value!r:.60}"

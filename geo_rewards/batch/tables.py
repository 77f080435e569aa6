"""What callers pass as completions: a list, or a table whose other columns are then the batch's columns.

Tables are recognised by what they can do, so that no table library is imported here: pandas, polars, Arrow
tables, Hugging Face data sets, anything with the Arrow interface, and mappings of columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from geo_rewards.batch.values import python_values
from geo_rewards.errors import InputError, need_pyarrow

COMPLETION = "completion"
_EXPECTED = (
    "pass a list of texts, a list of message lists, or a table (pandas, polars, Arrow, a Dataset, a dict of "
    f"columns) with a column `{COMPLETION}`"
)


def read_table(completions: Any, columns: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the completions as a list, with the columns; those of a table are added to them.

    Args:
        completions: A list of completions, an array or series of them, or a table.
        columns: Further columns.

    Raises:
        InputError: If it is neither, if a table has no column `completion` or two of one name, or if a
            column is in both.

    >>> read_table({"completion": ["Rome"], "lat": [41.9]}, {"lon": [12.5]})
    (['Rome'], {'lat': [41.9], 'lon': [12.5]})
    """
    if isinstance(columns.get("columns"), Mapping):
        raise InputError("columns are passed by name: write **columns, not columns=columns")
    if type(completions) is list:
        _check_records(completions)
        return completions, dict(columns)
    table = _columns_of(completions)
    if table is None:
        values = list_of(completions)
        if values is None:
            raise InputError(f"completions must be a list, not {_kind(completions)}: {_EXPECTED}")
        _check_records(values)
        return list(values), dict(columns)
    if COMPLETION not in table:
        found = ", ".join(map(repr, list(table)[:20])) or "no column"
        raise InputError(f"the table of completions has no column `{COMPLETION}`, but {found}: {_EXPECTED}")
    twice = sorted(table.keys() & columns.keys())
    if twice:
        raise InputError(f"column {twice[0]!r} is both in the table and an argument: leave one of them out")
    values = list_of(table.pop(COMPLETION))
    if values is None:
        raise InputError(f"column `{COMPLETION}` must be a list with one completion per row: {_EXPECTED}")
    if "prompt" in table:  # the name in saved tables; trainers pass the column in the plural
        table.setdefault("prompts", table["prompt"])
    return list(values), {**table, **columns}


def list_of(values: Any) -> Sequence[Any] | None:
    """Return a list, tuple, array or series as a list of Python values; None for anything else.

    Raises:
        ValueError: If a library cannot turn its values into Python's.

    >>> list_of("ab"), list_of({"a": 1}), list_of(range(2))
    (None, None, range(0, 2))
    """
    if isinstance(values, (list, tuple)):
        return values
    if hasattr(values, "tolist"):  # numpy, pandas and torch
        listed = python_values(values)
        return _without_missing(values, listed) if isinstance(listed, list) else None
    for method in ("to_pylist", "to_list"):  # Arrow; polars
        convert = getattr(values, method, None)
        if callable(convert):
            converted: Sequence[Any] = convert()
            return converted
    if isinstance(values, (str, bytes, bytearray, memoryview)) or not isinstance(values, Sequence):
        return None
    return values


def _without_missing(values: Any, listed: list[Any]) -> list[Any]:
    """Return the values of a series with None for its missing ones, which pandas has several kinds of."""
    isna = getattr(values, "isna", None)
    if not callable(isna):
        return listed
    return [None if missing else value for value, missing in zip(listed, isna().tolist(), strict=True)]


def _columns_of(table: Any) -> dict[str, Any] | None:
    """Return the columns of a table as lists, or None if it is not a table."""
    if isinstance(table, Mapping):
        return dict(table)
    if callable(getattr(table, "collect", None)) and hasattr(table, "collect_schema"):
        raise InputError("completions is a lazy frame: `collect()` it first")
    names = _column_names(table)
    if names is None:
        return None
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"the table of completions has {twice[0]!r} for the name of more than one column")
    if hasattr(table, "iloc"):  # pandas, whose cells may be of types that Arrow has no column for
        return {name: list_of(table[name]) for name in names}
    for method in ("to_pydict", "to_dict"):  # Arrow; polars and Hugging Face
        convert = getattr(table, method, None)
        if callable(convert):
            columns: Mapping[str, Any] = convert()
            return {name: list_of(values) for name, values in columns.items()}
    need_pyarrow(f"a {type(table).__name__}")
    import pyarrow as pa

    arrow: dict[str, Any] = pa.table(table).to_pydict()
    return arrow


def _column_names(table: Any) -> list[Any] | None:
    names = getattr(table, "column_names", None)  # Arrow, Hugging Face
    if names is None and not isinstance(table, Sequence):
        names = getattr(table, "columns", None)  # pandas, polars
    if callable(names) or names is None:
        return _names_by_arrow(table)
    return list(names)


def _names_by_arrow(table: Any) -> list[Any] | None:
    """Return the columns of something with the Arrow interface; a series has it too, but no columns."""
    if not hasattr(table, "__arrow_c_stream__") or list_of(table) is not None:
        return None
    need_pyarrow(f"a {type(table).__name__}")
    import pyarrow as pa

    try:
        return list(pa.table(table).column_names)
    except (pa.ArrowException, TypeError, ValueError):
        return None


def _check_records(completions: Sequence[Any]) -> None:
    """Refuse rows and messages where completions are expected."""
    first = completions[0] if len(completions) else None
    if not isinstance(first, Mapping):
        return
    if "role" in first or "from" in first:
        raise InputError(
            "completions is a list of messages, which is one completion: pass a list of them, [messages]"
        )
    raise InputError(f"completions is a list of rows, not of completions: {_EXPECTED}")


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"one text ({value!r:.40})"
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    if value is None:
        return "None"
    return f"a {type(value).__name__}"

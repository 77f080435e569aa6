"""Rows of comma- or tab-separated text: the first line names the columns, only degrees become numbers."""

from __future__ import annotations

import csv
import math
import re
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.truths import truth_columns
from geo_rewards.data.problems import BadRow, name_of
from geo_rewards.data.reading.json_rows import UnreadRest
from geo_rewards.data.reading.kinds import BOM
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_SEPARATORS = {"csv": ",", "tsv": "\t"}
_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
_LARGEST_CELL = 2**31 - 1
_LONGEST_NAME = 100
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_DEGREES = frozenset({"lat", "lon"})
_PLACES = frozenset({"country", "region", "city", "solution"})

Cells = dict[str, Any]


def read_delimited(lines: Iterable[bytes], path: Path, kind: str) -> Iterator[tuple[int, Cells | BadRow]]:
    """Yield the line on which each row begins and its cells, or a `BadRow`.

    Empty cells are None. Degrees become numbers; all other cells stay as they are written.

    Args:
        lines: The lines of the file, with their ends.
        path: The file, for messages.
        kind: `csv` or `tsv`.

    Raises:
        DataError: If the first line does not name the columns, or has another separator.
    """
    csv.field_size_limit(_LARGEST_CELL)  # the default refuses a completion of 128 kB
    separator = _SEPARATORS[kind]
    reader = csv.reader(_decoded(lines, path, separator), delimiter=separator, strict=True)
    names: list[str] = []
    degrees: list[int] = []
    begin = 1
    while True:
        try:
            cells = next(reader, None)
        except UnicodeDecodeError as error:
            number = reader.line_num + 1
            yield number, UnreadRest("encoding", f"byte {error.start + 1} of the line is not valid UTF-8")
            return
        except csv.Error as error:
            yield begin, UnreadRest("row", f"{_fault(error, begin)}; nothing after it was read")
            return
        if cells is None:
            return
        if cells and not names:
            names = _header(cells, path, separator)
            axes = {name for name in names if name.lower() not in _PLACES} & set(
                truth_columns(dict.fromkeys(names, ()), 0)
            )
            degrees = [index for index, name in enumerate(names) if name in axes]
        elif cells:
            yield begin, _row(names, cells, degrees)
        begin = reader.line_num + 1


def _decoded(lines: Iterable[bytes], path: Path, separator: str) -> Iterator[str]:
    for number, raw in enumerate(lines):
        if number == 0:
            _check_separator(raw.removeprefix(BOM), path, separator)
        yield (raw if number else raw.removeprefix(BOM)).decode()


def _check_separator(header: bytes, path: Path, separator: str) -> None:
    """Check that the first line has the separator that the file's name says, if it has any.

    Raises:
        DataError: If it has another one instead.
    """
    for other, name in _NAMES.items():
        if other.encode() in header and separator.encode() not in header:
            advice = {"\t": ", or rename it to .tsv", ",": ", or rename it to .csv"}.get(other, "")
            wanted = _NAMES[separator]
            raise DataError(f"{name_of(path)} is separated by {name}, not by {wanted}: use {wanted}{advice}")


def _row(names: list[str], cells: list[str], degrees: list[int]) -> Cells | BadRow:
    if len(cells) != len(names):
        return BadRow("row", f"there are {len(cells)} cells, but the first line names {len(names)} columns")
    row: Cells = dict(zip(names, [cell or None for cell in cells], strict=True))
    for index in degrees:
        if _NUMBER.fullmatch(cells[index].strip()) and math.isfinite(value := float(cells[index])):
            row[names[index]] = value
    return row


def _header(cells: list[str], path: Path, separator: str) -> list[str]:
    """Return the names of the columns.

    Raises:
        DataError: If these are no names.
    """
    names = [cell.strip() for cell in cells]
    shown = ", ".join(names)[:_LONGEST_NAME]
    if any(_is_no_name(name) for name in names):
        raise DataError(
            f"{name_of(path)} has no header: its first line must name the columns, such as "
            f"{separator.join(('completion', 'lat', 'lon'))!r}, but it is {shown!r}"
        )
    for name in names:
        if names.count(name) > 1:
            what = f"the column {name!r} is duplicated" if name else "several columns have no name"
            raise DataError(f"{name_of(path)}: {what} in the first line; give each column a name of its own")
    if "" in names:
        raise DataError(f"{name_of(path)}: column {names.index('') + 1} of the first line has no name")
    return names


def _is_no_name(name: str) -> bool:
    """Return whether a cell of the first line is plainly a value."""
    return len(name) > _LONGEST_NAME or "\n" in name or "<" in name or _NUMBER.fullmatch(name) is not None


def _fault(error: csv.Error, begin: int) -> str:
    """Return what Python's csv reader refused, in words."""
    said = str(error)
    if "unexpected end" in said:
        return f"a quoted cell that begins in the row of line {begin} is never closed"
    if "expected after" in said:
        return 'text after the closing quote of a cell; write a quote inside a quoted cell twice ("")'
    if "NUL" in said:
        return "the line contains a zero byte"
    return f"the row cannot be read: {said}"

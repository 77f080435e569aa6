"""Markdown tables: one field per row, or one field per column.

A row of two cells becomes a labelled line in place. A row under headings becomes several lines at the end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.parse.labels import COORDINATE_LABELS, PLACE_LABELS, axis_of_key, label_key

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW = re.compile(r"^[ \t>]*+\|[^\n]*+", re.MULTILINE)
_CELL = re.compile(r"[^|\n]++")
_RULE = re.compile(r"[\s|:=-]*+")
MAX_ROWS = 40


class TableReading(NamedTuple):
    """A text with its tables as labelled lines, the lines to read after it, and where they come from.

    Attributes:
        text: The text, of the same length.
        lines: Labelled lines of the rows under headings, as written.
    """

    text: str
    lines: list[str]


def read_tables(text: str, raw: str) -> TableReading:
    """Return a normalised text with its tables as labelled lines; `raw` is the same text as written.

    >>> text = "| City | Paris |"
    >>> read_tables(text, text).text
    '  City : Paris  '
    """
    if "|" not in text:
        return TableReading(text, [])
    pieces: list[str] = []
    lines: list[str] = []
    done = 0
    heading: list[str] | None = None
    last_end = -1
    for count, match in enumerate(_ROW.finditer(text)):
        if count >= MAX_ROWS:
            break
        cells = [cell.span() for cell in _CELL.finditer(text, match.start(), match.end())]
        cells = [span for span in cells if text[slice(*span)].strip(" \t>")]
        if match.start() != last_end + 1:
            heading = None
        last_end = match.end()
        if _RULE.fullmatch(match.group()):
            row = " " * len(match.group())
        elif heading is not None and len(cells) == len(heading):
            lines.append(_line(heading, [raw[slice(*span)] for span in cells]))
            row = "\n" * len(match.group())
        else:
            names = [text[slice(*span)] for span in cells]
            heading = (
                names
                if sum(map(_is_label, names)) > 1 and len(names) > 1 and _has_rule(text, last_end)
                else None
            )
            row = "\n" * len(match.group()) if heading else _as_line(match.group())
        pieces += [text[done : match.start()], row]
        done = match.end()
    return TableReading("".join([*pieces, text[done:]]), lines)


def _has_rule(text: str, end: int) -> bool:
    """Return whether the line after an index is the rule below a heading."""
    stop = text.find("\n", end + 1)
    line = text[end + 1 : stop if stop >= 0 else len(text)]
    return "-" in line and _RULE.fullmatch(line) is not None


def _line(heading: Sequence[str], cells: Sequence[str]) -> str:
    """Return the cells of a row as labelled values, one per line."""
    return "\n".join(f"{name.strip()}: {cell.strip()}" for name, cell in zip(heading, cells, strict=True))


def _as_line(row: str) -> str:
    """Return a row as a line, with its first cell as the label if it is a known one."""
    first, second = row.find("|"), row.find("|", row.find("|") + 1)
    if second < 0:
        return row
    inner = row[second + 1 :].rstrip()
    end = second + 1 + len(inner) - (1 if inner.endswith("|") else 0)
    mark = (
        ":" if _is_label(row[first + 1 : second]) and end > second + 1 else " " if end <= second + 1 else "|"
    )
    return f"{row[:first]} {row[first + 1 : second]}{mark}{row[second + 1 : end]}".ljust(len(row))


def _is_label(name: str) -> bool:
    """Return whether a cell is a label of a place or of a coordinate."""
    key = label_key(name.strip(" \t:"))
    return key in PLACE_LABELS or key in COORDINATE_LABELS or axis_of_key(name.strip(" \t:")) is not None

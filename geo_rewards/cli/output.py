"""Output of commands: tables and text that fit a terminal, and plain complete lines for a pipe."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from geo_rewards.system.terminal import clean, clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHORT, _PADDING = 20, 3


def is_terminal() -> bool:
    """Return whether stdout is read by a person."""
    return sys.stdout.isatty()


def print_json(value: Any) -> None:
    """Print a value as JSON, in ASCII so that it survives any terminal's encoding."""
    text = json.dumps(value, indent=2).replace("\x7f", "\\u007f")  # the one control that JSON leaves as it is
    sys.stdout.write(f"{text}\n")


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal; tab-separated in a pipe, one line per row, nothing truncated.

    Args:
        header: Names of the columns.
        rows: One text per column.
    """
    if not is_terminal():
        lines = ["\t".join(" ".join(cell.split()) for cell in row) for row in (header, *rows)]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, rows = Console(), list(rows)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for name, width in zip(header, _min_widths([header, *rows], console.width), strict=True):
        table.add_column(name, overflow="fold", min_width=width)
    for row in rows:
        table.add_row(
            *(Text(clean(cell)) for cell in row)
        )  # as text: a name in square brackets is not markup
    console.print(table)


def _min_widths(rows: Sequence[Sequence[str]], available: int) -> list[int | None]:
    """Return widths that keep short columns (mostly names) uncut; all None if that leaves no room."""
    widest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    short = [width if width <= _SHORT else None for width in widest]
    needed = sum(_PADDING + (_SHORT if width is None else width) for width in short)
    return short if needed <= available else [None] * len(short)


def print_heading(text: str) -> None:
    """Print a line that stands out on a terminal."""
    _print(clean_line(text), style="bold", indent=0)


def print_line(text: str) -> None:
    """Print one line, whatever is in it."""
    print_text(clean_line(text))


def print_text(text: str, *, indent: int = 0) -> None:
    """Print lines; on a terminal, wrap them and keep their indentation."""
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip())
        _print(line.lstrip(), style="", indent=indent + depth)


def _print(line: str, *, style: str, indent: int) -> None:
    if not is_terminal():
        sys.stdout.write(f"{' ' * indent}{line}".rstrip() + "\n")
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    Console().print(Padding(Text(clean(line), style=style), (0, 0, 0, indent)))

"""Tables for notebooks: every cell is escaped, because models and data sets write what they like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def html_table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str = "") -> str:
    """Return a table in HTML.

    Args:
        header: Names of the columns; none for a table without.
        rows: Values of the columns: numbers are rounded, None is a dash, texts are as they are.
        caption: A line above the table.

    >>> html_table(["total"], [[0.12345], ["<b>"]])
    '<table><tr><th>total</th></tr><tr><td>0.1235</td></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    import html  # thousands of names of characters, for few callers

    lines = [_row("th", header)] if header else []
    lines += [_row("td", row) for row in rows]
    above = f"<caption>{html.escape(_printable(caption))}</caption>" if caption else ""
    return f"<table>{above}{''.join(lines)}</table>"


def clipped(text: str, width: int = 60) -> str:
    r"""Return the beginning of a text on one line, with what cannot be printed written as an escape.

    >>> clipped("a tower\n" * 9, width=20)
    'a tower a tower a...'
    """
    flat = _printable(" ".join(text[: 4 * width].split()))
    return flat if len(flat) <= width and len(text) <= 4 * width else f"{flat[: width - 3]}..."


def _row(tag: str, cells: Sequence[Any]) -> str:
    import html

    return f"<tr>{''.join(f'<{tag}>{html.escape(_shown(cell))}</{tag}>' for cell in cells)}</tr>"


def _shown(cell: Any) -> str:
    if cell is None:
        return "-"
    return format(cell, ".4g") if isinstance(cell, float) else _printable(str(cell))


def _printable(text: str) -> str:
    """Return a text in which control characters, and those that turn its direction, are visible."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)

"""Nothing that a plugin, a file or a model wrote can steer a terminal: the one place where output is cleaned.

Commands and the training program replace their standard streams by `CleanStream`, as do processes that they
start. JSON goes past it: it is escaped already, or meant for a program.
"""

from __future__ import annotations

import logging
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

# Controls of ASCII and ISO 8859 (ESC and CSI among them) except tab and newline; other line ends; marks that
# reverse the direction of text; invisible tags; halves of surrogate pairs, which cannot be written at all.
_STEERING = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)
_CURSOR_MOVES = re.compile(r"(?:\r|\n|\x1b\[A)*")


def clean(text: str) -> str:
    r"""Return a text with whatever would steer a terminal written as an escape; newlines and tabs stay.

    >>> print(clean("\x1b[31mred\r\u202eabc"))
    \x1b[31mred\r\u202eabc
    """
    return _STEERING.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def clean_line(text: str) -> str:
    r"""Return a text as one line: `clean`, and newlines are escapes too.

    >>> print(clean_line("a\nerror: b"))
    a\nerror: b
    """
    return clean(text).replace("\n", "\\n")


def indented(text: str) -> str:
    r"""Return a message whose lines after the first are indented, so that none looks like another message.

    >>> print(indented("error: 2 bad lines:\n  a\nerror: b"))
    error: 2 bad lines:
      a
      error: b
    """
    first, *rest = text.split("\n")
    return "\n".join([first, *(line if line.startswith(" ") or not line else f"  {line}" for line in rest)])


class CleanStream:
    """A text stream that cleans what is written; all else is the stream's own.

    Args:
        stream: The stream, such as the process's standard output.
        moves_cursor: Let a write begin or end with a carriage return, or only move the cursor: tqdm's
            progress bars do.
    """

    def __init__(self, stream: TextIO, *, moves_cursor: bool = False) -> None:
        self.uncleaned = stream
        self.rich_proxied_file = stream  # where rich writes its own colours; its texts are cleaned before
        self._moves_cursor = moves_cursor

    def write(self, text: str) -> int:
        """Write a text."""
        if not self._moves_cursor:
            self.uncleaned.write(clean(text))
        elif _CURSOR_MOVES.fullmatch(text):
            self.uncleaned.write(text)
        else:
            inner = text.strip("\r")
            start, _, end = text.partition(inner)
            self.uncleaned.write(f"{start}{clean(inner)}{end}")
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the stream."""
        return getattr(self.uncleaned, name)


class CleanFormatter(logging.Formatter):
    """Formats a log record so that no line after its first looks like another record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text."""
        return indented(super().format(record))


def uncleaned(stream: Any) -> Any:
    """Return the stream that a `CleanStream` writes to; of any other, the stream itself."""
    return getattr(stream, "uncleaned", stream)


@contextmanager
def clean_output(*, moves_cursor: bool = False) -> Iterator[None]:
    """Clean what is written to the standard streams in here."""
    before = sys.stdout, sys.stderr
    clean_streams(moves_cursor=moves_cursor)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def clean_streams(*, moves_cursor: bool = False) -> None:
    """Clean what this process writes to its standard streams from now on."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, CleanStream):
            setattr(sys, name, CleanStream(stream, moves_cursor=moves_cursor))
    if logging.lastResort is not None:  # shows warnings where no logging is set up
        logging.lastResort.setFormatter(CleanFormatter())

"""Numbers, words and marks of a normalised text."""

from __future__ import annotations

import re
from typing import NamedTuple

NUMBER, WORD, NEWLINE, MARK = "number", "word", "newline", "mark"
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]++|(?<![\w.])\.[0-9]++)(?:\.[0-9]++)*+)"
    r"|(?P<word>(?<=[0-9])[sS](?=[NSEW](?![^\W\d_]))|[^\W\d_]++)"  # the s of 46sN is a separate word
    r"|(?P<newline>\n)"
    r"|(?P<mark>\S)"
)


class Token(NamedTuple):
    """A piece of text: its kind, its characters, where it starts and ends."""

    kind: str
    text: str
    start: int
    end: int


def tokenise(text: str) -> list[Token]:
    """Return the tokens of a text, without white space other than line ends.

    >>> [token.text for token in tokenise("Lat. 43.4°")]
    ['Lat', '.', '43.4', '°']
    """
    return [
        Token(match.lastgroup or MARK, match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(text)
    ]

"""Characters that were written as UTF-8 and read as something else: ``Â°`` for a degree sign."""

from __future__ import annotations

import re

_MINUSES = "−–—‐‑‒―"
_MARKS = "°º′″’”“\u00a0\u202f"
_ENCODINGS = ("cp1252", "latin-1", "mac_roman")
_SIGNS = frozenset("âÂÃ‚")  # one of these is in all of them


def _misread(character: str, encoding: str) -> str:
    """Return what the UTF-8 bytes of a character say in another encoding, Latin-1 where it has a hole."""
    return "".join(
        bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in character.encode()
    )


def _table() -> dict[str, str]:
    """Return every misreading, those that were misread twice included, with its character."""
    table: dict[str, str] = {}
    for character in _MINUSES + _MARKS:
        for encoding in _ENCODINGS:
            once = _misread(character, encoding)
            table[once] = character
            table["".join(_misread(part, encoding) for part in once)] = character
    return table


_TABLE = _table()
_PATTERN = re.compile("|".join(map(re.escape, sorted(_TABLE, key=len, reverse=True))))


def repaired(text: str) -> str:
    """Return the text with misread minus, degree, minute and second signs repaired, of the same length.

    A minus stays next to the number after it, all others next to the number before.

    >>> repaired("âˆ’33.8Â°")
    '  −33.8° '
    """
    return text if _SIGNS.isdisjoint(text) else _PATTERN.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    """Return the character of a misreading, as long as it is written."""
    written = match.group()
    character = _TABLE[written]
    return character.rjust(len(written)) if character in _MINUSES else character.ljust(len(written))

"""Characters written as UTF-8 and decoded as something else: ``Â°`` for a degree sign."""

from __future__ import annotations

import re

_MINUSES = "−–—‐‑‒―"
_MARKS = "°º′″’”“\u00a0\u202f"
_ENCODINGS = ("cp1252", "latin-1", "mac_roman")
_SIGNS = frozenset("âÂÃ‚")  # every misreading contains one of these


def _misread(character: str, encoding: str) -> str:
    """Return a character's UTF-8 bytes decoded in another encoding, as Latin-1 where that has a gap."""
    return "".join(
        bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in character.encode()
    )


def _table() -> dict[str, str]:
    """Return every misreading, including those misread twice, with its character."""
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

    A minus stays next to the number after it, all others next to the number before them.

    >>> repaired("âˆ’33.8Â°")
    '  −33.8° '
    """
    return text if _SIGNS.isdisjoint(text) else _PATTERN.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    """Return the character for a misreading, padded to the same length."""
    written = match.group()
    character = _TABLE[written]
    return character.rjust(len(written)) if character in _MINUSES else character.ljust(len(written))

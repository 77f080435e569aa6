"""One text with two names: `Florence (Firenze)`, `Bolzano/Bozen`, `Mumbai, formerly Bombay`.

Whether they name the same place is for `countries`, `regions` and `names` to decide; this module only
splits the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_NAMES = 4

_OPENING = {"(": ")", "[": "]", "（": "）", "【": "】"}
_ALTERNATIVES = re.compile(
    r" ?[/|=／] ?| [-\u2013\u2014] | or | ou | oder | aka | a\.k\.a\.? |,? also (?:known|called|written) as ",
    re.IGNORECASE,
)
_FORMER = re.compile(
    r"(?:formerly|previously|once|now|also|aka|a\.k\.a\.?|or|i\.e\.?|native(?: name)?|local(?:ly)?|english)"
    r"(?: (?:known|called|written|spelled|spelt))?(?: as)?:? ",
    re.IGNORECASE,
)
_COMMAS = re.compile(r"[,，、:]")
_ANY = re.compile(r"[\[(（【/|=／,，、:]| (?:[-\u2013\u2014]|or|ou|oder|aka|a\.k\.a\.?|also) ", re.IGNORECASE)
_JOINING = (
    "or ou oder aka a k also known called written as spelled spelt formerly previously once now i e native "
    "name local locally english"
)
JOINING_WORDS = frozenset(_JOINING.split())
"""The words of the patterns above."""


class NameParts(NamedTuple):
    """The names of a text.

    Attributes:
        names: The names in order, at least two.
        are_alternatives: Whether they must name the same place; else one may say where the other lies.
    """

    names: tuple[str, ...]
    are_alternatives: bool


def has_several(text: str) -> bool:
    """Return whether a text may have several names: nearly no text has.

    >>> has_several("Florence (Firenze)"), has_several("New York")
    (True, False)
    """
    return _ANY.search(text) is not None


def split_names(text: str) -> NameParts | None:
    """Return the names of a text with several, or None if it is one name.

    >>> split_names("Florence (Firenze)")
    NameParts(names=('Florence', 'Firenze'), are_alternatives=False)
    >>> split_names("Bolzano/Bozen"), split_names("Paris")
    (NameParts(names=('Bolzano', 'Bozen'), are_alternatives=True), None)
    """
    if not has_several(text):
        return None
    bracketed = _bracketed(text)
    if bracketed is not None:
        return NameParts(bracketed, are_alternatives=False)
    for separator, are_alternatives in ((_ALTERNATIVES, True), (_COMMAS, False)):
        names = [part.strip() for part in separator.split(text, MAX_NAMES)]
        if len(names) > MAX_NAMES or not all(names):
            return None
        if len(names) > 1:
            return NameParts(tuple(map(_plain, names)), are_alternatives)
    return None


def _bracketed(text: str) -> tuple[str, str] | None:
    """Return what is before and what is inside the only pair of brackets, at the end of the text."""
    stripped = text.strip()
    for opening, closing in _OPENING.items():
        before, found, inside = stripped.partition(opening)
        if found and inside.endswith(closing):
            name, note = before.strip(), inside[: -len(closing)].strip()
            is_simple = name and note and not any(mark in note for mark in (opening, closing))
            return (name, _plain(note)) if is_simple else None
    return None


def _plain(name: str) -> str:
    """Return a name without words that introduce it as another name."""
    return _FORMER.sub("", name, count=1) if _FORMER.match(name) else name

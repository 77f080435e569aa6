"""The commonest answers, each read by one pattern, with the very result of the full parser.

`read_common` is the one way in, for a single answer and for a batch alike, so that the two cannot differ. It
declines whatever is unusual: the full parser is the judge of that. `common_patterns` says what is common,
`common_readers` what it means.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.system.first_use import LOADING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from geo_rewards.parse.common_readers import CommonReading

MAX_CHARACTERS = 400


class Notation(NamedTuple):
    """A common form.

    Attributes:
        pattern: What the complete answer matches.
        read: What makes a reading of the match; None if it needs a closer look.
        is_list: It holds a comma list of names, which is no place in a truth.
    """

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], CommonReading | None]
    is_list: bool = False


class Notations(NamedTuple):
    """All common forms, by what an answer begins with or holds.

    Attributes:
        known: What a text consists of that may be of a common form.
        fenced: A text in a code fence.
        starting_with: The forms that begin with a character.
        labelled: Those that begin with a letter and hold a colon or an equals sign.
        others: Those that begin with a letter and hold neither.
    """

    known: re.Pattern[str]
    fenced: re.Pattern[str]
    starting_with: Mapping[str, tuple[Notation, ...]]
    labelled: tuple[Notation, ...]
    others: tuple[Notation, ...]


def read_common(text: str, *, listed: bool = True) -> CommonReading | None:
    """Return what an answer of a common form says; None for every other, which the full parser must read.

    Args:
        text: The answer, stripped.
        listed: Whether a comma list of names is a place.

    >>> read_common("Country: Japan, City: Biei, Coordinates: (43.45, 142.61)")
    (43.45, 142.61, 'parentheses', '(43.45, 142.61)', 'Japan', None, 'Biei')
    >>> read_common("48.85, 2.35 or 48.86, 2.36") is None
    True
    """
    known, fenced, starting_with, labelled, others = _notations()
    if len(text) > MAX_CHARACTERS or not (text.isascii() or known.fullmatch(text)):
        return None
    if text.startswith("`") and (inner := fenced.fullmatch(text)):
        text = inner[1]
    notations = starting_with.get(text[:1])
    if notations is None:
        notations = labelled if ":" in text or "=" in text else others
    for pattern, read, is_list in notations:
        match = pattern.fullmatch(text)
        if match is not None:
            return None if is_list and not listed else read(match)
    return None


@cache
def _notations() -> Notations:
    """Return the table of all notations; compiling it takes as long as reading thousands of answers."""
    with LOADING:
        from geo_rewards.parse import common_patterns as patterns
        from geo_rewards.parse import common_readers as readers

    axes = Notation(patterns.AXES, readers.read_axes)
    lines = Notation(patterns.LINES, readers.read_lines)
    letters_before = Notation(patterns.LETTERS_BEFORE, readers.read_letters_before)
    numbers = (
        Notation(patterns.PAIR, readers.read_pair),
        Notation(patterns.LETTERS_AFTER, readers.read_letters_after),
        Notation(patterns.COMMA_PAIR, readers.read_comma_pair),
        Notation(patterns.NUMBERED_LINES, readers.read_numbered_lines),
    )
    objects = (
        Notation(patterns.OBJECT, readers.read_object),
        Notation(patterns.DICT, readers.read_object),
    )
    return Notations(
        known=patterns.KNOWN,
        fenced=patterns.FENCED,
        starting_with={
            **dict.fromkeys("0123456789+[", numbers),
            "-": (*numbers, lines),
            "(": (*numbers, letters_before),
            "{": objects,
            "`": (),
        },
        labelled=(lines, axes),
        others=(
            Notation(patterns.NAMES_AND_PAIR, readers.read_names_and_pair, is_list=True),
            Notation(patterns.NAMES, readers.read_names, is_list=True),
            letters_before,
            axes,
        ),
    )

"""Read a short text as one lettered option: "B", "(B)", "B.", "B) a dog"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geo_rewards_vqa.plain import MAX_CHARACTERS, folded, unwrapped


@dataclass(frozen=True, slots=True)
class Choice:
    """An option.

    Attributes:
        letter: Its letter, in upper case.
        text: The option's text, folded; empty if only the letter was given.
    """

    letter: str
    text: str = ""


_CHOICE = re.compile(
    r"(?:option |choice )?"
    r"(?:\(([a-z])\)[.:]?|\[([a-z])\][.:]?|([a-z])\)[.:]?|([a-z])(?:[.:](?=\s|$)| -(?=\s)|$))",
    re.IGNORECASE,
)

# A second option after the first: "(C)", "C)", "C." or a letter after a conjunction or a comma.
_SECOND = re.compile(
    r"[(\[][A-Za-z][)\]]|\b[A-Za-z][).:](?=\s|$)|(?:\b(?:or|and|nor|not)|[,;/&|+])\s*[(\[]?[A-Zb-z]\b(?!['’])"
)


def read_choice(text: str) -> Choice | None:
    """Return the only option that a text names, or None.

    >>> read_choice("(b) A dog."), read_choice("B or C"), read_choice("A dog")
    (Choice(letter='B', text='a dog'), None, None)
    """
    if len(text) > MAX_CHARACTERS:
        return None
    text = unwrapped(text)
    match = _CHOICE.match(text)
    if match is None:
        return None
    rest = text[match.end() :].strip()
    if _SECOND.search(rest) or (rest and all(len(word) == 1 for word in rest.split())):
        return None
    return Choice(next(letter for letter in match.groups() if letter).upper(), folded(rest))

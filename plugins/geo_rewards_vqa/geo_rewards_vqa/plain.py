"""Unwrap a short answer: remove Markdown, LaTeX, quotes, "The answer is" and a final full stop."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 500
"""A longer answer is not a number, a letter or yes/no."""

_WRAPPERS = (
    ("**", "**"),
    ("*", "*"),
    ("`", "`"),
    ("$", "$"),
    ('"', '"'),
    ("'", "'"),
    ("\\boxed{", "}"),
    ("\\text{", "}"),
)
_MAX_LAYERS = 4
_LEAD_IN = re.compile(r"(?:the )?(?:final |correct |right )?answer(?: is ?:?|:| =) *(?=\S)", re.IGNORECASE)
_SAME_CHARACTER = str.maketrans("º˚−–⁄’‘“”", "°°--/''\"\"")


def unwrapped(text: str) -> str:
    """Return a text in NFKC with single spaces, without wrapping, lead-in or final full stop.

    The case is kept.

    >>> unwrapped("  The answer is **two  balls**. ")
    'two balls'
    """
    # before and after: NFKC would turn the ordinal sign into a letter, and turns fractions into ⁄
    text = unicodedata.normalize("NFKC", text.translate(_SAME_CHARACTER)).translate(_SAME_CHARACTER)
    text = " ".join(text.split())
    lead_in = _LEAD_IN.match(text)
    text = text[lead_in.end() :] if lead_in else text
    for _ in range(_MAX_LAYERS):
        inner = _one_layer_less(text)
        if inner == text:
            break
        text = inner
    return text


def folded(text: str) -> str:
    """Return the form in which texts are compared: `unwrapped` and case-folded."""
    return unwrapped(text).casefold()


def same_text(answer: str, truth: str) -> bool:
    """Return whether two texts are equal when folded.

    >>> same_text("`Red Square`.", "red  square")
    True
    """
    # NFKC is quadratic in the number of marks on one letter: do not read an answer far longer than the truth
    return len(answer) <= 4 * len(truth) + MAX_CHARACTERS and folded(answer) == folded(truth)


def _one_layer_less(text: str) -> str:
    if len(text) > 1 and text.endswith(".") and not text.endswith(".."):
        text = text[:-1].rstrip()
    for opening, closing in _WRAPPERS:
        inside = text[len(opening) : -len(closing)].strip()
        wraps = (
            text.startswith(opening) and text.endswith(closing) and len(text) > len(opening) + len(closing)
        )
        if wraps and inside and closing not in inside:
            return inside
    return text

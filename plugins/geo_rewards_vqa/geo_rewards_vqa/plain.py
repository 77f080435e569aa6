"""Take the wrapping off a short answer: Markdown, LaTeX, quotes, "The answer is", a full stop."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 500
"""An answer longer than this is no number, letter or yes/no."""

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
    """Return a text in NFKC with single spaces, without wrapping, lead-in and final full stop.

    The case is kept.

    >>> unwrapped("  The answer is **two  balls**. ")
    'two balls'
    """
    # before and after: NFKC would make a letter of the ordinal sign, and makes ⁄ of fractions
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
    """Return the form under which texts are equal: `unwrapped`, without regard to case."""
    return unwrapped(text).casefold()


def same_text(answer: str, truth: str) -> bool:
    """Return whether two texts are equal when folded.

    >>> same_text("`Red Square`.", "red  square")
    True
    """
    # NFKC is quadratic on marks heaped on one letter, so an answer far longer than the truth is not read
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

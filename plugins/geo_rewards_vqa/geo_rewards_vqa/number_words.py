"""English number words: "zero", "twenty-one", "two hundred and five thousand"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# fmt: off
_SMALL_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS_WORDS = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)
# fmt: on
_SMALL = {word: value for value, word in enumerate(_SMALL_WORDS)}
_TENS = {word: 10 * value for value, word in enumerate(_TENS_WORDS, start=2)}
MULTIPLES = {"dozen": 12, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
NUMBER_WORDS = frozenset(_SMALL) | frozenset(_TENS) | frozenset(MULTIPLES) | {"hundred"}


def read_number_words(words: Sequence[str]) -> tuple[int, int] | None:
    """Read a number from the first words.

    Args:
        words: Lower-case words; "twenty-one" counts as two.

    Returns:
        The number and how many words it uses; None if there is none, or more than one.

    >>> read_number_words("two hundred and five balls".split())
    (205, 4)
    >>> read_number_words("two three".split()) is None
    True
    """
    words = list(words)
    if len(words) > 1 and words[0] in ("a", "an") and words[1] in {"hundred", *MULTIPLES}:
        words[0] = "one"
    total, end, limit = 0, 0, 10**15
    while end < len(words):
        below_thousand, length = _read_below_thousand(words[end:])
        if length == 0:
            break
        end += length
        multiple = MULTIPLES.get(words[end], 1) if end < len(words) else 1
        if multiple >= limit:  # "two thousand three million" is not one number
            return None
        total, limit = total + below_thousand * multiple, multiple
        end += multiple > 1
        if multiple == 1:
            break
        end += end + 1 < len(words) and words[end] == "and" and words[end + 1] in NUMBER_WORDS
    if end == 0 or (end < len(words) and words[end] in NUMBER_WORDS):
        return None
    return total, end


def _read_below_thousand(words: Sequence[str]) -> tuple[int, int]:
    """Return a number below 1000 and how many words it uses, 0 if there is none."""
    value, end = _read_below_hundred(words)
    if value == 0 or end == len(words) or words[end] != "hundred":
        return value, end
    value, end = 100 * value, end + 1
    joined = end < len(words) and words[end] == "and"
    more, length = _read_below_hundred(words[end + joined :])
    return (value + more, end + joined + length) if more else (value, end)


def _read_below_hundred(words: Sequence[str]) -> tuple[int, int]:
    if not words:
        return 0, 0
    if words[0] in _SMALL:
        return _SMALL[words[0]], 1
    if words[0] not in _TENS:
        return 0, 0
    ones = _SMALL.get(words[1], 0) if len(words) > 1 else 0
    return (_TENS[words[0]] + ones, 2) if 1 <= ones <= 9 else (_TENS[words[0]], 1)

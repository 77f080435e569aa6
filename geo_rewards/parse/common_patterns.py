"""The patterns of the commonest answers: anchored, possessive, and free of any case folding.

A pattern of fields has the same number of groups for each, the label first and the value last, and an empty
group after all of them. All are strict on purpose. What they do not match is left to the full parser, so a
pattern must never match a text that the full parser reads differently: no second number, sign, bracket or
label fits in anywhere. `re.IGNORECASE` is not used, since it lets Turkish letters pass for Latin ones, nor
the class of digits.
"""

from __future__ import annotations

import re

# Letters and combining marks that normalisation leaves as they are; what is not here is read the long way.
LETTERS = (
    "A-Za-z"
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0180-\u024f"  # Latin
    "\u0300-\u033f\u0342\u0345-\u036f"  # combining marks
    "\u0386\u0388-\u03ce\u0400-\u0481\u0483-\u052f"  # Greek, Cyrillic
    "\u0531-\u0556\u0561-\u0586\u05b0-\u05bd\u05d0-\u05ea"  # Armenian, Hebrew
    "\u0620-\u063f\u0641-\u065f\u066e-\u0673\u0679-\u06d3"  # Arabic
    "\u0900-\u0963\u0981-\u09e3\u0a01-\u0a5e\u0a81-\u0ae3\u0b01-\u0b63\u0b82-\u0bd0"  # Indic scripts
    "\u0c00-\u0c63\u0c81-\u0ce3\u0d00-\u0d57\u0d81-\u0ddf\u0e01-\u0e3a\u0e40-\u0e4e"
    "\u10a0-\u10fa\u10fc-\u10ff\u1e00-\u1e9a\u1e9e-\u1eff"  # Georgian, Latin
    "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"  # Japanese, Chinese, Korean
)
# What is not ASCII must all be of these. The patterns may then take any of them but the degree sign for a
# letter, which spares each of them a large class of characters: those take long to compile.
KNOWN = re.compile(f"[\x00-\x7f°’{LETTERS}]*+")
_WORD = r"[^\x00-@\[-`{-\x7f°]++"
# A word before a colon is no name but a label. A full stop is part of an abbreviation only.
# It may be an initial, if the letter is no hemisphere's.
_NAME = rf"(?!’){_WORD}(?:(?:[ '/-]|' | / |(?<=[SMFs]t)\. |(?<= [A-DF-MP-RT-VX-Z])\. ){_WORD}(?! ?[:=]))*+"
# A city's name in a list, and any behind a label, may have another after it: `Florence (Firenze)`.
_VALUE_NAME = rf"{_NAME}(?: \({_NAME}\))?+"
_NUMBER = r"[+-]?+[0-9]{1,3}+(?:\.[0-9]{1,15}+)?+"
_DECIMAL_COMMA = "[+-]?+[0-9]{1,3}+,[0-9]{1,15}+"
_ROUND = rf"\( ?+{_NUMBER}, ?+{_NUMBER} ?+\)"
_SQUARE = rf"\[ ?+{_NUMBER}, ?+{_NUMBER} ?+\]"

FENCED = re.compile(r"```(?:json)?+ ?+\n([^`]*[^`\s])\s*+```")
PAIR = re.compile(rf"([(\[]?+) ?+({_NUMBER}) ?+([,;/]|(?<= )) ?+({_NUMBER}) ?+([)\]]?+)\.?+")
COMMA_PAIR = re.compile(rf"({_DECIMAL_COMMA})(?: ?[;/] ?| )({_DECIMAL_COMMA})\.?+")

LETTER = "([NSEW]|[Nn]orth|[Ss]outh|[Ee]ast|[Ww]est)"
_PART = r"([0-9]{1,3}+(?:\.[0-9]{1,15}+)?+)"
_DEGREES = rf"{_PART}(?: ?degrees(?![A-Za-z])| ?°(?: ?+{_PART} ?+'(?: ?+{_PART} ?+\")?+)?+)?+"
_LINK = "(?:, ?+|; ?+| ?/ ?+| and | |)"
LETTERS_AFTER = re.compile(rf"(\(?+)({_DEGREES} ?+{LETTER}{_LINK}{_DEGREES} ?+{LETTER})(\)?+)\.?+")
LETTERS_BEFORE = re.compile(rf"(\(?+)({LETTER} ?+{_DEGREES}{_LINK}{LETTER} ?+{_DEGREES})(\)?+)\.?+")

_LIST = rf"({_VALUE_NAME}), ?+({_NAME})(?:, ?+({_NAME}))?+"
NAMES = re.compile(rf"{_LIST}\.?+")
NAMES_AND_PAIR = re.compile(rf"{_LIST},?+(?: - | ?)({_ROUND}|{_SQUARE})\.?+")

MOST_FIELDS = 5
_LABEL = "([A-Za-z]++(?:(?:/| [Oo][Rr] |_[Oo][Rr]_|[ _])[A-Za-z]++)?+)"
_VALUE = rf"({_VALUE_NAME}|{_ROUND}|{_SQUARE}|{_NUMBER}(?:, ?+{_NUMBER}|°|))"
_LINE = rf"(?:- )?+{_LABEL}(?: ?: ?+| ?= ?+){_VALUE}"
_LINE_END = r"(?:[,;]? ?\n\n?+|, |; | )"
LINES = re.compile(_LINE + rf"(?:{_LINE_END}{_LINE})?+" * (MOST_FIELDS - 1) + r"\.?+()")
# Numbers at the head of lines are numbers: only a pair in brackets at the end stays clear of them.
_NUMBERED = rf"[1-9][.)] {_LABEL}: ?+({_NAME})[ \n]"
NUMBERED_LINES = re.compile(
    _NUMBERED + rf"(?:{_NUMBERED})?+" * (MOST_FIELDS - 2) + rf"[1-9][.)] {_LABEL}: ?+({_ROUND})\.?+()"
)
_AXIS = rf"([A-Za-z]++)(?:\. | |: ?+|=)({_NUMBER}°?+)"
AXES = re.compile(rf"{_AXIS}{_LINE_END}{_AXIS}\.?+()")


def _object_patterns(quote: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of an object of a few fields, and of one of two axes, in these quotes.

    A field has three groups: its key, the opening quote of its value if it is a text, and the value.
    """
    key = f"{quote}([A-Za-z]++(?:[ _/][A-Za-z]++)*+){quote}: ?+"
    name = _VALUE_NAME.replace("'", "") if quote == "'" else _VALUE_NAME
    texts = rf"{name}|{_NUMBER}(?:, ?+{_NUMBER})?+|{_ROUND}"
    axis = f"{_without_groups(key)}(?:{quote}{_NUMBER}{quote}|{_NUMBER})"
    others = rf"{_NUMBER}|{_SQUARE}|{_ROUND}|\{{\s*+{axis},\s*+{axis}\s*+\}}"
    fields = [_field(i, key, quote, texts=texts, others=others) for i in range(MOST_FIELDS)]
    axes = [_field(i, key, quote, texts=_NUMBER, others=_NUMBER) for i in range(2)]
    rest = "".join(rf"(?:,\s*+{field})?+" for field in fields[1:])
    return (
        re.compile(rf"\{{\s*+{fields[0]}{rest}\s*+\}}()"),
        re.compile(rf"\{{\s*+{axes[0]},\s*+{axes[1]}\s*+\}}()"),
    )


def _field(number: int, key: str, quote: str, *, texts: str, others: str) -> str:
    """Return the pattern of a field whose value is one of these texts in quotes, or one of these others."""
    opened = f"quote{number}"
    return f"{key}(?P<{opened}>{quote})?+((?({opened})(?:{texts})|(?:{others})))(?({opened}){quote})"


def _without_groups(pattern: str) -> str:
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


OBJECT, AXES_OBJECT = _object_patterns('"')
DICT, AXES_DICT = _object_patterns("'")

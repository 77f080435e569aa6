"""What surrounds a chain of numbers: brackets, a label, the ends of its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.parse.axis_labels import axis_of, composite_label
from geo_rewards.parse.labels import COORDINATE_LABELS
from geo_rewards.parse.tokens import Token

if TYPE_CHECKING:
    from geo_rewards.parse.angle_reader import Item
    from geo_rewards.parse.chains import Chain

_CLOSERS = {"(": ")", "[": "]"}
_BEFORE_LINE = frozenset("\"'~≈*•>`")
_AFTER_LINE = frozenset("\"'.,;!*`")
_BEFORE_VALUE = frozenset({'"', "'", "~", "≈", "approximately", "about", "\n"})
_BEFORE_COLON = frozenset("\"')]")
_ASSIGNS = frozenset({":", "=", "is", "are"})
_MAX_SKIPPED = 4
_LABEL_REACH = 6  # items of "lat., lon" before its last word


class Surroundings(NamedTuple):
    """What surrounds a chain.

    Attributes:
        bracket: The bracket that opens right before it and closes right after it, or an empty string.
        labelled: Whether it is the value of a label.
        lon_first: What the label says about the order; None if it says nothing.
        fills_line: Whether its line has nothing else but quotes and marks.
    """

    bracket: str
    labelled: bool
    lon_first: bool | None
    fills_line: bool


def surroundings_of(chain: Chain, items: list[Item]) -> Surroundings:
    """Return what surrounds a chain.

    >>> from geo_rewards.parse.angle_reader import merge_angles
    >>> from geo_rewards.parse.chains import find_chains
    >>> items = merge_angles("GPS: (48.85, 2.35)")
    >>> surroundings_of(find_chains(items, set())[0], items)
    Surroundings(bracket='(', labelled=True, lon_first=None, fills_line=False)
    """
    before, after = chain.indexes[0] - 1, chain.indexes[-1] + 1
    opening = _text(items, before)
    bracket = opening if opening in _CLOSERS and _text(items, after) == _CLOSERS[opening] else ""
    if bracket:
        before, after = before - 1, after + 1
    labelled, lon_first = _label(items, before)
    return Surroundings(bracket, labelled, lon_first, _fills_line(items, before, after))


def _label(items: list[Item], before: int) -> tuple[bool, bool | None]:
    """Return whether the items up to an index are the label of a pair, and the order it gives."""
    at = _skip_back(items, before, _BEFORE_VALUE)
    assigned = _text(items, at) in _ASSIGNS
    at = _skip_back(items, at - assigned, _BEFORE_COLON)
    if at < 0:
        return False, None
    if assigned and _text(items, at) in COORDINATE_LABELS:
        return True, None
    if axis_of(items[at]) is None:
        return False, None
    for start in range(at - 1, max(at - _LABEL_REACH, -1), -1):
        if axis_of(items[start]) is not None and composite_label(items, start) == at:
            return True, axis_of(items[start]) == "lon"
    return False, None


def _fills_line(items: list[Item], before: int, after: int) -> bool:
    """Return whether there are only marks between the ends of the line and the two indexes."""
    before = _skip_back(items, before, _BEFORE_LINE)
    end = after + _MAX_SKIPPED
    while after < end and _text(items, after) in _AFTER_LINE:
        after += 1
    return _text(items, before) in ("", "\n") and _text(items, after) in ("", "\n")


def _skip_back(items: list[Item], at: int, marks: frozenset[str]) -> int:
    """Return the nearest earlier index whose token is not one of the marks, skipping a few at most."""
    end = at - _MAX_SKIPPED
    while at > end and _text(items, at) in marks:
        at -= 1
    return at


def _text(items: list[Item], at: int) -> str:
    """Return the lower-case text of a token; empty past the ends, a digit for an angle."""
    if not 0 <= at < len(items):
        return ""
    item = items[at]
    return item.text.lower() if isinstance(item, Token) else "0"

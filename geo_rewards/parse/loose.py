"""Bare pairs in running text: too weak to be an answer, but enough to contradict one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.parse.angles import Angle, coordinate_from, join_decimal_comma, written_form
from geo_rewards.parse.findings import Finding, RefusedError, is_same_place
from geo_rewards.parse.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from geo_rewards.parse.angle_reader import Item

_MARKS = frozenset({",", ";", "/", "\n"})
_LINKS = _MARKS | {"and", "or"}
_MAX_GAP = 8


class LoosePair(NamedTuple):
    """Two adjacent numbers with decimals that form a valid coordinate.

    Attributes:
        finding: The coordinate, how it is written and where.
        span: Its start and end in the text.
        numbers: How many numbers it covers: more than two with decimal commas.
        linked: Whether a word (`and`, `or`) joins its numbers.
    """

    finding: Finding
    span: tuple[int, int]
    numbers: int
    linked: bool


class _Number(NamedTuple):
    """An angle, the separators since the previous one (None for other text), and how many numbers it is."""

    angle: Angle
    gap: str | None
    size: int


def loose_pairs(
    raw: str, items: list[Item], *, taken: AbstractSet[int], lon_first: bool = False
) -> list[LoosePair]:
    """Return the pairs with decimals among the items not taken; they never share a number.

    >>> from geo_rewards.parse.angle_reader import merge_angles
    >>> text = "in 2019 or at 10.5, 20.5"
    >>> [pair.finding.text for pair in loose_pairs(text, merge_angles(text), taken=set())]
    ['10.5, 20.5']
    """
    pairs: list[LoosePair] = []
    numbers = _numbers(items, taken)
    at = 1
    while at < len(numbers):
        pair = _pair(raw, numbers[at - 1], numbers[at], lon_first=lon_first)
        if pair is not None:
            pairs.append(pair)
        at += 1 if pair is None else 2
    return pairs


def repeated_pair(pairs: list[LoosePair], numbers: int) -> LoosePair | None:
    """Return the pair that is repeated; None if the text has other numbers or pairs."""
    all_read = sum(pair.numbers for pair in pairs) == numbers
    same = all(is_same_place(pairs[0].finding, pair.finding) for pair in pairs)
    if len(pairs) < 2 or not same or not all_read or any(pair.linked for pair in pairs):
        return None
    return min(pairs, key=lambda pair: sum(pair.finding.units))


def _numbers(items: list[Item], taken: AbstractSet[int]) -> list[_Number]:
    """Return the angles not taken, with ``48,85`` as one."""
    numbers: list[_Number] = []
    gap: str | None = None
    for index, item in enumerate(items):
        if index in taken:
            gap = None
        elif isinstance(item, Token):
            word = item.text.lower()
            gap = gap + word if gap is not None and word in _LINKS and len(gap) < _MAX_GAP else None
        else:
            joined = join_decimal_comma(numbers[-1].angle, item) if gap == "," else None
            if joined is None:
                numbers.append(_Number(item, gap, 1))
            else:
                numbers[-1] = _Number(joined, numbers[-1].gap, 2)
            gap = ""
    return numbers


def _pair(raw: str, first: _Number, second: _Number, *, lon_first: bool) -> LoosePair | None:
    """Return the pair formed by two consecutive numbers, or None."""
    gap, size = second.gap, first.size + second.size
    angles = (first.angle, second.angle)
    if gap is None or not all(angle.exact and angle.flaw is None for angle in angles):
        return None
    if gap == "," and size > 2:  # it is unclear which commas of 10,5, 20,5 are decimal
        return None
    try:
        coordinate = coordinate_from(*angles, lon_first=lon_first)
    except RefusedError:
        return None
    span = (first.angle.start, second.angle.end)
    swapped = angles[0].axis == "lon" or (angles[0].axis is None and lon_first)
    units = (angles[1].unit, angles[0].unit) if swapped else (angles[0].unit, angles[1].unit)
    finding = Finding(coordinate, written_form(angles) or "bare", raw[slice(*span)], units, span[0])
    return LoosePair(finding, span, size, not _MARKS.issuperset(gap))

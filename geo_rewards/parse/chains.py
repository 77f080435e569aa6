"""Chains of numbers: angles with nothing but separators between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geo_rewards.parse.angles import Angle, join_decimal_comma
from geo_rewards.parse.findings import is_same_value
from geo_rewards.parse.tokens import Token

if TYPE_CHECKING:
    from geo_rewards.parse.angle_reader import Item

_SEPARATORS = frozenset({"", ",", ";", "/"})
_BETWEEN_LETTERED = frozenset({"and", "·", "•", "|", "&", ",and", "、", "y", "et", "und", "e", "≈", "~"})
_APPROXIMATE = frozenset("~≈")
_BETWEEN = frozenset({",", ";", "/", "and", "\n"}) | _BETWEEN_LETTERED
_MAX_GAP = 8


class Chain(NamedTuple):
    """Angles, their indexes among the items, and the separators between them."""

    angles: list[Angle]
    indexes: list[int]
    gaps: list[str]


def find_chains(items: list[Item], taken: set[int]) -> list[Chain]:
    """Return the chains of a text, ignoring the items that are taken.

    A line end separates chains, unless each line has only one number.

    >>> from geo_rewards.parse.angle_reader import merge_angles
    >>> [len(chain.angles) for chain in find_chains(merge_angles("48.85, 2.35 or 7"), set())]
    [2, 1]
    """
    chains: list[Chain] = []
    for chain in _paragraphs(items, taken):
        lone = all("\n" in gap for gap in chain.gaps)
        chains += [chain] if lone else _lines(chain)
    return chains


def with_decimal_commas(chain: Chain) -> Chain:
    """Return ``48,85; 2,35`` as a pair, and every other chain unchanged.

    >>> from geo_rewards.parse.angle_reader import merge_angles
    >>> chain = find_chains(merge_angles("48,85; 2,35"), set())[0]
    >>> [angle.value for angle in with_decimal_commas(chain).angles]
    [48.85, 2.35]
    """
    if len(chain.angles) != 4 or chain.gaps[0] != "," or chain.gaps[1] == "," or chain.gaps[2] != ",":
        return chain
    first, second = (join_decimal_comma(*chain.angles[at : at + 2]) for at in (0, 2))
    if first is None or second is None:
        return chain
    return Chain([first, second], [chain.indexes[0], chain.indexes[3]], [chain.gaps[1]])


def without_repetition(chain: Chain) -> Chain:
    """Return ``48.85, 2.35, 48.85, 2.35`` as the one pair it repeats, and every other chain unchanged.

    >>> from geo_rewards.parse.angle_reader import merge_angles
    >>> chain = find_chains(merge_angles("48.85, 2.35; 48.85, 2.35"), set())[0]
    >>> len(without_repetition(chain).angles)
    2
    """
    pairs = list(zip(chain.angles[::2], chain.angles[1::2], strict=False))
    if len(chain.angles) % 2 or len(pairs) < 2 or _may_be_minutes(chain):
        return chain
    finest = min(pairs, key=lambda pair: pair[0].unit + pair[1].unit)
    if not all(_is_repetition(pair, finest) for pair in pairs):
        return chain
    return Chain(list(finest), [chain.indexes[0], chain.indexes[-1]], chain.gaps[:1])


def _is_repetition(pair: tuple[Angle, Angle], other: tuple[Angle, Angle]) -> bool:
    """Return whether two pairs agree, with or without letters, possibly rounded."""
    return all(
        one.flaw is None
        and same.flaw is None
        and is_same_value(one.value, same.value, units=(one.unit, same.unit))
        for one, same in zip(pair, other, strict=True)
    )


def _may_be_minutes(chain: Chain) -> bool:
    """Return whether ``45 30, 45 30`` may be degrees and minutes, and so not a repetition."""
    return any(
        gap == "" and not first.axis and not first.exact
        for first, gap in zip(chain.angles[::2], chain.gaps[::2], strict=False)
    )


def _paragraphs(items: list[Item], taken: set[int]) -> list[Chain]:
    """Return chains that may span line ends."""
    chains: list[Chain] = []
    gap: str | None = None  # separators since the last angle; None after anything else
    for index, item in enumerate(items):
        if index in taken:
            gap = None
        elif isinstance(item, Token):
            word = item.text.lower()
            gap = gap + word if gap is not None and word in _BETWEEN and len(gap) < _MAX_GAP else None
        else:
            if gap is not None and _links(gap, chains[-1].angles[-1], item):
                chains[-1].gaps.append(gap)
            else:
                chains.append(Chain([], [], []))
            chains[-1].angles.append(item)
            chains[-1].indexes.append(index)
            gap = ""
    return chains


def _links(gap: str, before: Angle, after: Angle) -> bool:
    """Return whether a gap has at most one separator; some count only between lettered angles."""
    mark = gap.replace("\n", "")
    if mark[-1:] in _APPROXIMATE and mark[:-1] in _SEPARATORS - {""}:
        mark = mark[:-1]  # "~48.85, ~2.35"; "48~49" is a range
    return mark in _SEPARATORS or (mark in _BETWEEN_LETTERED and bool(before.axis and after.axis))


def _lines(chain: Chain) -> list[Chain]:
    """Return the chain cut at its line ends."""
    starts = [0, *(at + 1 for at, gap in enumerate(chain.gaps) if "\n" in gap)]
    ends = [*starts[1:], len(chain.angles)]
    return [
        Chain(chain.angles[start:end], chain.indexes[start:end], chain.gaps[start : end - 1])
        for start, end in zip(starts, ends, strict=True)
    ]

"""Ranges and alternatives, which are not answers: ``48.8 to 48.9``, ``48.85 or -33.86``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.parse.angles import Angle
from geo_rewards.parse.findings import RefusedError, is_same_value, shown
from geo_rewards.parse.labels import AXIS_WORDS
from geo_rewards.parse.languages import DENIAL, OTHERWISE
from geo_rewards.parse.tokens import NEWLINE, WORD, Token
from geo_rewards.types import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.parse.angle_reader import Item

# Between two numbers they mean: this or that, from this to that, this and not that.
_RIVAL_WORDS = frozenset(
    {
        "or",
        "to",
        "and",
        "vs",
        "versus",
        "not",
        "nor",
        "until",
        "till",
        "through",
        "thru",
        "else",
        "alternatively",
    }
    | {"instead", "rather", "than", "but", "possibly", "maybe", "perhaps", "otherwise"}
    | {"/", "~", "-", "–", "…", "\\", "|", "<", ">", "→", "↔", "⇔", "&", "∪", OTHERWISE, DENIAL}
)
_HEDGES = frozenset(
    {"about", "around", "approx", "approximately", "roughly", "near", "nearly", "probably", "likely", "even"}
    | {"also", "at", "just", "circa", "ca", "ish", "so", "again", "might", "be", "could", "it", "is", "of"}
    | {"≈", "~", ".", "(", "[", ",", ";", "'", '"', ")", "]", "the", "as", "well"}
)
_CLOSERS = frozenset("\"'.)]")
_PAIR_GAP = frozenset({",", ";", "/", "\n", "and", "or"})
_MAX_GAP = 6
_MAX_DEGREES = 180.0


def refuse_rivals_within(items: Sequence[Item], start: int, end: int, *, angle: Angle, text: str) -> None:
    """Refuse a labelled value if another number that may be meant comes before the next label.

    Raises:
        RefusedError: If one does.
    """
    has_rival_word = False
    for at in range(start, end):
        item = items[at]
        if isinstance(item, Token) and item.text in (":", "="):
            return  # another field
        has_rival_word = has_rival_word or _text(items, at) in _RIVAL_WORDS
        if isinstance(item, Angle) and _is_rival(items, at, angle, has_rival_word=has_rival_word):
            raise _several_values(text, angle, item)


def refuse_rivals_behind(
    items: Sequence[Item], start: int, *, pair: tuple[Angle, Angle], text: str, single: bool
) -> None:
    """Refuse a pair if what follows it offers another value for its last number, or another pair.

    Args:
        items: All items of the text.
        start: Index after the pair.
        pair: Its two angles, in order.
        text: The normalised text.
        single: Whether a number right after the pair, or after a comma, also rivals its last number.

    Raises:
        RefusedError: If it does.
    """
    at, words = _next_angle(items, start)
    rival = items[at] if at < len(items) else None
    if not isinstance(rival, Angle):
        return
    has_rival_word = not _RIVAL_WORDS.isdisjoint(words)
    if "\n" in words and not has_rival_word:
        return
    other = _second_angle(items, at)
    if other is not None:
        if not _is_same_pair(pair, (rival, other)) and (has_rival_word or (rival.exact and other.exact)):
            raise RefusedError(ProblemKind.SEVERAL_PAIRS, f"also {shown(text[rival.start : other.end])}")
        return
    weak = not has_rival_word and not (single and (rival.exact or not words))
    if not weak and _is_rival(items, at, pair[1], has_rival_word=has_rival_word):
        raise _several_values(text, pair[1], rival)


def refuse_rivals_before(items: Sequence[Item], before: int, *, pair: tuple[Angle, Angle], text: str) -> None:
    """Refuse a pair if its first number ends a range or an alternative: ``48°N to 49°N, 2°E``.

    Raises:
        RefusedError: If it does.
    """
    _refuse_minutes_before(items, before, pair[0], text=text)
    at, has_rival_word = before, False
    for _ in range(_MAX_GAP):
        word = _text(items, at)
        if word not in _RIVAL_WORDS and word not in _HEDGES:
            break
        has_rival_word = has_rival_word or word in _RIVAL_WORDS
        at -= 1
    item = items[at] if at >= 0 else None
    if not has_rival_word or not isinstance(item, Angle) or not _is_plausible(item):
        return
    previous = items[at - 2] if at >= 2 else None
    previous = items[at - 1] if at >= 1 and isinstance(items[at - 1], Angle) else previous
    if isinstance(previous, Angle) and (_text(items, at - 1) in _PAIR_GAP or previous is items[at - 1]):
        if not _is_same_pair(pair, (previous, item)) and item.axis and previous.axis:
            raise RefusedError(ProblemKind.SEVERAL_PAIRS, f"also {shown(text[previous.start : item.end])}")
        return
    if item.axis is None and pair[0].axis is None:
        return
    raise _several_values(text, item, pair[0])


def _refuse_minutes_before(items: Sequence[Item], before: int, first: Angle, *, text: str) -> None:
    """Refuse ``33 deg 51 xx 30 S`` at its seconds: an unknown unit separates them from the degrees."""
    for at in (before, before - 1, before - 2):
        item = items[at] if at >= 0 else None
        if isinstance(item, Angle):
            if first.axis and item.axis is None and not item.digits and item.flaw is None:
                raise RefusedError(
                    ProblemKind.MINUTES, f"{shown(text[item.start : first.end])} has an unknown unit"
                )
            unknown = items[at + 1 : before + 1]
            degrees = _text(items, at - 1) == "" and at > 0 and not getattr(items[at - 1], "digits", "x")
            if first.axis and item.digits and unknown and degrees:
                raise RefusedError(
                    ProblemKind.MINUTES, f"{shown(text[item.start : first.end])} has an unknown unit"
                )
            return
        if not isinstance(item, Token) or item.kind == NEWLINE or item.text in (",", ";", "(", "["):
            return


def _next_angle(items: Sequence[Item], start: int) -> tuple[int, list[str]]:
    """Return the index of the first item after rival words, hedges and marks, and these words."""
    words: list[str] = []
    for at in range(start, min(start + _MAX_GAP, len(items))):
        word = _text(items, at)
        if word not in _RIVAL_WORDS and word not in _HEDGES and word != "\n":
            return at, words
        words.append(word)
    return len(items), words


def _second_angle(items: Sequence[Item], at: int) -> Angle | None:
    """Return the angle that forms a pair with the one at an index, or None."""
    for index in range(at + 1, min(at + 4, len(items))):
        item = items[index]
        if isinstance(item, Angle):
            return item
        if _text(items, index) not in _PAIR_GAP:
            return None
    return None


def _is_same_pair(first: tuple[Angle, Angle], second: tuple[Angle, Angle]) -> bool:
    """Return whether two pairs of angles are the same, with their axes in either order."""
    return any(
        all(
            is_same_value(one.value, other.value, units=(one.unit, other.unit))
            for one, other in zip(first, ordered, strict=True)
        )
        for ordered in (second, second[::-1])
    )


def _is_rival(items: Sequence[Item], at: int, angle: Angle, *, has_rival_word: bool) -> bool:
    """Return whether the angle at an index may be another value for a labelled one.

    It may be the same value, rounded, unless a word indicates a range: ``48.8584 (48.86)``, but not
    ``48.86 to 48.9``.
    """
    rival = items[at]
    if not isinstance(rival, Angle) or not _is_plausible(rival) or _text(items, at - 1) == "±":
        return False
    units = (0.0, 0.0) if has_rival_word else (rival.unit, angle.unit)
    if is_same_value(rival.value, angle.value, units=units):
        return False
    after = items[at + 1] if at + 1 < len(items) else None
    if not isinstance(after, Token):
        return True
    if after.text in (".", ")") and rival.digits.isdigit() and at + 2 < len(items):
        following = items[at + 2]  # "2." before "Longitude:" numbers a line
        if isinstance(following, Token) and following.kind == WORD and following.text.lower() in AXIS_WORDS:
            return False
    if after.text in ("%", ":"):
        return False
    return after.kind != WORD or after.text.lower() in _RIVAL_WORDS or after.text.lower() in AXIS_WORDS


def _is_plausible(angle: Angle) -> bool:
    """Return whether an angle may be part of a coordinate; a year is not."""
    return angle.flaw is not None or angle.exact or angle.axis is not None or abs(angle.value) <= _MAX_DEGREES


def _several_values(text: str, angle: Angle, rival: Angle) -> RefusedError:
    start, end = min(angle.start, rival.start), max(angle.end, rival.end)
    return RefusedError(ProblemKind.RANGE, f"expected one value, got {shown(text[start:end])}")


def _text(items: Sequence[Item], at: int) -> str:
    """Return the lower-case text of a token, or an empty string for an angle or past the ends."""
    if not 0 <= at < len(items):
        return ""
    item = items[at]
    return (
        "\n"
        if isinstance(item, Token) and item.kind == NEWLINE
        else item.text.lower()
        if isinstance(item, Token)
        else ""
    )

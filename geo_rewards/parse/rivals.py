"""What takes the certainty from a coordinate: a range, an alternative, a denial.

``48.8 to 48.9``, ``48.85 or -33.86``, ``48°N to 49°N, 2°E``, ``It is not (48.86, 2.29)``: one table of words each.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo_rewards.parse.angles import Angle
from geo_rewards.parse.findings import RefusedError, is_same_value, shown
from geo_rewards.parse.labels import AXIS_WORDS
from geo_rewards.parse.languages import DENIAL, HEMISPHERE, OTHERWISE
from geo_rewards.parse.tokens import NEWLINE, WORD, Token
from geo_rewards.types import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.parse.angle_reader import Item

# Between two numbers they say: this one or that one, from this one to that one, this one and not that one.
_RIVAL_WORDS = frozenset(
    {"or", "to", "and", "vs", "versus", "not", "nor", "until", "till", "through", "thru", "else", "alternatively"}
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
_DENIALS = frozenset({"not", "never", "neither", "nor", "no", "cannot", "wrong", "incorrect", "false", "unlike"})
_DENIALS |= {DENIAL, "excluding", "except", "non", "isn", "aren", "wasn", "doesn", "don"}
_DENIALS |= {"didn", "can", "cant", "isnt", "wont", "ruled", "rule", "instead", "rather"}
# `not sure` and its kind say nothing against the place.
_UNCERTAIN = frozenset(
    {"sure", "certain", "exact", "exactly", "precise", "precisely", "confident", "clear", "clearly", "far", "only"}
    | {"100", "entirely", "completely", "fully", "totally", "visible", "possible", "able", "enough", "doubt", "too"}
    | {"quite", "absolutely", "positive", "necessarily", "just", "very", "matter", "idea", "other", "longer", "more"}
)
_RESTARTS = frozenset({"but", "however", "so", "i", "this", "it", "my", "though", "although", "guess", "answer", "yet"})
_NOT_DENYING_ALONE = {"can": "not", "ruled": "out", "rule": "out", "instead": "of", "rather": "than", "don": "'", "no": ""}
_TELLING = _DENIALS | {"minus", "negative", "hemisphere", "hemispheres", "hemi", "ns", "ew", "t", "nt"}
_LETTERS = re.compile(r"[^\W\d_]+")
_REACH = 160  # characters before a coordinate in which it may be denied
_MAX_WORDS = 12
_WORD = re.compile(r"[^\W_]++|[^\w\s]|\n")
_DENIED_BEHIND = re.compile(
    r"[\s)\]}\"'.,]{0,4}(?:,? ?which )?(?:is|are|was|were|would be|seems|looks|does|do|did|can|could|has|have)"
    r"(?:n't|nt|n’t)?\s{1,3}(?:definitely |clearly |probably |certainly |surely |likely )?"
    r"(not(?! (?:far|exact|precise|sure|certain))|wrong|incorrect|false|impossible|excluded|ruled out|match)",
    re.IGNORECASE | re.ASCII,
)
_NEGATED_BEHIND = re.compile(
    r"[\s)\]}\"'.,]{0,4}(?:is|are|was|were|does|do|did|can|could|would)n['’]?t", re.IGNORECASE | re.ASCII
)


def refuse_rivals_within(items: Sequence[Item], start: int, end: int, *, angle: Angle, text: str) -> None:
    """Refuse a labelled value if another number that may be meant comes before the next label.

    Raises:
        RefusedError: If there is one.
    """
    for at in range(start, end):
        item = items[at]
        if isinstance(item, Token) and item.text in (":", "="):
            return  # another field
        if isinstance(item, Angle) and _is_rival(items, at, angle):
            raise _several_values(text, angle, item)


def refuse_rivals_behind(items: Sequence[Item], start: int, *, pair: tuple[Angle, Angle], text: str, single: bool) -> None:
    """Refuse a pair if what follows it offers another value for its last number, or another pair.

    Args:
        items: All items of the text.
        start: Index behind the pair.
        pair: Its two angles, in order.
        text: The normalised text.
        single: Whether a number right behind the pair, or after a comma, is one for its last number too.

    Raises:
        RefusedError: If it does.
    """
    at, words = _next_angle(items, start)
    if at is None:
        return
    rival = items[at]
    assert isinstance(rival, Angle)
    told = not _RIVAL_WORDS.isdisjoint(words)
    if "\n" in words and not told:
        return
    other = _second_angle(items, at)
    if other is not None:
        if not _is_same_pair(pair, (rival, other)) and (told or (rival.exact and other.exact)):
            raise RefusedError(ProblemKind.SEVERAL_PAIRS, f"also {shown(text[rival.start : other.end])}")
        return
    weak = not told and not (single and (rival.exact or not words))
    if not weak and _is_rival(items, at, pair[1]):
        raise _several_values(text, pair[1], rival)


def refuse_rivals_before(items: Sequence[Item], before: int, *, pair: tuple[Angle, Angle], text: str) -> None:
    """Refuse a pair if its first number ends a range or an alternative: ``48°N to 49°N, 2°E``.

    Raises:
        RefusedError: If it does.
    """
    at, told = before, False
    for _ in range(_MAX_GAP):
        word = _text(items, at)
        if word not in _RIVAL_WORDS and word not in _HEDGES:
            break
        told = told or word in _RIVAL_WORDS
        at -= 1
    item = items[at] if at >= 0 else None
    if not told or not isinstance(item, Angle) or not _is_plausible(item):
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


def needs_closer_look(text: str) -> bool:
    """Return whether a text has a word that may deny or move a coordinate: the shortcuts leave it alone."""
    if OTHERWISE in text or DENIAL in text or HEMISPHERE in text:
        return True
    return not _TELLING.isdisjoint(_LETTERS.findall(text.lower()))


def refuse_denied(text: str, start: int, end: int) -> None:
    """Refuse a coordinate that its sentence denies.

    Raises:
        RefusedError: If it does.

    >>> refuse_denied("I am not sure, (1, 2)", 15, 21)
    """
    if _is_denied_before(text, start) or _is_denied_behind(text, end):
        raise RefusedError(ProblemKind.DENIED, f"the text says that it is not {shown(text[start:end])}")


def _is_denied_behind(text: str, end: int) -> bool:
    return bool(_DENIED_BEHIND.match(text, end) or _NEGATED_BEHIND.match(text, end))


def _is_denied_before(text: str, start: int) -> bool:
    """Return whether a word before the start, in the same sentence, denies what follows."""
    words = [word.lower() for word in _WORD.findall(text, max(start - _REACH, 0), start)]
    after, near = "", True
    for word in reversed(words[-_MAX_WORDS:]):
        if word in _DENIALS and after not in _UNCERTAIN and _denies(word, after):
            return True
        if word in ("\n", "!", "?", ";") or word in _RESTARTS or (word in (".", ":") and not near):
            return False
        if word == "." or word == ":":
            near = near and word == ":"
        elif word.isalnum():
            near = False
        after = word
    return False


def _denies(word: str, after: str) -> bool:
    """Return whether a word denies, given the one after it; some need a certain one."""
    needed = _NOT_DENYING_ALONE.get(word)
    return needed is None or (after == needed if needed else after in ("", "("))


def _next_angle(items: Sequence[Item], start: int) -> tuple[int | None, list[str]]:
    """Return the index of the next angle if only rival words, hedges and marks come before it; and those."""
    words: list[str] = []
    for at in range(start, min(start + _MAX_GAP, len(items))):
        item = items[at]
        if isinstance(item, Angle):
            return at, words
        word = _text(items, at)
        if word not in _RIVAL_WORDS and word not in _HEDGES and word != "\n":
            return None, words
        words.append(word)
    return None, words


def _second_angle(items: Sequence[Item], at: int) -> Angle | None:
    """Return the angle that makes a pair with the one at an index, None if there is none."""
    for index in range(at + 1, min(at + 4, len(items))):
        item = items[index]
        if isinstance(item, Angle):
            return item
        if _text(items, index) not in _PAIR_GAP:
            return None
    return None


def _is_same_pair(first: tuple[Angle, Angle], second: tuple[Angle, Angle]) -> bool:
    """Return whether two pairs of angles are one, in either order of their axes."""
    return any(
        all(
            is_same_value(one.value, other.value, units=(one.unit, other.unit))
            for one, other in zip(first, ordered, strict=True)
        )
        for ordered in (second, second[::-1])
    )


def _is_rival(items: Sequence[Item], at: int, angle: Angle) -> bool:
    """Return whether the angle at an index may be another value for a labelled one."""
    rival = items[at]
    assert isinstance(rival, Angle)
    if not _is_plausible(rival) or _text(items, at - 1) == "±":
        return False
    if is_same_value(rival.value, angle.value, units=(rival.unit, angle.unit)):
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
    """Return whether an angle may be one of a coordinate; a year is not."""
    return angle.flaw is not None or angle.exact or angle.axis is not None or abs(angle.value) <= _MAX_DEGREES


def _several_values(text: str, angle: Angle, rival: Angle) -> RefusedError:
    start, end = min(angle.start, rival.start), max(angle.end, rival.end)
    return RefusedError(ProblemKind.RANGE, f"{shown(text[start:end])} where one value is right")


def _text(items: Sequence[Item], at: int) -> str:
    """Return the lower-case text of a token, an empty string for an angle or beyond the ends."""
    if not 0 <= at < len(items):
        return ""
    item = items[at]
    return "\n" if isinstance(item, Token) and item.kind == NEWLINE else item.text.lower() if isinstance(item, Token) else ""

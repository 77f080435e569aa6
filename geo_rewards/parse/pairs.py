"""Pairs of numbers in a normalised text: in brackets, after a label, with letters, or alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from geo_rewards.parse.angle_reader import Item, merge_angles
from geo_rewards.parse.angles import Angle, coordinate_from, written_form
from geo_rewards.parse.axis_labels import LabelledAxis, first_axis, read_axis_labels, skip
from geo_rewards.parse.chains import Chain, find_chains, with_decimal_commas, without_repetition
from geo_rewards.parse.denials import refuse_denied
from geo_rewards.parse.findings import Finding, RefusedError, shown
from geo_rewards.parse.hemispheres import Stated, hemisphere_word, stated_hemispheres
from geo_rewards.parse.languages import HEMISPHERE
from geo_rewards.parse.loose import loose_pairs, repeated_pair
from geo_rewards.parse.rivals import refuse_rivals_before, refuse_rivals_behind
from geo_rewards.parse.surroundings import Surroundings, surroundings_of
from geo_rewards.parse.tokens import NUMBER, WORD, Token
from geo_rewards.types import Problem, ProblemKind

_ANY_NUMBER = re.compile("[0-9]|nan|inf", re.IGNORECASE)


@dataclass(slots=True)
class PairReading:
    """What was read from the numbers of a text.

    Attributes:
        findings: Valid coordinates.
        problems: Labelled pairs that were refused.
        spans: Parts of the text that were read, or refused, as pairs.
        numbers: How many numbers there are.
        loose: Bare pairs in the rest of the text: not answers, but they rule out any finding that differs.
        doubts: Other pairs that were refused; a labelled pair outweighs them.
    """

    findings: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    numbers: int = 0
    loose: list[Finding] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)


class _Page(NamedTuple):
    """A text, normalised and as written, and its items."""

    text: str
    raw: str
    items: list[Item]
    only_two_numbers: bool
    lon_named_first: bool
    stated: Stated


def read_pairs(text: str, raw: str) -> PairReading:
    """Return the pairs of a normalised text; `raw` is the same text as written, of the same length.

    >>> text = "Paris, France (48.8566, 2.3522)"
    >>> read_pairs(text, text).findings[0].text
    '(48.8566, 2.3522)'
    """
    if not _ANY_NUMBER.search(text):
        return PairReading()
    items = merge_angles(text)
    reading = PairReading(numbers=sum(_is_number(text, item) for item in items))
    taken: set[int] = set()
    stated = stated_hemispheres(items)
    try:
        taken = _read_axes(text, raw, items=items, reading=reading, stated=stated)
    except RefusedError as refused:
        reading.problems.append(refused.problem)
    lon_named_first = not taken and first_axis(items) == "lon"
    page = _Page(text, raw, items, reading.numbers == 2, lon_named_first, stated)
    claimed = set(taken)
    for chain in find_chains(items, taken):
        around = surroundings_of(chain, items)
        try:
            found = _read_chain(chain, page, around, spans=reading.spans)
        except RefusedError as refused:
            (reading.problems if around.labelled else reading.doubts).append(refused.problem)
            reading.spans.append((chain.angles[0].start, chain.angles[-1].end))
            continue
        if found:
            reading.findings += found
            claimed.update(range(chain.indexes[0], chain.indexes[-1] + 1))
    _read_rest(page, reading, claimed)
    return reading


def _read_rest(page: _Page, reading: PairReading, claimed: set[int]) -> None:
    """Read the unclaimed bare pairs; a repeated pair is a finding if there is nothing else."""
    pairs = loose_pairs(page.raw, page.items, taken=claimed, lon_first=page.lon_named_first)
    reading.loose = [pair.finding for pair in pairs]
    repeated = repeated_pair(pairs, reading.numbers)
    if repeated is None or reading.findings or reading.problems or reading.doubts:
        return
    reading.spans += [pair.span for pair in pairs]
    if page.lon_named_first:
        reading.doubts.append(_unclear_order().problem)
    else:
        reading.findings.append(repeated.finding)


def _read_axes(text: str, raw: str, *, items: list[Item], reading: PairReading, stated: Stated) -> set[int]:
    """Read ``Lat. 43.4, Long. 142.6``; return the items that it covers."""
    pair = read_axis_labels(text, items, stated)
    if pair is None:
        return set()
    start, end = pair.values[0].start, _end_of(pair.values[-1], items)
    stated.check(pair.coordinate)
    refuse_denied(text, start, end)
    reading.spans += [(value.start, _end_of(value, items)) for value in pair.values]
    reading.findings.append(
        Finding(pair.coordinate, "labelled", raw[start:end], pair.units, start, claimed=True)
    )
    return {index for value in pair.values for index in range(value.first, value.last + 1)}


def _end_of(value: LabelledAxis, items: list[Item]) -> int:
    """Return where a labelled value ends in the text."""
    return max(value.angle.end, items[value.last].end)


def _read_chain(
    chain: Chain, page: _Page, around: Surroundings, *, spans: list[tuple[int, int]]
) -> list[Finding]:
    """Return the finding of a chain, or None if its numbers do not claim to be a pair."""
    if len(chain.angles) == 1:
        return []
    lettered = all(angle.axis for angle in chain.angles)
    exact = page.only_two_numbers and all(angle.exact for angle in chain.angles)
    if not (around.bracket or around.labelled or around.fills_line or lettered or exact):
        return []
    chain = without_repetition(with_decimal_commas(chain))
    start, end = _span(chain, page, around)
    if len(chain.angles) != 2:
        raise RefusedError(
            ProblemKind.NO_PAIR, f"{len(chain.angles)} numbers in {shown(page.raw[start:end])}, expected two"
        )
    first, second = (angle.check(page.text) for angle in chain.angles)
    lon_first = _lon_first(chain, page, around)
    coordinate = coordinate_from(first, second, lon_first=lon_first)
    page.stated.check(coordinate)
    _refuse_uncertain(chain, page, around)
    spans.append((start, end))
    is_lat_first = (first.axis or ("lon" if lon_first else "lat")) == "lat"
    units = (first.unit, second.unit) if is_lat_first else (second.unit, first.unit)
    return [
        Finding(coordinate, _form(chain, around), page.raw[start:end], units, start, claimed=around.labelled)
    ]


def _letters_follow(items: list[Item], at: int) -> bool:
    """Return whether ``S, E`` or ``(South, East)`` is at an index, perhaps after marks."""
    at = skip(items, at, frozenset(")][(,-"))
    following = items[at : at + 1] + items[at + 2 : at + 3]
    between = items[at + 1] if at + 1 < len(items) else None
    is_name = isinstance(between, Token) and (between.kind == WORD or between.text == HEMISPHERE)
    return bool(following) and all(map(hemisphere_word, following)) and not is_name


def _looks_like_a_call(chain: Chain, page: _Page, around: Surroundings) -> bool:
    """Return whether the pair may be a geometry by another name: ``XY(2.35 48.85)``."""
    start = page.items[chain.indexes[0] - 1].start
    return bool(around.bracket) and chain.gaps[0] == "" and page.text[start - 1 : start].isalpha()


def _refuse_uncertain(chain: Chain, page: _Page, around: Surroundings) -> None:
    """Refuse a pair that is part of a range, one of several, or denied."""
    first, second = chain.angles
    if _looks_like_a_call(chain, page, around):
        raise RefusedError(
            ProblemKind.ORDER,
            f"{shown(page.raw[slice(*_span(chain, page, around))])} may be in either order, use (lat, lon)",
        )
    bracket = bool(around.bracket)
    if not first.axis and _letters_follow(page.items, chain.indexes[-1] + 1):
        raise RefusedError(ProblemKind.AXES, "hemisphere letters after the pair, not next to its numbers")
    before, after = chain.indexes[0] - 1 - bracket, chain.indexes[-1] + 1 + bracket
    refuse_rivals_before(page.items, before, pair=(first, second), text=page.text)
    refuse_rivals_behind(page.items, after, pair=(first, second), text=page.text, single=False)
    refuse_denied(page.text, *_span(chain, page, around))


def _span(chain: Chain, page: _Page, around: Surroundings) -> tuple[int, int]:
    """Return the start and end of a chain in the text, including brackets."""
    if around.bracket:
        return page.items[chain.indexes[0] - 1].start, page.items[chain.indexes[-1] + 1].end
    return chain.angles[0].start, chain.angles[-1].end


def _lon_first(chain: Chain, page: _Page, around: Surroundings) -> bool:
    """Return whether longitude comes first.

    Raises:
        RefusedError: If the surrounding words hint at it but do not label the pair.
    """
    if around.lon_first is not None or chain.angles[0].axis:
        return bool(around.lon_first)
    if page.lon_named_first:
        raise _unclear_order()
    return False


def _unclear_order() -> RefusedError:
    """Return the refusal of a pair whose order the surrounding words put in doubt."""
    return RefusedError(ProblemKind.ORDER, "the text names longitude first and does not label the pair")


def _form(chain: Chain, around: Surroundings) -> str:
    """Return how a pair is written, as `Answer.coordinate_form` names it."""
    form = written_form(chain.angles)
    if form:
        return form
    if around.bracket:
        return "parentheses" if around.bracket == "(" and chain.gaps[0].strip() == "," else "brackets"
    return "labelled" if around.labelled else "bare"


def _is_number(text: str, item: Item) -> bool:
    """Return whether an item counts as a number: ``3rd`` does, the word NaN does not."""
    if isinstance(item, Angle):
        return item.flaw is not ProblemKind.NOT_A_NUMBER or any(map(str.isdigit, text[item.start : item.end]))
    return item.kind == NUMBER

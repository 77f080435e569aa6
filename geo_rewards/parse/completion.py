"""The two entry points of the parser: completions with tags, and answers without."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from geo_rewards.errors import InputError
from geo_rewards.parse.common_answers import read_common
from geo_rewards.parse.tags import ONE_EACH, find_blocks, plain_answer, think_of_plain
from geo_rewards.system.first_use import LOADING
from geo_rewards.types import Answer, Coordinate

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo_rewards.parse.common_readers import CommonReading
    from geo_rewards.parse.reading import Reading


def parse_completion(text: str) -> Answer:
    """Return what a completion says, and whether it is well-formed.

    Places and coordinates are read from the answer block alone: the only complete, un-nested ``<answer>``
    outside think. Without any tags the entire text is the answer; without answer tags it is what follows a
    closed think block. Linear in the length of the text, and no text raises. Refusals are in
    `Answer.problems`, their kinds in `ProblemKind`.

    Raises:
        InputError: If it is not a text.

    >>> answer = parse_completion("<think>A tower.</think><answer>(48.8584, 2.2945)</answer>")
    >>> answer.coordinate, answer.coordinate_form, answer.well_formed
    (Coordinate(lat=48.8584, lon=2.2945), 'parentheses', True)
    >>> parse_completion("<think>x</think><answer>400, 2.2945</answer>").problems
    ('out of range: latitude 400.0 is not in [-90, 90]',)
    """
    _check_text(text, "parse_completion")
    plain = plain_answer(text)
    common = None if plain is None else read_common(plain)
    if common is not None:
        return _common_answer(text, plain, common)
    blocks = find_blocks(text)
    if blocks.answer is None:
        problems = (blocks.problem,) if blocks.problem else ()
        return Answer(think=blocks.think, problems=problems, tags=blocks.counts)
    reading = _read(blocks.answer, listed=True)
    return Answer(
        think=blocks.think,
        answer=blocks.answer,
        coordinate=reading.coordinate,
        country=reading.country,
        region=reading.region,
        city=reading.city,
        problems=reading.problems,
        well_formed=blocks.well_formed,
        continues_think=blocks.continues_think,
        think_only=blocks.think_only,
        tags=blocks.counts,
        coordinate_text=reading.coordinate_text,
        coordinate_form=reading.coordinate_form,
    )


def _common_answer(text: str, answer: str | None, reading: CommonReading) -> Answer:
    """Return what a well-formed completion with nothing unusual in it says, as its blocks would have it."""
    lat, lon, form, written, country, region, city = reading
    return Answer(
        think=think_of_plain(text),
        answer=answer,
        coordinate=None if form is None else Coordinate(lat, lon),
        country=country,
        region=region,
        city=city,
        well_formed=True,
        tags=ONE_EACH,
        coordinate_text=written,
        coordinate_form=form,
    )


def common_reading(text: str) -> CommonReading | None:
    """Return what a well-formed completion with an answer of a common form says; else None.

    `parse_completion` reads the same and finds no problem.

    >>> common_reading("<think>x</think><answer>(48.85, 2.35)</answer>")[:2]
    (48.85, 2.35)
    """
    answer = plain_answer(text)
    return None if answer is None else read_common(answer)


def reading_of(answer: Answer) -> CommonReading:
    """Return a parsed answer in the form of `common_reading`.

    >>> reading_of(parse_completion("Paris, France"))[4:]
    ('France', None, 'Paris')
    """
    lat, lon = answer.coordinate or (math.nan, math.nan)
    form, text = answer.coordinate_form, answer.coordinate_text
    return lat, lon, form, text, answer.country, answer.region, answer.city


def parse_answer(text: str, *, listed_names: bool = True) -> Answer:
    """Return what a bare answer says: a text without tags, such as a `solution`.

    Args:
        text: The answer; tags in it have no meaning.
        listed_names: Whether a bare comma list (``Paris, France``) names a place; in a truth it does not.

    >>> parse_answer("Country: France, City: Paris").city
    'Paris'
    """
    _check_text(text, "parse_answer")
    answer = text.strip()
    reading = _read(answer, listed=listed_names)
    return Answer(
        answer=answer,
        coordinate=reading.coordinate,
        country=reading.country,
        region=reading.region,
        city=reading.city,
        problems=reading.problems,
        coordinate_text=reading.coordinate_text,
        coordinate_form=reading.coordinate_form,
    )


def _check_text(text: object, function: str) -> None:
    if not isinstance(text, str):
        advice = "; of a list of messages, pass the assistant's last text" if isinstance(text, list) else ""
        raise InputError(f"{function} takes one text, not {text!r:.60}{advice}")


@cache
def _full_parser() -> tuple[type[Reading], Callable[..., Reading]]:
    """Import the full parser and its tables of words, which a command that reads no answer does not need."""
    with LOADING:
        from geo_rewards.parse.reading import Reading, read_answer
    return Reading, read_answer


def _read(answer: str, *, listed: bool) -> Reading:
    """Return what a stripped answer says: from one pattern if its form is common, else the full parser."""
    reading, read_answer = _full_parser()
    common = read_common(answer, listed=listed)
    if common is None:
        return read_answer(answer, listed=listed)
    lat, lon, form, written, country, region, city = common
    coordinate = None if form is None else Coordinate(lat, lon)
    return reading(coordinate, written, form, country=country, region=region, city=city)

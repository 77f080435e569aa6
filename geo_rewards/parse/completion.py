"""The two doors of the parser: completions with tags, and answers without."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from geo_rewards.parse.common_answers import read_common
from geo_rewards.parse.tags import find_blocks, plain_answer
from geo_rewards.types import Answer, Coordinate

if TYPE_CHECKING:
    from geo_rewards.parse.common_readers import CommonReading
    from geo_rewards.parse.reading import Reading


def parse_completion(text: str) -> Answer:
    """Return what a completion says, and whether it is well-formed.

    Places and coordinates are read from the answer block alone: the only complete, un-nested ``<answer>``
    outside of think. Without any tags the whole text is the answer, and without answer tags what follows a
    closed think block. Linear in the length of the text, no
    exception for any text; what was refused is in `Answer.problems`, the kinds in `ProblemKind`.

    >>> answer = parse_completion("<think>A tower.</think><answer>(48.8584, 2.2945)</answer>")
    >>> answer.coordinate, answer.coordinate_form, answer.well_formed
    (Coordinate(lat=48.8584, lon=2.2945), 'parentheses', True)
    >>> parse_completion("<think>x</think><answer>400, 2.2945</answer>").problems
    ('out of range: latitude 400.0 is not in [-90, 90]',)
    """
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


def common_reading(text: str) -> CommonReading | None:
    """Return what a completion says that is well-formed, with an answer of a common form; else None.

    `parse_completion` reads the same, and finds no problem.

    >>> common_reading("<think>x</think><answer>(48.85, 2.35)</answer>")[:2]
    (48.85, 2.35)
    """
    answer = plain_answer(text)
    return None if answer is None else read_common(answer)


def reading_of(answer: Answer) -> CommonReading:
    """Return a parsed answer as `common_reading` would have read it.

    >>> reading_of(parse_completion("Paris, France"))[4:]
    ('France', None, 'Paris')
    """
    lat, lon = answer.coordinate or (math.nan, math.nan)
    form, text = answer.coordinate_form, answer.coordinate_text
    return lat, lon, form, text, answer.country, answer.region, answer.city


def parse_answer(text: str, *, listed_names: bool = True) -> Answer:
    """Return what a text says that is an answer in itself, such as a `solution` without tags.

    Args:
        text: The answer; tags mean nothing in it.
        listed_names: Whether a bare comma list (``Paris, France``) names a place; it does not in a truth.

    >>> parse_answer("Country: France, City: Paris").city
    'Paris'
    """
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


def _read(answer: str, *, listed: bool) -> Reading:
    """Return what a stripped answer says: by one pattern if its form is common, else by the full parser."""
    # with all its tables of words, which a command that reads no answer does not need
    from geo_rewards.parse.reading import Reading, read_answer

    common = read_common(answer, listed=listed)
    if common is None:
        return read_answer(answer, listed=listed)
    lat, lon, form, written, country, region, city = common
    coordinate = None if form is None else Coordinate(lat, lon)
    return Reading(coordinate, written, form, country=country, region=region, city=city)

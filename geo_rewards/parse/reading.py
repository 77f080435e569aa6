"""Reading one complete answer: run every reader, then judge what they found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_rewards.parse.elements import read_elements
from geo_rewards.parse.findings import Finding, RefusedError, is_same_place
from geo_rewards.parse.normalise import plain_text
from geo_rewards.parse.notations import read_references, read_templates, without
from geo_rewards.parse.objects import APART, ObjectReading, read_objects
from geo_rewards.parse.pairs import PairReading, read_pairs
from geo_rewards.parse.place_names import aside_spans, labelled_places, listed_places
from geo_rewards.parse.tables import read_tables
from geo_rewards.types import Problem, ProblemKind

if TYPE_CHECKING:
    from geo_rewards.types import Coordinate

MAX_ANSWER_CHARACTERS = 4096
_THOUSANDS = re.compile(r"\([0-9]{1,3}(?:,[0-9]{3})+\)")
_PLUS_CODE = re.compile(r"(?<![A-Za-z0-9])[23456789CFGHJMPQRVWX]{2,8}\+[23456789CFGHJMPQRVWX]{2,7}", re.I)
_GEOHASH = re.compile(r"(?=[a-z]*[0-9])(?=[0-9]*[a-z])[0-9b-hjkmnp-z]{5,12}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer says; the fields are those of `Answer`."""

    coordinate: Coordinate | None = None
    coordinate_text: str | None = None
    coordinate_form: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    problems: tuple[Problem, ...] = ()


def read_answer(raw: str, *, listed: bool = True) -> Reading:
    """Return what an answer says about a place.

    Args:
        raw: The answer as written.
        listed: Whether a comma list of names (``Paris, France``) is a place.

    >>> read_answer("City: Paris, Coordinates: (48.85, 2.35)").city
    'Paris'
    """
    if not raw.strip():
        return Reading(problems=(Problem(ProblemKind.EMPTY, "only white space"),))
    if len(raw) > MAX_ANSWER_CHARACTERS:
        detail = f"{len(raw)} characters, at most {MAX_ANSWER_CHARACTERS} are read"
        return Reading(problems=(Problem(ProblemKind.LONG, detail),))
    try:
        return _read(raw, listed=listed)
    except RefusedError as refused:
        return Reading(problems=(refused.problem,))


def _read(raw: str, *, listed: bool) -> Reading:
    """Run every reader, from the strictest format to the loosest.

    Raises:
        RefusedError: If the answer must not be read at all.
    """
    text = plain_text(raw)
    templates, wrong_templates, raw = read_templates(raw) if "{{" in raw else ([], [], raw)
    objects = ObjectReading()
    if "{" in text:
        listed = False
        objects, raw = read_objects(raw)
        text = plain_text(raw)
    text, raw = _without_markup(text, raw)
    references, wrong_references, text = read_references(text, raw)
    claims = [*templates, *objects.findings, *references]
    pairs = _read_pairs(text, raw, claimed=bool(claims))
    if not (claims or pairs.findings or pairs.problems or objects.problems) and objects.asides:
        pairs = _read_asides(objects)
    text = without(text, pairs.spans)
    places = [*objects.places, *labelled_places(text, raw)]
    if listed and not places:
        places = listed_places(text, raw)
    names, ambiguous = _one_per_field(places)
    findings = _with_pairs(claims, pairs)
    problems = [*wrong_templates, *objects.problems, *wrong_references, *pairs.problems]
    if not any(found.claimed for found in findings):
        problems += pairs.doubts
    if not findings and not problems:
        problems = _why_nothing(text, pairs.numbers, placed=bool(places))
    finding, several = _only_finding(findings)
    refused = (*problems, *several)[:1]  # one reason is enough, and the first is the clearest
    coordinate, form, written = finding[:3] if finding and not refused else (None, None, None)
    return Reading(
        coordinate,
        written,
        form,
        country=names.get("country"),
        region=names.get("region"),
        city=names.get("city"),
        problems=(*refused, *ambiguous),
    )


def _without_markup(text: str, raw: str) -> tuple[str, str]:
    """Return the text and raw text with tags and tables as labelled lines; rows under headings come last."""
    text, lines = read_tables(read_elements(text), raw)
    added = "".join(f"{APART}{line}" for line in lines)
    return text + plain_text(added), raw + added


def _read_pairs(text: str, raw: str, *, claimed: bool) -> PairReading:
    """Return the pairs of a text; numbers of other labels count only if nothing claims to be a pair."""
    asides = [span for span in aside_spans(text) if any(map(str.isdigit, text[slice(*span)]))]
    if asides:
        pairs = read_pairs(without(text, asides), raw)
        if claimed or pairs.problems or any(found.claimed for found in pairs.findings):
            return pairs
    return read_pairs(text, raw)


def _read_asides(objects: ObjectReading) -> PairReading:
    """Return the pairs of the strings whose keys are about something else."""
    raw = APART.join(objects.asides)
    pairs = read_pairs(plain_text(raw), raw)
    pairs.spans.clear()  # they belong to another text
    return pairs


def _with_pairs(claims: list[Finding], pairs: PairReading) -> list[Finding]:
    """Return all findings that may decide the coordinate."""
    findings = [*claims, *pairs.findings]
    if any(found.claimed for found in findings):
        findings = [found for found in findings if found.claimed or not _THOUSANDS.fullmatch(found.text)]
    return findings + pairs.loose if findings else []


def _only_finding(findings: list[Finding]) -> tuple[Finding | None, list[Problem]]:
    """Return the only coordinate found, or a problem if there are several different ones."""
    if not findings:
        return None, []
    finest = min(findings, key=lambda found: sum(found.units))
    different = [found for found in findings if not is_same_place(found, finest)]
    if different:
        count = len({found.coordinate for found in (finest, *different)})
        return None, [Problem(ProblemKind.SEVERAL_PAIRS, f"{count} different coordinates")]
    # If it is repeated, the pair in parentheses gives the form: `coordinate_format` may require them.
    equal = [found for found in findings if found.coordinate == finest.coordinate]
    return min(equal, key=lambda found: found.form != "parentheses"), []


def _one_per_field(places: list[tuple[str, str]]) -> tuple[dict[str, str], list[Problem]]:
    """Return one value per field; a field with two different values has none, and is a problem."""
    values: dict[str, dict[str, str]] = {}
    for name, value in places:
        values.setdefault(name, {}).setdefault(value.casefold(), value)
    names = {name: next(iter(found.values())) for name, found in values.items() if len(found) == 1}
    return names, [
        Problem(ProblemKind.SEVERAL_PLACES, f"{len(found)} values for {name}")
        for name, found in values.items()
        if len(found) > 1
    ]


def _why_nothing(text: str, numbers: int, *, placed: bool) -> list[Problem]:
    """Return why an answer has no coordinate; one that names a place and has no numbers needs no reason."""
    if _PLUS_CODE.search(text) or _GEOHASH.fullmatch(text.strip()):
        return [Problem(ProblemKind.PLACE_CODE, "a plus code or geohash, use latitude and longitude")]
    if numbers:
        count = "one number" if numbers == 1 else f"{numbers} numbers that are not written as a pair"
        return [Problem(ProblemKind.NO_PAIR, f"{count}, use: latitude, longitude")]
    if placed:
        return []
    return [Problem(ProblemKind.NOTHING_READ, "neither a pair of numbers nor a labelled place")]

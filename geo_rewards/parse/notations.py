"""Coordinates in dedicated formats: geo URIs, ISO 6709, WKT, Wikipedia templates; links are in `maps`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo_rewards.parse.angle_reader import merge_angles, single_angle
from geo_rewards.parse.angles import Angle, coordinate_from, measure, written_form
from geo_rewards.parse.denials import refuse_denied
from geo_rewards.parse.findings import Finding, RefusedError, coordinate_of, shown
from geo_rewards.parse.maps import LINK, read_link
from geo_rewards.parse.normalise import plain_text
from geo_rewards.types import Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo_rewards.types import Coordinate

    _Reader = tuple[re.Pattern[str], Callable[[re.Match[str]], list[Coordinate]]]

_GEO = re.compile(r"(?<![A-Za-z0-9_])geo:(?=[0-9.+-])[^\s<>\"')\]}]*+", re.IGNORECASE)
_ISO_6709 = re.compile(
    r"(?<![\w.+-])(?=[+-][0-9]{2,6}(?:\.|[+-][0-9]{3,7}[./C]))"  # decimals or a solidus: else a phone number
    r"([+-])([0-9]{2,6})(\.[0-9]{1,20})?([+-])([0-9]{3,7})(\.[0-9]{1,20})?([+-][0-9.]{1,20})?"
    r"(?:(?:CRS[A-Z0-9_]{1,20})?/|(?![\w+-]|\.[0-9]))"
)
_POINT = re.compile(
    r"(?<![A-Za-z0-9_])POINT(\s{0,4}(?:ZM?|M)\s{0,4}|\s{0,4})\(([0-9.+\-,\s]{1,80})\)", re.IGNORECASE
)
_TEMPLATE = re.compile(
    r"\{\{\s{0,3}(?:coord|coordinates?|location(?: dec)?|coor [a-z]{1,6})\s{0,3}\|([^{}]{1,200})\}\}",
    re.I | re.A,
)
_LAST_OF_TEMPLATE = re.compile(r"[-+0-9. ]+(?:[NS][-+0-9. ]+[EW])?", re.ASCII)
_GEOMETRY = re.compile(
    r"(?<![A-Za-z0-9_])(?:MULTIPOINT|(?:MULTI)?(?:LINESTRING|POLYGON)|GEOMETRYCOLLECTION)\s{0,4}\(",
    re.IGNORECASE,
)

# Every reference has one of these, except ISO 6709, which has a sign: most texts need no closer look.
REFERENCE_WORDS = (
    *("geo:", "http", "www.", "maps.", "google.", "bing.", "openstreetmap.", "yandex.", "2gis."),
    *("point", "linestring", "polygon", "geometrycollection"),
)


def read_references(text: str, raw: str) -> tuple[list[Finding], list[Problem], str]:
    """Return findings, problems, and the text with everything that was read replaced by line ends.

    >>> read_references("POINT(2.35 48.85)", "POINT(2.35 48.85)")[0][0].coordinate
    Coordinate(lat=48.85, lon=2.35)
    """
    findings: list[Finding] = []
    problems: list[Problem] = []
    readers, has_links = _readers_for(text)
    if has_links:
        text = _read_links(text, raw, findings, problems)
    for form, (pattern, read) in readers.items():
        taken: list[tuple[int, int]] = []
        for match in pattern.finditer(text):
            written = raw[match.start() : match.end()]
            try:
                found = read(match)
            except RefusedError as refused:
                problems.append(refused.problem)
                continue
            findings += [
                Finding(coordinate, form, written, start=match.start(), claimed=True) for coordinate in found
            ]
            if found:
                taken.append(match.span())
        text = without(text, taken)
    return findings, problems, text


def _read_links(text: str, raw: str, findings: list[Finding], problems: list[Problem]) -> str:
    """Read the links of a text into the two lists and return the text without them."""
    taken: list[tuple[int, int]] = []
    for match in LINK.finditer(raw):
        taken.append(match.span())
        try:
            refuse_denied(text, *match.span())
            findings += read_link(match.group())
        except RefusedError as refused:
            problems.append(refused.problem)
    return without(text, taken)


def read_templates(raw: str) -> tuple[list[Finding], list[Problem], str]:
    """Return findings and problems of templates (``{{coord|48.85|2.35}}``), and the text without them.

    >>> read_templates("{{coord|48.85|2.35|display=title}}")[0][0].coordinate
    Coordinate(lat=48.85, lon=2.35)
    """
    findings: list[Finding] = []
    problems: list[Problem] = []
    taken: list[tuple[int, int]] = []
    for match in _TEMPLATE.finditer(raw):
        taken.append(match.span())
        try:
            findings.append(_read_template(match))
        except RefusedError as refused:
            problems.append(refused.problem)
    return findings, problems, without(raw, taken)


def _read_template(match: re.Match[str]) -> Finding:
    """Read the numbers and letters of a template; named parameters are about something else."""
    parts = [part.strip() for part in match[1].split("|") if "=" not in part and ":" not in part]
    text = plain_text(" ".join(part for part in parts if part))
    angles = [item for item in merge_angles(text) if isinstance(item, Angle)]
    if len(angles) != 2 or not _LAST_OF_TEMPLATE.fullmatch(text):
        raise RefusedError(ProblemKind.NO_PAIR, f"{shown(match.group())} is not {{{{coord|lat|lon}}}}")
    first, second = (angle.check(text) for angle in angles)
    coordinate = coordinate_from(first, second)
    lat, lon = (second, first) if first.axis == "lon" else (first, second)
    form = written_form(angles) or "bare"
    return Finding(coordinate, form, match.group(), (lat.unit, lon.unit), match.start(), claimed=True)


def _readers_for(text: str) -> tuple[dict[str, _Reader], bool]:
    """Return the readers that may find something in a text, and whether it may contain links."""
    lower = text.lower()
    if any(word in lower for word in REFERENCE_WORDS):
        return _READERS, True
    return (_SIGNED_READERS if "+" in text or "-" in text else {}), False


def without(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with the spans replaced by line ends, of the same length.

    >>> without("Paris (1, 2)", [(6, 12)]).split()
    ['Paris']
    """
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        pieces += [text[done:start], "\n" * (end - max(start, done))]
        done = max(done, end)
    return "".join([*pieces, text[done:]])


def _read_geo(match: re.Match[str]) -> list[Coordinate]:
    """Read ``geo:lat,lon;parameters``."""
    path, *parameters = re.split("[;?]", match.group()[len("geo:") :].rstrip(".,"))
    numbers = path.split(",")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if (name.lower() == "crs" and value.lower() != "wgs84") or name.lower() == "q":
            raise RefusedError(ProblemKind.GEOMETRY, f"{shown(parameter)} moves the point of a geo URI")
    if len(numbers) != 2:
        raise RefusedError(ProblemKind.NO_PAIR, f"{len(numbers)} numbers in a geo URI, expected two")
    return [coordinate_of(*(single_angle(number).value for number in numbers))]


def _read_iso_6709(match: re.Match[str]) -> list[Coordinate]:
    """Read ``+DD.D-DDD.D/`` and its forms with minutes and seconds."""
    lat_sign, lat, lat_decimals, lon_sign, lon, lon_decimals, height = match.groups()
    if height:
        raise RefusedError(ProblemKind.NO_PAIR, f"three numbers in {shown(match.group())}")
    if len(lat) % 2 or len(lon) != len(lat) + 1:
        raise RefusedError(ProblemKind.NOT_A_NUMBER, f"{shown(match.group())} is not +DD.D-DDD.D/")
    return [
        coordinate_of(
            _iso_degrees(lat_sign, lat, decimals=lat_decimals, width=2),
            _iso_degrees(lon_sign, lon, decimals=lon_decimals, width=3),
        )
    ]


def _iso_degrees(sign: str, digits: str, *, decimals: str | None, width: int) -> float:
    """Return the degrees of ``DD``, ``DDMM`` or ``DDMMSS``; decimals belong to the last part."""
    parts = [digits[:width], *(digits[at : at + 2] for at in range(width, len(digits), 2))]
    parts[-1] += decimals or ""
    value, flaw = measure(parts, -1 if sign == "-" else 1)
    if flaw is not None:
        raise RefusedError(flaw, shown(sign + digits))
    return value


def _read_point(match: re.Match[str]) -> list[Coordinate]:
    """Read ``POINT(lon lat)``; with a comma it is an ordinary pair, unless it looks like a call."""
    modifier, content = match.groups()
    numbers = content.split()
    if "," in content:
        if modifier:
            return []
        raise RefusedError(ProblemKind.ORDER, f"{shown(match.group())} may be either order, use (lat, lon)")
    if len(numbers) != 2 or modifier.strip():
        raise RefusedError(ProblemKind.NO_PAIR, f"{shown(match.group())} is not POINT(lon lat)")
    lon, lat = (single_angle(number).value for number in numbers)
    return [coordinate_of(lat, lon)]


def _refuse_geometry(match: re.Match[str]) -> list[Coordinate]:
    """Refuse lines and areas."""
    raise RefusedError(ProblemKind.GEOMETRY, f"{shown(match.group())}, expected a single POINT(lon lat)")


_SIGNED_READERS: dict[str, _Reader] = {"iso6709": (_ISO_6709, _read_iso_6709)}
_READERS: dict[str, _Reader] = {
    "geo": (_GEO, _read_geo),
    "wkt": (_POINT, _read_point),
    "geometry": (_GEOMETRY, _refuse_geometry),
    **_SIGNED_READERS,
}

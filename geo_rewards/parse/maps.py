"""Links to map services: one table row per service, with the meaning of its links.

If a link has both a pin and a viewport, the pin is the answer. Services whose datum is not WGS 84, or whose
order is uncertain, are refused.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, unquote_plus

from geo_rewards.parse.angle_reader import merge_angles, single_angle
from geo_rewards.parse.angles import Angle, coordinate_from
from geo_rewards.parse.findings import Finding, RefusedError, coordinate_of, shown
from geo_rewards.parse.normalise import plain_text
from geo_rewards.types import ProblemKind

if TYPE_CHECKING:
    from geo_rewards.types import Coordinate

LINK = re.compile(
    r"(?<![A-Za-z0-9_.])(?:https?://|www\.|maps\.|(?:google|bing|openstreetmap|yandex|2gis)\.)"
    r"(?:[^\s<>\"')\]}]|'(?=[0-9]))*+",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = r"([+-]?[0-9.]{1,24})(?![0-9.])"
_PAIR = rf"(?:loc:)?{_NUMBER},[+ ]?{_NUMBER}"
_DECIMALS = re.compile(r"[0-9]\.[0-9]")
_STARTS = r"[?&#]"  # of a parameter


class _Place(NamedTuple):
    """A part of a link that contains a coordinate; lower ranks win."""

    rank: int
    pattern: str
    lon_first: bool = False


class _Service(NamedTuple):
    """A map service: its hosts and the parts of its links; links of a service without parts are refused."""

    hosts: str
    places: tuple[_Place, ...]
    refusal: str = ""


def _place(rank: int, pattern: str, *, lon_first: bool = False) -> _Place:
    return _Place(rank, pattern, lon_first)


def _parameter(rank: int, *names: str, lon_first: bool = False) -> _Place:
    """Return the parameters with these names."""
    return _place(rank, rf"{_STARTS}(?:{'|'.join(names)})={_PAIR}", lon_first=lon_first)


def _hosts(pattern: str) -> str:
    return rf"(?:^|[/.])(?:{pattern})"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the table: few texts have links, and those links need few of them."""
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


_TWO_PARAMETERS = (
    _place(1, rf"{_STARTS}(?:lat|latitude)={_NUMBER}&(?:lon|lng|long|longitude)={_NUMBER}"),
    _place(1, rf"{_STARTS}(?:lon|lng|long|longitude)={_NUMBER}&(?:lat|latitude)={_NUMBER}", lon_first=True),
)
_SERVICES = (
    _Service(
        _hosts(r"(?:[a-z]{0,10}\.)?(?:baidu|amap|gaode|autonavi|qq|tencent|google\.cn|naver|kakao)\."),
        (),
        "its coordinates are not in WGS 84, or not in the usual order",
    ),
    _Service(
        _hosts(r"yandex\."),
        (
            _parameter(0, "pt", r"whatshere\[point\]", r"poi\[point\]", lon_first=True),
            _parameter(1, "ll", lon_first=True),
        ),
    ),
    _Service(
        _hosts(r"2gis\."),
        (
            _place(0, rf"/geo/(?:[0-9]+/)?{_PAIR}", lon_first=True),
            _place(1, rf"{_STARTS}m={_PAIR}", lon_first=True),
        ),
    ),
    _Service(
        _hosts(r"openstreetmap\.|osm\.org"),
        (
            _place(0, rf"{_STARTS}mlat={_NUMBER}&mlon={_NUMBER}"),
            _place(0, rf"{_STARTS}mlon={_NUMBER}&mlat={_NUMBER}", lon_first=True),
            _parameter(0, "query"),
            _place(1, rf"{_STARTS}map=[0-9.]{{1,5}}/{_NUMBER}/{_NUMBER}"),
            *_TWO_PARAMETERS,
        ),
    ),
    _Service(
        _hosts(r"bing\.|virtualearth\."),
        (
            _place(0, rf"[?&~]sp=point\.{_NUMBER}_{_NUMBER}"),
            _parameter(0, "where1", "q"),
            _place(1, rf"{_STARTS}cp={_NUMBER}~{_NUMBER}"),
        ),
    ),
    _Service(
        _hosts(r"apple\.com"),
        (_parameter(0, "ll", "q", "coordinate", "address"), _parameter(1, "center", "sll", "near")),
    ),
    _Service(
        _hosts(r"geohack\.|toolforge\.|wmflabs\."),
        (_place(0, rf"params={_NUMBER};{_NUMBER}"),),
    ),
    _Service(
        _hosts(r"(?:maps\.)?google\.|goo\.gl|maps\.app"),
        (
            _place(0, rf"!3d{_NUMBER}!4d{_NUMBER}"),
            _place(1, rf"/(?:place|search)/{_PAIR}"),
            _parameter(1, "viewpoint", "cbll", "markers"),
            _place(2, rf"@{_NUMBER},{_NUMBER}"),
            _parameter(2, "q", "query", "ll", "center", "sll"),
            _place(3, rf"!2d{_NUMBER}!3d{_NUMBER}", lon_first=True),
            *_TWO_PARAMETERS,
        ),
    ),
    _Service(  # any other
        "",
        (_place(1, rf"@{_NUMBER},{_NUMBER}"), _parameter(1, "q", "query"), *_TWO_PARAMETERS),
    ),
)
_ROUTE = re.compile(
    r"/dir/|/directions|[?&](?:origin|destination|saddr|daddr|rtext|rtp|route|waypoints)=",
    re.IGNORECASE | re.ASCII,
)
_WRITTEN_OUT = re.compile("/(?:place|search)/([^/@?&]{1,120})", re.IGNORECASE | re.ASCII)
_GEOHACK = re.compile(r"params=([0-9._]{1,40}_[NS]_[0-9._]{1,40}_[EW])", re.ASCII)


def read_link(link: str) -> list[Finding]:
    """Return the best-ranked coordinates of a link: none, one, or several that differ.

    Raises:
        RefusedError: If they are unreadable, or the service's links cannot be trusted.

    >>> read_link("https://yandex.ru/maps/?ll=37.6173,55.7558")[0].coordinate
    Coordinate(lat=55.7558, lon=37.6173)
    """
    plain = unquote(html.unescape(link))
    host = plain.partition("://")[2] or plain
    host = host.partition("?")[0][:80]
    if _ROUTE.search(plain) and _DECIMALS.search(plain):
        raise RefusedError(ProblemKind.GEOMETRY, f"{shown(link)} is a route, not a place")
    written = _written_out(plain)
    if written is not None:
        return [Finding(written[0], "url", link, written[1], claimed=True)]
    service = next(service for service in _SERVICES if _compiled(service.hosts).search(host))
    ranked: dict[int, list[Finding]] = {}
    for place in service.places:
        for match in _compiled(place.pattern).finditer(plain):
            ranked.setdefault(place.rank, []).append(_finding(match, link, lon_first=place.lon_first))
    if not service.places and _DECIMALS.search(plain):
        raise RefusedError(ProblemKind.GEOMETRY, f"{shown(link)}: {service.refusal}")
    return ranked[min(ranked)] if ranked else []


def _finding(match: re.Match[str], link: str, *, lon_first: bool) -> Finding:
    """Return the finding of two numbers."""
    first, second = single_angle(match[1]), single_angle(match[2])
    lat, lon = (second, first) if lon_first else (first, second)
    return Finding(coordinate_of(lat.value, lon.value), "url", link, (lat.unit, lon.unit), claimed=True)


def _written_out(link: str) -> tuple[Coordinate, tuple[float, float]] | None:
    """Return the coordinate of ``/place/48°51'30"N 2°17'40"E`` and its units; None if there is none."""
    match = _WRITTEN_OUT.search(link)
    geohack = _GEOHACK.search(link)
    if geohack is not None:
        text = geohack[1].replace("_", " ")
    elif match is not None and "°" in match[1]:
        text = plain_text(unquote_plus(match[1]))
    else:
        return None
    angles = merge_angles(text)
    if len(angles) != 2 or not all(isinstance(angle, Angle) and angle.axis for angle in angles):
        return None
    first, second = (angle.check(text) for angle in angles if isinstance(angle, Angle))
    lat, lon = (first, second) if first.axis == "lat" else (second, first)
    return coordinate_from(first, second), (lat.unit, lon.unit)

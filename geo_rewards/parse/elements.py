"""XML and HTML in an answer: elements with a known name become labelled lines, other tags spaces."""

from __future__ import annotations

import re

from geo_rewards.parse.findings import RefusedError
from geo_rewards.types import ProblemKind

_TAG = re.compile(
    r"<(?P<closes>/?)(?P<space>[A-Za-z][\w.-]{0,20}:)?(?P<name>[A-Za-z][\w-]{0,40})(?P<rest>[^<>]{0,200})>"
)
_INLINE = frozenset(
    {"b", "i", "u", "em", "strong", "span", "a", "code", "sup", "sub", "small", "font", "mark", "tt"}
)
_BLOCKS = frozenset({"br", "p", "li", "ul", "ol", "tr", "div", "table", "tbody", "thead", "dl", "hr", "pre"})
_CELL_ENDS = ("</td>", "</th>", "</dt>")
_CELLS = frozenset({"td", "th", "dt", "dd"})
_KML = re.compile(r"<(?:point|kml|placemark)[\s>]", re.IGNORECASE)
MAX_TAGS = 200


def read_elements(text: str) -> str:
    """Return a normalised text of the same length without tags: ``<lat>48.85</lat>`` is ``lat:48.85``.

    Raises:
        RefusedError: If it is KML, whose longitude-latitude order few models keep.

    >>> read_elements("<lat>48.85</lat>").split()
    ['lat:48.85']
    """
    if "<" not in text or ">" not in text:
        return text
    if "<coordinates>" in text.lower() and _KML.search(text):
        raise RefusedError(
            ProblemKind.ORDER, "KML coordinates may be in either order, use: latitude, longitude"
        )
    return _TAG.sub(_plain, text, count=MAX_TAGS)


def _plain(match: re.Match[str]) -> str:
    """Return what a tag becomes in a text of labelled lines."""
    written, name, rest = match.group(), match["name"], match["rest"]
    lower = name.lower()
    if lower in _INLINE:
        return " " * len(written)
    if match["closes"] and lower in _CELLS:
        return " " * len(written)
    if match["closes"] or lower in _BLOCKS:
        return "\n".ljust(len(written))
    if lower in _CELLS:
        before = match.string[max(match.start() - 12, 0) : match.start()].rstrip().lower()
        return " : ".ljust(len(written)) if before.endswith(_CELL_ENDS) else " " * len(written)
    space = len(match["space"] or "")
    if "=" in rest or rest.endswith("/"):  # attributes are labelled values too
        return "\n" + " " * (space + len(name)) + rest.replace("/", " ") + "\n"
    return "\n" + " " * space + name + ":" + rest

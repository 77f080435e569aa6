"""Country, region and city: from labels, or from an answer that is a list of two or three names."""

from __future__ import annotations

import re

from geo_rewards.parse.labels import (
    ASIDE_LABELS,
    AXIS_WORDS,
    COORDINATE_LABELS,
    LOWER_REGIONS,
    OTHER_LABELS,
    PLACE_LABELS,
    label_key,
)
from geo_rewards.parse.lead_ins import is_prose, leads_to_numbers, without_lead_in

# What the parts of a list name, by separator and number of parts.
_LISTED = {
    (",", 2): ("city", "country"),
    (",", 3): ("city", "region", "country"),
    (";", 3): ("country", "region", "city"),  # as GeoAgent's prompt requests
    ("$", 2): ("country", "region"),  # $China, Yunnan$, as SeekWorld's does
}
_MAX_NAME = 60
_AROUND = " \t\r\f\v,;.|>*#-–—→•"
_NO_NAME = frozenset("0123456789:=@<>{}\\")
_LABELS = frozenset({*PLACE_LABELS, *COORDINATE_LABELS, *OTHER_LABELS, *AXIS_WORDS})
# Up to three words before a colon; the label is their longest known ending.
_WORD = r"[^\W_]++(?:/[^\W_]++)?+"
_BEFORE_COLON = re.compile(rf"(?<![^\W_])({_WORD}(?:[ _-]{_WORD}){{0,2}}+)[ \t\"')]{{0,6}}+[:=]")
_WORD_END = re.compile("[ _-]")
_ENUMERATOR = re.compile(r"\s[0-9]{1,2}[.)]$")


def labelled_places(text: str, raw: str) -> list[tuple[str, str]]:
    """Return the field and value of every labelled place, as written.

    `text` is the normalised `raw`, with coordinates replaced by line ends.

    >>> text = "1. Country: Japan 2. State: Hokkaido"
    >>> labelled_places(text, text)
    [('country', 'Japan'), ('region', 'Hokkaido')]
    """
    labels = _labels(text)
    upper = any(PLACE_LABELS.get(label) == "region" and label not in LOWER_REGIONS for _, _, label in labels)
    places: list[tuple[str, str]] = []
    for index, (_, after_label, label) in enumerate(labels):
        if label in PLACE_LABELS and not (upper and label in LOWER_REGIONS):
            start, end = _value_span(text, after_label, _limit(labels, index, text))
            if start < end:
                places.append((PLACE_LABELS[label], raw[start : _word_end(raw, end)]))
    return places


def aside_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of values whose labels are about something else: ``Street: 400 South 1400 East``.

    >>> aside_spans("Year: 1999 City: Paris")
    [(5, 11)]
    """
    labels = _labels(text)
    spans: list[tuple[int, int]] = []
    for index, (_, after_label, label) in enumerate(labels):
        if label in ASIDE_LABELS:
            spans.append((after_label, _line_end(text, after_label, _limit(labels, index, text))))
    return spans


def _labels(text: str) -> list[tuple[int, int, str]]:
    """Return where each known label starts, where its value starts, and its key."""
    found = (_label(match) for match in _BEFORE_COLON.finditer(text))
    return [label for label in found if label is not None]


def _limit(labels: list[tuple[int, int, str]], index: int, text: str) -> int:
    """Return the latest possible end of a label's value."""
    return labels[index + 1][0] if index + 1 < len(labels) else len(text)


def listed_places(text: str, raw: str) -> list[tuple[str, str]]:
    """Return the names of an answer that is a comma list of two or three: ``Paris, France``.

    >>> listed_places("Biei, Hokkaido, Japan", "Biei, Hokkaido, Japan")
    [('city', 'Biei'), ('region', 'Hokkaido'), ('country', 'Japan')]
    """
    lines = [match.span() for match in re.finditer(r"[^\n]++", text) if _has_letter(match.group())]
    if len(lines) != 1:
        return []
    start, end = _trimmed(text, *lines[0], around=_AROUND + "()[]")
    start, end = _unquoted(text, start, end)
    if not _NO_NAME.isdisjoint(text[start:end]):
        return []
    start = without_lead_in(text, start, end)
    mark = ";" if ";" in text[start:end] else ","
    spans = [
        _trimmed(text, start + name.start(), start + name.end(), around=_AROUND)
        for name in re.finditer(rf"[^{mark}]++", text[start:end])
    ]
    dollars = mark == "," and raw[: start + 1].strip()[:1] == "$" == raw[end - 1 :].strip()[-1:]
    while len(spans) > 1 and leads_to_numbers(raw[slice(*spans[-1])]):
        spans.pop()
    fields = _LISTED.get(("$" if dollars else mark, len(spans)), ())
    names = [raw[first : _word_end(raw, last)] for first, last in spans if 0 < last - first <= _MAX_NAME]
    if len(names) != len(fields) or any(map(is_prose, names)):
        return []
    return list(zip(fields, names, strict=True))


def _label(match: re.Match[str]) -> tuple[int, int, str] | None:
    """Return where the label before a colon starts, where its value starts, and its key."""
    words = match[1]
    while (key := label_key(words)) not in _LABELS:
        cut = _WORD_END.search(words)
        if cut is None:
            return None
        words = words[cut.end() :]
    return match.end(1) - len(words), match.end(), key


def _value_span(text: str, start: int, limit: int) -> tuple[int, int]:
    """Return the span of the value after a label: on the same line, or on the next if that is empty."""
    end = _line_end(text, start, limit)
    if not text[start:end].strip() and end < limit:
        start, end = end + 1, _line_end(text, end + 1, limit)
    length = len(text[start:end].rstrip())
    if end == limit and (enumerator := _ENUMERATOR.search(text[start : start + length])):
        length = enumerator.start()  # "Japan 2." before "State:"
    return _unquoted(text, *_trimmed(text, start, start + length, around=_AROUND))


def _line_end(text: str, start: int, limit: int) -> int:
    """Return where the line ends, or `limit` if that is earlier."""
    end = text.find("\n", start, limit)
    return end if end >= 0 else limit


def _trimmed(text: str, start: int, end: int, *, around: str) -> tuple[int, int]:
    """Return the span without the given characters at its ends."""
    piece = text[start:end]
    first = len(piece) - len(piece.lstrip(around))
    return start + first, start + max(len(piece.rstrip(around)), first)


def _unquoted(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without quotes around it."""
    quoted = end - start > 2 and text[start] in "\"'" and text[start] == text[end - 1]
    return (start + 1, end - 1) if quoted else (start, end)


def _has_letter(text: str) -> bool:
    """Return whether the text contains a letter."""
    return any(map(str.isalpha, text))


def _word_end(raw: str, end: int) -> int:
    """Return the end of the word in which a span ends: the `Sul` of a name is an `S` in the plain text."""
    while 0 < end < len(raw) and raw[end - 1].isalpha() and raw[end].isalpha():
        end += 1
    return end

"""Read truth columns: the label that a person wrote for each row becomes a `GroundTruth`.

Names that only the gazetteer knows are added later, on demand, by `geo_rewards.batch.batch`.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geo_rewards.batch.tables import list_of
from geo_rewards.batch.values import is_null, number_of, python_values, shown
from geo_rewards.errors import TruthError
from geo_rewards.geo import country_code, named_place
from geo_rewards.parse import ProblemKind, degrees_of, parse_answer, parse_completion
from geo_rewards.parse.common_answers import read_common
from geo_rewards.types import Answer, Coordinate, GroundTruth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_LATITUDES = ("lat", "latitude", "gt_lat", "gt_latitude")
_LONGITUDES = ("lon", "longitude", "gt_lon", "gt_longitude", "lng", "gt_lng", "long")
ALIASES = {**dict.fromkeys(_LATITUDES[1:], "lat"), **dict.fromkeys(_LONGITUDES[1:], "lon")}
TRUTH_FIELDS = ("lat", "lon", "country", "region", "city", "solution")
_AXES = {"lat": "lat", "lon": "lon", **ALIASES}
TRUTH_COLUMNS = frozenset(TRUTH_FIELDS) | {
    written
    for name in _AXES
    for written in (name, name.upper(), name.title(), name.capitalize())
    if written.lower() != "long" or written == "long"
}
"""Names of truth columns; coordinate names are matched case-insensitively, see `truth_columns`."""
_PLAIN_COLUMNS = {("lat", "lon"), ("latitude", "longitude"), ("lat", "lng"), ("gt_lat", "gt_lon")}

# A text with one of these was meant as a place; with any other problem it is ordinary text.
_UNREADABLE = (
    ProblemKind.OUT_OF_RANGE,
    ProblemKind.SEVERAL_PAIRS,
    ProblemKind.SEVERAL_PLACES,
    ProblemKind.DUPLICATE_KEY,
    ProblemKind.SIGN,
    ProblemKind.AXES,
    ProblemKind.RANGE,
    ProblemKind.DENIED,
    ProblemKind.ORDER,
    ProblemKind.GEOMETRY,
    ProblemKind.MINUTES,
)
# A text that contains one of these and has any problem was meant as a place.
_OF_PLACES = re.compile(
    r"\b(?:lat|latitude|lon|lng|longitude|coordinates?|coords?|gps|latlon|latlng)\b|\blong\s*[\"']?\s*[:=]"
    r"|geo:[0-9+-]|\bPOINT\s?\(|[0-9]\s?°?\s?[NS]\b[^\n]{0,40}[0-9]\s?°?\s?[EW]\b|°[^\n]{0,12}[NSEW]\b"
    r"|https?://[^\s]{0,60}(?:maps|openstreetmap)",
    re.IGNORECASE | re.ASCII,
)
# What people and programs write for a missing value.
_MISSING_TEXTS = frozenset(
    {
        "",
        "nan",
        "none",
        "null",
        "nil",
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "#n/a",
        "<na>",
        "nat",
        "unknown",
        "unk",
        "undefined",
    }
    | {
        "not available",
        "not applicable",
        "not known",
        "missing",
        "no data",
        "n/k",
        "tbd",
        "(none)",
        "(null)",
        "empty",
    }
    | {"<none>", "<null>", "unspecified", "not specified", "none.", "(unknown)", "<unknown>"}
)
_NO_LETTERS = re.compile(r"[\W_]*")  # "-", "--", "?", "..."

# A count with a thousands comma, a decimal comma, a fraction, a range: no one writes a place like that.
_NUMBER_LIKE = re.compile(r"[+-]?[0-9]+[,/-][0-9]+")
_ANSWER_TAG = "<answer>"


def read_truths(columns: Mapping[str, Any], count: int | None = None) -> list[GroundTruth]:
    """Return the truth of each row.

    Args:
        columns: Any columns; only `lat`, `lon` (or another usual name, in any case; degrees), `country` (any
            name or ISO code), `region`, `city` and `solution` are read. Explicit columns override
            `solution`. None, NaN, empty strings and texts such as ``n/a`` are missing values.
        count: How many rows there are; taken from the truth columns if None.

    Raises:
        TruthError: If truth columns have unequal lengths, or a truth is unreadable, out of range
            or contradictory; the message names the row.
    """
    given = truth_columns(columns, count)
    count = next((len(values) for values in given.values()), count or 0)
    read: dict[Any, GroundTruth] = {}
    return [
        _read_once(read, {name: values[row] for name, values in given.items()}, row) for row in range(count)
    ]


def plain_truths(columns: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return the truths as latitudes and longitudes, shape (2, n), if every row is only a coordinate.

    Else, or if any row is missing, unreadable or out of range, return None: `read_truths` says which.

    Args:
        columns: Truth columns, as `truth_columns` returns them.

    >>> plain_truths({"lat": [48.85], "lon": [2]}).tolist(), plain_truths({"lat": [400.0], "lon": [2]})
    ([[48.85], [2.0]], None)
    """
    names = sorted(columns, key=str.lower)
    if tuple(map(str.lower, names)) not in _PLAIN_COLUMNS:
        return None
    lats, lons = (columns[name] for name in names)
    kinds = {*map(type, lats), *map(type, lons)}
    if not all(issubclass(kind, (float, int)) and kind is not bool for kind in kinds):
        return None
    try:
        degrees = np.array([lats, lons], dtype=np.float64)
    except OverflowError:  # an integer with hundreds of digits
        return None
    valid = (np.abs(degrees[0]) <= 90.0) & (np.abs(degrees[1]) <= 180.0)  # false for NaN
    return degrees if valid.all() else None


def read_truth(row_columns: Mapping[str, Any], *, row: int | None = None) -> GroundTruth:
    """Return the truth of one row from its cells.

    Raises:
        TruthError: As for `read_truths`, naming `row` if given.
    """
    try:
        cells = _merge_aliases(row_columns)
        from_solution = _read_solution(cells.get("solution"))
        if len(cells) == ("solution" in cells):  # no other column
            return _of_territory(from_solution)
        truth = GroundTruth(
            coordinate=_read_pair(cells.get("lat"), cells.get("lon")) or from_solution.coordinate,
            country=_read_country(cells.get("country")) or from_solution.country,
            region=_read_name("region", cells.get("region")) or from_solution.region,
            city=_read_name("city", cells.get("city")) or from_solution.city,
            text=from_solution.text,
        )
        return _of_territory(truth)
    except TruthError as error:
        raise TruthError(error.cause_text, row=row) from None


def truth_columns(columns: Mapping[str, Any], count: int | None = None) -> dict[str, Sequence[Any]]:
    """Return the truth columns among these as lists of Python values.

    Args:
        columns: Any columns by name.
        count: How many rows there are; taken from the first truth column if None.

    Raises:
        TruthError: If one is not a list or has a different length; names the first row affected.
    """
    given = {name: _listed(name, columns[name]) for name in sorted(filter(_is_truth_column, columns))}
    expected = next((len(values) for values in given.values()), 0) if count is None else count
    for name, values in given.items():
        if len(values) != expected:
            message = f"truth column {name!r} has {len(values)} values for {expected} rows"
            raise TruthError(message, row=min(len(values), expected))
    return given


def _read_once(read: dict[Any, GroundTruth], cells: Mapping[str, Any], row: int) -> GroundTruth:
    """Return the truth of a row, reusing that of a row with the same cells: a group has only one truth."""
    try:
        key = tuple(
            (type(cell), cell) for cell in cells.values()
        )  # 1 and True are equal, and only one is a number
        if key not in read:
            read[key] = read_truth(cells, row=row)
        return read[key]
    except TypeError:  # a list
        return read_truth(cells, row=row)


def _listed(name: str, values: Any) -> Sequence[Any]:
    try:
        listed = list_of(values)
    except ValueError as error:
        raise TruthError(f"truth column {name!r} cannot be read: {error}") from error
    if listed is None:
        raise TruthError(
            f"truth column {name!r} must be a list with one value per completion, not {shown(values)}"
        )
    return listed


def _is_truth_column(name: Any) -> bool:
    return name in TRUTH_FIELDS or (isinstance(name, str) and name.lower() in _AXES)


def _merge_aliases(cells: Mapping[str, Any]) -> dict[str, Any]:
    merged = {name: cells.get(name) for name in TRUTH_FIELDS if not _is_missing(cells.get(name), name)}
    has_latitude = any(_AXES.get(column.lower()) == "lat" for column in cells)
    for column, value in cells.items():
        name = _AXES.get(column.lower())
        if name is None or column == name or _is_missing(value, name):
            continue
        if column.lower() == "long" and not has_latitude:  # a long text
            continue
        if name in merged and merged[name] != value:
            raise TruthError(
                f"{name} {shown(merged[name])} and {column} {shown(value)} contradict each other"
            )
        merged[name] = value
    if _is_thai_nan(cells):
        merged.update({name: "Nan" for name in ("region", "city") if cells.get(name) == "Nan"})
    return merged


def _is_missing(value: Any, name: str) -> bool:
    """Return whether a cell means that there is no value; as a country, `NA` is Namibia."""
    if is_null(value):
        return True
    if not isinstance(value, str):
        return False
    text = " ".join(value.split()).lower()
    if name == "solution":  # `none` may be the right answer for a text reward
        return not text
    if name == "country" and text == "na":
        return False
    return text in _MISSING_TEXTS or _NO_LETTERS.fullmatch(text) is not None


def _is_thai_nan(cells: Mapping[str, Any]) -> bool:
    """Return whether the country is Thailand, where Nan is a province and its capital city."""
    country = cells.get("country")
    return isinstance(country, str) and country_code(country) == "TH"


def _read_pair(lat: Any, lon: Any) -> Coordinate | None:
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise TruthError(f"{'lon is given without lat' if lat is None else 'lat is given without lon'}")
    return _coordinate(_degrees("lat", lat), _degrees("lon", lon))


def _coordinate(lat: float, lon: float) -> Coordinate:
    try:
        return Coordinate(lat, lon)
    except ValueError as error:
        raise TruthError(str(error)) from None


def _degrees(name: Literal["lat", "lon"], value: Any) -> float:
    number = number_of(value)
    if number is not None:
        return number
    if isinstance(value, str):
        with suppress(ValueError):
            return degrees_of(value, name)
    raise TruthError(f"{name} {shown(value)} is not a number of degrees")


def _read_country(value: Any) -> str | None:
    if value is None:
        return None
    code = country_code(value) if isinstance(value, str) else None
    if code is None:
        raise TruthError(f"country {shown(value)} is neither a country name nor an ISO 3166-1 code")
    return code


def _of_territory(truth: GroundTruth) -> GroundTruth:
    """Return the truth with a territory given as region moved to the country, as in answers."""
    place = named_place(truth.country, truth.region, truth.city)
    if place.country in (None, truth.country):
        return truth
    return replace(truth, country=place.country, region=place.region, city=place.city)


def _read_name(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TruthError(f"{name} {shown(value)} is not a name")
    return value.strip() or None


def _read_solution(value: Any) -> GroundTruth:
    if value is None:
        return GroundTruth()
    value = python_values(value)
    if isinstance(value, (list, tuple)) and len(value) == 2 and _is_pair(value):
        return GroundTruth(coordinate=_coordinate(_degrees("lat", value[0]), _degrees("lon", value[1])))
    return _read_text(value if isinstance(value, str) else _as_json(value))


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError, TypeError):  # thousands of digits or levels; keys that are no texts
        raise TruthError(f"solution {shown(value)} cannot be written as JSON") from None


def _is_pair(values: Sequence[Any]) -> bool:
    """Return whether two values are a pair: no texts among them, or one that is decimal degrees."""
    if not all(isinstance(value, str) for value in values):
        return not any(isinstance(value, str) for value in values) or any(map(_is_degrees, values))
    numeric = [value for value in values if _is_degrees(value)]
    return len(numeric) == 2 or any("." in value for value in numeric)


def _is_degrees(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    for axis in ("lat", "lon"):
        try:
            degrees_of(value, axis)
        except ValueError:
            continue
        return True
    return False


def _read_text(text: str) -> GroundTruth:
    written = text.strip()
    if _ANSWER_TAG in text:
        completion = parse_completion(text)
        if completion.answer is None:
            raise TruthError(f"solution: {completion.problems[0]}")
        written = completion.answer
    if _NUMBER_LIKE.fullmatch(written):
        return GroundTruth(text=written)
    common = read_common(written, listed=False)  # in a truth, a bare comma list is not a place
    if common is not None:
        lat, lon, form, _, country, region, city = common
        return GroundTruth(Coordinate(lat, lon) if form else None, _read_country(country), region, city)
    answer = parse_answer(written, listed_names=False)
    if answer.coordinate is None:
        _refuse_bad_pairs(answer, written)
        if not (answer.country or answer.region or answer.city):
            return GroundTruth(text=written)
    return GroundTruth(answer.coordinate, _read_country(answer.country), answer.region, answer.city)


def _refuse_bad_pairs(answer: Answer, written: str) -> None:
    """Refuse a solution that was meant as a place but cannot be read as one."""
    for problem in answer.problems:
        if problem.kind in _UNREADABLE or _OF_PLACES.search(written):
            raise TruthError(f"solution: {problem}")

"""Read truth columns: what a person wrote as the label of each row becomes a `GroundTruth`.

The names that only the gazetteer knows are added later, by `geo_rewards.batch.batch`, when somebody asks.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.errors import TruthError
from geo_rewards.geo import country_code, named_place
from geo_rewards.parse import ProblemKind, parse_answer, parse_completion
from geo_rewards.parse.common_answers import read_common
from geo_rewards.types import Answer, Coordinate, GroundTruth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

ALIASES = {"latitude": "lat", "longitude": "lon"}
TRUTH_FIELDS = ("lat", "lon", "country", "region", "city", "solution")
TRUTH_COLUMNS = frozenset(TRUTH_FIELDS) | frozenset(ALIASES)
_PLAIN_COLUMNS = ({"lat", "lon"}, {"latitude", "longitude"})

# A text with one of these meant to be a place; with any other problem it is just another text.
_UNREADABLE = (
    ProblemKind.OUT_OF_RANGE,
    ProblemKind.SEVERAL_PAIRS,
    ProblemKind.SEVERAL_PLACES,
    ProblemKind.DUPLICATE_KEY,
    ProblemKind.SIGN,
    ProblemKind.AXES,
)


# A count with a thousands comma, a decimal comma, a fraction: nobody writes a place like that.
_NUMBER_LIKE = re.compile(r"[+-]?[0-9]+[,/][0-9]+")


def read_truths(columns: Mapping[str, Any], count: int | None = None) -> list[GroundTruth]:
    """Return the truth of each row.

    Args:
        columns: Any columns; only `lat`, `lon` (or `latitude`, `longitude`, degrees), `country` (any
            name or ISO code), `region`, `city` and `solution` are read. Explicit columns win over
            `solution`. None, NaN and empty strings are missing values.
        count: How many rows there are; taken from the truth columns if None.

    Raises:
        TruthError: If truth columns have unequal lengths, or a truth is unreadable, out of range
            or contradictory; names the row.
    """
    given = truth_columns(columns, count)
    count = next((len(values) for values in given.values()), count or 0)
    read: dict[Any, GroundTruth] = {}
    return [
        _read_once(read, {name: values[row] for name, values in given.items()}, row) for row in range(count)
    ]


def plain_truths(columns: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return the truths as latitudes and longitudes, shape (2, n), if every row is a coordinate alone.

    None if it is not so, or if any row is missing, unreadable or out of range: `read_truths` says which.

    Args:
        columns: Truth columns, as `truth_columns` returns them.

    >>> plain_truths({"lat": [48.85], "lon": [2]}).tolist(), plain_truths({"lat": [400.0], "lon": [2]})
    ([[48.85], [2.0]], None)
    """
    if columns.keys() not in _PLAIN_COLUMNS:
        return None
    lats, lons = (columns[name] for name in sorted(columns))
    kinds = {*map(type, lats), *map(type, lons)}
    if not all(issubclass(kind, (float, int)) and kind is not bool for kind in kinds):
        return None
    try:
        degrees = np.array([lats, lons], dtype=np.float64)
    except OverflowError:  # an integer of hundreds of digits
        return None
    valid = (np.abs(degrees[0]) <= 90.0) & (np.abs(degrees[1]) <= 180.0)  # false for NaN
    return degrees if valid.all() else None


def read_truth(row_columns: Mapping[str, Any], *, row: int | None = None) -> GroundTruth:
    """Return the truth of one row, from its cells.

    Raises:
        TruthError: As `read_truths`, naming `row` if it is given.
    """
    try:
        cells = _merge_aliases(row_columns)
        from_solution = _read_solution(cells.get("solution"))
        if len(cells) == ("solution" in cells):  # nothing beside it
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
    """Return the truth columns among these, as lists of Python values.

    Args:
        columns: Any columns by name.
        count: How many rows there are; taken from the first truth column if None.

    Raises:
        TruthError: If one is not a list or has another length; names the first row concerned.
    """
    given = {name: _listed(name, columns[name]) for name in sorted(TRUTH_COLUMNS) if name in columns}
    expected = next((len(values) for values in given.values()), 0) if count is None else count
    for name, values in given.items():
        if len(values) != expected:
            message = f"truth column {name!r} has {len(values)} values for {expected} rows"
            raise TruthError(message, row=min(len(values), expected))
    return given


def _read_once(read: dict[Any, GroundTruth], cells: Mapping[str, Any], row: int) -> GroundTruth:
    """Return the truth of a row, read already if a row of the same cells was: a group has but one truth."""
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
    if hasattr(values, "tolist"):  # numpy, pandas: Python scalars from here on
        values = values.tolist()
    if isinstance(values, str) or not hasattr(values, "__len__") or not hasattr(values, "__getitem__"):
        raise TruthError(
            f"truth column {name!r} must be a list with one value a completion, not {values!r:.60}"
        )
    return values  # type: ignore[no-any-return]


def _merge_aliases(cells: Mapping[str, Any]) -> dict[str, Any]:
    merged = {name: cells[name] for name in TRUTH_FIELDS if name in cells and not _is_missing(cells[name])}
    for alias, name in ALIASES.items():
        if alias not in cells or _is_missing(value := cells[alias]):
            continue
        if name in merged and merged[name] != value:
            raise TruthError(f"{name} {merged[name]!r} and {alias} {value!r} contradict each other")
        merged[name] = value
    return merged


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or value == ""


def _read_pair(lat: Any, lon: Any) -> Coordinate | None:
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise TruthError(f"{'lat is missing beside lon' if lat is None else 'lon is missing beside lat'}")
    return _coordinate(_degrees("lat", lat), _degrees("lon", lon))


def _coordinate(lat: float, lon: float) -> Coordinate:
    try:
        return Coordinate(lat, lon)
    except ValueError as error:
        raise TruthError(str(error)) from None


def _degrees(name: str, value: Any) -> float:
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    try:
        if isinstance(value, str):
            return float(value)
    except ValueError:
        pass
    raise TruthError(f"{name} {value!r:.60} is not a number of degrees")


def _read_country(value: Any) -> str | None:
    if value is None:
        return None
    code = country_code(value) if isinstance(value, str) else None
    if code is None:
        raise TruthError(f"country {value!r:.60} is neither a country's name nor its ISO 3166-1 code")
    return code


def _of_territory(truth: GroundTruth) -> GroundTruth:
    """Return the truth with the territory as its country where it stands as a region: as answers are read."""
    place = named_place(truth.country, truth.region, truth.city)
    if place.country in (None, truth.country):
        return truth
    return replace(truth, country=place.country, region=place.region, city=place.city)


def _read_name(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TruthError(f"{name} {value!r:.60} is not a name")
    return value.strip() or None


def _read_solution(value: Any) -> GroundTruth:
    if value is None:
        return GroundTruth()
    if isinstance(value, (list, tuple)) and len(value) == 2 and not any(isinstance(v, str) for v in value):
        return GroundTruth(coordinate=_coordinate(_degrees("lat", value[0]), _degrees("lon", value[1])))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _read_text(text)


def _read_text(text: str) -> GroundTruth:
    tagged = parse_completion(text).answer if "<answer>" in text else None
    written = (text if tagged is None else tagged).strip()
    if _NUMBER_LIKE.fullmatch(written):
        return GroundTruth(text=written)
    common = read_common(written, listed=False)  # a bare comma list is no truth place
    if common is not None:
        lat, lon, form, _, country, region, city = common
        return GroundTruth(Coordinate(lat, lon) if form else None, _read_country(country), region, city)
    answer = parse_answer(written, listed_names=False)
    if answer.coordinate is None:
        _refuse_bad_pairs(answer)
        if not (answer.country or answer.region or answer.city):
            return GroundTruth(text=written)
    return GroundTruth(answer.coordinate, _read_country(answer.country), answer.region, answer.city)


def _refuse_bad_pairs(answer: Answer) -> None:
    for problem in answer.problems:
        if problem.kind in _UNREADABLE:
            raise TruthError(f"solution: {problem}")

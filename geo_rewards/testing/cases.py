"""`Case`: a labelled row to check a reward on, with a right and a wrong answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.batch import Batch
from geo_rewards.batch.truths import TRUTH_COLUMNS
from geo_rewards.errors import TruthError
from geo_rewards.testing.towns import sample_towns
from geo_rewards.types import Coordinate, GroundTruth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMES = ("country", "region", "city")
TOWNS = 48
MAX_ROWS = 200
JUNK_ANSWER = "I do not know."

_PARIS = {"lat": 48.8584, "lon": 2.2945, "country": "France", "region": "Île-de-France", "city": "Paris"}
_CURITIBA = {"lat": -25.4284, "lon": -49.2733, "country": "Brazil", "region": "Paraná", "city": "Curitiba"}
_TEXT = {"solution": "7"}


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled row.

    Attributes:
        columns: The row's value of each column, truth and others.
        ideal: An answer (without tags) that is right in every part.
        wrong: An answer that is wrong in every part.
        place: The true names by level, as written; empty if the truth is not a place.
        other: The names of another place.
        coordinate: The true coordinate, if there is one.
    """

    columns: Mapping[str, Any]
    ideal: str
    wrong: str
    place: Mapping[str, str]
    other: Mapping[str, str]
    coordinate: Coordinate | None


def build_cases(
    needs: tuple[str, ...], columns: Mapping[str, Any] | None, *, ideal: str | None, wrong: str | None
) -> list[Case]:
    """Return the rows to check a reward on.

    Args:
        needs: Truth fields that it needs, which decide the kind of truth.
        columns: One row's value of each column. Without a truth column among them they are added to
            two built-in rows, one in Paris and one in Curitiba.
        ideal: A right answer; made from the truth if None.
        wrong: A wrong answer; made to fit the truth if None.

    Raises:
        TruthError: If a truth among the columns is unreadable.
    """
    given = dict(columns or {})
    if TRUTH_COLUMNS & given.keys():
        rows = [given]
    elif "text" in needs:
        rows = [_TEXT | given]
    else:
        rows = [place | given for place in (_PARIS, _CURITIBA)]
    return [_case(row, ideal=ideal, wrong=wrong) for row in rows]


def build_data_cases(
    needs: tuple[str, ...], columns: Mapping[str, Any] | None, data: Mapping[str, Sequence[Any]] | None
) -> list[Case]:
    """Return the rows of a data set, for the checks that need many.

    Args:
        needs: As for `build_cases`.
        columns: As for `build_cases`: added to each built-in row.
        data: Columns of a data set, of which up to `MAX_ROWS` rows at equal intervals are taken. None: the
            world's towns by population, unless the truth is not a place or among `columns`.

    Raises:
        TruthError: If a truth among the rows is unreadable.
        ValueError: If the columns of the data set have different lengths, or none.
    """
    if data is not None:
        return [_case_of_row(index, row) for index, row in _rows(data)]
    given = dict(columns or {})
    if "text" in needs or TRUTH_COLUMNS & given.keys():
        return []
    towns = [{"lat": town.lat, "lon": town.lon} for town in sample_towns(TOWNS)]
    return [_case(town | given, ideal=None, wrong=None) for town in towns]


def _case_of_row(index: int, row: Mapping[str, Any]) -> Case:
    try:
        return _case(row, ideal=None, wrong=None)
    except TruthError as error:
        raise TruthError(error.cause_text, row=index) from None


def _rows(data: Mapping[str, Sequence[Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Return up to `MAX_ROWS` rows at equal intervals, with their index."""
    names = getattr(data, "column_names", None) or data  # of a table, too
    columns = {str(name): list(data[name]) for name in names}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or not (count := lengths.pop()):
        raise ValueError("the columns of a data set must have one value per row, and at least one row")
    step = -(-count // MAX_ROWS)
    chosen = range(0, count, step)
    return [(row, {name: values[row] for name, values in columns.items()}) for row in chosen]


def without_truth(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that are not truths."""
    return {name: value for name, value in columns.items() if name not in TRUTH_COLUMNS}


def with_another_truth(case: Case) -> dict[str, Any]:
    """Return the row's columns with a completely different truth."""
    if case.coordinate is None and not case.place:
        return without_truth(case.columns) | {"solution": case.wrong}
    return without_truth(case.columns) | _elsewhere(case.columns)


def _case(row: Mapping[str, Any], *, ideal: str | None, wrong: str | None) -> Case:
    truth = Batch([""], {name: [value] for name, value in row.items()}).truths[0]
    place = _true_names(truth, row)
    elsewhere = _elsewhere(row)
    other = {name: str(elsewhere[name]) for name in NAMES}
    if not place and truth.coordinate is None:
        right, default_wrong = truth.text or "", _other_text(truth.text or "")
    else:
        right = chain(place, truth.coordinate)
        default_wrong = chain(other, Coordinate(elsewhere["lat"], elsewhere["lon"]))
    return Case(
        columns=dict(row),
        ideal=right if ideal is None else ideal,
        wrong=default_wrong if wrong is None else wrong,
        place=place,
        other=other,
        coordinate=truth.coordinate,
    )


def chain(place: Mapping[str, str], coordinate: Coordinate | None) -> str:
    """Return a Chain-of-Region answer.

    >>> chain({"country": "France", "city": "Paris"}, Coordinate(48.8584, 2.2945))
    'Country: France City: Paris Coordinates: (48.8584, 2.2945)'
    """
    levels = [f"{name.capitalize()}: {place[name]}" for name in NAMES if name in place]
    return " ".join([*levels, *([f"Coordinates: ({coordinate})"] if coordinate else [])])


def _true_names(truth: GroundTruth, row: Mapping[str, Any]) -> dict[str, str]:
    """Return the true names, as written in the row if they are."""
    names = {name: row.get(name) or getattr(truth, name) for name in NAMES}
    return {name: str(value) for name, value in names.items() if value}


def _elsewhere(row: Mapping[str, Any]) -> dict[str, Any]:
    return _PARIS if "Brazil" in map(str, row.values()) else _CURITIBA


def _other_text(text: str) -> str:
    """Return another answer of the same kind: next to a number, words could be read as its unit."""
    return str(int(text) + 4) if text.isdecimal() else "none of these"

"""`Batch` and `Sample`: completions and columns, read once and shared by all rewards.

Everything here is a cached column: the first reward that asks pays, the others read. Columns that most
rewards need (degrees, places, well-formedness) are filled without an object a row; `answers`, `truths`
and `samples` make theirs when somebody looks at a row.
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geo_rewards.batch.columns import LazyRows, column, taken
from geo_rewards.batch.sample import Sample
from geo_rewards.batch.truths import TRUTH_COLUMNS, plain_truths, read_truths, truth_columns
from geo_rewards.geo import geodesic_km, get_builtin_gazetteer, great_circle_km, named_place
from geo_rewards.parse import parse_completion, plain_completions
from geo_rewards.parse.chat import completion_texts
from geo_rewards.types import Answer, Coordinate, GroundTruth, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geo_rewards.geo import Gazetteer

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

NOWHERE = Place()
_LEVELS = ("country", "region", "city")
PICTURE_FAULT = "picture_fault"
NOT_ROW_COLUMNS = TRUTH_COLUMNS | {"prompts", "completions", "completion_ids"}


class Batch:
    """Completions with their columns.

    Args:
        completions: Strings, or chat-message lists as trainers give them.
        columns: Columns by name, each with one value a completion: truth columns (see
            `geo_rewards.batch.truths.read_truths`), `prompts`, `completion_ids`, any others. What is not
            a list of the batch's length (a trainer's state or logging function) is left aside.
        gazetteer: Where names of coordinates come from; the built-in default if None.

    Attributes:
        whole: The batch that this one was taken from, or None.
        rows: Its rows there.

    Raises:
        TruthError: If truth columns have a wrong length; on first reading, if a truth is unreadable.
    """

    whole: Batch | None = None
    rows: Sequence[int] = ()

    def __init__(
        self,
        completions: Sequence[Any],
        columns: Mapping[str, Any] | None = None,
        *,
        gazetteer: Gazetteer | None = None,
    ) -> None:
        columns = dict(columns or {})
        self.prompts: Sequence[Any] | None = _column(columns.get("prompts"), len(completions))
        self.completion_ids: Sequence[Any] | None = _column(columns.get("completion_ids"), len(completions))
        self.completions = completion_texts(completions, self.prompts)
        self.progress = training_progress(columns.get("trainer_state"))
        self._truth_columns = truth_columns(columns, len(completions))
        self.columns = _row_columns(columns, len(completions))
        self._gazetteer = gazetteer

    def __len__(self) -> int:
        """Return the number of completions."""
        return len(self.completions)

    @property
    def gazetteer(self) -> Gazetteer:
        """The gazetteer that names coordinates; loaded on first use."""
        if self._gazetteer is None:
            self._gazetteer = get_builtin_gazetteer("default")
        return self._gazetteer

    @property
    def picture_faults(self) -> dict[int, str]:
        """Why a row's picture could not be read (column `picture_fault`), by row: its rewards abstain."""
        faults = self.columns.get(PICTURE_FAULT, ())
        return {row: str(fault) for row, fault in enumerate(faults) if fault}

    @column
    def samples(self) -> LazyRows[Sample]:
        """One `Sample` a completion, in order."""
        return LazyRows(partial(Sample, self), len(self))

    @column
    def answers(self) -> LazyRows[Answer]:
        """The parsed completions."""
        return LazyRows(partial(_parsed, self.completions), len(self))

    @column
    def well_formed(self) -> list[bool]:
        """Whether each completion is one think block and then one answer block; see `Answer.well_formed`."""
        return [plain or self.answers[row].well_formed for row, plain in enumerate(self.is_plain)]

    @column
    def given_truths(self) -> Sequence[GroundTruth]:
        """The truths as the columns give them, without a look into the gazetteer."""
        if self._plain_truths is None:
            return read_truths(self._truth_columns, len(self))
        return LazyRows(partial(_plain_truth, self._plain_truths), len(self))

    @column
    def truths(self) -> Sequence[GroundTruth]:
        """The truths, names filled from the gazetteer where only the coordinate is known."""
        if self._plain_truths is not None:
            return LazyRows(partial(_placed_truth, self._plain_truths, self.truth_places), len(self))
        wanting = np.array([_wants_names(truth) for truth in self.given_truths], dtype=bool)
        places = self._locate(np.where(wanting, self.truth_degrees, np.nan))
        rows = zip(self.given_truths, wanting.tolist(), places, strict=True)
        return [_fill(truth, place) if wants else truth for truth, wants, place in rows]

    @column
    def truth_places(self) -> list[Place]:
        """The names of the truths, filled from the gazetteer as in `truths`."""
        if self._plain_truths is not None:
            return self.located_truths
        return [Place(truth.country, truth.region, truth.city) for truth in self.truths]

    @column
    def located_truths(self) -> list[Place]:
        """Where the coordinates of the truths lie, by the gazetteer, whatever names the columns give."""
        return self._locate(self.truth_degrees)

    @column
    def answer_degrees(self) -> FloatArray:
        """Latitudes and longitudes of the answers, shape (2, n), NaN where there is none."""
        degrees = self._plain_degrees.copy()
        for row in np.flatnonzero(np.isnan(degrees[0])).tolist():
            coordinate = self.answers[row].coordinate
            if coordinate is not None:
                degrees[:, row] = coordinate.lat, coordinate.lon
        return degrees

    @column
    def truth_degrees(self) -> FloatArray:
        """Latitudes and longitudes of the truths, shape (2, n), NaN where there is none."""
        if self._plain_truths is not None:
            return self._plain_truths
        coordinates = [truth.coordinate for truth in self.given_truths]
        pairs = [(np.nan, np.nan) if c is None else (c.lat, c.lon) for c in coordinates]
        return np.array(pairs, dtype=np.float64).reshape(-1, 2).T

    @column
    def distance_km(self) -> FloatArray:
        """Great-circle distance from answer to truth in km, shape (n,), NaN where either is missing."""
        return np.asarray(great_circle_km(*self.answer_degrees, *self.truth_degrees), dtype=np.float64)

    @column
    def geodesic_km(self) -> FloatArray:
        """Geodesic distance (WGS 84) from answer to truth in km, shape (n,), NaN where either is missing."""
        return np.asarray(geodesic_km(*self.answer_degrees, *self.truth_degrees), dtype=np.float64)

    @column
    def named_places(self) -> list[Place]:
        """What the answers name: the country as ISO code (None if it is no country), the rest as written."""
        return [
            NOWHERE if plain else _named_place(self.answers[row]) for row, plain in enumerate(self.is_plain)
        ]

    @column
    def located_places(self) -> list[Place]:
        """Where the coordinates of the answers lie, by the gazetteer."""
        return self._locate(self.answer_degrees)

    @column
    def answer_places(self) -> list[Place]:
        """The places of the answers: each field by its name if there is one, else by the coordinate."""
        named = zip(self.named_places, self.is_plain, strict=True)
        if all(not plain and place.country and place.region and place.city for place, plain in named):
            return self.named_places  # no look into the gazetteer without need
        rows = zip(self.named_places, self.located_places, self.is_plain, strict=True)
        return [
            located if plain else _joined_place(self.answers[row], place, located)
            for row, (place, located, plain) in enumerate(rows)
        ]

    @column
    def answer_is_located(self) -> list[bool]:
        """Whether each answer names no place, so that all it says is where its coordinate lies."""
        rows = enumerate(self.is_plain)
        return [plain or _names_nothing(self.answers[row]) for row, plain in rows]

    @column
    def truth_is_located(self) -> list[bool]:
        """Whether each truth names no place itself, so that all its names are the gazetteer's."""
        if self._plain_truths is not None:
            return [True] * len(self)
        return [_names_nothing(truth) for truth in self.given_truths]

    def has_truth(self, fields: Iterable[str]) -> list[bool]:
        """Return for each row whether all of these truth fields are known.

        Args:
            fields: Names of `GroundTruth` fields.
        """
        known = np.ones(len(self), dtype=bool)
        for name in fields:
            known &= self._known_names[name] if name in _LEVELS else self._known_values(name)
        rows: list[bool] = known.tolist()
        return rows

    def take(self, rows: Sequence[int]) -> Self:
        """Return a batch of these rows, which reads its columns from this one: none is computed twice."""
        part = type(self).__new__(type(self))
        for name, value in self.__dict__.items():
            if not isinstance(getattr(type(self), name, None), column):
                part.__dict__[name] = taken(value, rows)
        part.whole, part.rows = self, list(rows)
        return part

    def drain_notes(self) -> list[dict[str, float]]:
        """Return the figures noted per row since the last call, and forget them."""
        notes: list[dict[str, float]] = [{}] * len(
            self
        )  # one for all: notes that are drained stay as they are
        if "samples" in self.__dict__:
            for row, sample in self.samples.made():
                notes[row] = sample.drain_notes()
        return notes

    @column
    def _known_names(self) -> dict[str, BoolArray]:
        """Which truths have a country, a region, a city."""
        names = {level: map(attrgetter(level), self.truth_places) for level in _LEVELS}
        return {
            level: np.array([name is not None for name in given], dtype=bool)
            for level, given in names.items()
        }

    def _known_values(self, field: str) -> BoolArray:
        """Return which truths have a coordinate or a text; the gazetteer adds none."""
        if field == "coordinate":
            present: BoolArray = ~np.isnan(self.truth_degrees[0])
            return present
        return np.array([getattr(truth, field) is not None for truth in self.given_truths], dtype=bool)

    @column
    def _plain_degrees(self) -> FloatArray:
        """Coordinates of the completions that are nothing but one in tags, NaN for all others."""
        return plain_completions(self.completions)

    @column
    def is_plain(self) -> list[bool]:
        """Whether each completion is nothing but one coordinate in tags: it need not be parsed to be read."""
        plain: list[bool] = (~np.isnan(self._plain_degrees[0])).tolist()
        return plain

    @column
    def _plain_truths(self) -> FloatArray | None:
        """Coordinates of the truths if they are nothing but coordinates; None if some row needs reading."""
        return plain_truths(self._truth_columns)

    def _locate(self, degrees: FloatArray) -> list[Place]:
        """Look up each distinct coordinate once; a row of NaN is nowhere."""
        places = [NOWHERE] * degrees.shape[1]
        rows = np.flatnonzero(~np.isnan(degrees[0]))
        if rows.size:
            pairs = degrees[0, rows] + 1j * degrees[1, rows]  # one number a pair, which `unique` sorts fast
            distinct, inverse = np.unique(pairs, return_inverse=True)
            found = self.gazetteer.lookup(distinct.real, distinct.imag)
            if len(found) != distinct.size:
                name = self.gazetteer.name
                raise ValueError(
                    f"gazetteer {name!r} gave {len(found)} places for {distinct.size} coordinates"
                )
            for row, index in zip(rows.tolist(), inverse.tolist(), strict=True):
                places[row] = found[index]
        return places


def training_progress(state: Any) -> float | None:
    """Return a trainer state's ``global_step / max_steps`` in [0, 1], or None if it has none."""
    step, steps = getattr(state, "global_step", None), getattr(state, "max_steps", None)
    if step is None or not steps or steps < 0:
        return None
    return min(1.0, float(step) / float(steps))


def _column(values: Any, count: int) -> Sequence[Any] | None:
    if hasattr(values, "tolist"):
        values = values.tolist()
    return values if isinstance(values, (list, tuple)) and len(values) == count else None


def _row_columns(columns: Mapping[str, Any], count: int) -> dict[str, Sequence[Any]]:
    rows = {name: _column(values, count) for name, values in columns.items() if name not in NOT_ROW_COLUMNS}
    return {name: values for name, values in rows.items() if values is not None}


def _wants_names(truth: GroundTruth) -> bool:
    return truth.coordinate is not None and not (truth.country and truth.region and truth.city)


def _fill(truth: GroundTruth, place: Place) -> GroundTruth:
    """Add the gazetteer's names; those of another country than the given one are not used."""
    if truth.country is not None and place.country != truth.country:
        return truth
    return GroundTruth(
        coordinate=truth.coordinate,
        country=truth.country or place.country,
        region=truth.region or place.region,
        city=truth.city or place.city,
        text=truth.text,
    )


def _parsed(completions: Sequence[str], row: int) -> Answer:
    return parse_completion(completions[row])


def _plain_truth(degrees: FloatArray, row: int) -> GroundTruth:
    return GroundTruth(Coordinate(float(degrees[0, row]), float(degrees[1, row])))


def _placed_truth(degrees: FloatArray, places: Sequence[Place], row: int) -> GroundTruth:
    return _fill(_plain_truth(degrees, row), places[row])


def _names_nothing(place: Answer | GroundTruth) -> bool:
    return not (place.country or place.region or place.city)


def _named_place(answer: Answer) -> Place:
    """Return the named place; a list of countries, such as "Spain, Italy, France", names no country."""
    return named_place(answer.country, answer.region, answer.city)


def _joined_place(answer: Answer, named: Place, located: Place) -> Place:
    """Return each field by its name if the answer gives one (even a wrong one), else by the coordinate."""
    return Place(
        country=named.country if answer.country else located.country,
        region=named.region or located.region,
        city=named.city or located.city,
    )

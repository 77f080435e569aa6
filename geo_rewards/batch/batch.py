"""`Batch` and `Sample`: completions and columns, read once and shared by all rewards.

Everything here is a cached column: the first reward to use it pays, the others read. Columns that most
rewards need (degrees, places, well-formedness) are filled without creating an object per row; `answers`,
`truths` and `samples` create theirs when a row is first accessed.
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geo_rewards.batch.columns import (
    PICTURE_FAULT,
    LazyRows,
    column,
    row_columns,
    taken,
    trainer_column,
    training_progress,
)
from geo_rewards.batch.placing import (
    LEVELS,
    NOWHERE,
    alike_by_level,
    filled,
    joined_place,
    locate,
    names_nothing,
    placed_truth,
    plain_truth,
    wants_names,
)
from geo_rewards.batch.tables import read_table
from geo_rewards.batch.truths import plain_truths, read_truths, truth_columns
from geo_rewards.geo import (
    geodesic_km,
    get_builtin_gazetteer,
    great_circle_km,
    named_place,
)
from geo_rewards.geo.located import LocatedPlaces
from geo_rewards.parse import common_reading, parse_completion, reading_of
from geo_rewards.parse.chat import completion_texts
from geo_rewards.types import Answer, GroundTruth, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geo_rewards.geo import Gazetteer
    from geo_rewards.parse.common_readers import CommonReading

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

_Names = tuple[str | None, str | None, str | None]
_NO_NAMES: _Names = (None, None, None)
ANSWER_COLUMNS = ("lat", "lon", "form", "text", *LEVELS)
"""Degrees, their form and text as written; names as written."""


class Batch:
    """Completions with their columns.

    Args:
        completions: Strings, or chat-message lists as trainers pass them; or a table with a column
            `completion`, see `geo_rewards.batch.tables`.
        columns: Columns by name, each with one value per completion: truth columns (see
            `geo_rewards.batch.truths.read_truths`), `prompts`, `completion_ids`, any others. What is not
            a list (a trainer's state or logging function) is ignored.
        gazetteer: Source of place names for coordinates; the built-in default if None.

    Attributes:
        parent: The batch this one was taken from, or None.
        parent_rows: Its rows in the parent.

    Raises:
        TruthError: If truth columns have the wrong length; on first reading, if a truth is unreadable.
        InputError: If completions are neither a list nor a table, or another column has the wrong length.
    """

    parent: Batch | None = None
    parent_rows: Sequence[int] = ()

    def __init__(
        self,
        completions: Sequence[Any],
        columns: Mapping[str, Any] | None = None,
        *,
        gazetteer: Gazetteer | None = None,
    ) -> None:
        completions, columns = read_table(completions, columns or {})
        count = len(completions)
        self.prompts: Sequence[Any] | None = trainer_column("prompts", columns, count)
        self.completion_ids: Sequence[Any] | None = trainer_column("completion_ids", columns, count)
        self.completions = completion_texts(completions, self.prompts)
        self.progress = training_progress(columns.get("trainer_state"))
        self._truth_columns = truth_columns(columns, count)
        self.columns = row_columns(columns, count)
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
        """One `Sample` per completion, in order."""
        return LazyRows(partial(Sample, self), len(self))

    @column
    def answers(self) -> LazyRows[Answer]:
        """The parsed completions."""
        return LazyRows(partial(_parsed, self.completions), len(self))

    @column
    def answer_columns(self) -> dict[str, Sequence[Any]]:
        """What the answers say, by the names in `ANSWER_COLUMNS`; NaN or None for what an answer omits.

        Filled by patterns where they match; only the other completions are parsed.
        """
        rows = [
            reading_of(self.answers[row]) if reading is None else reading
            for row, reading in enumerate(self._common_readings)
        ]
        return dict(zip(ANSWER_COLUMNS, zip(*rows, strict=True) if rows else [()] * 7, strict=True))

    @column
    def well_formed(self) -> list[bool]:
        """Whether each completion is one think block, then one answer block; see `Answer.well_formed`."""
        return [plain or self.answers[row].well_formed for row, plain in enumerate(self.is_plain)]

    @column
    def given_truths(self) -> Sequence[GroundTruth]:
        """The truths as the columns give them, without gazetteer lookups."""
        if self._plain_truths is None:
            return read_truths(self._truth_columns, len(self))
        return LazyRows(partial(plain_truth, self._plain_truths), len(self))

    @column
    def truths(self) -> Sequence[GroundTruth]:
        """The truths, with names filled in from the gazetteer where only the coordinate is known."""
        if self._plain_truths is not None:
            return LazyRows(partial(placed_truth, self._plain_truths, self.truth_places), len(self))
        wanting = np.array([wants_names(truth) for truth in self.given_truths], dtype=bool)
        places = locate(self.gazetteer, np.where(wanting, self.truth_degrees, np.nan))
        rows = zip(self.given_truths, wanting.tolist(), places, strict=True)
        return [filled(truth, place) if wants else truth for truth, wants, place in rows]

    @column
    def truth_places(self) -> Sequence[Place]:
        """The names of the truths, filled in from the gazetteer as in `truths`."""
        if self._plain_truths is not None:
            return self.located_truths
        return [Place(truth.country, truth.region, truth.city) for truth in self.truths]

    @column
    def truth_countries(self) -> list[str | None]:
        """The countries of `truth_places`."""
        places = self.truth_places
        if isinstance(places, LocatedPlaces):
            return places.countries()
        return [place.country for place in places]

    @column
    def located_truths(self) -> Sequence[Place]:
        """Where the gazetteer locates the truths' coordinates, whatever names the columns give."""
        return locate(self.gazetteer, self.truth_degrees)

    @column
    def answer_degrees(self) -> FloatArray:
        """Latitudes and longitudes of the answers, shape (2, n); NaN where there is none."""
        said = self.answer_columns
        return np.array([said["lat"], said["lon"]], dtype=np.float64)

    @column
    def truth_degrees(self) -> FloatArray:
        """Latitudes and longitudes of the truths, shape (2, n); NaN where there is none."""
        if self._plain_truths is not None:
            return self._plain_truths
        coordinates = [truth.coordinate for truth in self.given_truths]
        pairs = [(np.nan, np.nan) if c is None else (c.lat, c.lon) for c in coordinates]
        return np.array(pairs, dtype=np.float64).reshape(-1, 2).T

    @column
    def distance_km(self) -> FloatArray:
        """Great-circle distance from answer to truth in km, shape (n,); NaN where either is missing."""
        return np.asarray(great_circle_km(*self.answer_degrees, *self.truth_degrees), dtype=np.float64)

    @column
    def geodesic_km(self) -> FloatArray:
        """Geodesic distance (WGS 84) from answer to truth in km, shape (n,); NaN where either is missing."""
        return np.asarray(geodesic_km(*self.answer_degrees, *self.truth_degrees), dtype=np.float64)

    @column
    def named_places(self) -> list[Place]:
        """What the answers name: the country as ISO code (None if not a country), the rest as written."""
        made: dict[_Names, Place] = {_NO_NAMES: NOWHERE}
        for names in set(self._answer_names):
            if names not in made:
                made[names] = named_place(*names)
        return [made[names] for names in self._answer_names]

    @column
    def located_places(self) -> Sequence[Place]:
        """Where the gazetteer locates the answers' coordinates."""
        return locate(self.gazetteer, self.answer_degrees)

    @column
    def answer_places(self) -> list[Place]:
        """The places of the answers: each field from its name if there is one, else from the coordinate."""
        if all(place.country and place.region and place.city for place in self.named_places):
            return self.named_places  # avoid needless gazetteer lookups
        rows = zip(self.named_places, self.located_places, self._answer_names, strict=True)
        return [
            located if names == _NO_NAMES else joined_place(place, located, country=names[0])
            for place, located, names in rows
        ]

    @column
    def answer_is_located(self) -> list[bool]:
        """Whether each answer names no place, so that its place comes only from its coordinate."""
        return [names == _NO_NAMES for names in self._answer_names]

    @column
    def located_alike(self) -> dict[str, list[float]]:
        """By level, 1.0 where the answer's coordinate lies in the true country, region or city, else 0.0.

        Not used for truths that name a place themselves: see `truth_is_located`.
        """
        return alike_by_level(self.located_places, self.truth_places)

    @column
    def truth_is_located(self) -> list[bool]:
        """Whether each truth names no place itself, so that all its names come from the gazetteer."""
        if self._plain_truths is not None:
            return [True] * len(self)
        return [names_nothing(truth) for truth in self.given_truths]

    def has_truth(self, fields: Iterable[str]) -> list[bool]:
        """Return, for each row, whether all of these truth fields are known.

        Args:
            fields: Names of `GroundTruth` fields.
        """
        known = np.ones(len(self), dtype=bool)
        for name in fields:
            known &= self._known_names[name] if name in LEVELS else self._known_values(name)
        rows: list[bool] = known.tolist()
        return rows

    def take(self, rows: Sequence[int]) -> Self:
        """Return a batch of these rows that reads its columns from this one, so none is computed twice."""
        part = type(self).__new__(type(self))
        for name, value in self.__dict__.items():
            if not isinstance(getattr(type(self), name, None), column):
                part.__dict__[name] = taken(value, rows)
        part.parent, part.parent_rows = self, list(rows)
        return part

    def drain_notes(self) -> list[dict[str, float]]:
        """Return the figures noted per row since the last call, and clear them."""
        notes: list[dict[str, float]] = [{}] * len(
            self
        )  # one dict shared by all: drained notes are not modified
        if "samples" in self.__dict__:
            for row, sample in self.samples.made():
                notes[row] = sample.drain_notes()
        return notes

    @column
    def _known_names(self) -> dict[str, BoolArray]:
        """Which truths have a country, region and city."""
        if isinstance(self.truth_places, LocatedPlaces):
            return self.truth_places.known()
        names = {level: map(attrgetter(level), self.truth_places) for level in LEVELS}
        return {
            level: np.array([name is not None for name in given], dtype=bool)
            for level, given in names.items()
        }

    def _known_values(self, field: str) -> BoolArray:
        """Return which truths have a coordinate or a text; the gazetteer adds neither."""
        if field == "coordinate":
            present: BoolArray = ~np.isnan(self.truth_degrees[0])
            return present
        return np.array([getattr(truth, field) is not None for truth in self.given_truths], dtype=bool)

    @column
    def is_plain(self) -> list[bool]:
        """Whether each completion is well-formed with an answer of a common form, and so has no problem."""
        return [reading is not None for reading in self._common_readings]

    @column
    def _common_readings(self) -> list[CommonReading | None]:
        """What completions of a common form say; None for the others, which must be parsed."""
        return list(map(common_reading, self.completions))

    @column
    def _answer_names(self) -> list[_Names]:
        """Country, region and city of each answer, as written."""
        said = self.answer_columns
        return list(zip(*(said[level] for level in LEVELS), strict=True))

    @column
    def _plain_truths(self) -> FloatArray | None:
        """Coordinates of the truths if they are only coordinates; None if any row needs reading."""
        return plain_truths(self._truth_columns)


class Sample:
    """One row of a batch: what a reward's `score` receives.

    Attributes:
        index: The row in its batch, counted from 0.
    """

    __slots__ = ("_batch", "_notes", "index")

    def __init__(self, batch: Batch, index: int) -> None:
        self._batch = batch
        self.index = index
        self._notes: dict[str, float] = {}

    @property
    def completion(self) -> str:
        """The completion's text."""
        return self._batch.completions[self.index]

    @property
    def answer(self) -> Answer:
        """The parsed completion."""
        return self._batch.answers[self.index]

    @property
    def truth(self) -> GroundTruth:
        """The label, with names filled in from the gazetteer where only the coordinate is known."""
        return self._batch.truths[self.index]

    @property
    def answer_place(self) -> Place:
        """The answer's place: from its names (country as ISO code) where given, else from its coordinate."""
        return self._batch.answer_places[self.index]

    @property
    def distance_km(self) -> float | None:
        """Great-circle distance from answer to truth in km, or None if either has no coordinate."""
        distance = float(self._batch.distance_km[self.index])
        return None if np.isnan(distance) else distance

    @property
    def row(self) -> dict[str, Any]:
        """The other columns of this row by name."""
        return {name: values[self.index] for name, values in self._batch.columns.items()}

    @property
    def prompt(self) -> Any:
        """The prompt (text or messages), or None if the caller passed none."""
        return None if self._batch.prompts is None else self._batch.prompts[self.index]

    @property
    def completion_ids(self) -> Sequence[int] | None:
        """Token ids of the completion, or None outside training."""
        return None if self._batch.completion_ids is None else self._batch.completion_ids[self.index]

    @property
    def progress(self) -> float | None:
        """Fraction of the training completed, in [0, 1]; None outside training."""
        return self._batch.progress

    def note(self, key: str, value: float) -> None:
        """Record a figure to be logged in training and shown by `Scores.explain`."""
        self._notes[key] = float(value)

    def drain_notes(self) -> dict[str, float]:
        """Return the figures noted since the last call, and clear them."""
        notes, self._notes = self._notes, {}
        return notes


def _parsed(completions: Sequence[str], row: int) -> Answer:
    return parse_completion(completions[row])

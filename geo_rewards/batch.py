"""`Batch` and `Sample`: completions and columns, read once and shared by all rewards.

Everything here is a cached column: the first reward that asks pays, the others read.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geo_rewards.geo import country_code, geodesic_km, get_builtin_gazetteer, great_circle_km
from geo_rewards.parse import parse_completion
from geo_rewards.truths import TRUTH_COLUMNS, read_truths, truth_columns
from geo_rewards.types import Answer, Coordinate, GroundTruth, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geo_rewards.geo import Gazetteer

    FloatArray = NDArray[np.float64]

NOT_ROW_COLUMNS = TRUTH_COLUMNS | {"prompts", "completions", "completion_ids"}


class Batch:
    """Completions with their columns.

    Args:
        completions: Strings, or chat-message lists as trainers give them.
        columns: Columns by name, each with one value a completion: truth columns (see
            `geo_rewards.truths.read_truths`), `prompts`, `completion_ids`, any others. What is not
            a list of the batch's length (a trainer's state or logging function) is left aside.
        gazetteer: Where names of coordinates come from; the built-in default if None.

    Raises:
        TruthError: If truth columns have a wrong length; on first reading, if a truth is unreadable.
    """

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
        self.completions = [
            completion_text(completion, prompt=self.prompts[row] if self.prompts is not None else None)
            for row, completion in enumerate(completions)
        ]
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

    @cached_property
    def samples(self) -> list[Sample]:
        """One `Sample` a completion, in order."""
        return [Sample(self, index) for index in range(len(self))]

    @cached_property
    def answers(self) -> list[Answer]:
        """The parsed completions."""
        return [parse_completion(text) for text in self.completions]

    @cached_property
    def given_truths(self) -> list[GroundTruth]:
        """The truths as the columns give them, without a look into the gazetteer."""
        return read_truths(self._truth_columns, len(self))

    @cached_property
    def truths(self) -> list[GroundTruth]:
        """The truths, names filled from the gazetteer where only the coordinate is known."""
        given = self.given_truths
        wanting = [row for row, truth in enumerate(given) if _wants_names(truth)]
        places = self._locate([given[row].coordinate for row in wanting])
        filled = list(given)
        for row, place in zip(wanting, places, strict=True):
            filled[row] = _fill(given[row], place)
        return filled

    @cached_property
    def answer_degrees(self) -> FloatArray:
        """Latitudes and longitudes of the answers, shape (2, n), NaN where there is none."""
        return _degrees(answer.coordinate for answer in self.answers)

    @cached_property
    def truth_degrees(self) -> FloatArray:
        """Latitudes and longitudes of the truths, shape (2, n), NaN where there is none."""
        return _degrees(truth.coordinate for truth in self.given_truths)

    @cached_property
    def distance_km(self) -> FloatArray:
        """Great-circle distance from answer to truth in km, shape (n,), NaN where either is missing."""
        return np.asarray(great_circle_km(*self.answer_degrees, *self.truth_degrees), dtype=np.float64)

    @cached_property
    def geodesic_km(self) -> FloatArray:
        """Geodesic distance (WGS 84) from answer to truth in km, shape (n,), NaN where either is missing."""
        return np.asarray(geodesic_km(*self.answer_degrees, *self.truth_degrees), dtype=np.float64)

    @cached_property
    def named_places(self) -> list[Place]:
        """What the answers name: the country as ISO code (None if it is no country), the rest as written."""
        return [
            Place(country_code(answer.country) if answer.country else None, answer.region, answer.city)
            for answer in self.answers
        ]

    @cached_property
    def located_places(self) -> list[Place]:
        """Where the coordinates of the answers lie, by the gazetteer."""
        return self._locate([answer.coordinate for answer in self.answers])

    @cached_property
    def answer_places(self) -> list[Place]:
        """The places of the answers: each field by its name if there is one, else by the coordinate."""
        if all(answer.country and answer.region and answer.city for answer in self.answers):
            return self.named_places  # no look into the gazetteer without need
        return [
            Place(
                country=named.country if answer.country else located.country,
                region=named.region or located.region,
                city=named.city or located.city,
            )
            for answer, named, located in zip(
                self.answers, self.named_places, self.located_places, strict=True
            )
        ]

    def has_truth(self, fields: Iterable[str]) -> list[bool]:
        """Return for each row whether all of these truth fields are known.

        Args:
            fields: Names of `GroundTruth` fields.
        """
        fields = tuple(fields)
        source = self.given_truths if set(fields) <= {"coordinate", "text"} else self.truths
        return [all(getattr(truth, field) is not None for field in fields) for truth in source]

    def take(self, rows: Sequence[int]) -> Self:
        """Return a batch of these rows; what was already computed is taken along, not computed again."""
        part = type(self).__new__(type(self))
        samples = self.samples
        for name, value in self.__dict__.items():
            part.__dict__[name] = _taken(name, value, rows)
        part.__dict__["samples"] = [samples[row] for row in rows]  # the same: their notes come home
        return part

    def drain_notes(self) -> list[dict[str, float]]:
        """Return the figures noted per row since the last call, and forget them."""
        if "samples" not in self.__dict__:
            return [{} for _ in range(len(self))]
        return [sample.drain_notes() for sample in self.samples]

    def _locate(self, coordinates: Sequence[Coordinate | None]) -> list[Place]:
        """Look up each distinct coordinate once."""
        distinct = list(dict.fromkeys(c for c in coordinates if c is not None))
        if not distinct:
            return [Place() for _ in coordinates]
        found = self.gazetteer.lookup([c.lat for c in distinct], [c.lon for c in distinct])
        places: dict[Coordinate | None, Place] = dict(zip(distinct, found, strict=True))
        return [places.get(coordinate, Place()) for coordinate in coordinates]


class Sample:
    """One row of a batch: what a reward's `score` is given.

    Attributes:
        index: The row in its batch, from 0.
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
        """The label, names filled from the gazetteer where only the coordinate is known."""
        return self._batch.truths[self.index]

    @property
    def answer_place(self) -> Place:
        """The answer's place: by name where it gives one (country as ISO code), else by coordinate."""
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
        """The prompt (text or messages), or None if the caller gave none."""
        return None if self._batch.prompts is None else self._batch.prompts[self.index]

    @property
    def completion_ids(self) -> Sequence[int] | None:
        """Token ids of the completion, or None outside training."""
        return None if self._batch.completion_ids is None else self._batch.completion_ids[self.index]

    @property
    def progress(self) -> float | None:
        """Share of the training that is done, in [0, 1]; None outside training."""
        return self._batch.progress

    def note(self, key: str, value: float) -> None:
        """Record a figure that is logged in training and shown by `Scores.explain`."""
        self._notes[key] = float(value)

    def drain_notes(self) -> dict[str, float]:
        """Return the figures noted since the last call, and forget them."""
        notes, self._notes = self._notes, {}
        return notes


def completion_text(completion: Any, *, prompt: Any = None) -> str:
    """Return the text that the policy wrote, with its think block made whole.

    Args:
        completion: A string, or a chat-message list. Reasoning that a chat template has moved to
            `reasoning_content` is put back in front, inside `<think>` tags.
        prompt: If this is a text that ends with `<think>`, the tag is restored.

    Raises:
        TypeError: If the completion is neither.
    """
    if isinstance(completion, str):
        opened = isinstance(prompt, str) and prompt.rstrip().endswith("<think>")
        return f"<think>{completion}" if opened else completion
    if isinstance(completion, (list, tuple)) and all(hasattr(message, "get") for message in completion):
        return "".join(_message_text(m) for m in completion if m.get("role", "assistant") == "assistant")
    raise TypeError(f"a completion is a string or a list of messages, not {completion!r:.80}")


def training_progress(state: Any) -> float | None:
    """Return a trainer state's ``global_step / max_steps`` in [0, 1], or None if it has none."""
    step, steps = getattr(state, "global_step", None), getattr(state, "max_steps", None)
    if step is None or not steps or steps < 0:
        return None
    return min(1.0, float(step) / float(steps))


def _message_text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if not isinstance(content, str):
        content = "".join(block.get("text") or "" for block in content)
    reasoning = message.get("reasoning_content")
    return f"<think>{reasoning}</think>{content}" if reasoning else content


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


def _degrees(coordinates: Iterable[Coordinate | None]) -> FloatArray:
    pairs = [(np.nan, np.nan) if c is None else (c.lat, c.lon) for c in coordinates]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2).T


def _taken(name: str, value: Any, rows: Sequence[int]) -> Any:
    if name in {"columns", "_truth_columns"}:
        return {column: [values[row] for row in rows] for column, values in value.items()}
    if isinstance(value, np.ndarray):
        return value[..., list(rows)]
    if isinstance(value, (list, tuple)):
        return [value[row] for row in rows]
    return value

"""What became of each answer: its distance, which places it got right, and where answer and truth lie."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.batch.batch import Batch
from geo_rewards.geo import EARTH_RADIUS_KM, geodesic_km, great_circle_km
from geo_rewards.geo.cells import cell_numbers
from geo_rewards.geo.decay import decay
from geo_rewards.results.evaluation.rules import EQUATORIAL_KM, MOST_POINTS, THRESHOLDS_KM, UNPARSED
from geo_rewards.rewards.place_match import CityMatch, CountryMatch, RegionMatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo_rewards.results.evaluation.rules import Rules

    FloatArray = NDArray[np.float64]
    ObjectArray = NDArray[np.object_]

PLACES = {"country": CountryMatch(), "region": RegionMatch(), "city": CityMatch()}


@dataclass(frozen=True, slots=True)
class Judged:
    """One value per row; NaN where a row does not count towards a figure.

    Attributes:
        figures: What is averaged, by the name of the figure: 1.0 or 0.0, points, or kilometres.
        distance_km: Distance from answer to truth, with what an unparsed answer counts as.
        answer_country: ISO code of where the answer is, or None.
        true_country: ISO code of where the truth is, or None.
        answer_cell: The 1-degree cell of the answer, or None.
        problem: Kind of the first parse problem, or None.
        example: The answer that has it, or None.
        key: What identifies the row's picture, or None.
        groups: The columns that figures are broken down by, by name.
    """

    figures: dict[str, FloatArray]
    distance_km: FloatArray
    answer_country: ObjectArray
    true_country: ObjectArray
    answer_cell: ObjectArray
    problem: ObjectArray
    example: ObjectArray
    key: ObjectArray
    groups: dict[str, ObjectArray]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.distance_km)

    def take(self, rows: NDArray[Any]) -> Judged:
        """Return some of the rows."""
        return Judged(**{field.name: _taken(getattr(self, field.name), rows) for field in fields(self)})


def judge(
    completions: Sequence[Any],
    columns: Mapping[str, Any],
    *,
    rules: Rules,
    keys: Sequence[Any] | None = None,
    groups: Mapping[str, Sequence[Any]] | None = None,
) -> Judged:
    """Return what became of each completion.

    Args:
        completions: Strings, or lists of chat messages.
        columns: Truth columns, and any others.
        rules: How they are judged.
        keys: What identifies each row's picture; rows of one picture are resampled together. The true place
            is part of it, since files that were mixed may use one id for several pictures.
        groups: Columns that figures will be broken down by.

    Raises:
        TruthError: If a truth is unreadable; names the row.
    """
    batch = Batch(completions, columns)
    located = ~np.isnan(batch.truth_degrees[0])
    degrees = _answer_degrees(batch, rules)
    distances = _distances(degrees, batch.truth_degrees, rules)
    unparsed = located & np.isnan(degrees[0])
    stand_in = UNPARSED[rules.unparsed]
    if stand_in is not None:
        distances[unparsed] = stand_in
    figures = _distance_figures(distances, rules) | _place_figures(batch)
    figures["parsed"] = np.array([_says_something(batch, row) for row in range(len(batch))], dtype=np.float64)
    if rules.unparsed == "geobench":  # what says nothing is left out everywhere
        for name in PLACES:
            figures[name][figures["parsed"] == 0.0] = np.nan
    figures["located"] = (~np.isnan(batch.answer_degrees[0])).astype(np.float64)
    problems = [None if batch.is_plain[row] else _problem(batch, row) for row in range(len(batch))]
    cells = cell_numbers(batch.answer_degrees)
    return Judged(
        figures=figures,
        distance_km=distances,
        answer_country=_objects([place.country for place in batch.answer_places]),
        true_country=_objects(batch.truth_countries),
        answer_cell=_objects([None if cell < 0 else cell for cell in cells.tolist()]),
        problem=_objects([problem and problem[0] for problem in problems]),
        example=_objects([problem and problem[1] for problem in problems]),
        key=_objects(_keys_with_places(keys, batch)),
        groups={name: _objects(list(values)) for name, values in (groups or {}).items()},
    )


def joined(parts: Sequence[Judged]) -> Judged:
    """Return the rows of several parts, in order."""
    if len(parts) == 1:
        return parts[0]
    return Judged(
        **{field.name: _joined([getattr(part, field.name) for part in parts]) for field in fields(Judged)}
    )


def _answer_degrees(batch: Batch, rules: Rules) -> FloatArray:
    """Return where the answers are; with the stand-in of G3 where they have no coordinate."""
    degrees = batch.answer_degrees
    return np.where(np.isnan(degrees), 0.0, degrees) if UNPARSED[rules.unparsed] is None else degrees


def _distances(degrees: FloatArray, truths: FloatArray, rules: Rules) -> FloatArray:
    if rules.distance == "geodesic":
        return np.asarray(geodesic_km(*degrees, *truths), dtype=np.float64)
    radius = EQUATORIAL_KM if rules.distance == "equatorial" else EARTH_RADIUS_KM
    return np.asarray(great_circle_km(*degrees, *truths), dtype=np.float64) * (radius / EARTH_RADIUS_KM)


def _distance_figures(distances: FloatArray, rules: Rules) -> dict[str, FloatArray]:
    known = ~np.isnan(distances)
    near = {
        f"within_{limit:g}_km": np.where(
            known, (distances < limit if rules.strict else distances <= limit).astype(np.float64), np.nan
        )
        for limit in THRESHOLDS_KM
    }
    points = MOST_POINTS * np.asarray(decay(distances, curve="exponential", scale_km=rules.scale_km))
    return {**near, "score": np.where(known, points, np.nan), "mean_km": distances}


def _place_figures(batch: Batch) -> dict[str, FloatArray]:
    """Return which places are right; NaN where the truth has none."""
    figures = {}
    for level, reward in PLACES.items():
        known = batch.has_truth((level,))
        values = reward.score_batch(batch)
        figures[level] = np.array(
            [value if is_known else None for value, is_known in zip(values, known, strict=True)],
            dtype=np.float64,
        )
    return figures


def _keys_with_places(keys: Sequence[Any] | None, batch: Batch) -> list[str | None]:
    if keys is None:
        return [None] * len(batch)
    rows = zip(keys, batch.truth_degrees.round(5).T.tolist(), strict=True)
    return [None if key is None else json.dumps([key, *place], default=str) for key, place in rows]


def _says_something(batch: Batch, row: int) -> bool:
    if batch.is_plain[row]:
        return True
    answer = batch.answers[row]
    return bool(answer.coordinate or answer.country or answer.region or answer.city)


def _problem(batch: Batch, row: int) -> tuple[str, str] | None:
    """Return the kind of the first problem and the answer that has it."""
    answer = batch.answers[row]
    if not answer.problems:
        return None
    problem = answer.problems[0]
    return problem.kind.value, batch.completions[row] if answer.answer is None else answer.answer


def _objects(values: Sequence[Any]) -> ObjectArray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def _taken(value: Any, rows: NDArray[Any]) -> Any:
    return {name: one[rows] for name, one in value.items()} if isinstance(value, dict) else value[rows]


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], dict):
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate(parts)

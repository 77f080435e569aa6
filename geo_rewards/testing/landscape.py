"""What a recipe or reward pays over many towns: one answer for all of them, and answers near and far."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.geo import get_builtin_gazetteer
from geo_rewards.testing.cases import NAMES, chain
from geo_rewards.testing.samples import tagged
from geo_rewards.testing.subject import Trial
from geo_rewards.testing.towns import (
    at_distances,
    largest_towns,
    sample_towns,
    spaced_distances,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from geo_rewards.testing.subject import Subject
    from geo_rewards.types import Coordinate, Place

BANDS_KM = ((1.0, 15.0), (300.0, 900.0), (1000.0, 9000.0))
"""Distances of the answers of a group from the truth: all in the same town, region, or continent."""

GROUP = 8
FLAT = 1e-6
"""A spread below this share of the range teaches nothing: rounding and other terms drown it."""

LONG_THOUGHT = "I look at the picture, and then at the map. " * 23
NOTHING_SAID = "here; there; everywhere"
_FINALISTS = 5
_FEW = 24


@dataclass(frozen=True, slots=True)
class Spread:
    """How differently the answers of a group are paid.

    Attributes:
        nearest_km: Distance of the nearest answer.
        farthest_km: Distance of the farthest.
        deviation: Standard deviation within a group, the mean of all groups.
        flat: Share of the groups in which all answers earn the same.
    """

    nearest_km: float
    farthest_km: float
    deviation: float
    flat: float


@dataclass(frozen=True, slots=True)
class Landscape:
    """What is paid over the towns of the world.

    Attributes:
        right: Mean of the right answers.
        constant: Mean of the best answer that is the same for every town.
        constant_answer: That answer.
        nothing_said: Mean of an answer in the right format that names no place.
        coordinate_alone: Mean of the right coordinate without names.
        spreads: The spread within groups of answers, by distance.
    """

    right: float
    constant: float
    constant_answer: str
    nothing_said: float
    coordinate_alone: float
    spreads: tuple[Spread, ...]


def measure(subject: Subject, *, towns: int = 200, candidates: int = 100, groups: int = 40) -> Landscape:
    """Return what a subject pays over the towns of the world.

    Args:
        subject: What is measured.
        towns: How many towns there are.
        candidates: How many answers are tried as the one for all.
        groups: How many groups there are for each distance.
    """
    truths = sample_towns(towns)
    rows = [subject.columns_at(truth) for truth in truths]
    fields = prefers_fields(subject, truths[0])
    right = written_answers(truths, fields=fields)
    guesses = written_answers(
        [*sample_towns(candidates - candidates // 4), *largest_towns(candidates // 4)], fields=fields
    )
    best = best_constant(subject, [_thought(guess) for guess in guesses], rows)
    return Landscape(
        right=mean_paid(subject, [_thought(answer) for answer in right], rows),
        constant=best[1],
        constant_answer=guesses[best[0]],
        nothing_said=mean_paid(subject, [_thought(NOTHING_SAID)] * towns, rows),
        coordinate_alone=mean_paid(subject, [_thought(f"({truth})") for truth in truths], rows),
        spreads=tuple(spread(subject, sample_towns(groups), band, fields=fields) for band in BANDS_KM),
    )


def best_constant(
    subject: Subject, completions: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> tuple[int, float]:
    """Return which completion earns the most when it is given for every row, and its mean.

    All are tried on a few rows, the best of them on all.

    Args:
        subject: What pays.
        completions: The completions to try.
        rows: The rows' columns.
    """
    few = rows[:: max(1, len(rows) // _FEW)]
    tried = _means(subject, completions, few)
    finalists = np.argsort(-tried, kind="stable")[:_FINALISTS].tolist()
    means = _means(subject, [completions[at] for at in finalists], rows)
    best = int(means.argmax())
    return finalists[best], float(means[best])


def mean_paid(subject: Subject, completions: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the mean of one completion per row, without those on which the subject abstains or fails."""
    return _mean(_paid(subject, completions, rows))


def spread(
    subject: Subject, starts: Sequence[Coordinate], band: tuple[float, float], *, fields: bool = False
) -> Spread:
    """Return the spread within groups of wrong answers, one group around each start; NaN if it abstains."""
    distances = spaced_distances(*band, GROUP)
    points = [point for start in starts for point in at_distances(start, distances)]
    completions = [_thought(answer) for answer in written_answers(points, fields=fields)]
    rows = [subject.columns_at(start) for start in starts for _ in range(GROUP)]
    paid = _paid(subject, completions, rows).reshape(-1, GROUP)
    paid = paid[~np.isnan(paid).any(axis=1)]
    if not len(paid):
        return Spread(*band, deviation=math.nan, flat=math.nan)
    low, high = subject.bounds
    flat = np.ptp(paid, axis=1) <= FLAT * (high - low)
    return Spread(*band, deviation=float(paid.std(axis=1).mean()), flat=float(flat.mean()))


def written_answers(coordinates: Sequence[Coordinate], *, fields: bool = False) -> list[str]:
    """Return complete answers: the names of the place, and the coordinate in parentheses.

    Args:
        coordinates: Where they lie.
        fields: Whether names that are complete are separated by semicolons instead of labelled.

    >>> from geo_rewards.types import Coordinate
    >>> written_answers([Coordinate(48.8584, 2.2945)], fields=True)
    ['FR; Île-de-France; Paris (48.8584, 2.2945)']
    """
    lats, lons = zip(*coordinates, strict=True) if coordinates else ((), ())
    places = get_builtin_gazetteer().lookup(list(lats), list(lons))
    return [_written(place, at, fields=fields) for place, at in zip(places, coordinates, strict=True)]


def prefers_fields(subject: Subject, truth: Coordinate) -> bool:
    """Return whether names as fields earn more than labelled ones."""
    forms = [written_answers([truth], fields=fields)[0] for fields in (False, True)]
    labelled, fields = _paid(subject, [tagged(form) for form in forms], [subject.columns_at(truth)] * 2)
    return bool(fields > labelled)


def _written(place: Place, coordinate: Coordinate, *, fields: bool) -> str:
    names = {name: value for name in NAMES if (value := getattr(place, name))}
    if fields and len(names) == len(NAMES):
        return f"{'; '.join(names.values())} ({coordinate})"
    return chain(names, coordinate)


def _thought(answer: str) -> str:
    return tagged(answer, think=LONG_THOUGHT)


def _means(
    subject: Subject, completions: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    repeated = [completion for completion in completions for _ in rows]
    paid = _paid(subject, repeated, [*rows] * len(completions)).reshape(len(completions), -1)
    return np.array([_mean(values) for values in paid])


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else math.nan


def _paid(
    subject: Subject, completions: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    trials = [Trial(completion, row) for completion, row in zip(completions, rows, strict=True)]
    outcomes = subject.score(trials)
    return np.array(
        [np.nan if outcome is None or isinstance(outcome, Exception) else outcome for outcome in outcomes]
    )

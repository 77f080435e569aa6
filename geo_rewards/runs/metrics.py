"""The figures of a batch over all ranks: one small summary per rank, joined, then counted.

Nothing here knows a trainer. An undefined figure (a share of nothing) is NaN, which the trainer logs as null
and leaves out of its averages, so that no key disappears.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.geo.cells import cell_numbers
from geo_rewards.types import ProblemFamily

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geo_rewards.scoring.column import Column
    from geo_rewards.scoring.scores import Scores

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

ACCURACY_KM = (1, 25, 200, 750, 2500)
"""The field's levels: street, city, region, country, continent."""

PERCENTILES = (10, 25, 50, 75, 90)

_SAME_TOTAL = 1e-6  # the trainer adds rewards up in single precision


@dataclass(frozen=True, slots=True)
class Summary:
    """What some rows say, in a form that adds up over ranks and batches.

    Attributes:
        samples: How many completions there are.
        parsed: How many answers could be read.
        failed: Rows that abstain because a reward failed on them.
        picture_faults: Rows whose picture could not be read.
        errors: Failures by label.
        problems: Completions with a parse problem, by family.
        gates: By gated label, on how many rows the gate was closed, and how many it was asked about.
        notes: By `label/figure`, sum and number of the figures that rewards noted.
        values: By label of weight 0, what the rewards gave; the trainer knows only the others.
        totals: What each row earned, in the order of the rows; NaN where it abstained.
        distances_km: Of each row with a true coordinate whose pictures could be read; NaN where the answer
            has none.
        predicted_cells: The 1-degree cell of each coordinate that was answered.
        true_cells: The same of the truths.
        groups: How many groups have no spread, and how many groups there are; filled in by `join_ranks`.
        seconds: Time spent scoring, and the time since the previous batch was scored.
    """

    samples: int
    parsed: int
    failed: int
    picture_faults: int
    errors: dict[str, int]
    problems: dict[str, int]
    gates: dict[str, tuple[int, int]]
    notes: dict[str, tuple[float, int]]
    values: dict[str, FloatArray]
    totals: FloatArray
    distances_km: FloatArray
    predicted_cells: IntArray
    true_cells: IntArray
    groups: tuple[int, int]
    seconds: tuple[float, float]

    @property
    def faulty(self) -> int:
        """Rows that abstain through no fault of the model."""
        return self.failed + self.picture_faults


def summarise(scores: Scores, *, seconds: tuple[float, float] = (0.0, math.nan)) -> Summary:
    """Return what one rank's scores say.

    Args:
        scores: The scores of a batch.
        seconds: Time spent scoring, and the time since the previous batch was scored.
    """
    batch, columns = scores.batch, scores.columns
    rows = range(len(batch))
    located = ~np.isnan(batch.truth_degrees[0])
    located[list(batch.picture_faults)] = False  # a guess at a blank picture says nothing about the model
    return Summary(
        samples=len(batch),
        parsed=sum(map(scores.parses, rows)),
        failed=len(scores.faulty),
        picture_faults=len(batch.picture_faults),
        errors={label: len(column.errors) for label, column in columns.items()},
        problems=_problem_counts(scores),
        gates={label: _gate_counts(column) for label, column in columns.items() if column.entry.gate},
        notes=_note_sums(columns),
        values={
            label: _numbers(scores.trained_values(label))
            for label, column in columns.items()
            if not column.entry.weight
        },
        totals=_numbers(scores.total),
        distances_km=batch.distance_km[located],
        predicted_cells=cells_of(batch.answer_degrees),
        true_cells=cells_of(batch.truth_degrees),
        groups=(0, 0),
        seconds=seconds,
    )


def join_ranks(ranks: Sequence[Summary], *, generations: int | None) -> Summary:
    """Return the summary of one batch of all ranks; its times are those of the slowest rank.

    Args:
        ranks: One summary a rank, in order.
        generations: How many completions make a group; None if that is not known.
    """
    slowest = (max(rank.seconds[0] for rank in ranks), max(rank.seconds[1] for rank in ranks))
    joined = join_batches(ranks)
    groups = zero_spread_groups(joined.totals, generations) if generations else (0, 0)
    return replace(joined, groups=groups, seconds=slowest)


def join_batches(batches: Sequence[Summary]) -> Summary:
    """Return one summary of several, as if their rows had been one batch."""
    return Summary(
        **{field.name: _added([getattr(batch, field.name) for batch in batches]) for field in fields(Summary)}
    )


def metrics(summary: Summary) -> dict[str, float]:
    """Return every figure by its key; see the table in docs/training.md.

    Those about places are left out where no row has a true coordinate.
    """
    found = {"parse_rate": _share(summary.parsed, summary.samples)}
    for family, count in summary.problems.items():
        found[f"parse_problems/{family}"] = _share(count, summary.samples)
    if summary.distances_km.size:
        found |= _accuracies(summary.distances_km) | _quantiles(summary.distances_km)
        found |= _concentration("predictions", summary.predicted_cells)
        found |= _concentration("truths", summary.true_cells)
    for label, values in summary.values.items():
        found |= _mean_and_spread(label, values)
    for label, (closed, asked) in summary.gates.items():
        found[f"gates_closed/{label}"] = _share(closed, asked)
    if summary.groups[1]:
        found["zero_spread_groups"] = _share(*summary.groups)
    for label, count in summary.errors.items():
        found[f"reward_errors/{label}"] = float(count)
    found["picture_faults"] = float(summary.picture_faults)
    found["reward_time/seconds"] = summary.seconds[0]
    found["reward_time/share"] = _share(*summary.seconds)
    return found | {name: _share(*sums) for name, sums in summary.notes.items()}


def cells_of(degrees: FloatArray) -> IntArray:
    """Return the number of the 1-degree cell of each coordinate; columns of NaN are left out.

    Args:
        degrees: Latitudes and longitudes, shape (2, n).
    """
    return cell_numbers(degrees[:, ~np.isnan(degrees[0])])


def zero_spread_groups(totals: FloatArray, generations: int) -> tuple[int, int]:
    """Return how many groups teach nothing, as all their totals are equal, and how many groups there are.

    A group in which at most one completion has a total teaches nothing either.

    Args:
        totals: Of all ranks, in order; NaN where the row abstained.
        generations: How many completions make a group.
    """
    if totals.size % generations:
        return 0, 0
    groups = totals.reshape(-1, generations)
    highest = np.where(np.isnan(groups), -np.inf, groups).max(axis=1)
    lowest = np.where(np.isnan(groups), np.inf, groups).min(axis=1)
    return int((highest - lowest <= _SAME_TOTAL).sum()), len(groups)


def _accuracies(distances_km: FloatArray) -> dict[str, float]:
    return {f"accuracy/{limit}km": float((distances_km <= limit).mean()) for limit in ACCURACY_KM}


def _quantiles(distances_km: FloatArray) -> dict[str, float]:
    """Return quantiles of the distances there are, and the share of the rows that have one."""
    known = distances_km[~np.isnan(distances_km)]
    quantiles = np.percentile(known, PERCENTILES) if known.size else [math.nan] * len(PERCENTILES)
    named = {f"distance_km/p{p}": float(q) for p, q in zip(PERCENTILES, quantiles, strict=True)}
    return {**named, "distance_km/share": _share(known.size, distances_km.size)}


def _concentration(name: str, cells: IntArray) -> dict[str, float]:
    """Return how many different cells there are, per coordinate too, and the share of the commonest."""
    counts = np.unique(cells, return_counts=True)[1]
    return {
        f"{name}/cells": float(counts.size),
        f"{name}/cells_share": _share(counts.size, cells.size),
        f"{name}/top_cell_share": _share(counts.max(initial=0), cells.size),
    }


def _mean_and_spread(label: str, values: FloatArray) -> dict[str, float]:
    """Return both as the trainer computes them for the rewards that it knows."""
    known = values[~np.isnan(values)]
    return {
        f"rewards/{label}/mean": float(known.mean()) if known.size else math.nan,
        f"rewards/{label}/std": float(known.std(ddof=1)) if known.size > 1 else math.nan,
    }


def _problem_counts(scores: Scores) -> dict[str, int]:
    counts = dict.fromkeys(ProblemFamily, 0)
    for row in range(len(scores.batch)):
        for family in {problem.kind.family for problem in scores.problems(row)}:
            counts[family] += 1
    return {family.value: count for family, count in counts.items()}


def _gate_counts(column: Column) -> tuple[int, int]:
    return len(column.closed), sum(value is not None for value in column.ungated)


def _note_sums(columns: Mapping[str, Column]) -> dict[str, tuple[float, int]]:
    figures: dict[str, list[float]] = {}
    for label, column in columns.items():
        for row in column.notes:
            for key, value in row.items():
                if math.isfinite(value):
                    figures.setdefault(f"{label}/{key}", []).append(value)
    return {name: (math.fsum(values), len(values)) for name, values in figures.items()}


def _numbers(values: Iterable[float | None]) -> FloatArray:
    return np.array(list(values), dtype=np.float64)  # None becomes NaN


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan


def _added(parts: Sequence[Any]) -> Any:
    """Return numbers as their sum, arrays end to end, pairs and mappings entry by entry."""
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if isinstance(first, dict):
        names = dict.fromkeys(name for part in parts for name in part)
        return {name: _added([part[name] for part in parts if name in part]) for name in names}
    if isinstance(first, tuple):
        return tuple(map(sum, zip(*parts, strict=True)))
    return sum(parts)

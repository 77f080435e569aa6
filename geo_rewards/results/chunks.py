"""Score rows chunk by chunk, here or in worker processes, with the same result."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import DataError, GeoRewardsError, RewardError
from geo_rewards.results.rows import SavedRow, completion_of, place_of, scoring_cells
from geo_rewards.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from geo_rewards.scoring.file import OnError
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.scores import Scores

Cells = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """What is the same for all chunks of a file.

    Attributes:
        recipe: What to score by.
        path: The file, for messages.
        columns: Names of the columns that the rewards are given; where a row has no such cell, None.
    """

    recipe: Recipe
    path: Path
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """What scoring has found about a chunk.

    Attributes:
        cells: The cells to add to each row.
        errors: Messages by label, of rewards that failed and did not stop the scoring.
        parsed: How many answers could be read, as `Scores.parses` counts.
    """

    cells: list[Cells]
    errors: dict[str, list[str]]
    parsed: int


def score_chunks(
    task: Task, chunks: Iterable[list[SavedRow]], *, workers: int
) -> Iterator[tuple[list[SavedRow], ScoredChunk]]:
    """Yield each chunk with its scores, in order.

    Args:
        task: What is the same for all chunks.
        chunks: The rows.
        workers: How many processes work; with 1 it is this one.

    Raises:
        DataError: If a reward fails; names file and line.
    """
    if workers > 1:
        _check_picklable(task)
    pool = WorkerPool(
        function=partial(score_chunk, task),
        workers=workers if workers > 1 else 0,
        alone_chunks=0,
        on_death=_refuse_death,
    )
    yield from pool.map(chunks)


def score_chunk(task: Task, chunk: Sequence[SavedRow]) -> ScoredChunk:
    """Return the scores of one chunk.

    Raises:
        DataError: If a reward fails; names file and line.
    """
    try:
        scores = _scores(task, chunk, default_on_error="raise")
        totals = scores.total  # once: it sums all rows
        cells = [_scored_cells(scores, row, total=total) for row, total in enumerate(totals)]
    except GeoRewardsError as error:
        # A plain DataError, since it must survive the way back from a worker.
        raise DataError(_located(error, task.path, chunk)) from error
    parsed = sum(map(scores.parses, range(len(chunk))))
    return ScoredChunk(cells, _error_messages(scores, task.path, chunk), parsed)


def explain_saved(task: Task, row: SavedRow, *, labels: Collection[str] | None = None) -> str:
    """Return the account of one row.

    Args:
        task: What it is scored by.
        row: The row.
        labels: The rewards to account for; all if None.
    """
    return _scores(task, [row], default_on_error="abstain").explain(0, labels=labels)


def _scores(task: Task, chunk: Sequence[SavedRow], *, default_on_error: OnError) -> Scores:
    given = [scoring_cells(row.cells) for row in chunk]
    columns = {name: [cells.get(name) for cells in given] for name in task.columns}
    completions = [completion_of(row.cells) for row in chunk]
    return task.recipe.score_columns(completions, columns, default_on_error=default_on_error)


def _scored_cells(scores: Scores, row: int, *, total: float | None) -> Cells:
    return {
        "rewards": {label: values[row] for label, values in scores.rewards.items()},
        "reward": total,
        "parsed": scores.parsed(row),
        "problems": list(scores.batch.answers[row].problems),
        "distance_km": scores.distance_km(row),
    }


def _error_messages(scores: Scores, path: Path, chunk: Sequence[SavedRow]) -> dict[str, list[str]]:
    return {
        label: [f"{place_of(path, chunk[row].number)}: {error}" for row, error in errors.items()]
        for label, errors in scores.errors.items()
        if errors
    }


def _located(error: GeoRewardsError, path: Path, chunk: Sequence[SavedRow]) -> str:
    """Return the message with the file's line in place of the chunk's row."""
    cause: BaseException | None = error
    while cause is not None:
        row = getattr(cause, "row", None)
        if row is not None:
            message = str(error).replace(f", row {row}:", ":", 1).removeprefix(f"row {row}: ")
            return f"{place_of(path, chunk[row].number)}: {message}"
        cause = cause.__cause__
    first, last = chunk[0].number, chunk[-1].number
    between = f"{place_of(path, first)} to {last}" if isinstance(error, RewardError) else str(path)
    return f"{between}: {error}"


def _refuse_death(_chunk: list[SavedRow]) -> ScoredChunk:
    raise GeoRewardsError("a worker process has died; `--workers 1` shows why")


def _check_picklable(task: Task) -> None:
    try:
        pickle.dumps(task)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise GeoRewardsError(f"the recipe cannot be sent to workers, use `--workers 1`: {error}") from error

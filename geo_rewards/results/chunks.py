"""Score rows chunk by chunk, in this process or in workers, with the same result."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import DataError, GeoRewardsError, RewardError
from geo_rewards.first_use import lazy_property
from geo_rewards.results.rows import SavedRow, completion_of, is_given_as_written, place_of, scoring_cells
from geo_rewards.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from geo_rewards.scoring.file import OnError
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards.scoring.scores import Scores

Cells = dict[str, Any]
READ = ("lat", "lon", "country", "region", "city")
ADDED = frozenset({"rewards", "reward", "parsed", "problems", "distance_km"})
_TEXT = json.encoder.encode_basestring


@dataclass(frozen=True, slots=True)
class Task:
    """What all chunks of a file share.

    Attributes:
        recipe: The recipe to score with.
        path: The file, for messages.
        columns: Names of the columns that the rewards receive; None where a row lacks the cell.
    """

    recipe: Recipe
    path: Path
    columns: tuple[str, ...]


@dataclass(frozen=True)
class ScoredChunk:
    """The results of scoring a chunk, one column each.

    Attributes:
        rewards: The raw values by label.
        total: The weighted sums.
        read: What was read from the answers, by name: `lat`, `lon`, `country`, `region`, `city`.
        problems: What was refused in each answer.
        distance_km: The distances.
        errors: Messages, by label, of rewards that failed without stopping the scoring.
        parsed: How many answers could be read, as `Scores.parses` counts.
    """

    rewards: dict[str, list[float | None]]
    total: list[float | None]
    read: dict[str, Sequence[Any]]
    problems: list[list[str]]
    distance_km: list[float | None]
    errors: dict[str, list[str]]
    parsed: int

    @lazy_property
    def texts(self) -> list[str]:
        """The same cells as the contents of a JSON object."""
        rewards = ", ".join(f"{_TEXT(label.replace('%', '%%'))}: %s" for label in self.rewards)
        read = ", ".join(f'"{name}": %s' for name in READ)
        template = (
            f'"rewards": {{{rewards}}}, "reward": %s, "parsed": {{{read}}}, "problems": %s, "distance_km": %s'
        )
        columns = [
            *map(_number_texts, (*self.rewards.values(), self.total, self.read["lat"], self.read["lon"])),
            *(["null" if n is None else _TEXT(n) for n in self.read[name]] for name in READ[2:]),
            [json.dumps(found, ensure_ascii=False) if found else "[]" for found in self.problems],
            _number_texts(self.distance_km),
        ]
        return [template % row for row in zip(*columns, strict=True)]

    @lazy_property
    def cells(self) -> list[Cells]:
        """The cells to be added to each row."""
        labels, names = tuple(self.rewards), tuple(self.read)
        return [
            {
                "rewards": dict(zip(labels, values, strict=True)),
                "reward": total,
                "parsed": dict(zip(names, read, strict=True)),
                "problems": problems,
                "distance_km": distance_km,
            }
            for values, total, read, problems, distance_km in zip(
                zip(*self.rewards.values(), strict=True),
                self.total,
                zip(*self.read.values(), strict=True),
                self.problems,
                self.distance_km,
                strict=True,
            )
        ]


def score_chunks(
    task: Task, chunks: Iterable[list[SavedRow]], *, workers: int
) -> Iterator[tuple[list[SavedRow], ScoredChunk]]:
    """Yield each chunk with its scores, in order.

    Args:
        task: What all chunks share.
        chunks: The rows.
        workers: Number of processes; 1 means this one.

    Raises:
        DataError: If a reward fails; names the file and line.
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
        DataError: If a reward fails; names the file and line.
    """
    try:
        scores = _scores(task, chunk, default_on_error="raise")
        total = scores.total
    except GeoRewardsError as error:
        # A plain DataError, because it must survive the trip back from a worker.
        raise DataError(_located(error, task.path, chunk)) from error
    said, plain = scores.batch.answer_columns, scores.batch.is_plain
    answers = scores.batch.answers
    return ScoredChunk(
        rewards=scores.rewards,
        total=total,
        read={name: _without_nan(said[name]) for name in READ},
        problems=[[] if is_plain else list(answers[row].problems) for row, is_plain in enumerate(plain)],
        distance_km=_without_nan(scores.batch.distance_km.tolist()),
        errors=_error_messages(scores, task.path, chunk),
        parsed=sum(is_plain or scores.parses(row) for row, is_plain in enumerate(plain)),
    )


def explain_saved(task: Task, row: SavedRow, *, labels: Collection[str] | None = None) -> str:
    """Return the explanation of one row.

    Args:
        task: What it is scored with.
        row: The row.
        labels: The rewards to explain; all if None.
    """
    return _scores(task, [row], default_on_error="abstain").explain(0, labels=labels)


def _scores(task: Task, chunk: Sequence[SavedRow], *, default_on_error: OnError) -> Scores:
    rows = [row.cells for row in chunk]
    given = rows if all(map(is_given_as_written, rows)) else [scoring_cells(row) for row in rows]
    columns = {name: [cells.get(name) for cells in given] for name in task.columns}
    completions = [completion_of(row) for row in rows]
    return task.recipe.score_columns(completions, columns, default_on_error=default_on_error)


def _number_texts(values: Sequence[float | None]) -> list[str]:
    return ["null" if value is None else repr(value) for value in values]


def _without_nan(values: Sequence[Any]) -> list[Any]:
    return [None if value != value else value for value in values]


def _error_messages(scores: Scores, path: Path, chunk: Sequence[SavedRow]) -> dict[str, list[str]]:
    return {
        label: [f"{place_of(path, chunk[row].number)}: {error}" for row, error in errors.items()]
        for label, errors in scores.errors.items()
        if errors
    }


def _located(error: GeoRewardsError, path: Path, chunk: Sequence[SavedRow]) -> str:
    """Return the message with the file's line instead of the chunk's row."""
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
    raise GeoRewardsError("a worker process died; use `--workers 1` to see why")


def _check_picklable(task: Task) -> None:
    try:
        pickle.dumps(task)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise GeoRewardsError(f"the recipe cannot be sent to workers, use `--workers 1`: {error}") from error

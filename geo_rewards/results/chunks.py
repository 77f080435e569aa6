"""Score rows chunk by chunk, in this process or in workers, with the same result."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from geo_rewards.data.problems import name_of, place_of
from geo_rewards.data.reading import row_at
from geo_rewards.data.reading.chunks import LineChunk, RowChunk
from geo_rewards.errors import DataError, GeoRewardsError, RewardError
from geo_rewards.results.added import ADDED, Added, added_texts
from geo_rewards.results.rows import Contents, Given, Wanted, find_problems, given_by
from geo_rewards.results.tally import Tally, tally_of
from geo_rewards.system.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from geo_rewards.data.reading import Chunk
    from geo_rewards.scoring.file import OnError
    from geo_rewards.scoring.recipe import Recipe

Cells = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """What all chunks of a file share.

    Attributes:
        recipe: The recipe to score with.
        wanted: Which columns the rewards receive.
        as_lines: Whether the result has the lines to be written.
        as_columns: Whether the result has the added cells as columns.
    """

    recipe: Recipe
    wanted: Wanted = field(default_factory=Wanted)
    as_lines: bool = True
    as_columns: bool = False


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What became of a chunk; small enough to be sent from a worker.

    Attributes:
        contents: The rows, their columns and what is wrong with them; if anything is, nothing was scored.
        failure: Why the chunk could not be scored although its rows are good, or None.
        tally: Totals of the chunk.
        lines: The lines to be written: the rows with the added cells; in UTF-8.
        added: The added cells, one column each.
    """

    contents: Contents
    failure: DataError | None = None
    tally: Tally = field(default_factory=Tally)
    lines: bytes = b""
    added: Added | None = None


def score_chunks(task: Task, chunks: Iterable[Chunk], *, workers: int) -> Iterator[tuple[Chunk, ChunkResult]]:
    """Yield each chunk with its result, in order.

    Args:
        task: What all chunks share.
        chunks: The rows.
        workers: Number of processes; 1 means this one.

    Raises:
        GeoRewardsError: If the recipe cannot be sent to workers, or a worker dies.
    """
    if workers > 1:
        _check_picklable(task)
    pool: WorkerPool[Chunk, ChunkResult] = WorkerPool(
        function=partial(score_chunk, task),
        workers=workers if workers > 1 else 0,
        alone_chunks=0,
        on_death=_refuse_death,
    )
    yield from pool.map(chunks)


def score_chunk(task: Task, chunk: Chunk) -> ChunkResult:
    """Check and score one chunk."""
    contents = Contents(rows=len(chunk))
    try:
        given = given_by(chunk, task.wanted)
        if not isinstance(given, Given):
            return check_chunk(task, chunk)
        contents.columns.update(dict.fromkeys(given.names))
        contents.scoring_columns.update(
            dict.fromkeys(name for name in given.scoring_names if name != "completion")
        )
        scores = task.recipe.score_columns(given.completions, given.columns, default_on_error="raise")
        added = Added.from_scores(scores)  # reads all truths, whatever the rewards did
    except GeoRewardsError as error:
        checked = check_chunk(task, chunk)
        if checked.contents.problems.total or isinstance(error, DataError):
            return checked
        failure = DataError(_located(error, chunk))
        failure.__cause__ = error
        return ChunkResult(contents, failure)
    most = {label: high for label, (_, high) in task.recipe.weighted_bounds.items()}
    tally = tally_of(scores, added, most=most, place=partial(_place, chunk))
    return ChunkResult(
        contents,
        tally=tally,
        lines=_lines(chunk, given.names, added) if task.as_lines else b"",
        added=added if task.as_columns else None,
    )


def check_chunk(task: Task, chunk: Chunk) -> ChunkResult:
    """Check the rows of a chunk one by one without scoring them."""
    contents = Contents(rows=len(chunk))
    try:
        for problem in find_problems(chunk, task.recipe, contents):
            contents.problems.add(problem)
    except DataError as error:  # a cell that Arrow cannot give
        return ChunkResult(contents, error)
    return ChunkResult(contents)


def explain_saved(task: Task, chunk: Chunk, *, labels: Collection[str] | None = None) -> str:
    """Return the explanation of the only row of a chunk.

    Args:
        task: What it is scored with.
        chunk: The row.
        labels: The rewards to explain; all if None.
    """
    given = given_by(chunk, task.wanted)
    if not isinstance(given, Given):
        return ""
    policy: OnError = "abstain"
    scores = task.recipe.score_columns(given.completions, given.columns, default_on_error=policy)
    return scores.explain(0, labels=labels)


def one_row(chunk: Chunk, index: int) -> RowChunk:
    """Return a row of a chunk as a chunk of its own."""
    number, value = row_at(chunk, index)
    return RowChunk(chunk.file, [number], [value])


def _place(chunk: Chunk, row: int) -> str:
    return place_of(chunk.file, chunk.numbers[row])


def _lines(chunk: Chunk, names: Collection[str], added: Added) -> bytes:
    """Return the rows with their added cells; lines of a file stay as they were written."""
    clashes = not ADDED.isdisjoint(names)
    if isinstance(chunk, LineChunk) and not clashes:
        begins = [_begin_of(raw) for raw in chunk.lines]
    elif isinstance(chunk, LineChunk):
        rows = zip(chunk.lines, chunk.rows, strict=True)
        begins = [
            _begin_of(raw) if ADDED.isdisjoint(row) else _row_text(row, chunk, index)
            for index, (raw, row) in enumerate(rows)
        ]
    else:
        begins = [_row_text(row, chunk, index) for index, row in enumerate(chunk.rows)]
    return b"".join([b"%b, %b}\n" % pair for pair in zip(begins, added_texts(added), strict=True)])


def _begin_of(raw: bytes) -> bytes:
    """Return a line without the closing brace."""
    return raw.strip()[:-1].rstrip()


def _row_text(row: Cells, chunk: Chunk, index: int) -> bytes:
    """Return a row as a JSON object without the closing brace, and without the cells that scoring adds.

    Raises:
        DataError: If a cell cannot be written as JSON; names file, row and column.
    """
    row = row if ADDED.isdisjoint(row) else {name: cell for name, cell in row.items() if name not in ADDED}
    try:
        return _encode(row)[:-1].encode()
    except (ValueError, TypeError):
        for name, value in row.items():
            try:
                _encode(value).encode()
            except (ValueError, TypeError):
                what = "holds bytes" if isinstance(value, bytes) else f"is or holds {value!r:.60}"
                raise DataError(
                    f"{_place(chunk, index)}: the cell of column {name!r} {what}, which JSON cannot express; "
                    "write a .parquet file instead"
                ) from None
        raise


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _located(error: GeoRewardsError, chunk: Chunk) -> str:
    """Return the message with the file's line instead of the chunk's row."""
    cause: BaseException | None = error
    while cause is not None:
        row = getattr(cause, "row", None)
        if row is not None:
            message = str(error).replace(f", row {row}:", ":", 1).removeprefix(f"row {row}: ")
            return f"{_place(chunk, row)}: {message}"
        cause = cause.__cause__
    first, last = _place(chunk, 0), chunk.numbers[-1]
    return (
        f"{first} to {last}: {error}" if isinstance(error, RewardError) else f"{name_of(chunk.file)}: {error}"
    )


def _refuse_death(_chunk: Chunk) -> ChunkResult:
    raise GeoRewardsError("a worker process died; use `--workers 1` to see why")


def _check_picklable(task: Task) -> None:
    try:
        pickle.dumps(task)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise GeoRewardsError(f"the recipe cannot be sent to workers, use `--workers 1`: {error}") from error

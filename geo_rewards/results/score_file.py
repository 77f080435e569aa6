"""Score a file of saved rows: checked first, then scored and written chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from geo_rewards.contract.documentation import COLUMNS_OF
from geo_rewards.errors import DataError, RecipeError
from geo_rewards.results.chunks import Task, explain_saved, score_chunks
from geo_rewards.results.difference import compare_with, difference_lines
from geo_rewards.results.output import open_output
from geo_rewards.results.parquet_schema import ColumnTypes, scored_schema
from geo_rewards.results.rows import (
    Contents,
    LateColumnError,
    checked_chunks,
    count_rows,
    is_parquet,
    look_through,
    place_of,
    read_chunks,
)
from geo_rewards.results.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pyarrow as pa

    from geo_rewards.results.rows import SavedRow
    from geo_rewards.scoring.recipe import Recipe


def score_file(
    file: Path,
    recipe: Recipe,
    *,
    out: Path | None,
    progress: Callable[[int], AbstractContextManager[Callable[[int], None]]],
    workers: int = 1,
    samples: int = 0,
    earlier: Path | None = None,
) -> list[str]:
    """Score the rows of a file, write them, and return the lines of the final report.

    Args:
        file: Rows with a column `completion`: .jsonl, .json or .parquet.
        recipe: The recipe to score with.
        out: Where the scored rows go: .jsonl or .parquet; None writes jsonl to stdout.
        progress: Takes the number of rows, opens a progress bar and returns the function that advances it.
        workers: Number of scoring processes.
        samples: How many rows to explain, spread over the file.
        earlier: An earlier scored file of the same rows, to compare with.

    Raises:
        DataError: If lines are bad (all are counted first), a reward fails, a weighted reward abstains on
            every row, or `earlier` has different rows.
    """
    job = _Job(
        file=file,
        recipe=recipe,
        out=out,
        progress=progress,
        workers=workers,
        samples=samples,
        earlier=earlier,
    )
    # Output to stdout cannot be undone, and parquet columns must be known first.
    if out is not None and earlier is None and (is_parquet(file) or not is_parquet(out)):
        try:
            return _score_at_once(job)
        except (LateColumnError, RecipeError):
            pass
    return _score_checked(job)


@dataclass(frozen=True, kw_only=True)
class _Job:
    """The arguments of `score_file`."""

    file: Path
    recipe: Recipe
    out: Path | None
    progress: Callable[[int], AbstractContextManager[Callable[[int], None]]]
    workers: int
    samples: int
    earlier: Path | None


def _score_at_once(job: _Job) -> list[str]:
    """Check and score in one pass, into a file that is discarded if a later line is bad.

    Raises:
        LateColumnError: If rewards should have received a column that was not known yet.
        RecipeError: If the first rows lack a column of the recipe.
    """
    contents = Contents()
    chunks = checked_chunks(job.file, recipe=job.recipe, contents=contents)
    first = next(chunks, None)
    if first is None:
        contents.raise_if_unfit(job.file, job.recipe)
    job.recipe.map_columns(contents.scoring_columns)
    schema = _schema_of_parquet(job) if job.out is not None and is_parquet(job.out) else None
    try:
        return _score(job, contents, chain([first or []], chunks), count_rows(job.file), schema=schema)
    except DataError:
        for _ in chunks:  # count every bad line, whatever else is wrong
            pass
        contents.problems.raise_if_any()
        raise


def _score_checked(job: _Job) -> list[str]:
    """Check the file, then score it."""
    contents, schema = _prepare(job)
    return _score(job, contents, read_chunks(job.file), contents.rows, schema=schema)


def _score(
    job: _Job, contents: Contents, chunks: Iterable[list[SavedRow]], rows: int, *, schema: pa.Schema | None
) -> list[str]:
    """Score chunks, write them, and return the report."""
    task = Task(job.recipe, job.file, tuple(contents.scoring_columns))
    tally, sampled = Tally(job.recipe), _Sampled(rows, job.samples)
    difference = (
        compare_with(job.earlier, labels=list(job.recipe.entries), rows=rows) if job.earlier else None
    )
    with open_output(job.out, schema) as write, job.progress(rows) as advance:
        for chunk, scored in score_chunks(task, chunks, workers=job.workers):
            write(chunk, scored)
            tally.add(scored)
            sampled.add(chunk)
            if difference is not None:
                difference.add(chunk, scored)
            advance(len(chunk))
        contents.raise_if_unfit(job.file, job.recipe)
        _refuse_silence(tally, job.file, contents)
    differences = difference_lines(difference, task) if difference is not None else ()
    return [*tally.lines(), *_sample_lines(sampled.rows, task), *differences]


class _Sampled:
    """Keeps a few rows, spread evenly from the file's first row to its last.

    Args:
        total: How many rows there are.
        count: How many to keep.
    """

    def __init__(self, total: int, count: int) -> None:
        self.rows: list[SavedRow] = []
        kept = min(count, total)
        self._wanted = {index * (total - 1) // max(kept - 1, 1) for index in range(kept)}
        self._seen = 0

    def add(self, rows: list[SavedRow]) -> None:
        """Keep the wanted rows of a chunk."""
        self.rows += [row for index, row in enumerate(rows, start=self._seen) if index in self._wanted]
        self._seen += len(rows)


def _sample_lines(rows: list[SavedRow], task: Task) -> Iterator[str]:
    for row in rows:
        yield f"{place_of(task.path, row.number)}:"
        for line in explain_saved(task, row).splitlines():
            yield f"  {line}"


def _prepare(job: _Job) -> tuple[Contents, pa.Schema | None]:
    """Check the file, so that every bad line is found before anything is scored or written."""
    if job.out is None or not is_parquet(job.out):
        return look_through(job.file, recipe=job.recipe), None
    if is_parquet(job.file):
        return look_through(job.file, recipe=job.recipe), _schema_of_parquet(job)
    types = ColumnTypes()
    contents = look_through(job.file, recipe=job.recipe, on_row=types.add)
    return contents, scored_schema(types.fields(), labels=list(job.recipe.entries))


def _schema_of_parquet(job: _Job) -> pa.Schema:
    """Return the output columns for a parquet file."""
    import pyarrow.parquet as pq

    return scored_schema(pq.read_schema(job.file), labels=list(job.recipe.entries))


def _refuse_silence(tally: Tally, file: Path, contents: Contents) -> None:
    """Raise an error if a weighted reward never gave a value: the recipe does not fit the data."""
    for label in tally.silent_labels():
        reward = tally.recipe.rewards[label]
        if label in tally.first_errors:
            raise DataError(f"reward {label!r} failed or abstained on every row; {tally.first_errors[label]}")
        needed = "; ".join(f"{field} ({COLUMNS_OF.get(field, field)})" for field in reward.needs)
        needs = f"it needs {needed}" if needed else "it does not say which truth it needs"
        raise DataError(
            f"{file}: reward {label!r} ({reward.name}) abstained on every row: {needs}; "
            f"the file has the columns {', '.join(contents.columns)}"
        )

"""Score a file of saved rows in one pass: chunk by chunk, into a file that is kept if all is well."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geo_rewards.contract.documentation import COLUMNS_OF
from geo_rewards.data.problems import name_of, place_of
from geo_rewards.data.reading import FilesWatch, read_chunks, total_size
from geo_rewards.errors import DataError
from geo_rewards.results.chunks import Task, check_chunk, explain_saved, score_chunks
from geo_rewards.results.difference import compare_with, difference_lines
from geo_rewards.results.output import open_output, way_of
from geo_rewards.results.report import Report
from geo_rewards.results.rows import Contents, wanted_by
from geo_rewards.results.samples import SpreadRows
from geo_rewards.results.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from geo_rewards.data.reading import Chunk
    from geo_rewards.results.chunks import ChunkResult
    from geo_rewards.scoring.recipe import Recipe

    Progress = Callable[[int | None], AbstractContextManager[Callable[[int], None]]]


def score_file(
    file: Path,
    recipe: Recipe,
    *,
    out: Path | None,
    progress: Progress,
    workers: int = 1,
    samples: int = 0,
    earlier: Path | None = None,
) -> Report:
    """Score the rows of a file, write them, and return the final report.

    Args:
        file: Rows with a column `completion`, as for `geo_rewards.data.reading.read_chunks`.
        recipe: The recipe to score with.
        out: Where the scored rows go: .jsonl or .parquet; None writes jsonl to stdout.
        progress: Takes how much there is to read (None: unknown), opens a progress bar and returns the
            function that advances it.
        workers: Number of scoring processes.
        samples: How many rows to explain, spread over the file.
        earlier: An earlier scored file of the same rows, to compare with.

    Raises:
        DataError: If lines are bad (all are counted first), a reward fails, a weighted reward abstains on
            every row, `earlier` has different rows, or the file changes meanwhile.
    """
    job = _Job(file, recipe, out, progress, workers, samples, earlier)
    watch = FilesWatch(*filter(None, (file, earlier)), strict=True)
    try:
        try:
            return _score(job, watch)
        except _LateColumnError as late:
            return _score(replace(job, columns=late.columns), watch)
    except Exception:
        watch.check()  # a change is the reason, whatever followed from it
        raise


@dataclass(frozen=True)
class _Job:
    """The arguments of `score_file`, and the columns of the file as far as they are known."""

    file: Path
    recipe: Recipe
    out: Path | None
    progress: Progress
    workers: int
    samples: int
    earlier: Path | None
    columns: tuple[str, ...] = ()


class _LateColumnError(Exception):
    """A column that rewards may read appeared after rows without it were scored: they lacked the cell."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.columns = tuple(columns)
        super().__init__()


@dataclass(slots=True)
class _Progress:
    """How far a scoring has come.

    Attributes:
        contents: What was found in the file.
        tally: Totals of what was scored.
        failure: The first reason why good rows could not be scored.
        is_late: Whether a column appeared late.
    """

    contents: Contents = field(default_factory=Contents)
    tally: Tally = field(default_factory=Tally)
    failure: DataError | None = None
    is_late: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more needs to be scored."""
        return self.is_late or self.failure is not None or bool(self.contents.problems.total)

    def add(self, result: ChunkResult, task: Task) -> None:
        """Add what became of a chunk."""
        self.is_late = self.is_late or _has_late_column(task, result)
        self.contents.merge(result.contents)
        self.failure = self.failure or result.failure
        if not self.is_over:
            self.tally.merge(result.tally)


def _score(job: _Job, watch: FilesWatch) -> Report:
    """Score the file into an output that is discarded if anything is wrong."""
    chunks = read_chunks(job.file)
    first = next(chunks, None)
    task = _task(job, first)
    state, sampled = _Progress(), SpreadRows(job.samples)
    earlier = compare_with(job.earlier, labels=list(job.recipe.entries)) if job.earlier else None
    with (
        open_output(job.out, file=job.file, recipe=job.recipe) as output,
        job.progress(total_size(job.file)) as advance,
    ):
        waiting = _until_over(state, first, chunks)
        for chunk, result in score_chunks(task, waiting, workers=job.workers):
            state.add(result, task)
            if not state.is_over:
                output.write(chunk, result)
                sampled.add(chunk)
                if earlier is not None:
                    earlier.add(chunk, result)
            advance(chunk.size)
        for chunk in chunks:  # nothing will be written: count the bad lines
            state.add(check_chunk(task, chunk), task)
            advance(chunk.size)
        _raise_if_unfit(job, state)
        if earlier is not None:
            earlier.finish(state.contents.rows)
        watch.check()  # the output appears when this block ends
    lines = [*_sample_lines(sampled.rows(), task)]
    if earlier is not None:
        lines += difference_lines(earlier, task)
    return Report(job.file, job.out, job.recipe, state.tally, lines)


def _task(job: _Job, first: Chunk | None) -> Task:
    """Return what all chunks share; the columns are those of the first chunk, or of the complete file."""
    way = way_of(job.file, job.out)
    task = Task(job.recipe, wanted_by(job.recipe), as_lines=way != "columns", as_columns=way == "columns")
    task = replace(task, as_columns=task.as_columns or job.earlier is not None)
    if task.wanted.only_known or first is None:
        return task
    columns = job.columns or tuple(check_chunk(task, first).contents.scoring_columns)
    return replace(task, wanted=wanted_by(job.recipe, columns))


def _has_late_column(task: Task, result: ChunkResult) -> bool:
    if task.wanted.only_known:
        return False
    return not result.contents.scoring_columns.keys() <= {*task.wanted.columns, "completion"}


def _until_over(state: _Progress, first: Chunk | None, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yield the chunks as long as they are to be scored."""
    chunk = first
    while chunk is not None:
        yield chunk
        chunk = None if state.is_over else next(chunks, None)


def _raise_if_unfit(job: _Job, state: _Progress) -> None:
    """Raise an error if not all rows are scored, or the recipe does not fit them."""
    state.contents.raise_if_unfit(job.file, job.recipe)
    if state.is_late:  # a reward may have failed for want of that column
        raise _LateColumnError(state.contents.scoring_columns)
    if state.failure is not None:
        raise state.failure
    _refuse_silence(state.tally, job.recipe, job.file, state.contents)


def _sample_lines(rows: list[Chunk], task: Task) -> Iterator[str]:
    for row in rows:
        yield f"{place_of(row.file, row.numbers[0])}:"
        for line in explain_saved(task, row).splitlines():
            yield f"  {line}"


def _refuse_silence(tally: Tally, recipe: Recipe, file: Path, contents: Contents) -> None:
    """Raise an error if a weighted reward never gave a value: the recipe does not fit the data."""
    for label in recipe.weighted_labels:
        if tally.labels[label].count:
            continue
        reward = recipe.rewards[label]
        if label in tally.first_errors:
            raise DataError(f"reward {label!r} failed or abstained on every row; {tally.first_errors[label]}")
        needed = "; ".join(f"{field} ({COLUMNS_OF.get(field, field)})" for field in reward.needs)
        needs = f"it needs {needed}" if needed else "it does not say which truth it needs"
        raise DataError(
            f"{name_of(file)}: reward {label!r} ({reward.name}) abstained on every row: {needs}; "
            f"the file has the columns {', '.join(contents.columns)}"
        )

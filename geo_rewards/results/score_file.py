"""Score a file of saved rows: checked first, then scored and written chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards.contract.documentation import COLUMNS_OF
from geo_rewards.errors import DataError
from geo_rewards.results.chunks import Task, explain_saved, score_chunks
from geo_rewards.results.difference import compare_with, difference_lines
from geo_rewards.results.output import open_output
from geo_rewards.results.parquet_schema import ColumnTypes, scored_schema
from geo_rewards.results.rows import is_parquet, look_through, place_of, read_chunks
from geo_rewards.results.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pyarrow as pa

    from geo_rewards.results.rows import Contents, SavedRow
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
    """Score the rows of a file, write them, and return the closing account, a line each.

    Args:
        file: Rows with a column `completion`: .jsonl, .json or .parquet.
        recipe: What to score by.
        out: Where the scored rows go: .jsonl or .parquet; None writes jsonl to stdout.
        progress: Given the number of rows, opens a progress bar and gives the function that moves it on.
        workers: How many processes score.
        samples: How many rows to explain, spread over the file.
        earlier: An earlier scored file of the same rows, to compare with.

    Raises:
        DataError: If lines are bad (all are counted first), a reward fails, a weighted reward abstains on
            every row, or `earlier` is of other rows.
    """
    contents, schema = _prepare(file, recipe, out=out)
    task = Task(recipe, file, tuple(contents.scoring_columns))
    tally, sampled = Tally(recipe), _Sampled(contents.rows, samples)
    difference = compare_with(earlier, labels=list(recipe.entries), rows=contents.rows) if earlier else None
    with open_output(out, schema) as write, progress(contents.rows) as advance:
        for rows, scored in score_chunks(task, read_chunks(file), workers=workers):
            write(rows, scored.cells)
            tally.add(scored)
            sampled.add(rows)
            if difference is not None:
                difference.add(rows, scored)
            advance(len(rows))
        _refuse_silence(tally, file, contents)
    differences = difference_lines(difference, task) if difference is not None else ()
    return [*tally.lines(), *_sample_lines(sampled.rows, task), *differences]


class _Sampled:
    """Keeps a few rows, spread evenly over the file from its first row to its last.

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


def _prepare(file: Path, recipe: Recipe, *, out: Path | None) -> tuple[Contents, pa.Schema | None]:
    """Look through the file: every bad line is found before anything is scored or written."""
    if out is None or not is_parquet(out):
        return look_through(file, recipe=recipe), None
    labels = list(recipe.entries)
    if is_parquet(file):
        import pyarrow.parquet as pq

        contents = look_through(file, recipe=recipe)
        return contents, scored_schema(pq.read_schema(file), labels=labels)
    types = ColumnTypes()
    contents = look_through(file, recipe=recipe, on_row=types.add)
    return contents, scored_schema(types.fields(), labels=labels)


def _refuse_silence(tally: Tally, file: Path, contents: Contents) -> None:
    """Raise an error if a weighted reward gave no value at all: the recipe does not fit the data."""
    for label in tally.silent_labels():
        reward = tally.recipe.rewards[label]
        if label in tally.first_errors:
            raise DataError(f"reward {label!r} failed or abstained on every row; {tally.first_errors[label]}")
        needed = "; ".join(f"{field} ({COLUMNS_OF.get(field, field)})" for field in reward.needs)
        needs = f"it needs {needed}" if needed else "it names no truth that it needs"
        raise DataError(
            f"{file}: reward {label!r} ({reward.name}) abstained on every row: {needs}; "
            f"the file has the columns {', '.join(contents.columns)}"
        )

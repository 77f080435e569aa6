"""``score``: saved rows with their rewards beside them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo_rewards.cli.arguments import changed_recipe, find_recipe_file, read_assignments
from geo_rewards.cli.progress import progress_bar
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from geo_rewards.results.chunks import Task
    from geo_rewards.results.difference import Difference
    from geo_rewards.results.rows import Contents, SavedRow
    from geo_rewards.results.tally import Tally
    from geo_rewards.scoring.recipe import Recipe


def score_command(
    file: Annotated[
        Path,
        typer.Argument(
            help="Rows with a column `completion`: .jsonl, .json, or the .parquet that TRL writes.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ],
    *,
    recipe: Annotated[str, typer.Option(help="A recipe's name or its YAML file.", show_default=False)],
    out: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="A .jsonl or .parquet file, replaced once all rows are scored; - writes jsonl to stdout.",
            show_default=False,
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another value for a parameter of the recipe.", metavar="LABEL.KEY=VALUE"),
    ] = None,
    workers: Annotated[int, typer.Option(help="How many processes score.", min=1)] = 1,
    samples: Annotated[int, typer.Option(help="How many rows to explain, spread over the file.", min=0)] = 0,
    diff: Annotated[
        Path | None,
        typer.Option(
            help="An earlier scored file of the same rows: tells which changed value, and why.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Score saved rows by a recipe: adds `rewards`, `reward`, `parsed`, `problems`, `distance_km`."""
    values = read_assignments(settings or [], option="--set")
    chosen = changed_recipe(find_recipe_file(recipe), values, origin=recipe, option="--set")
    target = None if out == "-" else Path(out)
    _check_target(target, file)
    account = _score_file(file, chosen, out=target, workers=workers, samples=samples, diff=diff)
    lines = [f"scored {file} by {recipe} to {'stdout' if target is None else target}", *account]
    sys.stderr.write("\n".join(lines) + "\n")


def _check_target(out: Path | None, file: Path) -> None:
    from geo_rewards.results.output import check_output

    problem = check_output(out, file=file) if out is not None else None
    if problem is not None:
        raise typer.BadParameter(problem, param_hint="-o")


def _score_file(
    file: Path, recipe: Recipe, *, out: Path | None, workers: int, samples: int, diff: Path | None
) -> list[str]:
    """Score the rows, write them, and return the closing account."""
    from geo_rewards.results.chunks import Task, score_chunks
    from geo_rewards.results.difference import compare_with
    from geo_rewards.results.output import open_output
    from geo_rewards.results.rows import read_chunks
    from geo_rewards.results.tally import Tally

    contents, schema = _prepare(file, recipe, out=out)
    task = Task(recipe, file, tuple(contents.scoring_columns))
    tally, sampled = Tally(recipe), _Sampled(contents.rows, samples)
    difference = compare_with(diff, labels=list(recipe.entries), rows=contents.rows) if diff else None
    shown = out is not None
    with (
        open_output(out, schema) as write,
        progress_bar("scoring", total=contents.rows, shown=shown) as advance,
    ):
        for rows, scored in score_chunks(task, read_chunks(file), workers=workers):
            write([{**row.cells, **cells} for row, cells in zip(rows, scored.cells, strict=True)])
            tally.add(scored)
            sampled.add(rows)
            if difference is not None:
                difference.add(rows, scored)
            advance(len(rows))
        _refuse_silence(tally, file, contents)
    return [*tally.lines(), *_sample_lines(sampled.rows, task), *_difference_lines(difference, task)]


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
        """Take one chunk into account."""
        self.rows += [row for index, row in enumerate(rows, start=self._seen) if index in self._wanted]
        self._seen += len(rows)


def _sample_lines(rows: list[SavedRow], task: Task) -> Iterator[str]:
    from geo_rewards.results.chunks import explain_saved
    from geo_rewards.results.rows import place_of

    for row in rows:
        yield f"{place_of(task.path, row.number)}:"
        for line in explain_saved(task, row).splitlines():
            yield f"  {line}"


def _difference_lines(difference: Difference | None, task: Task) -> Iterator[str]:
    from geo_rewards.results.difference import difference_lines

    return difference_lines(difference, task) if difference is not None else iter(())


def _prepare(file: Path, recipe: Recipe, *, out: Path | None) -> tuple[Contents, pa.Schema | None]:
    """Look through the file: every bad line is found before anything is scored or written."""
    from geo_rewards.results.rows import is_parquet, look_through

    if out is None or not is_parquet(out):
        return look_through(file, recipe=recipe), None
    from geo_rewards.results.parquet_schema import ColumnTypes, scored_schema

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
    from geo_rewards.contract.documentation import COLUMNS_OF

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

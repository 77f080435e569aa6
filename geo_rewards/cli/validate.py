"""``validate``: is a data file fit for a run, and can its own truths earn what a recipe promises."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo_rewards.cli.arguments import build_recipe, find_recipe_file, read_assignments
from geo_rewards.cli.output import print_heading, print_json, print_text
from geo_rewards.cli.progress import progress_bar
from geo_rewards.data.problems import ProblemTally, RowProblem
from geo_rewards.data.rows import Row
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from geo_rewards.recipe import Recipe

CHUNK_ROWS = 500

_SHOWN, _EXPLAINED = 20, 3


@dataclass(slots=True)
class Report:
    """What a validation has found.

    Attributes:
        recipe: What was rehearsed, or None.
        keeps_all: Whether all problems are kept, not the first few only.
        rows: How many lines hold something.
        good: How many of them are rows that can be trained on.
        pictures: How many pictures these have.
        tally: What is wrong, counted by cause.
        explanations: Accounts of the first rows that failed the rehearsal, by problem.
        answered: For each weighted reward, on how many rows it gave a value to the ideal answer.
    """

    recipe: Recipe | None
    keeps_all: bool
    rows: int = 0
    good: int = 0
    pictures: int = 0
    tally: ProblemTally = field(default_factory=lambda: ProblemTally(shown=_SHOWN))
    explanations: dict[RowProblem, str] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep as many problems as are wanted."""
        if self.keeps_all:
            self.tally.shown = sys.maxsize

    def silent_labels(self) -> list[str]:
        """Return the weighted rewards that abstained on every row: the recipe does not fit the data."""
        return [label for label, count in self.answered.items() if not count]


def validate_command(
    data: Annotated[
        str, typer.Argument(help="A .jsonl or .json file; several joined by colons.", show_default=False)
    ],
    *,
    images: Annotated[
        str | None,
        typer.Option(
            help="Folder that image paths are relative to, one for each file; its own if not given."
        ),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="A recipe's name or its YAML file: rehearse it on every row.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another value for a parameter of the recipe.", metavar="LABEL.KEY=VALUE"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="How many processes open pictures; all processors if not given.", min=1)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check a data file before a run: every row's format, truth and pictures; with a recipe, rehearse it."""
    chosen = _find_recipe(recipe, settings or [])
    report = _validate(data, images, Report(chosen, as_json), workers=workers or os.cpu_count() or 1)
    if as_json:
        print_json(_record(report))
    else:
        _print_report(report, data)
    return 1 if report.tally.total or report.silent_labels() else 0


def _find_recipe(name: str | None, settings: list[str]) -> Recipe | None:
    if name is None:
        if settings:
            raise typer.BadParameter("it changes a recipe: give --recipe too", param_hint="--set")
        return None
    values = read_assignments(settings, option="--set")
    return build_recipe(find_recipe_file(name), values, origin=name, option="--set")


def _validate(data: str, images: str | None, report: Report, *, workers: int) -> Report:
    from geo_rewards.data.picture_check import check_pictures
    from geo_rewards.data.rows import read_rows
    from geo_rewards.data.sources import pair_paths
    from geo_rewards.data.truths import check_truths

    files, folders = pair_paths(data, images)
    read = chain.from_iterable(
        read_rows(file, image_folder=folder) for file, folder in zip(files, folders, strict=True)
    )
    columns = report.recipe.file.columns if report.recipe else None
    rows = check_pictures(check_truths(read, columns=columns), workers=workers)
    with progress_bar("checking", total=_line_count(files), shown=True) as advance:
        while chunk := list(islice(_counted(rows, advance), CHUNK_ROWS)):
            _take(chunk, report)
    if not report.rows:
        raise DataError(f"{data} holds no rows")
    return report


def _counted(rows: Iterator[Row | RowProblem], advance: Callable[[int], None]) -> Iterator[Row | RowProblem]:
    for row in rows:
        advance(1)
        yield row


def _take(chunk: list[Row | RowProblem], report: Report) -> None:
    """Take a chunk of checked rows into account; rehearse the good ones."""
    report.rows += len(chunk)
    good = [row for row in chunk if isinstance(row, Row)]
    for problem in chunk:
        if isinstance(problem, RowProblem):
            report.tally.add(problem)
    report.good += len(good)
    report.pictures += sum(len(row.images) for row in good)
    if good and report.recipe is not None:
        _rehearse(good, report.recipe, report)


def _rehearse(rows: list[Row], recipe: Recipe, report: Report) -> None:
    from geo_rewards.rehearsal import rehearse

    cells = [{**row.columns, "prompts": row.prompt, "solution": row.solution} for row in rows]
    names = dict.fromkeys([*(name for row in cells for name in row), *recipe.file.columns.values()])
    columns = {name: [row.get(name) for row in cells] for name in names}
    rehearsal = rehearse(recipe, columns, len(rows))
    for label, count in rehearsal.answered.items():
        report.answered[label] = report.answered.get(label, 0) + count
    for finding in rehearsal.findings:
        row = rows[finding.row]
        problem = RowProblem(row.file, row.line, "rehearsal", finding.message)
        report.tally.add(problem)
        if report.keeps_all or len(report.explanations) < _EXPLAINED:
            report.explanations[problem] = finding.explanation


def _line_count(files: Iterable[Path]) -> int | None:
    """Return how many lines there are, for the bar, or None where a line is no row."""
    total = 0
    for path in files:
        if path.suffix.lower() != ".jsonl" or not path.is_file():
            return None
        with path.open("rb") as file:
            total += sum(1 for _ in file)
    return total


def _record(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    rehearsal = None
    if report.recipe is not None:
        rehearsal = {
            "recipe": report.recipe.origin,
            "answered": report.answered,
            "silent": report.silent_labels(),
        }
    return {
        "rows": report.rows,
        "good": report.good,
        "pictures": report.pictures,
        "causes": dict(report.tally.causes.most_common()),
        "rehearsal": rehearsal,
        "errors": [_error_record(problem, report) for problem in report.tally.first],
    }


def _error_record(problem: RowProblem, report: Report) -> dict[str, Any]:
    record = {
        "file": str(problem.file),
        "line": problem.line,
        "cause": problem.cause,
        "message": problem.message,
    }
    explanation = report.explanations.get(problem)
    return record if explanation is None else {**record, "explanation": explanation}


def _print_report(report: Report, data: str) -> None:
    for line in _lines(report, data):
        print_text(line)
    for problem, explanation in report.explanations.items():
        print_text("")
        print_heading(str(problem))
        print_text(explanation, indent=2)


def _lines(report: Report, data: str) -> Iterator[str]:
    pictures = f" with {report.pictures:,} pictures" if report.pictures else ""
    yield f"{data}: {report.rows:,} rows, {report.good:,} good{pictures}"
    if report.recipe is not None:
        yield f"rehearsal of {report.recipe.origin} on {report.good:,} rows: {_verdict(report)}"
    for label, count in report.answered.items():
        if count < report.good:
            yield f"  reward {label!r} abstains on {report.good - count:,} of {report.good:,} rows"
    if not report.tally.total:
        return
    causes = ", ".join(f"{count:,} {cause}" for cause, count in report.tally.causes.most_common())
    noun = "problem" if report.tally.total == 1 else "problems"
    yield f"{report.tally.total:,} {noun} ({causes}):"
    for problem in report.tally.first:
        yield f"  {problem}"
    if report.tally.total > len(report.tally.first):
        yield f"  and {report.tally.total - len(report.tally.first):,} more; --json lists all"


def _verdict(report: Report) -> str:
    if silent := report.silent_labels():
        return f"{' and '.join(map(repr, silent))} abstain on every row: the recipe does not fit the data"
    if report.tally.causes["rehearsal"]:
        return "not every row earns what it should"
    return "ideal answers earn the most, junk the least"

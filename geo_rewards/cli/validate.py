"""``validate``: is a data file fit for a run, and can its own truths earn what a recipe promises."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo_rewards.cli.arguments import changed_recipe, find_recipe_file, read_assignments
from geo_rewards.cli.output import print_heading, print_json, print_text
from geo_rewards.cli.progress import progress_bar
from geo_rewards.data.problems import ProblemTally, RowProblem
from geo_rewards.data.rows import Row
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from geo_rewards.data.selection.mixture import Source
    from geo_rewards.scoring.recipe import Recipe

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
        files: How many of them, good and bad, each file has.
        pictures: How many pictures the good ones have.
        tally: What is wrong, counted by cause.
        explanations: Accounts of the first rows that failed the rehearsal, by problem.
        answered: For each weighted reward, on how many rows it gave a value to the ideal answer.
    """

    recipe: Recipe | None
    keeps_all: bool
    rows: int = 0
    good: int = 0
    files: Counter[Path] = field(default_factory=Counter)
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
        str,
        typer.Argument(
            help="A .jsonl or .json file, several joined by colons, or a mixture (.yaml).", show_default=False
        ),
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
    reward_method: Annotated[
        str | None,
        typer.Option(
            help="`accu_reward_method` for rows that have none: one for each file, joined by colons."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The run's --seed: which rows a mixture takes at random.")] = 42,
    workers: Annotated[
        int | None, typer.Option(help="How many processes open pictures; all processors if not given.", min=1)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check a data file before a run: every row's format, truth and pictures; with a recipe, rehearse it."""
    chosen = _find_recipe(recipe, settings or [])
    report = Report(chosen, as_json)
    _validate(_find_sources(data, images, reward_method), report, seed=seed, workers=workers)
    if not report.rows:
        raise DataError(f"{data} holds no rows")
    if as_json:
        print_json(_record(report))
    else:
        _print_report(report, data)
        own_folders = images is None and not data.lower().endswith((".yaml", ".yml"))
        if own_folders and report.tally.kinds["image missing"]:
            print_text("image paths begin at each file's own folder; --images names another")
    return 1 if report.tally.total or report.silent_labels() else 0


def _find_sources(data: str, images: str | None, reward_method: str | None) -> list[Source]:
    from geo_rewards.data.selection.mixture_file import find_sources

    return find_sources(data, images, reward_methods=reward_method)


def _find_recipe(name: str | None, settings: list[str]) -> Recipe | None:
    if name is None:
        if settings:
            raise typer.BadParameter("it changes a recipe: give --recipe too", param_hint="--set")
        return None
    values = read_assignments(settings, option="--set")
    return changed_recipe(find_recipe_file(name), values, origin=name, option="--set")


def _validate(sources: Sequence[Source], report: Report, *, seed: int, workers: int | None) -> None:
    """Take all rows that a run would read into account."""
    from geo_rewards.data.picture_check import check_pictures
    from geo_rewards.data.selection.mixture import read_sources
    from geo_rewards.data.truth_check import check_truths

    columns = report.recipe.file.columns if report.recipe else None
    read = check_truths(read_sources(sources, seed=seed), columns=columns)
    with progress_bar("checking", total=_row_count(sources), shown=True) as advance:
        rows = _counted(check_pictures(read, workers=workers), advance)
        while chunk := list(islice(rows, CHUNK_ROWS)):
            _take(chunk, report)


def _counted(rows: Iterator[Row | RowProblem], advance: Callable[[int], None]) -> Iterator[Row | RowProblem]:
    for row in rows:
        advance(1)
        yield row


def _take(chunk: list[Row | RowProblem], report: Report) -> None:
    """Take a chunk of checked rows into account; rehearse the good ones."""
    report.rows += len(chunk)
    report.files.update(row.file for row in chunk)
    good = [row for row in chunk if isinstance(row, Row)]
    for problem in chunk:
        if isinstance(problem, RowProblem):
            report.tally.add(problem)
    report.good += len(good)
    report.pictures += sum(len(row.images) for row in good)
    if good and report.recipe is not None:
        _rehearse(good, report.recipe, report)


def _rehearse(rows: list[Row], recipe: Recipe, report: Report) -> None:
    from geo_rewards.scoring.rehearsal import rehearse

    cells = [{**row.columns, "prompts": row.prompt, "solution": row.solution} for row in rows]
    names = dict.fromkeys([*(name for row in cells for name in row), *recipe.file.columns.values()])
    columns = {name: [row.get(name) for row in cells] for name in names}
    rehearsal = rehearse(recipe, columns, len(rows))
    for label, count in rehearsal.answered.items():
        report.answered[label] = report.answered.get(label, 0) + count
    for finding in rehearsal.findings:
        row = rows[finding.row]
        problem = row.problem("rehearsal", finding.message)
        report.tally.add(problem)
        if report.keeps_all or len(report.explanations) < _EXPLAINED:
            report.explanations[problem] = finding.explanation


def _row_count(sources: Sequence[Source]) -> int | None:
    """Return how many rows there are, for the bar, or None where they would have to be read to be counted."""
    from geo_rewards.data.selection.mixture import count_rows

    if not sys.stderr.isatty() or any(source.path.suffix.lower() == ".json" for source in sources):
        return None
    return sum(map(count_rows, sources))


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
        "files": {str(file): count for file, count in report.files.items()},
        "causes": dict(report.tally.causes.most_common()),
        "kinds": dict(report.tally.kinds.most_common()),
        "rehearsal": rehearsal,
        "errors": [_error_record(problem, report) for problem in report.tally.first],
    }


def _error_record(problem: RowProblem, report: Report) -> dict[str, Any]:
    record = {
        "file": str(problem.file),
        "line": problem.line,
        "cause": problem.cause,
        **({"kind": problem.kind} if problem.kind else {}),
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
    if len(report.files) > 1:
        yield from (f"  {file}: {count:,} rows" for file, count in report.files.items())
    if report.recipe is not None:
        yield f"rehearsal of {report.recipe.origin} on {report.good:,} rows: {_verdict(report)}"
    for label, count in report.answered.items():
        if count < report.good:
            yield f"  reward {label!r} abstains on {report.good - count:,} of {report.good:,} rows"
    if not report.tally.total:
        return
    noun = "problem" if report.tally.total == 1 else "problems"
    yield f"{report.tally.total:,} {noun} ({report.tally.summary()}):"
    for problem in report.tally.first:
        yield f"  {problem}"
    if report.tally.total > len(report.tally.first):
        yield f"  and {report.tally.total - len(report.tally.first):,} more; --json lists all"


def _verdict(report: Report) -> str:
    if not report.good:
        return "there is no good row to score"
    if silent := report.silent_labels():
        return f"{' and '.join(map(repr, silent))} abstain on every row: the recipe does not fit the data"
    if report.tally.causes["rehearsal"]:
        return "not every row earns what it should"
    return "ideal answers earn the most, junk the least"

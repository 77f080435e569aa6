"""``validate``: check that a data file suits a run, and that its truths earn the most by a recipe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo_rewards.cli.arguments import changed_recipe, find_recipe_file, read_assignments, recipe_option
from geo_rewards.cli.output import print_heading, print_json, print_line, print_text
from geo_rewards.cli.progress import progress_bar
from geo_rewards.errors import DataError, noting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo_rewards.data.problems import RowProblem
    from geo_rewards.data.selection.mixture import Source
    from geo_rewards.data.validation import Validation
    from geo_rewards.scoring.recipe import Recipe


def validate_command(
    data: Annotated[
        str,
        typer.Argument(
            help="A .jsonl, .json, .csv, .tsv or .parquet file (also .gz, .zst), a folder of such files, "
            "several joined by colons, a mixture (.yaml), or - for standard input.",
            show_default=False,
        ),
    ],
    *,
    images: Annotated[
        str | None,
        typer.Option(
            help="Folder of the image paths, one per data file; default: the data file's own folder."
        ),
    ] = None,
    recipe: Annotated[
        str | None, recipe_option("A recipe's name or its YAML file, to rehearse on every row.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a parameter of the recipe.", metavar="LABEL.KEY=VALUE"),
    ] = None,
    reward_method: Annotated[
        str | None,
        typer.Option(help="`accu_reward_method` for rows that have none: one per file, joined by colons."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="The run's --seed: decides which rows a mixture takes at random.")
    ] = 42,
    workers: Annotated[
        int | None,
        typer.Option(help="Number of processes that open pictures; default: one per processor.", min=1),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check a data file before a run: every row's format, truth and pictures; with a recipe, rehearse it."""
    from geo_rewards.data.problems import name_of
    from geo_rewards.data.validation import expected_rows, validate_sources

    chosen = _find_recipe(recipe, settings or [])
    sources = _find_sources(data, images, reward_method)
    total = expected_rows(sources) if sys.stderr.isatty() else None
    with (
        noting("not all rows were checked"),
        progress_bar("checking", total=total, shown=True) as advance,
    ):
        report = validate_sources(
            sources, recipe=chosen, seed=seed, workers=workers, keeps_all=as_json, advance=advance
        )
    if not report.rows:
        raise DataError(f"{data} contains no rows")
    if as_json:
        print_json(_record(report))
    else:
        _print_report(report, name_of(Path(data)))
        own_folders = images is None and not data.lower().endswith((".yaml", ".yml"))
        if own_folders and report.tally.kinds["image missing"]:
            print_text("image paths are relative to each data file's own folder; set another with --images")
    return 1 if report.tally.total or report.silent_labels() else 0


def _find_sources(data: str, images: str | None, reward_method: str | None) -> list[Source]:
    from geo_rewards.data.selection.mixture_file import find_sources

    return find_sources(data, images, reward_methods=reward_method)


def _find_recipe(name: str | None, settings: list[str]) -> Recipe | None:
    if name is None:
        if settings:
            raise typer.BadParameter("it overrides a recipe: give --recipe too", param_hint="--set")
        return None
    values = read_assignments(settings, option="--set")
    return changed_recipe(find_recipe_file(name), values, origin=name, option="--set")


def _record(report: Validation) -> dict[str, Any]:
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


def _error_record(problem: RowProblem, report: Validation) -> dict[str, Any]:
    record = {
        "file": str(problem.file),
        "line": problem.line,
        "cause": problem.cause,
        **({"kind": problem.kind} if problem.kind else {}),
        "message": problem.message,
    }
    explanation = report.explanations.get(problem)
    return record if explanation is None else {**record, "explanation": explanation}


def _print_report(report: Validation, data: str) -> None:
    for line in _lines(report, data):
        print_line(line)
    for problem, explanation in report.explanations.items():
        print_text("")
        print_heading(str(problem))
        print_text(explanation, indent=2)


def _lines(report: Validation, data: str) -> Iterator[str]:
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


def _verdict(report: Validation) -> str:
    if not report.good:
        return "no good rows to score"
    if silent := report.silent_labels():
        return f"{' and '.join(map(repr, silent))} abstain on every row: the recipe does not fit the data"
    if report.tally.causes["rehearsal"]:
        return "not every row earns what it should"
    return "ideal answers earn the most, junk the least"

"""``score``: add rewards to saved rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from geo_rewards.cli.arguments import changed_recipe, find_recipe_file, read_assignments, recipe_option
from geo_rewards.cli.output import print_json
from geo_rewards.cli.progress import progress_bar
from geo_rewards.system.terminal import clean_line


def score_command(
    file: Annotated[
        Path,
        typer.Argument(
            help="Rows with a column `completion`: .jsonl, .json, .csv, .tsv or .parquet (also .gz, .zst), a "
            "folder of such files, or - for standard input.",
            show_default=False,
        ),
    ],
    *,
    recipe: Annotated[str, recipe_option("A recipe's name or its YAML file, or a reward's name.")],
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
        typer.Option("--set", help="Override a parameter of the recipe.", metavar="LABEL.KEY=VALUE"),
    ] = None,
    workers: Annotated[int, typer.Option(help="Number of processes that score.", min=1)] = 1,
    samples: Annotated[int, typer.Option(help="Number of rows to explain, spread over the file.", min=0)] = 0,
    diff: Annotated[
        Path | None,
        typer.Option(
            help="An earlier scored file of the same rows: shows which values changed, and why.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on stdout.")] = False,
) -> None:
    """Score saved rows by a recipe: add `rewards`, `reward`, `parsed`, `problems`, `distance_km`."""
    from geo_rewards.data.problems import name_of
    from geo_rewards.results.score_file import score_file

    values = read_assignments(settings or [], option="--set")
    chosen = changed_recipe(find_recipe_file(recipe), values, origin=recipe, option="--set")
    target = None if out == "-" else Path(out)
    _check_input(file, "FILE")
    if diff is not None:
        _check_input(diff, "--diff")
    _check_target(target, file)
    if as_json and target is None:
        raise typer.BadParameter("stdout takes either the rows (-o -) or the report", param_hint="--json")
    report = score_file(
        file,
        chosen,
        out=target,
        progress=lambda total: progress_bar("scoring", total=total, shown=target is not None),
        workers=workers,
        samples=samples,
        earlier=diff,
    )
    if as_json:
        print_json(report.record())
        return
    lines = [
        f"scored {name_of(file)} by {recipe} to {'stdout' if target is None else target}",
        *report.lines(),
    ]
    sys.stderr.write("".join(f"{clean_line(line)}\n" for line in lines))


def _check_input(file: Path, option: str) -> None:
    """Refuse what no file can be read from, before anything is loaded."""
    from geo_rewards.data.reading import files_of, is_stdin

    if not is_stdin(file) and not all(part.exists() for part in files_of(file)):
        raise typer.BadParameter(f"{str(file)!r} does not exist", param_hint=option)


def _check_target(out: Path | None, file: Path) -> None:
    from geo_rewards.results.output import check_output

    problem = check_output(out, file=file) if out is not None else None
    if problem is not None:
        raise typer.BadParameter(problem, param_hint="-o")

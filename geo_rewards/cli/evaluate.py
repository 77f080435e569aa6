"""``evaluate`` and ``compare``: what answers are worth, and whether others are better."""

from __future__ import annotations

import math
import sys
from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from geo_rewards.cli.output import print_json
from geo_rewards.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.results.evaluation.comparison import Comparison
    from geo_rewards.results.evaluation.evaluation import Evaluation
    from geo_rewards.results.evaluation.intervals import Interval
    from geo_rewards.results.evaluation.rules import Rules

_ROWS = "Rows with a column `completion` and truths, scored or not: any kind of file that `score` reads."
Strict = Annotated[
    bool,
    typer.Option("--strict", help="A distance must be less than a threshold (<, not <=)."),
]
Distance = Annotated[
    Literal["sphere", "equatorial", "geodesic"],
    typer.Option(
        help="sphere (R 6371.0088 km), equatorial (R 6378.137 km, as PIGEON), or geodesic (WGS 84).",
        metavar="<kind>",
    ),
]
Scale = Annotated[
    str,
    typer.Option(
        help="Constant of the score 5000 exp(-d / c): pigeon 1492.7 km, geoguessr 1491.69, geospot 2000."
    ),
]
Unparsed = Annotated[
    str,
    typer.Option(
        help="What an answer without a coordinate counts as: wrong (farthest point of the globe), "
        "g3 (0, 0), geobench (left out), thinking-with-map (99,999 km), verl (20,000 km)."
    ),
]
Key = Annotated[
    str | None,
    typer.Option(help="Column that identifies a picture; id or the image if not given.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def evaluate_command(
    file: Annotated[Path, typer.Argument(help=_ROWS, show_default=False)],
    *,
    by: Annotated[
        list[str] | None,
        typer.Option(help="Break the figures down by a column, or by country or continent. Repeatable."),
    ] = None,
    strict: Strict = False,
    distance: Distance = "sphere",
    scale: Scale = "pigeon",
    unparsed: Unparsed = "wrong",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Print the field's figures of answers, with 95 % intervals."""
    columns = tuple(by or ())
    rules = _rules(strict=strict, distance=distance, scale=scale, unparsed=unparsed)
    evaluation = _evaluate(file, rules, by=columns, key=key)
    if as_json:
        print_json(evaluation.to_json(by=columns))
        return
    sys.stdout.write("\n".join(evaluation_lines(evaluation, by=columns, name=str(file))) + "\n")


def compare_command(
    first: Annotated[Path, typer.Argument(help=_ROWS, show_default=False)],
    second: Annotated[Path, typer.Argument(help="The same for other answers.", show_default=False)],
    *,
    strict: Strict = False,
    distance: Distance = "sphere",
    scale: Scale = "pigeon",
    unparsed: Unparsed = "wrong",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Print how the answers in one file differ from those in another, and whether it may be noise."""
    rules = _rules(strict=strict, distance=distance, scale=scale, unparsed=unparsed)
    comparison = _evaluate(first, rules, key=key).compare(_evaluate(second, rules, key=key))
    if as_json:
        print_json(comparison.to_json())
        return
    sys.stdout.write("\n".join(comparison_lines(comparison, names=(str(first), str(second)))) + "\n")


def evaluation_lines(evaluation: Evaluation, *, by: Sequence[str] = (), name: str) -> list[str]:
    """Return an evaluation as text."""
    pictures = evaluation.pictures
    of = f" of {pictures:,} pictures" if pictures != len(evaluation) else ""
    lines = [f"{name}: {len(evaluation):,} answers{of}", f"  {evaluation.rules.describe()}", ""]
    lines += _figure_lines(evaluation.figures)
    lines += ["", *_concentration_lines(evaluation)]
    if evaluation.problems:
        lines += ["", "answers that could not be read as they should:"]
        lines += [
            f"  {found.answers:6,}  {found.kind}, such as {found.example!r}" for found in evaluation.problems
        ]
    for column in by:
        lines += ["", *_group_lines(evaluation, column)]
    return lines


def comparison_lines(comparison: Comparison, *, names: tuple[str, str]) -> list[str]:
    """Return a comparison as text."""
    from geo_rewards.results.evaluation.figures import known_figures

    first, second = names
    if comparison.is_paired:
        lines = [f"{first} -> {second}: {comparison.pictures:,} pictures that both have, paired"]
        for name, count in zip(names, comparison.unpaired, strict=True):
            if count:
                lines.append(f"  {count:,} pictures are in {name} only and left out")
    else:
        lines = [f"{first} -> {second}: no common ids, so all answers of both are compared, unpaired"]
    width = max(len(known_figures()[name].title) for name in comparison.differences)
    lines += ["", f"{'':{width}}  {'first':>9}  {'second':>9}  {'change':>9}  95 % interval"]
    for name, found in comparison.differences.items():
        figure = known_figures()[name]
        change = found.change
        is_better = (change.value > 0) == figure.more_is_better
        verdict = "may be noise" if found.is_noise else "better" if is_better else "worse"
        lines.append(
            f"{figure.title:{width}}  {_shown(found.first, figure.unit):>9}  "
            f"{_shown(found.second, figure.unit):>9}  {_shown(change.value, figure.unit, signed=True):>9}  "
            f"{_ends(change, figure.unit, signed=True)}: {verdict}"
        )
    return lines


def _rules(
    *, strict: bool, distance: Literal["sphere", "equatorial", "geodesic"], scale: str, unparsed: str
) -> Rules:
    from geo_rewards.results.evaluation.rules import Rules

    return Rules(strict=strict, distance=distance, scale=scale, unparsed=unparsed)


def _evaluate(file: Path, rules: Rules, *, by: Sequence[str] = (), key: str | None) -> Evaluation:
    from geo_rewards.results.evaluation.files import evaluate_file

    bar = partial(progress_bar, "evaluating", shown=True)
    return evaluate_file(file, rules=rules, by=by, key=key, progress=lambda total: bar(total=total))


def _figure_lines(figures: dict[str, Interval]) -> list[str]:
    from geo_rewards.results.evaluation.figures import known_figures

    width = max(len(known_figures()[name].title) for name in figures)
    lines = []
    for name, found in figures.items():
        figure = known_figures()[name]
        shown = _shown(found.value, figure.unit)
        lines.append(f"{figure.title:{width}}  {shown:>9}  {_ends(found, figure.unit)}")
    return lines


def _concentration_lines(evaluation: Evaluation) -> list[str]:
    answers, truths = (evaluation.concentrations[f"{who}_countries"] for who in ("answer", "true"))
    cells = evaluation.concentrations["answer_cells"]
    lines = []
    for name, found in (("answers", answers), ("truths", truths)):
        if found.count:
            country, share = found.commonest
            lines.append(
                f"{name} lie in {_counted(found.distinct, 'country', 'countries')} "
                f"(entropy {found.entropy_bits:.2f} bits), "
                f"{share:.1%} of them in {country}"
            )
    if cells.count:
        lines.append(
            f"answers lie in {_counted(cells.distinct, 'cell', 'cells')} of 1 degree "
            f"(entropy {cells.entropy_bits:.2f} bits), "
            f"{cells.commonest[1]:.1%} of them in one"
        )
    return lines


def _group_lines(evaluation: Evaluation, column: str) -> list[str]:
    groups = evaluation.by(column)
    shown = [
        name
        for name in ("within_25_km", "within_200_km", "within_750_km", "median_km", "score", "country")
        if any(name in group.figures for group in groups)
    ]
    from geo_rewards.results.evaluation.figures import known_figures

    figures = known_figures()
    width = max(len(column), *(len(group.value) for group in groups))
    head = "  ".join(f"{_short(name):>20}" for name in shown)
    lines = [f"{column:{width}}  {'answers':>7}  {head}"]
    for group in groups:
        cells = (_with_ends(group.figures.get(name), figures[name].unit) for name in shown)
        lines.append(f"{group.value:{width}}  {group.rows:7,}  " + "  ".join(f"{cell:>20}" for cell in cells))
    return lines


def _counted(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def _short(name: str) -> str:
    return name.replace("within_", "<= ").replace("_km", " km") if name.startswith("within") else name


def _with_ends(found: Interval | None, unit: str) -> str:
    if found is None:
        return "-"
    low, high = (_shown(end, unit) for end in (found.low, found.high))
    return f"{_shown(found.value, unit)} ({low}..{high})".replace("%..", "..").replace("%)", ")")


def _ends(found: Interval, unit: str, *, signed: bool = False) -> str:
    if math.isnan(found.low):
        return ""
    low, high = (_shown(end, unit, signed=signed) for end in (found.low, found.high))
    return f"({low} to {high})"


def _shown(value: float, unit: str, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    if unit == "share":
        return f"{value:{sign}.1%}"
    if unit == "km":
        return f"{value:{sign},.0f} km" if abs(value) >= 100 else f"{value:{sign}.1f} km"
    return f"{value:{sign},.0f}" if abs(value) >= 100 else f"{value:{sign}.3g}"

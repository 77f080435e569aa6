"""Measure ratios within one process, and write the figures into ``benchmarks/RESULTS.md``.

Run by ``make bench``. Seconds are CPU seconds of one process unless a table says otherwise, so that other
work on the machine matters less. Trust ratios within a table, not seconds across tables.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import chunks
import hostile
import naive
import texts
from results import RESULTS, replaced, timed

import geo_rewards as gr

if TYPE_CHECKING:
    from collections.abc import Callable


DEMO_METRICS = Path(__file__).parents[1] / "output" / "demo" / "metrics.json"
GEO_REWARDS = str(Path(sys.executable).with_name("geo-rewards"))
COUNT = 10_000
NAIVE_COUNT = 500
REPEATS = 4
GROUP = 8
MANY = 200_000
SAVED_ROWS = 100_000


def main() -> None:
    """Measure everything, or the named sections, and rewrite them in the results."""
    chosen = sys.argv[1:] or SECTIONS
    for name in chosen:
        table = SECTIONS[name]()
        print(f"\n{name}\n{table}")
        RESULTS.write_text(replaced(RESULTS.read_text(encoding="utf-8"), name, table), encoding="utf-8")
    if DEMO_METRICS.exists() and not sys.argv[1:]:
        table = demo_table(json.loads(DEMO_METRICS.read_text(encoding="utf-8")))
        RESULTS.write_text(replaced(RESULTS.read_text(encoding="utf-8"), "demo", table), encoding="utf-8")


def scoring_table() -> str:
    """Compare five rewards with the naive implementation on fresh completions, for each form."""
    head = [
        f"| five rewards, us per completion: {COUNT:,} fresh ones of 950 characters per repeat | naive "
        "| `Recipe.score` | ratio |",
        "|---|---|---|---|",
    ]
    rows = [scoring_row(caption(form), form=form) for form in texts.COORDINATE_FORMS]
    rows += [scoring_row(f"names: {caption(form)}", form=form, source="text") for form in texts.NAME_FORMS]
    form = texts.bracketed_pair
    rows.append(scoring_row(f"{caption(form)}, groups of {GROUP} have one truth", form=form, group=GROUP))
    return "\n".join([*head, *rows])


def caption(form: texts.Form) -> str:
    """Return the example at the start of the form's docstring."""
    return (form.__doc__ or "").splitlines()[0].removesuffix(".").replace("``", "`").replace("|", "\\|")


def scoring_row(caption: str, *, form: texts.Form, source: str = "coordinate", group: int = 1) -> str:
    """Time both in turn on completions new to them, and check that they agree."""
    recipe = texts.bench_recipe(source)
    warm_up, warm_truth = texts.completions(100, seed=-1, form=form)
    check_agreement(recipe.score(warm_up, **warm_truth).rewards, naive.score(warm_up, **warm_truth))
    ours, theirs = [], []
    for seed in range(REPEATS):
        fresh, truth = texts.completions(COUNT, seed=seed, form=form, group=group)
        ours.append(timed(lambda fresh=fresh, truth=truth: recipe.score(fresh, **truth).total) / COUNT)
        fresh, truth = texts.completions(NAIVE_COUNT, seed=seed + 100, form=form, group=group)
        work = lambda fresh=fresh, truth=truth: naive.score(fresh, **truth, source=source)  # noqa: E731
        theirs.append(timed(work) / NAIVE_COUNT)
    us, naive_us = min(ours) * 1e6, min(theirs) * 1e6
    return f"| {caption} | {naive_us:.0f} | {us:.1f} | **{naive_us / us:.0f}** |"


def check_agreement(ours: dict[str, list[float | None]], theirs: list[list[float]]) -> None:
    """Exit if format or distance differ; places may, since the gazetteers do."""
    for label, expected in zip(list(ours)[:2], theirs[:2], strict=True):
        if not all(
            math.isclose(a or 0.0, b, abs_tol=1e-9) for a, b in zip(ours[label], expected, strict=True)
        ):
            raise SystemExit(f"{label} differs from the naive implementation")


def profile_table() -> str:
    """Show where the time for one batch goes, column by column."""
    spent: dict[str, list[float]] = {}
    for seed in range(REPEATS):
        fresh, truth = texts.completions(COUNT, seed=seed + 200, form=texts.chain_line)
        batch = gr.Batch(fresh, truth)
        steps: dict[str, Callable[[], object]] = {
            "parse: tags and answers": lambda batch=batch: (batch.answer_degrees, batch.well_formed),
            "truth columns": lambda batch=batch: batch.truth_degrees,
            "gazetteer: places of the answers": lambda batch=batch: batch.located_places,
            "gazetteer: places of the truths": lambda batch=batch: batch.truth_places,
            "distances": lambda batch=batch: batch.distance_km,
        }
        for name, step in steps.items():
            spent.setdefault(name, []).append(timed(step))
        recipe = texts.bench_recipe()
        spent.setdefault("rewards, gates, checks of values", []).append(
            timed(lambda recipe=recipe, batch=batch: [r.outcomes(batch) for r in recipe.rewards.values()])
        )
    rows = [f"| {name} | {min(times) * 1000:.1f} |" for name, times in spent.items()]
    return "\n".join(
        [f"| where the time goes, {COUNT:,} completions of a Chain of Region | ms |", "|---|---|", *rows]
    )


def forms_table() -> str:
    """Time the parser on one completion of 950 characters at a time, for each form."""
    rows = []
    for form in (*texts.COORDINATE_FORMS, *texts.NAME_FORMS):
        fresh, _ = texts.completions(2000, seed=300, form=form)
        rows.append(f"| {caption(form)} | {hostile.cpu_seconds(fresh, repeats=REPEATS) / 2000 * 1e6:.1f} |")
    for name, text in hostile.rare_answers().items():
        best = hostile.cpu_seconds([text] * 500, repeats=REPEATS)
        rows.append(f"| {name} (read by the full parser) | {best / 500 * 1e6:.1f} |")
    junk, normal = hostile.hostile_cost()
    return "\n".join(
        [
            "| one answer at a time, `parse_completion` | us |",
            "|---|---|",
            *rows,
            "",
            f"Costliest of {len(hostile.HOSTILE)} hostile texts of 100 kB takes {junk:.1f} ns per character; "
            f"ten usual completions take {normal:.1f} ns.",
        ]
    )


def growth_table() -> str:
    """Score many completions in chunks, and saved files with the command."""
    many = json.loads(output_of([sys.executable, str(Path(__file__).with_name("chunks.py")), str(MANY)]))
    rows = [
        f"| {MANY:,} completions in chunks of 10,000, five rewards, CPU | {many['seconds']:.1f} s, "
        f"{many['seconds'] / MANY * 1e6:.1f} us each; peak memory {many['peak_mb']:.0f} MB "
        f"(after the first chunk {many['first_mb']:.0f} MB) |"
    ]
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder, "bench.yaml")
        recipe.write_text(json.dumps({"rewards": texts.RECIPE}), encoding="utf-8")
        for form in (texts.bracketed_pair, texts.chain_line):
            saved = Path(folder, "saved.jsonl")
            write_saved(saved, count=SAVED_ROWS, form=form)
            rows += [score_row(path, recipe, caption(form)) for path in (saved, as_parquet(saved))]
    return "\n".join(["| scaling | |", "|---|---|", *rows])


def score_row(saved: Path, recipe: Path, what: str) -> str:
    """Score a saved file with the command, and return the CPU time per row, excluding start-up."""
    out = str(saved.with_stem("out"))
    command = [GEO_REWARDS, "score", str(saved), "--recipe", str(recipe), "-o", out]
    few = saved.with_stem("few")
    copy_head(saved, few)
    start, seconds = (
        child_seconds([GEO_REWARDS, "score", str(few), *command[3:]]), child_seconds(command)
    )  # fmt: skip
    us = (seconds - start) / SAVED_ROWS * 1e6
    return (
        f"| `geo-rewards score` of {SAVED_ROWS:,} saved rows of {what}, {saved.suffix}, CPU of one process "
        f"| {us:.1f} us per row, {1e6 / us:,.0f} rows per second, and {start:.1f} s to start |"
    )


def copy_head(path: Path, few: Path) -> None:
    """Copy the first rows of a file into another."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(pq.read_table(path).slice(0, 10), few)
    else:
        few.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:10]), "utf-8")


def as_parquet(path: Path) -> Path:
    """Write the rows of a jsonl file as parquet next to it."""
    import pyarrow.json
    import pyarrow.parquet as pq

    parquet = path.with_suffix(".parquet")
    pq.write_table(pyarrow.json.read_json(path), parquet)
    return parquet


def child_seconds(command: list[str]) -> float:
    """Return the CPU seconds that a command takes."""
    before = os.times()
    output_of(command)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def write_saved(path: Path, *, count: int, form: texts.Form) -> None:
    """Write completions with their truths as jsonl."""
    fresh, truth = texts.completions(count, seed=7, form=form)
    rows = zip(fresh, truth["lat"], truth["lon"], strict=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps({"completion": text, "lat": lat, "lon": lon}) + "\n" for text, lat, lon in rows
        )


def start_table() -> str:
    """Time a bare interpreter, the import, and the fastest command; show the memory for each step."""
    commands = {
        "`python -c pass`": [sys.executable, "-c", "pass"],
        "`import geo_rewards`": [sys.executable, "-c", "import geo_rewards"],
        "`geo-rewards list`": [GEO_REWARDS, "list"],
    }
    rows = [f"| {name} | {best(command):.2f} s |" for name, command in commands.items()]
    for name, code in chunks.MEMORY_STEPS.items():
        peak = float(output_of([sys.executable, "-c", code + chunks.PRINT_PEAK]))
        rows.append(f"| peak memory of {name} | {peak:.0f} MB |")
    return "\n".join(["| start, wall-clock time, best of 5 | |", "|---|---|", *rows])


def demo_table(metrics: dict) -> str:
    """Show what ``make demo`` wrote."""
    before, after = metrics["before"], metrics["after"]
    rows = [f"| {key} | {before[key]:.4g} | {after[key]:.4g} |" for key in before]
    first, last = metrics["reward_first_20"], metrics["reward_last_20"]
    curve = (
        f"Mean reward of the first 20 steps {first:.3f}, of the last 20 {last:.3f} ({last / first:.2f} times)"
    )
    head = ["| greedy evaluation | before | after |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", f"{curve}; {metrics['seconds']:.0f} s in all."])


def output_of(command: list[str]) -> str:
    """Return what a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def best(command: list[str]) -> float:
    """Return the wall-clock time of the fastest of five runs of a command."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        output_of(command)
        times.append(time.perf_counter() - start)
    return min(times)


SECTIONS: dict[str, Callable[[], str]] = {
    "scoring": scoring_table,
    "profile": profile_table,
    "forms": forms_table,
    "growth": growth_table,
    "start": start_table,
}
"""The measurements, by the name of their section in the results."""


if __name__ == "__main__":
    main()

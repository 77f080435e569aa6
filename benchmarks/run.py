"""Measure, as ratios within one process, and write the figures into ``benchmarks/RESULTS.md``.

Run by ``make bench``. Seconds are CPU seconds of one process unless a table says otherwise: other work on
the machine then counts less. Trust ratios within one table, not seconds between two.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import naive
import texts

import geo_rewards as gr
from geo_rewards.scoring.file import parse_recipe

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).with_name("RESULTS.md")
DEMO_METRICS = Path(__file__).parents[1] / "output" / "demo" / "metrics.json"
GEO_REWARDS = str(Path(sys.executable).with_name("geo-rewards"))
COUNT = 10_000
REPEATS = 5
GROUP = 8
MILLION = 1_000_000
SAVED_ROWS = 50_000

RECIPE = [
    {"name": "think_answer_format"},
    {"name": "haversine_decay"},
    {"name": "country_match", "params": {"source": "coordinate"}},
    {"name": "region_match", "params": {"source": "coordinate"}},
    {"name": "city_match", "params": {"source": "coordinate"}},
]


def main() -> None:
    """Measure everything and rewrite the sections of the results."""
    sections = {
        "scoring": scoring_table(),
        "profile": profile_table(),
        "forms": forms_table(),
        "growth": growth_table(),
        "start": start_table(),
    }
    if DEMO_METRICS.exists():
        sections["demo"] = demo_table(json.loads(DEMO_METRICS.read_text(encoding="utf-8")))
    text = RESULTS.read_text(encoding="utf-8")
    for name, table in sections.items():
        print(f"\n{name}\n{table}")
        text = replaced(text, name, table)
    RESULTS.write_text(text, encoding="utf-8")


def scoring_table() -> str:
    """Compare the recipe of five rewards with the naive implementation on fresh completions."""
    rows = [
        scoring_row("every truth is another", group=1),
        scoring_row(f"groups of {GROUP} have one truth, as in training", group=GROUP),
    ]
    head = [
        f"| five rewards on {COUNT:,} fresh completions of 950 characters | naive | `Recipe.score` | ratio |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def scoring_row(caption: str, *, group: int) -> str:
    """Time both on completions that neither has seen, in turns, and check that they mean the same."""
    recipe = bench_recipe()
    warm_up, warm_truth = completions(10, seed=-1)
    check_agreement(recipe.score(warm_up, **warm_truth).rewards, naive.score(warm_up, **warm_truth))
    ours, theirs = [], []
    for seed in range(REPEATS):
        texts, truth = completions(COUNT, seed=seed, group=group)
        ours.append(timed(lambda texts=texts, truth=truth: recipe.score(texts, **truth).total))
        texts, truth = completions(COUNT, seed=seed + 100, group=group)
        theirs.append(timed(lambda texts=texts, truth=truth: naive.score(texts, **truth)))
    ratio = min(theirs) / min(ours)
    return f"| {caption} | {min(theirs):.2f} s | {min(ours):.3f} s | **{ratio:.0f}** |"


def check_agreement(ours: dict[str, list[float | None]], theirs: list[list[float]]) -> None:
    """Stop if format or distance differ: places may, since the gazetteers do."""
    for label, expected in zip(list(ours)[:2], theirs[:2], strict=True):
        if not all(
            math.isclose(a or 0.0, b, abs_tol=1e-9) for a, b in zip(ours[label], expected, strict=True)
        ):
            raise SystemExit(f"{label} differs from the naive implementation")


def profile_table() -> str:
    """Show where the time of one batch goes, column by column."""
    spent: dict[str, list[float]] = {}
    for seed in range(REPEATS):
        texts, truth = completions(COUNT, seed=seed + 200)
        batch = gr.Batch(texts, truth)
        steps: dict[str, Callable[[], object]] = {
            "parse: tags and pairs, all completions": lambda batch=batch: (
                batch.answer_degrees,
                batch.well_formed,
            ),
            "truth columns": lambda batch=batch: batch.truth_degrees,
            "gazetteer: places of the answers": lambda batch=batch: batch.located_places,
            "gazetteer: places of the truths": lambda batch=batch: batch.truth_places,
            "distances": lambda batch=batch: batch.distance_km,
        }
        for name, step in steps.items():
            spent.setdefault(name, []).append(timed(step))
        recipe = bench_recipe()
        spent.setdefault("rewards, gates, checks of values", []).append(
            timed(lambda recipe=recipe, batch=batch: [r.outcomes(batch) for r in recipe.rewards.values()])
        )
    rows = [f"| {name} | {min(times) * 1000:.1f} |" for name, times in spent.items()]
    return "\n".join([f"| where the time goes, {COUNT:,} completions | ms |", "|---|---|", *rows])


def forms_table() -> str:
    """Time the parser on each way to write an answer, inside completions of 950 characters."""
    rows = []
    for name, answer in texts.ANSWERS.items():
        text = texts.completion(answer)
        best = min(
            timed(lambda text=text: [gr.parse_completion(text) for _ in range(2000)]) for _ in range(REPEATS)
        )
        shown = answer.replace("|", "\\|").replace("\n", " ")
        rows.append(f"| {name}: `{shown}` | {2.0 / best:,.0f} |")
    hostile, normal = texts.hostile_cost()
    return "\n".join(
        [
            "| one answer at a time | thousand a second |",
            "|---|---|",
            *rows,
            "",
            f"Costliest of {len(texts.HOSTILE)} hostile texts of 100 kB takes {hostile:.1f} ns a character; "
            f"ten usual completions take {normal:.1f} ns.",
        ]
    )


def growth_table() -> str:
    """Score a million completions by chunks, and a saved file with one and two workers."""
    million = json.loads(output_of([sys.executable, str(Path(__file__).with_name("texts.py")), str(MILLION)]))
    rows = [
        f"| {MILLION:,} completions by chunks of 10,000, five rewards, CPU | {million['seconds']:.1f} s, "
        f"{million['seconds'] / MILLION * 1e6:.1f} us each; peak memory {million['peak_mb']:.0f} MB "
        f"(after the first chunk {million['first_mb']:.0f} MB) |"
    ]
    with tempfile.TemporaryDirectory() as folder:
        saved, recipe = Path(folder, "saved.jsonl"), Path(folder, "bench.yaml")
        write_saved(saved, count=SAVED_ROWS)
        recipe.write_text(json.dumps({"rewards": RECIPE}), encoding="utf-8")
        for workers in ("1", "2"):
            out = str(Path(folder, f"out{workers}.jsonl"))
            command = [
                GEO_REWARDS,
                "score",
                str(saved),
                "--recipe",
                str(recipe),
                "-o",
                out,
                "--workers",
                workers,
            ]
            start = time.perf_counter()
            output_of(command)
            seconds = time.perf_counter() - start
            rows.append(
                f"| `geo-rewards score` of {SAVED_ROWS:,} saved rows, `--workers {workers}`, by the clock "
                f"| {seconds:.1f} s, {SAVED_ROWS / seconds:,.0f} rows a second |"
            )
    return "\n".join(["| scaling | |", "|---|---|", *rows])


def write_saved(path: Path, *, count: int) -> None:
    """Write completions with their truths as jsonl."""
    texts, truth = completions(count, seed=7)
    rows = zip(texts, truth["lat"], truth["lon"], strict=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps({"completion": text, "lat": lat, "lon": lon}) + "\n" for text, lat, lon in rows
        )


def start_table() -> str:
    """Time a bare interpreter, the import, and the quickest command; show the memory of each step."""
    commands = {
        "`python -c pass`": [sys.executable, "-c", "pass"],
        "`import geo_rewards`": [sys.executable, "-c", "import geo_rewards"],
        "`geo-rewards list`": [GEO_REWARDS, "list"],
    }
    rows = [f"| {name} | {best(command):.2f} s |" for name, command in commands.items()]
    for name, code in texts.MEMORY_STEPS.items():
        peak = float(output_of([sys.executable, "-c", code + texts.PRINT_PEAK]))
        rows.append(f"| peak memory of {name} | {peak:.0f} MB |")
    return "\n".join(["| start, by the clock, best of 5 | |", "|---|---|", *rows])


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


def bench_recipe() -> gr.Recipe:
    """Return the recipe of five rewards."""
    return gr.Recipe(parse_recipe({"rewards": RECIPE}, where="bench"))


def completions(count: int, *, seed: int, group: int = 1) -> tuple[list[str], dict[str, list[float]]]:
    """Return completions of about 950 characters and their truths, `group` of them for each truth."""
    rng = random.Random(seed)
    points = [(rng.uniform(-55, 70), rng.uniform(-180, 180)) for _ in range(-(-count // group))]
    pairs = [pair for pair in points for _ in range(group)][:count]
    truth = {"lat": [lat for lat, _ in pairs], "lon": [lon for _, lon in pairs]}
    return [completion(rng, lat, lon) for lat, lon in pairs], truth


def completion(rng: random.Random, lat: float, lon: float) -> str:
    """Return a completion whose guess is near the truth or far from it."""
    think = " ".join(rng.choice(texts.WORDS) for _ in range(170))
    return f"<think>{think}</think><answer>{texts.guess(rng, lat, lon)}</answer>"


def timed(work: Callable[[], object]) -> float:
    """Return the CPU seconds that the work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def output_of(command: list[str]) -> str:
    """Return what a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def best(command: list[str]) -> float:
    """Return the shortest of five runs of a command, by the clock."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        output_of(command)
        times.append(time.perf_counter() - start)
    return min(times)


def replaced(text: str, name: str, table: str) -> str:
    """Return the text with the table between the section's two marks."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, rest = text.split(begin)
    return f"{head}{begin}\n{table}\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    main()

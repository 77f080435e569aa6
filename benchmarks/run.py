"""Measure, as ratios within one process, and write the figures into ``benchmarks/RESULTS.md``.

Run by ``make bench``. Machines are noisy: trust ratios within one table, not seconds between two.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import naive

import geo_rewards as gr
from geo_rewards.recipe_file import parse_recipe

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).with_name("RESULTS.md")
DEMO_METRICS = Path(__file__).parents[1] / "output" / "demo" / "metrics.json"
COUNT = 10_000
REPEATS = 3

RECIPE = [
    {"name": "think_answer_format"},
    {"name": "haversine_decay"},
    {"name": "country_match", "params": {"source": "coordinate"}},
    {"name": "region_match", "params": {"source": "coordinate"}},
    {"name": "city_match", "params": {"source": "coordinate"}},
]


def main() -> None:
    """Measure everything and rewrite the sections of the results."""
    sections = {"scoring": scoring_table(), "start": start_table()}
    if DEMO_METRICS.exists():
        sections["demo"] = demo_table(json.loads(DEMO_METRICS.read_text(encoding="utf-8")))
    text = RESULTS.read_text(encoding="utf-8")
    for name, table in sections.items():
        print(f"\n{name}\n{table}")
        text = replaced(text, name, table)
    RESULTS.write_text(text, encoding="utf-8")


def scoring_table() -> str:
    """Compare the recipe of five rewards with the naive implementation on fresh completions."""
    recipe = gr.Recipe(parse_recipe({"rewards": RECIPE}, where="bench"))
    warm_up, warm_truth = completions(10, seed=-1)
    recipe.score(warm_up, **warm_truth)
    naive.score(warm_up, **warm_truth)
    ours, theirs = [], []
    for seed in range(REPEATS):
        texts, truth = completions(COUNT, seed=seed)
        ours.append(timed(lambda texts=texts, truth=truth: recipe.score(texts, **truth).total))
        texts, truth = completions(COUNT, seed=seed + 100)
        theirs.append(timed(lambda texts=texts, truth=truth: naive.score(texts, **truth)))
    ratio = min(theirs) / min(ours)
    return "\n".join(
        [
            f"| five rewards on {COUNT:,} fresh completions of 950 characters | seconds, best of {REPEATS} |",
            "|---|---|",
            f"| naive: each reward parses, one reverse_geocoder query a point | {min(theirs):.2f} |",
            f"| `Recipe.score` | {min(ours):.3f} |",
            f"| **ratio** | **{ratio:.0f}** |",
        ]
    )


def start_table() -> str:
    """Time a bare interpreter, the import, and the quickest command."""
    geo_rewards = Path(sys.executable).with_name("geo-rewards")
    commands = {
        "`python -c pass`": [sys.executable, "-c", "pass"],
        "`import geo_rewards`": [sys.executable, "-c", "import geo_rewards"],
        "`geo-rewards list`": [str(geo_rewards), "list"],
    }
    rows = [f"| {name} | {best(command):.2f} |" for name, command in commands.items()]
    return "\n".join(["| command | seconds, best of 5 |", "|---|---|", *rows])


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


def completions(count: int, *, seed: int) -> tuple[list[str], dict[str, list[float]]]:
    """Return completions of about 950 characters and their truths."""
    rng = random.Random(seed)
    truth = {
        "lat": [rng.uniform(-55, 70) for _ in range(count)],
        "lon": [rng.uniform(-180, 180) for _ in range(count)],
    }
    texts = [completion(rng, lat, lon) for lat, lon in zip(truth["lat"], truth["lon"], strict=True)]
    return texts, truth


def completion(rng: random.Random, lat: float, lon: float) -> str:
    """Return a completion whose guess is near the truth or far from it."""
    words = ["the", "road", "signs", "roofs", "palm", "trees", "plates", "left", "side", "asphalt", "script"]
    think = " ".join(rng.choice(words) for _ in range(170))
    spread = rng.choice([0.01, 1.0, 20.0])
    guess = (
        max(-90.0, min(90.0, lat + rng.gauss(0, spread))),
        max(-180.0, min(180.0, lon + rng.gauss(0, spread))),
    )
    return f"<think>{think}</think><answer>({guess[0]:.4f}, {guess[1]:.4f})</answer>"


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best(command: list[str]) -> float:
    """Return the shortest of five runs of a command."""
    return min(timed(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(5))


def replaced(text: str, name: str, table: str) -> str:
    """Return the text with the table between the section's two marks."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, rest = text.split(begin)
    return f"{head}{begin}\n{table}\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    main()

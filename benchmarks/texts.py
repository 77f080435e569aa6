"""The texts that are measured; as a program: score many completions by chunks, print time and memory."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import geo_rewards as gr
from geo_rewards.scoring.file import parse_recipe

CHUNK = 10_000
WORDS = ["the", "road", "signs", "roofs", "palm", "trees", "plates", "left", "side", "asphalt", "script"]
ANSWERS = {
    "pair": "(48.8584, 2.2945)",
    "Chain of Region": "Country: Japan State: Hokkaido City: Biei Town Coordinates: (43.45, 142.61)",
    "JSON": '{"lat": 48.85, "lon": 2.35}',
    "seed": '{"LOC": [48.85, 2.35]}',
    "names": "Paris, France",
    "labelled names": "Country: France, Region: Ile-de-France, City: Paris",
    "labels": "Latitude: 43.45, Longitude: 142.61",
    "hemispheres": "40.1° N, 75.2° W",
    "letters first": "N40.1 W75.2",
    "minutes and seconds": "40° 26' 46\" N, 79° 58' 56\" W",
    "in a sentence": "It is at 48.8566, 2.3522.",
    "decimal commas": "48,85; 2,35",
    "Markdown": "**48.85, 2.35**",
    "WKT": "POINT(2.35 48.85)",
    "map URL": "https://www.google.com/maps/@48.85,2.35,15z",
}
HOSTILE = (
    "<think></think><answer>",
    "<answer>",
    "</answer>",
    "1",
    " ",
    "(",
    '{"a":',
    "48.85, 2.35\n",
    "<",
    "\n",
)
# not `ru_maxrss`: a child inherits that of the process which started it
PRINT_PEAK = "\nprint(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024)"
MEMORY_STEPS = {
    "`import geo_rewards`": "import geo_rewards as gr",
    "a parse": "import geo_rewards as gr; gr.parse_completion('48.85, 2.35')",
    "a lookup in the gazetteer": "import geo_rewards as gr; gr.get_gazetteer().lookup([48.85], [2.35])",
}


def completion(answer: str) -> str:
    """Return a completion of about 950 characters."""
    think = " ".join(WORDS[at % len(WORDS)] for at in range(170))
    return f"<think>{think}</think><answer>{answer}</answer>"


def guess(rng: random.Random, lat: float, lon: float) -> str:
    """Return an answer near a point or far from it."""
    spread = rng.choice([0.01, 1.0, 20.0])
    near = (
        max(-90.0, min(90.0, lat + rng.gauss(0, spread))),
        max(-180.0, min(180.0, lon + rng.gauss(0, spread))),
    )
    return f"({near[0]:.4f}, {near[1]:.4f})"


def hostile_cost() -> tuple[float, float]:
    """Return ns a character of the costliest 100 kB text, and of ten usual completions."""
    texts = [text for piece in HOSTILE for text in wrapped(piece * (100_000 // len(piece)))]
    usual = [completion(answer) for answer in list(ANSWERS.values())[:10]]
    normal = cpu_seconds(usual, repeats=100) / sum(map(len, usual))
    return max(cpu_seconds([text], repeats=3) / len(text) for text in texts) * 1e9, normal * 1e9


def wrapped(junk: str) -> tuple[str, str, str]:
    """Return the junk alone, as thoughts and as an answer."""
    return junk, f"<think>{junk}</think><answer>1.5, 2.5</answer>", f"<think>x</think><answer>{junk}</answer>"


def cpu_seconds(texts: list[str], *, repeats: int) -> float:
    """Return the best CPU time that parsing these texts once takes."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        for text in texts:
            gr.parse_completion(text)
        best = min(best, time.process_time() - start)
    return best


def score_by_chunks(count: int) -> dict[str, float]:
    """Score so many completions, each with a coordinate of its own, and return seconds and memory."""
    from run import RECIPE

    recipe = gr.Recipe(parse_recipe({"rewards": RECIPE}, where="bench"))
    rng = random.Random(0)
    thoughts = [" ".join(rng.choice(WORDS) for _ in range(170)) for _ in range(1000)]
    seconds = first_mb = 0.0
    for _ in range(count // CHUNK):
        points = [(rng.uniform(-55, 70), rng.uniform(-180, 180)) for _ in range(CHUNK)]
        texts = [
            f"<think>{thoughts[row % 1000]}</think><answer>{guess(rng, *point)}</answer>"
            for row, point in enumerate(points)
        ]
        lat, lon = map(list, zip(*points, strict=True))
        start = time.process_time()
        _ = recipe.score(texts, lat=lat, lon=lon).total
        seconds += time.process_time() - start
        first_mb = first_mb or peak_mb()
    return {"seconds": seconds, "first_mb": first_mb, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """Return the most memory that this process has had, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(score_by_chunks(int(sys.argv[1]))))

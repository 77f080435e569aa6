"""Score many completions in chunks, and print time and memory: ``python benchmarks/chunks.py COUNT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import texts
from results import timed

CHUNK = 10_000
# not `ru_maxrss`: a child inherits its parent's
PRINT_PEAK = "\nprint(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024)"
MEMORY_STEPS = {
    "`import geo_rewards`": "import geo_rewards as gr",
    "a parse": "import geo_rewards as gr; gr.parse_completion('48.85, 2.35')",
    "a lookup in the gazetteer": "import geo_rewards as gr; gr.get_gazetteer().lookup([48.85], [2.35])",
}


def score_by_chunks(count: int) -> dict[str, float]:
    """Score that many completions, each with a different coordinate, and return seconds and memory."""
    recipe = texts.bench_recipe()
    seconds = first_mb = 0.0
    for seed in range(count // CHUNK):
        completions, truth = texts.completions(CHUNK, seed=seed)
        seconds += timed(lambda texts=completions, truth=truth: recipe.score(texts, **truth).total)
        first_mb = first_mb or peak_mb()
    return {"seconds": seconds, "first_mb": first_mb, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """Return the peak memory of this process, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(score_by_chunks(int(sys.argv[1]))))

"""Texts designed to be slow, and what they cost."""

from __future__ import annotations

import random
import time

import texts

import geo_rewards as gr

HOSTILE = (
    "<think></think><answer>", "<answer>", "</answer>", "1", " ", "(", '{"a":', "48.85, 2.35\n", "<", "\n",
    "Country: ", "a, ", "State State ", "48.85, ", "N1 ",
)  # fmt: skip


def hostile_cost() -> tuple[float, float]:
    """Return ns per character for the costliest 100 kB text, and for ten ordinary completions."""
    junk = [text for piece in HOSTILE for text in wrapped(piece * (100_000 // len(piece)))]
    usual = [texts.completions(1, seed=at, form=form)[0][0] for at, form in enumerate(texts.COORDINATE_FORMS)]
    normal = cpu_seconds(usual, repeats=100) / sum(map(len, usual))
    return max(cpu_seconds([text], repeats=3) / len(text) for text in junk) * 1e9, normal * 1e9


def wrapped(junk: str) -> tuple[str, str, str]:
    """Return the junk alone, as a think block and as an answer."""
    return junk, f"<think>{junk}</think><answer>1.5, 2.5</answer>", f"<think>x</think><answer>{junk}</answer>"


def cpu_seconds(parsed: list[str], *, repeats: int) -> float:
    """Return the best CPU time for parsing these texts once."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        for text in parsed:
            gr.parse_completion(text)
        best = min(best, time.process_time() - start)
    return best


def rare_answers() -> dict[str, str]:
    """Return completions in forms that the full parser reads, by description."""
    rng = random.Random(0)
    answers = {
        "in a sentence": "It is at 48.8566, 2.3522.",
        "Markdown": "**48.85, 2.35**",
        "WKT": "POINT(2.35 48.85)",
        "map URL": "https://www.google.com/maps/@48.85,2.35,15z",
    }
    return {name: texts.completion(answer, rng) for name, answer in answers.items()}

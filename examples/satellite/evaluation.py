"""Greedy evaluation: the most likely answer for every picture, scored by the library."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warm_start import encode_prompts

import geo_rewards as gr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tiles import Tile

BATCH_SIZE = 32
MAX_NEW_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Guess:
    """What the model answered for one tile.

    Attributes:
        completion: The full completion.
        truth: The centre of the tile.
        coordinate: The model's guess, or None if it cannot be read.
        reward: The recipe's total.
    """

    completion: str
    truth: gr.Coordinate
    coordinate: gr.Coordinate | None
    reward: float

    @property
    def distance_km(self) -> float:
        """Great-circle distance between guess and truth; infinite if there is no guess."""
        if self.coordinate is None:
            return math.inf
        return float(gr.great_circle_km(*self.truth, *self.coordinate))


def answer_tiles(model_dir: Path, tiles: Sequence[Tile]) -> list[str]:
    """Return the model's greedy completion for each tile."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(model_dir)
    model = AutoModelForImageTextToText.from_pretrained(model_dir, dtype=torch.float32).eval()
    completions: list[str] = []
    for start in range(0, len(tiles), BATCH_SIZE):
        inputs = encode_prompts(processor, tiles[start : start + BATCH_SIZE])
        with torch.no_grad():
            tokens = model.generate(**inputs, do_sample=False, max_new_tokens=MAX_NEW_TOKENS)
        written = tokens[:, inputs["input_ids"].shape[1] :]
        completions += processor.batch_decode(written, skip_special_tokens=True)
    return completions


def score_answers(completions: Sequence[str], tiles: Sequence[Tile], *, recipe: gr.Recipe) -> list[Guess]:
    """Score completions with the recipe that the model is trained on and the rows' truths."""
    scores = recipe.score(completions, solution=[tile.truth for tile in tiles])
    answers = [gr.parse_completion(completion) for completion in completions]
    return [
        Guess(completion, tile.coordinate, answer.coordinate, total or 0.0)
        for completion, tile, answer, total in zip(completions, tiles, answers, scores.total, strict=True)
    ]


def evaluation_figures(guesses: Sequence[Guess]) -> dict[str, float | int | None]:
    """Return the figures of an evaluation: reward, distances in km, shares of all samples.

    The median is over all samples; one without a guess counts as infinitely far. If most are, it is None.
    """
    distances = [guess.distance_km for guess in guesses]
    median = statistics.median(distances)
    return {
        "mean_reward": round(statistics.fmean(guess.reward for guess in guesses), 4),
        "median_km": round(median, 1) if math.isfinite(median) else None,
        "within_750_km": _share(distance <= 750 for distance in distances),
        "within_2500_km": _share(distance <= 2500 for distance in distances),
        "parse_rate": _share(guess.coordinate is not None for guess in guesses),
        "distinct_answers": len({guess.coordinate for guess in guesses} - {None}),
        "samples": len(guesses),
    }


def _share(flags: object) -> float:
    return round(statistics.fmean(float(flag) for flag in flags), 4)  # type: ignore[attr-defined]

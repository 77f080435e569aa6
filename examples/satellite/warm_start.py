"""A short supervised warm start: teaches a random model the format and a first guess.

Its places are not those that GRPO trains on later. To be short, the answers to imitate consist of the country
and whole degrees; the rewards teach the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image
from tiles import QUESTION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tiles import Tile

BATCH_SIZE = 32
LEARNING_RATE = 2e-3
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Examples:
    """The model's inputs as tensors with one entry per tile, so that pictures are prepared only once."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    token_types: torch.Tensor
    labels: torch.Tensor
    pixels: torch.Tensor
    grids: torch.Tensor


def imitated_answer(tile: Tile) -> str:
    """Return the completion to imitate for a tile: first the country, then whole degrees."""
    lat, lon = round(tile.coordinate.lat), round(tile.coordinate.lon)
    return (
        f"<think>{tile.country}</think><answer>Country: {tile.country} Coordinates: ({lat}, {lon})</answer>"
    )


def encode_prompts(processor: Any, tiles: Sequence[Tile]) -> Any:
    """Return the model's inputs for the question about each tile, exactly as the trainer asks it."""
    content = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    prompts = processor.apply_chat_template(
        [[{"role": "user", "content": content}] for _ in tiles], add_generation_prompt=True
    )
    images = [Image.open(tile.image).convert("RGB") for tile in tiles]
    return processor(text=prompts, images=images, padding=True, return_tensors="pt")


def encode_examples(processor: Any, tiles: Sequence[Tile]) -> Examples:
    """Return the questions and answers of all tiles; only the answers count in the loss."""
    prompts = encode_prompts(processor, tiles)
    tokenizer = processor.tokenizer
    answers = tokenizer(
        [imitated_answer(tile) + tokenizer.eos_token for tile in tiles],
        padding=True,
        padding_side="right",
        return_tensors="pt",
    )
    silent = torch.full_like(prompts["input_ids"], IGNORED)
    heard = answers["input_ids"].masked_fill(answers["attention_mask"] == 0, IGNORED)
    return Examples(
        input_ids=torch.cat([prompts["input_ids"], answers["input_ids"]], dim=1),
        attention_mask=torch.cat([prompts["attention_mask"], answers["attention_mask"]], dim=1),
        token_types=torch.cat([prompts["mm_token_type_ids"], torch.zeros_like(answers["input_ids"])], dim=1),
        labels=torch.cat([silent, heard], dim=1),
        pixels=prompts["pixel_values"].unflatten(0, (len(tiles), -1)),  # all tiles have the same size
        grids=prompts["image_grid_thw"],
    )


def loss_of(model: Any, examples: Examples, rows: torch.Tensor) -> torch.Tensor:
    """Return the mean loss of the model on some rows."""
    loss: torch.Tensor = model(
        input_ids=examples.input_ids[rows],
        attention_mask=examples.attention_mask[rows],
        mm_token_type_ids=examples.token_types[rows],
        pixel_values=examples.pixels[rows].flatten(0, 1),
        image_grid_thw=examples.grids[rows],
        labels=examples.labels[rows],
    ).loss
    return loss


def warm_start(
    model_dir: Path, tiles: Sequence[Tile], *, steps: int, seed: int, on_step: Callable[[float], None]
) -> None:
    """Train the model in `model_dir` on the tiles' answers and save it there again.

    Args:
        model_dir: A model with its processor.
        tiles: The tiles to learn from.
        steps: Number of steps, of `BATCH_SIZE` tiles each.
        seed: Decides the order of the tiles.
        on_step: Called with the loss after every step.
    """
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(model_dir)
    model = AutoModelForImageTextToText.from_pretrained(model_dir, dtype=torch.float32)
    examples = encode_examples(processor, tiles)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / 20) * (1 - 0.9 * step / steps)
    )
    order = torch.Generator().manual_seed(seed)
    model.train()
    for _ in range(steps):
        loss = loss_of(model, examples, torch.randint(len(tiles), (BATCH_SIZE,), generator=order))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        on_step(float(loss.detach()))
    model.save_pretrained(model_dir)

"""A random Qwen2.5-VL of under a million parameters, built locally: for tests, demos and first tries.

    python -m geo_rewards_trl.tiny_model output/tiny

The folder loads with `AutoModelForImageTextToText` and `AutoProcessor` like any published model, without a
download. It has the real architecture, chat format and special tokens, so what trains it trains the big ones.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from transformers import PreTrainedTokenizerFast, Qwen2_5_VLConfig, Qwen2_5_VLProcessor

PATCH = 14
MERGE = 2
IMAGE_PIXELS_PER_TOKEN = PATCH * MERGE
HEAD_SIZE = 32

PAD, END_OF_TURN = "<|endoftext|>", "<|im_end|>"
SPECIAL_TOKENS = (
    PAD,
    "<|im_start|>",
    END_OF_TURN,
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
# Not special: decoding for the rewards drops special tokens, and the tags must survive it.
TAGS = ("<think>", "</think>", "<answer>", "</answer>")

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{%- if message['content'] is string -%}{{ message['content'] }}"
    "{%- else -%}"
    "{%- for block in message['content'] -%}"
    "{%- if block['type'] == 'image' -%}{{ '<|vision_start|><|image_pad|><|vision_end|>' }}"
    "{%- elif block['type'] == 'text' -%}{{ block['text'] }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- endif -%}"
    "{{ '<|im_end|>\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}"
)

_PLACES = (
    ("Argentina", "Buenos Aires", "La Plata"),
    ("Australia", "New South Wales", "Sydney"),
    ("Brazil", "Bahia", "Salvador"),
    ("Canada", "Ontario", "Toronto"),
    ("China", "Sichuan", "Chengdu"),
    ("Egypt", "Cairo", "Cairo"),
    ("France", "Île-de-France", "Paris"),
    ("Germany", "Bavaria", "Munich"),
    ("India", "Maharashtra", "Mumbai"),
    ("Japan", "Hokkaido", "Biei"),
    ("Kenya", "Nairobi", "Nairobi"),
    ("Mexico", "Jalisco", "Guadalajara"),
    ("Nigeria", "Lagos", "Lagos"),
    ("Norway", "Oslo", "Oslo"),
    ("South Africa", "Western Cape", "Cape Town"),
    ("United States", "California", "San Francisco"),
)


def build_tiny_model(
    directory: str | Path,
    *,
    texts: Iterable[str] | None = None,
    seed: int = 0,
    vocab_size: int = 1024,
    hidden_size: int = 128,
    layers: int = 2,
    vision_hidden_size: int = 64,
    vision_layers: int = 2,
    image_size: int = 112,
) -> Path:
    """Build a random tiny Qwen2.5-VL with its processor and save both to `directory`.

    Args:
        directory: Folder to write, made if missing.
        texts: What the byte-level BPE learns its merges from; default some sentences about places. Any
            text can be encoded whatever it learns from; digits always are tokens of their own.
        seed: Seed of the weights. The same arguments give the same files.
        vocab_size: Most tokens of the tokenizer, at least 300 (256 bytes and the special tokens).
        hidden_size: Width of the language model, a multiple of 64.
        layers: Layers of the language model.
        vision_hidden_size: Width of the vision tower, a multiple of 64.
        vision_layers: Layers of the vision tower.
        image_size: Larger pictures are scaled to this many pixels squared, in pixels; a multiple of 28.

    Returns:
        The folder.

    Raises:
        ValueError: If a size does not fit the architecture.
    """
    _check_sizes(
        vocab_size=vocab_size,
        hidden_size=hidden_size,
        vision_hidden_size=vision_hidden_size,
        image_size=image_size,
    )
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    processor = _processor(_tokenizer(default_texts() if texts is None else texts, vocab_size), image_size)
    config = _config(
        processor.tokenizer,
        hidden_size=hidden_size,
        layers=layers,
        vision_hidden_size=vision_hidden_size,
        vision_layers=vision_layers,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen2_5_VLForConditionalGeneration(config)
    _set_generation(model.generation_config, processor.tokenizer)
    folder = Path(directory)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def default_texts() -> list[str]:
    """Return the sentences that the tokenizer learns from by default: questions and tagged answers."""
    questions = ["Where was this picture taken?", "Where on Earth is this?", "How many balls are there?"]
    answers = [
        f"<think>{country}, {region}</think><answer>Country: {country} State: {region} City: {city} "
        "Coordinates: (12.3, -45.6)</answer>"
        for country, region, city in _PLACES
    ]
    return questions * 4 + answers * 4


def _check_sizes(*, vocab_size: int, hidden_size: int, vision_hidden_size: int, image_size: int) -> None:
    """Raise ValueError for sizes that the architecture cannot have."""
    least = 256 + len(SPECIAL_TOKENS) + len(TAGS)
    if vocab_size < least:
        raise ValueError(f"vocab_size is {vocab_size}; the bytes and special tokens alone need {least}")
    for name, value in (("hidden_size", hidden_size), ("vision_hidden_size", vision_hidden_size)):
        if value <= 0 or value % (2 * HEAD_SIZE):
            raise ValueError(f"{name} is {value}; it must be a positive multiple of {2 * HEAD_SIZE}")
    if image_size <= 0 or image_size % IMAGE_PIXELS_PER_TOKEN:
        raise ValueError(
            f"image_size is {image_size}; it must be a positive multiple of {IMAGE_PIXELS_PER_TOKEN}"
        )


def _tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE in which every digit is one token."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(TAGS),
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_without_tags(texts), trainer)
    tokenizer.add_tokens([AddedToken(tag, special=False) for tag in TAGS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TURN,
        pad_token=PAD,
        additional_special_tokens=[token for token in SPECIAL_TOKENS if token not in (PAD, END_OF_TURN)],
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
        chat_template=CHAT_TEMPLATE,
    )


def _without_tags(texts: Iterable[str]) -> Iterable[str]:
    """Return the texts with the tags cut out: they are tokens of their own and need no merges."""
    tags = re.compile("|".join(map(re.escape, TAGS)))
    return (tags.sub("\n", text) for text in texts)


def _processor(tokenizer: PreTrainedTokenizerFast, image_size: int) -> Qwen2_5_VLProcessor:
    """Return the processor of the real model with this tokenizer and small pictures."""
    from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    pixels = {"min_pixels": IMAGE_PIXELS_PER_TOKEN**2, "max_pixels": image_size**2}
    geometry = {"patch_size": PATCH, "merge_size": MERGE, "temporal_patch_size": 2}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**pixels, **geometry),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**pixels, **geometry),
        chat_template=CHAT_TEMPLATE,
    )


def _config(
    tokenizer: PreTrainedTokenizerFast,
    *,
    hidden_size: int,
    layers: int,
    vision_hidden_size: int,
    vision_layers: int,
) -> Qwen2_5_VLConfig:
    """Return the real model's configuration in a small size."""
    from transformers import Qwen2_5_VLConfig

    token_id: dict[str, int] = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    rope: dict[str, Any] = {
        "rope_type": "default",
        "rope_theta": 10_000.0,
        # Three sections (time, height, width) that share half a head between them.
        "mrope_section": [HEAD_SIZE // 8, HEAD_SIZE * 3 // 16, HEAD_SIZE * 3 // 16],
    }
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden_size,
        "intermediate_size": 2 * hidden_size,
        "num_hidden_layers": layers,
        "num_attention_heads": hidden_size // HEAD_SIZE,
        "num_key_value_heads": hidden_size // HEAD_SIZE // 2,
        "max_position_embeddings": 4096,
        "max_window_layers": layers,
        "rope_parameters": rope,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": token_id[END_OF_TURN],
        "pad_token_id": token_id[PAD],
    }
    vision = {
        "depth": vision_layers,
        "hidden_size": vision_hidden_size,
        "intermediate_size": 2 * vision_hidden_size,
        "num_heads": vision_hidden_size // HEAD_SIZE,
        "out_hidden_size": hidden_size,
        "patch_size": PATCH,
        "spatial_merge_size": MERGE,
        "window_size": 4 * IMAGE_PIXELS_PER_TOKEN,
        "fullatt_block_indexes": [vision_layers - 1],
    }
    return Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=token_id["<|image_pad|>"],
        video_token_id=token_id["<|video_pad|>"],
        vision_start_token_id=token_id["<|vision_start|>"],
        vision_end_token_id=token_id["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def _set_generation(generation: Any, tokenizer: PreTrainedTokenizerFast) -> None:
    """Tell generation where an answer ends."""
    generation.eos_token_id = tokenizer.eos_token_id
    generation.pad_token_id = tokenizer.pad_token_id
    generation.bos_token_id = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Build a tiny model from the command line."""
    parser = argparse.ArgumentParser(prog="python -m geo_rewards_trl.tiny_model", description=__doc__)
    parser.add_argument("directory", type=Path, help="folder to write")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    folder = build_tiny_model(chosen.directory, seed=chosen.seed)
    sys.stdout.write(f"a random tiny Qwen2.5-VL is in {folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

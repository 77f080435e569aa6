"""Tiny random models of the families that people train, each with its own processor and chat format.

Every one is built from transformers' own classes in a second, without a download; only the sizes are small.
The tokenizer is that of `geo_rewards_trl.tiny_model`, with the family's special tokens added.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo_rewards_trl.tiny_model import CHAT_TEMPLATE, END_OF_TURN, PAD, build_tiny_model

HIDDEN_SIZE = 64
TOWER_SIZE = 32

_QWEN_IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"


@dataclass(frozen=True)
class Family:
    """One family of models.

    Attributes:
        build: Makes the model and its processor from a tokenizer.
        special_tokens: Tokens that the family adds to the tokenizer, by their names in the processor.
        projector: A part of the names of the projector's parameters.
        pixel_limits: Whether its image processor has `min_pixels` and `max_pixels`.
    """

    build: Callable[[Any], tuple[Any, Any]]
    special_tokens: dict[str, str]
    projector: str
    pixel_limits: bool = False


def build_family(name: str, folder: Path) -> Path:
    """Save a tiny model of a family with its processor to a folder; the same each time."""
    import torch

    family = FAMILIES[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, processor = family.build(_tokenizer(folder / "tokenizer", family.special_tokens))
    model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer(scratch: Path, special_tokens: dict[str, str]) -> Any:
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    build_tiny_model(scratch, hidden_size=64, vocab_size=400)
    base = AutoTokenizer.from_pretrained(scratch)
    return PreTrainedTokenizerFast(
        tokenizer_object=base.backend_tokenizer,
        eos_token=END_OF_TURN,
        pad_token=PAD,
        padding_side="left",
        model_max_length=4096,
        extra_special_tokens=special_tokens,
    )


def _text(tokenizer: Any, **options: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": HIDDEN_SIZE,
        "intermediate_size": 2 * HIDDEN_SIZE,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 4096,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": True,
        **options,
    }


def _qwen_tokens(tokenizer: Any) -> dict[str, Any]:
    ids = tokenizer.convert_tokens_to_ids
    return {
        "image_token_id": ids("<|image_pad|>"),
        "video_token_id": ids("<|video_pad|>"),
        "vision_start_token_id": ids("<|vision_start|>"),
        "vision_end_token_id": ids("<|vision_end|>"),
    }


_MROPE = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [4, 6, 6]}


def _qwen2_vl(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import (
        Qwen2VLConfig,
        Qwen2VLForConditionalGeneration,
        Qwen2VLImageProcessor,
        Qwen2VLProcessor,
        Qwen2VLVideoProcessor,
    )

    # As in the published 2B model, with tied embeddings; the 7B one has none.
    config = Qwen2VLConfig(
        text_config=_text(tokenizer, rope_parameters=dict(_MROPE), max_window_layers=2),
        vision_config={"depth": 2, "embed_dim": TOWER_SIZE, "hidden_size": HIDDEN_SIZE, "num_heads": 2},
        tie_word_embeddings=True,
        **_qwen_tokens(tokenizer),
    )
    pixels = {"min_pixels": 28**2, "max_pixels": 56**2}
    processor = Qwen2VLProcessor(
        Qwen2VLImageProcessor(**pixels),
        tokenizer,
        Qwen2VLVideoProcessor(**pixels),
        chat_template=CHAT_TEMPLATE,
    )
    return Qwen2VLForConditionalGeneration(config), processor


def _qwen2_5_vl(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    vision = {
        "depth": 2,
        "hidden_size": TOWER_SIZE,
        "intermediate_size": 2 * TOWER_SIZE,
        "num_heads": 2,
        "out_hidden_size": HIDDEN_SIZE,
        "window_size": 56,
        "fullatt_block_indexes": [1],
    }
    # As in the published 7B model: the output layer is a weight of its own.
    config = Qwen2_5_VLConfig(
        text_config=_text(
            tokenizer, rope_parameters=dict(_MROPE), max_window_layers=2, tie_word_embeddings=False
        ),
        vision_config=vision,
        tie_word_embeddings=False,
        **_qwen_tokens(tokenizer),
    )
    pixels = {"min_pixels": 28**2, "max_pixels": 56**2}
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor(**pixels),
        tokenizer,
        Qwen2VLVideoProcessor(**pixels),
        chat_template=CHAT_TEMPLATE,
    )
    return Qwen2_5_VLForConditionalGeneration(config), processor


def _qwen3_vl(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    vision = {
        "depth": 2,
        "hidden_size": TOWER_SIZE,
        "intermediate_size": 2 * TOWER_SIZE,
        "num_heads": 2,
        "out_hidden_size": HIDDEN_SIZE,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
    }
    config = Qwen3VLConfig(
        text_config=_text(tokenizer, head_dim=32, rope_parameters={**_MROPE, "mrope_interleaved": True}),
        vision_config=vision,
        tie_word_embeddings=True,
        **_qwen_tokens(tokenizer),
    )
    images = Qwen2VLImageProcessor(patch_size=16, min_pixels=32**2, max_pixels=64**2)
    processor = Qwen3VLProcessor(images, tokenizer, Qwen3VLVideoProcessor(), chat_template=CHAT_TEMPLATE)
    return Qwen3VLForConditionalGeneration(config), processor


def _internvl(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import (
        GotOcr2ImageProcessor,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVideoProcessor,
    )

    size = {"height": 56, "width": 56}
    vision = {
        "hidden_size": TOWER_SIZE,
        "intermediate_size": 2 * TOWER_SIZE,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "attention_bias": True,
        "image_size": [56, 56],
    }
    config = InternVLConfig(
        text_config=_text(tokenizer, model_type="qwen2", max_window_layers=2),
        vision_config=vision,
        image_token_id=tokenizer.context_image_token_id,
        image_seq_length=4,
        tie_word_embeddings=True,
    )
    processor = InternVLProcessor(
        # The published image processor: tiles of the tower's size, and a thumbnail.
        GotOcr2ImageProcessor(size=size, crop_to_patches=True, min_patches=1, max_patches=3),
        tokenizer,
        InternVLVideoProcessor(size=size),
        image_seq_length=4,
        chat_template=CHAT_TEMPLATE.replace(_QWEN_IMAGE, "<IMG_CONTEXT>\\n"),
    )
    return InternVLForConditionalGeneration(config), processor


def _siglip() -> dict[str, Any]:
    return {
        "model_type": "siglip_vision_model",
        "hidden_size": TOWER_SIZE,
        "intermediate_size": 2 * TOWER_SIZE,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
        "vision_use_head": False,
    }


# Gemma's turns: the model's own is called `model`, and a system turn goes into the first user turn.
_GEMMA_TEMPLATE = (
    "{{ '<bos>' }}"
    "{%- macro blocks(content) -%}"
    "{%- if content is string -%}{{ content }}"
    "{%- else -%}"
    "{%- for block in content -%}"
    "{%- if block['type'] == 'image' -%}{{ '<start_of_image>' }}"
    "{%- elif block['type'] == 'text' -%}{{ block['text'] }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- endif -%}"
    "{%- endmacro -%}"
    "{%- set system = messages[0]['role'] == 'system' -%}"
    "{%- for message in (messages[1:] if system else messages) -%}"
    "{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}"
    "{{ raise_exception('roles must alternate between user and assistant') }}"
    "{%- endif -%}"
    "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' }}"
    "{%- if loop.first and system -%}{{ blocks(messages[0]['content']) + '\n\n' }}{%- endif -%}"
    "{{ blocks(message['content']) + '<|im_end|>\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}"
)


def _gemma3(tokenizer: Any) -> tuple[Any, Any]:
    import torch
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessor,
        Gemma3Processor,
    )

    text = _text(
        tokenizer, head_dim=32, query_pre_attn_scalar=32, sliding_window=64, sliding_window_pattern=2
    )
    config = Gemma3Config(
        text_config=text,
        vision_config=_siglip(),
        mm_tokens_per_image=4,
        boi_token_index=tokenizer.boi_token_id,
        eoi_token_index=tokenizer.eoi_token_id,
        image_token_index=tokenizer.image_token_id,
    )
    images = Gemma3ImageProcessor(size={"height": 56, "width": 56})
    processor = Gemma3Processor(images, tokenizer, chat_template=_GEMMA_TEMPLATE, image_seq_length=4)
    model = Gemma3ForConditionalGeneration(config)
    # transformers leaves this one at zero, and a picture would not matter.
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight, std=0.2)
    return model, processor


def _llava_onevision(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessor,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    grid = [[56, 56], [56, 112], [112, 56]]
    config = LlavaOnevisionConfig(
        text_config=_text(tokenizer, model_type="qwen2", max_window_layers=2),
        vision_config=_siglip(),
        image_token_index=tokenizer.image_token_id,
        video_token_index=tokenizer.video_token_id,
        image_grid_pinpoints=grid,
        tie_word_embeddings=True,
    )
    size = {"height": 56, "width": 56}
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessor(size=size, image_grid_pinpoints=grid),
        tokenizer,
        LlavaOnevisionVideoProcessor(size=size),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=CHAT_TEMPLATE.replace(_QWEN_IMAGE, "<image>\\n"),
    )
    return LlavaOnevisionForConditionalGeneration(config), processor


def _idefics3(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessor,
        Idefics3Processor,
    )

    vision = {
        "hidden_size": TOWER_SIZE,
        "intermediate_size": 2 * TOWER_SIZE,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
    }
    config = Idefics3Config(
        text_config=_text(tokenizer, model_type="llama", tie_word_embeddings=False),
        vision_config=vision,
        image_token_id=tokenizer.image_token_id,
        pad_token_id=tokenizer.pad_token_id,
        scale_factor=2,
        tie_word_embeddings=False,
    )
    processor = Idefics3Processor(
        Idefics3ImageProcessor(size={"longest_edge": 112}, max_image_size={"longest_edge": 56}),
        tokenizer,
        image_seq_len=4,
        chat_template=CHAT_TEMPLATE.replace(_QWEN_IMAGE, "<image>"),
    )
    return Idefics3ForConditionalGeneration(config), processor


_QWEN_TOKENS = {"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"}

FAMILIES = {
    "qwen2_vl": Family(_qwen2_vl, _QWEN_TOKENS, projector="visual.merger", pixel_limits=True),
    "qwen2_5_vl": Family(_qwen2_5_vl, _QWEN_TOKENS, projector="visual.merger", pixel_limits=True),
    "qwen3_vl": Family(_qwen3_vl, _QWEN_TOKENS, projector="merger", pixel_limits=True),
    "internvl": Family(
        _internvl,
        {
            "start_image_token": "<img>",
            "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>",
            "video_token": "<video>",
        },
        projector="multi_modal_projector",
    ),
    "gemma3": Family(
        _gemma3,
        {
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
            "image_token": "<image_soft_token>",
            "bos": "<bos>",
        },
        projector="multi_modal_projector",
    ),
    "llava_onevision": Family(
        _llava_onevision,
        {"image_token": "<image>", "video_token": "<video>"},
        projector="multi_modal_projector",
    ),
    "idefics3": Family(
        _idefics3,
        {
            "image_token": "<image>",
            "fake_image_token": "<fake_token_around_image>",
            "global_image_token": "<global-img>",
            "end_of_utterance_token": "<end_of_utterance>",
        },
        projector="connector",
    ),
}

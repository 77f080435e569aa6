"""Tokens of prompts and of right answers, counted with the model's own processor."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from geo_rewards_trl.dry_run.report import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trl import GRPOConfig

    from geo_rewards_trl.dry_run.chosen_rows import ChosenRows
    from geo_rewards_trl.dry_run.report import Report

_ROOM_TO_THINK = 2  # a completion should have room for this many times its ideal answer


@dataclass(frozen=True, slots=True)
class PromptSize:
    """What the processor makes of a prompt.

    Attributes:
        tokens: All tokens, those of pictures included.
        picture_tokens: Those of pictures.
        patches: Patches that the vision tower sees.
        pixel_values: Numbers that the pictures become.
    """

    tokens: int
    picture_tokens: int = 0
    patches: int = 0
    pixel_values: int = 0


def measure_prompt(
    processor: Any, messages: list[Any], pictures: Sequence[Any], *, patch: int | None, **template: Any
) -> PromptSize:
    """Return the size of a prompt, tokenized as the trainer does it.

    Args:
        processor: The model's processor.
        messages: The prompt.
        pictures: Its pictures.
        patch: Side of a patch of the vision tower in pixels, if it is known.
        **template: Options of the chat template.
    """
    from trl.data_utils import prepare_multimodal_messages

    conversation = prepare_multimodal_messages(messages, images=list(pictures) or None)
    encoded = processor.apply_chat_template(
        [conversation],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        **template,
    )
    tokens = encoded["input_ids"][0]
    pixels = encoded.get("pixel_values")
    picture_token = getattr(processor, "image_token_id", None)
    return PromptSize(
        tokens=len(tokens),
        picture_tokens=0 if picture_token is None else int((tokens == picture_token).sum()),
        patches=0 if pixels is None else _patches(tuple(pixels.shape), patch),
        pixel_values=0 if pixels is None else pixels.numel(),
    )


def describe_tokens(
    report: Report, training: GRPOConfig, chosen: ChosenRows, *, processor: Any, patch: int | None
) -> PromptSize:
    """Compare prompts and right answers with the limits; return the largest measures of the prompts."""
    template = training.chat_template_kwargs if isinstance(training.chat_template_kwargs, dict) else {}
    prompts = [
        measure_prompt(processor, messages, pictures or (), patch=patch, **template)
        for messages, pictures in zip(chosen.columns["prompt"], chosen.pictures, strict=True)
    ]
    report.section("tokens", f"of {plural(len(prompts), 'row')}, with the model's processor")
    sizes = [prompt.tokens for prompt in prompts]
    report.line("prompt", _spread(sizes, chosen) + _picture_tokens(prompts))
    count = _counter(processor)
    limit = training.max_completion_length
    ideal = [count(text) for text in chosen.ideal_completions]
    _describe_answers(report, "ideal answer", ideal, chosen, limit=limit)
    saved = [(row, str(text)) for row, text in enumerate(chosen.solutions) if text]
    if saved:
        rows, texts = zip(*saved, strict=True)
        _describe_answers(
            report, "saved solution", [count(text) for text in texts], chosen.only(rows), limit=limit
        )
    return PromptSize(
        tokens=max(sizes),
        picture_tokens=max(prompt.picture_tokens for prompt in prompts),
        patches=max(prompt.patches for prompt in prompts),
        pixel_values=max(prompt.pixel_values for prompt in prompts),
    )


def check_context(
    report: Report, training: GRPOConfig, largest: PromptSize, *, max_positions: int | None
) -> None:
    """Compare the longest prompt and completion together with what the model and vLLM can take."""
    needed = largest.tokens + (training.max_completion_length or 0)
    sum_text = (
        f"{largest.tokens:,} of the prompt + {training.max_completion_length or 0:,} of the completion "
        f"= {needed:,}"
    )
    report.line("together", f"{sum_text} of {_limit_text(training, max_positions)}")
    limits = {"the model's context (max_position_embeddings)": max_positions}
    if training.use_vllm:
        limits["--vllm_max_model_length"] = training.vllm_max_model_length
    for name, limit in limits.items():
        if limit is not None and needed > limit:
            report.error(
                f"the longest prompt and a completion take {sum_text} tokens, more than {name} of {limit:,}: "
                "lower --max_completion_length or --max_pixels"
            )


def _describe_answers(
    report: Report, name: str, tokens: list[int], chosen: ChosenRows, *, limit: int | None
) -> None:
    of = "" if limit is None else f" (--max_completion_length {limit:,})"
    report.line(name, f"{_spread(tokens, chosen)}{of}")
    if limit is None:
        return
    longest = max(tokens)
    too_long = sum(count > limit for count in tokens)
    where = chosen.places[tokens.index(longest)]
    if too_long:
        report.error(
            f"{where}: its {name} has {longest:,} tokens, more than --max_completion_length {limit:,}, and "
            f"would be cut off; so it is with {too_long} of {plural(len(tokens), 'row')}"
        )
    elif longest * _ROOM_TO_THINK > limit:
        report.warn(
            f"--max_completion_length {limit:,} leaves {limit - longest:,} tokens beyond the {name} of "
            f"{where}: completions that think longer are truncated"
        )


def _counter(processor: Any) -> Callable[[str], int]:
    """Return a function that counts the tokens of a completion, its end included."""
    tokenizer = getattr(processor, "tokenizer", processor)
    return lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"]) + 1


def _spread(counts: list[int], chosen: ChosenRows) -> str:
    shortest, longest = min(counts), max(counts)
    if shortest == longest:
        return f"{longest:,} each"
    where = chosen.places[counts.index(longest)]
    return f"{shortest:,} to {longest:,}, median {median(counts):,.0f}; the longest is {where}"


def _picture_tokens(prompts: Sequence[PromptSize]) -> str:
    counts = [prompt.picture_tokens for prompt in prompts]
    if not any(counts):
        return ""
    least, most = min(counts), max(counts)
    return f"; {least:,} of pictures" if least == most else f"; {least:,} to {most:,} of pictures"


def _patches(shape: tuple[int, ...], patch: int | None) -> int:
    """Return how many patches there are: one a line, or cut from whole pictures."""
    if len(shape) <= 3 or patch is None:
        return shape[-2] if len(shape) > 1 else 0
    *batch, _, height, width = shape
    pictures = 1
    for size in batch:
        pictures *= size
    return pictures * (height // patch) * (width // patch)


def _limit_text(training: GRPOConfig, max_positions: int | None) -> str:
    context = "an unknown context" if max_positions is None else f"the model's {max_positions:,}"
    if training.use_vllm and training.vllm_max_model_length is not None:
        return f"{context}, vLLM's {training.vllm_max_model_length:,}"
    return context

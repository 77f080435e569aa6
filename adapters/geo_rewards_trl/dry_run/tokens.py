"""Tokens of prompts and of right answers, counted with the model's own processor."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from geo_rewards.runs.report import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trl import GRPOConfig

    from geo_rewards.runs.rehearsed_rows import ChosenRows
    from geo_rewards.runs.report import Report

_ROOM_TO_THINK = 2  # a completion should have room for this many times its ideal answer


@dataclass(frozen=True, slots=True)
class PromptSize:
    """What the processor makes of a prompt.

    Attributes:
        tokens: All tokens, those of pictures included.
        picture_tokens: Those of pictures.
    """

    tokens: int
    picture_tokens: int = 0


def measure_prompt(
    processor: Any, messages: list[Any], pictures: Sequence[Any], **template: Any
) -> PromptSize:
    """Return the size of a prompt, tokenized as the trainer does it.

    Args:
        processor: The model's processor.
        messages: The prompt.
        pictures: Its pictures.
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
    picture_token = getattr(processor, "image_token_id", None)
    return PromptSize(len(tokens), 0 if picture_token is None else int((tokens == picture_token).sum()))


def qwen_picture_tokens(processor: Any, pictures: Sequence[Any]) -> int | None:
    """Return how many tokens Qwen's own preparation (qwen-vl-utils) makes of pictures; None for other models.

    Args:
        processor: The model's processor, with its limits of pixels.
        pictures: Pictures.

    Raises:
        ValueError: If a picture is more than 200 times as long as it is wide.
    """
    if not type(processor).__name__.startswith("Qwen"):
        return None
    from qwen_vl_utils import smart_resize

    images = processor.image_processor
    side = images.patch_size * images.merge_size
    limits = {"min_pixels": images.size["shortest_edge"], "max_pixels": images.size["longest_edge"]}
    sizes = (smart_resize(picture.height, picture.width, factor=side, **limits) for picture in pictures)
    return int(sum(height * width // side**2 for height, width in sizes))


def describe_tokens(
    report: Report, training: GRPOConfig, chosen: ChosenRows, *, processor: Any
) -> PromptSize:
    """Compare prompts and right answers with the limits; return the largest measures of the prompts."""
    template = training.chat_template_kwargs if isinstance(training.chat_template_kwargs, dict) else {}
    prompts = [
        measure_prompt(processor, messages, pictures or (), **template)
        for messages, pictures in zip(chosen.columns["prompt"], chosen.pictures, strict=True)
    ]
    report.section("tokens", f"of {plural(len(prompts), 'row')}, with the model's processor")
    sizes = [prompt.tokens for prompt in prompts]
    report.line("prompt", _spread(sizes, chosen) + _picture_tokens(prompts))
    _check_picture_tokens(report, chosen, prompts, processor)
    count = _counter(processor)
    limit = training.max_completion_length
    ideal = [count(text) for text in chosen.ideal_completions]
    _describe_answers(report, "ideal answer", ideal, chosen, limit=limit)
    saved = [(row, count(str(text))) for row, text in enumerate(chosen.solutions) if text]
    if saved:
        rows, counts = zip(*saved, strict=True)
        _describe_answers(report, "saved solution", list(counts), chosen.only(rows), limit=limit)
    return PromptSize(max(sizes), max(prompt.picture_tokens for prompt in prompts))


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


def _check_picture_tokens(
    report: Report, chosen: ChosenRows, prompts: Sequence[PromptSize], processor: Any
) -> None:
    for place, pictures, prompt in zip(chosen.places, chosen.pictures, prompts, strict=True):
        expected = qwen_picture_tokens(processor, pictures or ())
        if expected is not None and expected != prompt.picture_tokens:
            report.warn(
                f"{place}: the processor makes {prompt.picture_tokens:,} tokens of its pictures, but "
                f"qwen-vl-utils {expected:,}: a server that uses the latter shows other pictures or fails"
            )
            return


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
            f"would be cut off; this affects {too_long} of {plural(len(tokens), 'row')}"
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


def _limit_text(training: GRPOConfig, max_positions: int | None) -> str:
    context = "an unknown context" if max_positions is None else f"the model's {max_positions:,}"
    if training.use_vllm and training.vllm_max_model_length is not None:
        return f"{context}, vLLM's {training.vllm_max_model_length:,}"
    return context

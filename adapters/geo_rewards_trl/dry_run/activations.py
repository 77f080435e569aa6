"""What training and generation take beside the model's states: a rough upper figure, with its formula.

A layer keeps about ``10 hidden + 4 feed_forward`` values for each token until its backward pass, when the
attention does not write its scores out (Korthikanti et al. 2022, arXiv 2205.05198, count 34 bytes x hidden in
half precision for a feed-forward part four times as wide; gated ones keep more).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trl import GRPOConfig

    from geo_rewards_trl.dry_run.memory import Layout
    from geo_rewards_trl.dry_run.outline import ModelOutline, StackShape
    from geo_rewards_trl.dry_run.tokens import PromptSize

_FP32 = 4
_LOGITS_COPIES = 3  # the logits, what the sampler sorts, and their probabilities


@dataclass(frozen=True, slots=True)
class Workload:
    """The most that a rank has at work at a time.

    Attributes:
        sequences: Sequences of a micro-batch.
        generated: Sequences that are generated at a time.
        tokens: Tokens of the longest sequence: its prompt, and a completion of the greatest length.
        patches: Patches of the pictures of a prompt.
        pixel_values: Numbers that the pictures of a prompt become.
        checkpointed: Activations are computed again in the backward pass.
        writes_scores: The attention writes its scores out.
        generates: Generation happens in the training process.
    """

    sequences: int
    generated: int
    tokens: int
    patches: int
    pixel_values: int
    checkpointed: bool
    writes_scores: bool
    generates: bool


def workload_of(training: GRPOConfig, largest: PromptSize, *, writes_scores: bool) -> Workload:
    """Return the most that a rank has at work, by the largest prompt there is."""
    return Workload(
        sequences=training.per_device_train_batch_size,
        generated=training.per_device_train_batch_size * training.steps_per_generation,
        tokens=largest.tokens + (training.max_completion_length or 0),
        patches=largest.patches,
        pixel_values=largest.pixel_values,
        checkpointed=bool(training.activation_checkpointing),
        writes_scores=writes_scores,
        generates=not training.use_vllm,
    )


def training_bytes(outline: ModelOutline, layout: Layout, work: Workload) -> float:
    """Return what a forward and a backward pass of a micro-batch take."""
    text = _stack_bytes(outline.text, work.sequences * work.tokens, layout, work)
    if work.writes_scores:
        text += 2.5 * layout.activation_bytes * work.sequences * outline.text.heads * work.tokens**2
    vision = 0.0
    if outline.vision is not None and outline.trains_vision:
        vision = _stack_bytes(outline.vision, work.sequences * work.patches, layout, work)
    return text + vision + _pictures(work)


def generation_bytes(outline: ModelOutline, layout: Layout, work: Workload) -> float:
    """Return what the generation takes: the key and value cache and the logits of a token."""
    if not work.generates:
        return _pictures(work)
    cache = layout.activation_bytes * outline.cache_per_token * work.tokens * work.generated
    return cache + _LOGITS_COPIES * _FP32 * outline.vocabulary * work.generated + _pictures(work)


def training_formula(outline: ModelOutline, layout: Layout, work: Workload) -> str:
    """Return the formula of `training_bytes` with its figures, the language model's part."""
    text = outline.text
    kept = "layers + 10 + 4 ffn/hidden" if work.checkpointed else "layers x (10 + 4 ffn/hidden)"
    vision = "; vision alike" if outline.vision is not None and outline.trains_vision else ""
    return (
        f"{work.sequences} x {work.tokens:,} tokens x {layout.activation_bytes} bytes x "
        f"hidden {text.hidden:,} x ({kept}), {text.layers} layers, ffn {text.feed_forward:,}{vision}"
    )


def generation_formula(outline: ModelOutline, layout: Layout, work: Workload) -> str:
    """Return the formula of `generation_bytes` with its figures."""
    return (
        f"cache: {work.generated} x {work.tokens:,} tokens x {outline.cache_per_token:,} values x "
        f"{layout.activation_bytes} bytes; logits: {work.generated} x {outline.vocabulary:,} x 12"
    )


def _stack_bytes(stack: StackShape, tokens: int, layout: Layout, work: Workload) -> float:
    """Return the activations of a stack: its layers' inputs and one layer, or all of every layer."""
    inside = 10 * stack.hidden + 4 * stack.feed_forward
    values = stack.layers * stack.hidden + inside if work.checkpointed else stack.layers * inside
    return float(layout.activation_bytes * tokens * values)


def _pictures(work: Workload) -> float:
    """Return the pictures of all generated sequences, which stay until the last step that uses them."""
    return float(_FP32 * work.pixel_values * work.generated)

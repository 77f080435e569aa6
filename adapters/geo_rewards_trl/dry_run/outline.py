"""A model without its weights: how many values it has, which are trained, and its measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.flags.arguments import RunArguments


@dataclass(frozen=True, slots=True)
class StackShape:
    """The measures of a stack of transformer layers.

    Attributes:
        layers: Number of layers.
        hidden: Width.
        feed_forward: Width of the inner layer of the feed-forward part.
        heads: Attention heads.
    """

    layers: int
    hidden: int
    feed_forward: int
    heads: int


@dataclass(frozen=True, slots=True)
class ModelOutline:
    """What can be known of a model without its weights.

    Attributes:
        architecture: Name of the model's class.
        parameters: Values in all, adapters included.
        trained: Values that are trained.
        largest_layer: Values of the largest module.
        has_adapters: Adapters are trained in place of the model.
        dtype: In which type the weights were published, or None.
        max_positions: Length of the context in tokens, or None if the configuration does not tell.
        text: The language model.
        vision: The vision tower, or None if the configuration has none that tells its measures.
        trains_vision: Whether anything in the vision tower is trained.
        cache_per_token: Values of the key and value cache for each token.
        vocabulary: Number of tokens there are.
        patch: Side of a patch of the vision tower in pixels, or None.
    """

    architecture: str
    parameters: int
    trained: int
    largest_layer: int
    has_adapters: bool
    dtype: str | None
    max_positions: int | None
    text: StackShape
    vision: StackShape | None
    trains_vision: bool
    cache_per_token: int
    vocabulary: int
    patch: int | None


def outline_model(run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> ModelOutline:
    """Return the outline of a model from its configuration, with what the flags freeze and adapt.

    Raises:
        GeoRewardsError: If the flags name modules that the model does not have.
        OSError: If there is no such model.
        ValueError: If it is no model for pictures and text.
    """
    from geo_rewards_trl.model.lora import empty_model
    from geo_rewards_trl.ranks.agreement import without_zero3

    with without_zero3(training):
        model: Any = empty_model(
            str(model_args.model_name_or_path),
            revision=model_args.model_revision,
            trust_remote_code=training.trust_remote_code,
        )
    config = model.config
    model = _as_trained(model, run, training, model_args)
    text_config = config.get_text_config()
    text, vision = _stack(text_config), _vision_stack(config)
    if text is None:
        raise ValueError(f"the configuration of {type(model).__name__} does not tell its layers and width")
    return ModelOutline(
        architecture=(config.architectures or [type(model).__name__])[0],
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        trained=sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        largest_layer=max(
            sum(parameter.numel() for parameter in module.parameters(recurse=False))
            for module in model.modules()
        ),
        has_adapters=model_args.use_peft,
        dtype=None if config.dtype is None else str(config.dtype).removeprefix("torch."),
        max_positions=getattr(text_config, "max_position_embeddings", None),
        text=text,
        vision=vision,
        trains_vision=_trains_vision(model),
        cache_per_token=_cache_per_token(text_config, text),
        vocabulary=int(text_config.vocab_size),
        patch=_patch(config),
    )


def _as_trained(model: Any, run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> Any:
    """Freeze and adapt as the flags say."""
    import torch
    from peft import get_peft_model

    from geo_rewards_trl.model.lora import lora_config
    from geo_rewards_trl.model.vision import freeze_vision

    peft_config = lora_config(run, training, model_args)
    if peft_config is not None:
        with torch.device("meta"):
            return get_peft_model(model, peft_config)
    if run.freeze_vision_modules:
        freeze_vision(model, keep_projector=run.train_projector)
    return model


def _stack(config: Any) -> StackShape | None:
    """Return the measures of a stack under whichever of the usual names its configuration gives them."""
    layers = _first(config, "num_hidden_layers", "depth")
    hidden = _first(config, "hidden_size", "embed_dim")
    if layers is None or hidden is None:
        return None
    feed_forward = _first(config, "intermediate_size") or 4 * hidden
    return StackShape(layers, hidden, feed_forward, _first(config, "num_attention_heads", "num_heads") or 1)


def _vision_stack(config: Any) -> StackShape | None:
    vision = getattr(config, "vision_config", None)
    return None if vision is None else _stack(vision)


def _patch(config: Any) -> int | None:
    return _first(getattr(config, "vision_config", None), "patch_size")


def _cache_per_token(config: Any, text: StackShape) -> int:
    """Return keys and values of all layers for a token."""
    head = _first(config, "head_dim") or text.hidden // text.heads
    key_heads = _first(config, "num_key_value_heads") or text.heads
    return 2 * text.layers * head * key_heads


def _trains_vision(model: Any) -> bool:
    from geo_rewards_trl.model.vision import VisionError, vision_module_names

    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    try:
        names = vision_module_names(base)
    except VisionError:
        return False
    modules = (base.get_submodule(name) for name in names)
    return any(parameter.requires_grad for module in modules for parameter in module.parameters())


def _first(config: Any, *names: str) -> int | None:
    """Return the first of these settings that is a number, or the largest of a list of numbers."""
    for name in names:
        value = getattr(config, name, None)
        if isinstance(value, (list, tuple)) and value:
            value = max(value)
        if isinstance(value, int):
            return value
    return None

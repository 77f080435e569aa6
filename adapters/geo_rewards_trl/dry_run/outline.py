"""A model without its weights: how many values it has, and which of them are trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo_rewards.runs.model_states import ModelSize

if TYPE_CHECKING:
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.flags.arguments import RunArguments


@dataclass(frozen=True, slots=True)
class ModelOutline:
    """What can be known about a model without its weights.

    Attributes:
        architecture: Name of the model's class.
        size: Its numbers of values.
        dtype: The type in which the weights were published, or None.
        max_positions: Length of the context in tokens, or None if the configuration does not say.
    """

    architecture: str
    size: ModelSize
    dtype: str | None
    max_positions: int | None


def outline_model(run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> ModelOutline:
    """Return the outline of a model from its configuration, with what the flags freeze and adapt.

    Raises:
        GeoRewardsError: If the flags name modules that the model does not have.
        OSError: If there is no such model.
        ValueError: If it is not a model for pictures and text.
    """
    from geo_rewards_trl.model.lora import empty_model
    from geo_rewards_trl.ranks.deepspeed import without_zero3

    with without_zero3(training):
        model: Any = empty_model(
            str(model_args.model_name_or_path),
            revision=model_args.model_revision,
            trust_remote_code=training.trust_remote_code,
        )
    config = model.config
    model = _as_trained(model, run, training, model_args)
    parameters = list(model.parameters())
    layers = [sum(p.numel() for p in module.parameters(recurse=False)) for module in model.modules()]
    return ModelOutline(
        architecture=(config.architectures or [type(model).__name__])[0],
        size=ModelSize(
            parameters=sum(parameter.numel() for parameter in parameters),
            trained=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
            largest_layer=max(layers),
            has_adapters=model_args.use_peft,
        ),
        dtype=None if config.dtype is None else str(config.dtype).removeprefix("torch."),
        max_positions=getattr(config.get_text_config(), "max_position_embeddings", None),
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

"""The model of a run, with the parts frozen that the flags name, and its PEFT configuration."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.flags.arguments import RunArguments

logger = logging.getLogger(__name__)


def load_model(run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> tuple[Any, Any]:
    """Return the model (its path, unless parts are frozen) and the PEFT configuration.

    Adapters freeze all other weights themselves, so only full fine-tuning needs the model itself.

    Raises:
        GeoRewardsError: If the flags name modules that the model does not have.
    """
    from geo_rewards_trl.model.lora import lora_config

    options = {
        "revision": model_args.model_revision,
        "attn_implementation": model_args.attn_implementation,
        "dtype": model_args.dtype,
        "trust_remote_code": training.trust_remote_code,
        **(training.model_init_kwargs or {}),
    }
    peft_config = lora_config(run, training, model_args)
    if peft_config is not None or not run.freeze_vision_modules:
        training.model_init_kwargs = options
        return model_args.model_name_or_path, peft_config
    from transformers import AutoModelForImageTextToText

    from geo_rewards_trl.model.vision import freeze_vision

    # The trainer loads the KL reference itself, and must take the same revision.
    training.model_init_kwargs = options if training.beta else None
    model = AutoModelForImageTextToText.from_pretrained(model_args.model_name_or_path, **options)
    frozen = freeze_vision(model, keep_projector=run.train_projector)
    what = "the vision tower" if run.train_projector else "the vision tower and its projector"
    logger.info("froze %d parameters of %s", frozen, what)
    return model, None

"""The model of a run, with the parts frozen that the flags name, and its PEFT configuration."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.arguments import RunArguments

logger = logging.getLogger(__name__)


def load_model(run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> tuple[Any, Any]:
    """Return the model (its path, unless parts are to be frozen) and the PEFT configuration."""
    from trl import get_peft_config

    options = {
        "revision": model_args.model_revision,
        "attn_implementation": model_args.attn_implementation,
        "dtype": model_args.dtype,
        "trust_remote_code": training.trust_remote_code,
        **(training.model_init_kwargs or {}),
    }
    peft_config = get_peft_config(model_args)
    if not run.freeze_vision_modules:
        training.model_init_kwargs = options
        return model_args.model_name_or_path, peft_config
    from transformers import AutoModelForImageTextToText

    from geo_rewards_trl.vision import freeze_vision, vision_module_names

    training.model_init_kwargs = None
    model = AutoModelForImageTextToText.from_pretrained(model_args.model_name_or_path, **options)
    logger.info("froze %d parameters of the vision tower and its projector", freeze_vision(model))
    if peft_config is not None:  # adapters would train what was frozen
        names = "|".join(map(re.escape, vision_module_names(model)))
        peft_config.exclude_modules = rf"({names})(\..*)?"
    return model, peft_config

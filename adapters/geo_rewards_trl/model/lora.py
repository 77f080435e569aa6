"""LoRA adapters that stay in the language model, unless the flags say otherwise.

The modules are found on a model without weights: before any weight is loaded, and unaffected by ZeRO-3, which
splits weights while they load.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import UnknownNameError, UsageError
from geo_rewards_trl.model.vision import VisionError, projector_names, vision_module_names
from geo_rewards_trl.ranks.deepspeed import without_zero3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.flags.arguments import RunArguments

logger = logging.getLogger(__name__)


def lora_config(run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> Any:
    """Return the PEFT configuration that the flags ask for, or None without ``--use_peft``.

    Raises:
        UsageError: If a target module only exists in the vision tower, which is left alone.
        UnknownNameError: If no module has such a name; offers the nearest.
        VisionError: If the projector is to be trained, and there is none.
    """
    from trl import get_peft_config

    config = get_peft_config(model_args)
    if config is None:
        return None
    with without_zero3(training):
        model = empty_model(
            model_args.model_name_or_path,
            revision=model_args.model_revision,
            trust_remote_code=training.trust_remote_code,
        )
    config.target_modules = _as_names(config.target_modules)
    left_alone: list[str] = []
    if not run.lora_vision:
        left_alone += _vision_names(model)
    if run.train_projector:
        projectors = projector_names(model)
        # Trained fully, and saved beside the adapters: a copy of each, which PEFT swaps in.
        config.modules_to_save = [*(config.modules_to_save or ()), *projectors]
        left_alone += projectors
    if left_alone:
        config.exclude_modules = rf"({'|'.join(map(re.escape, left_alone))})(\..*)?"
    _check_targets(model, config.target_modules, left_alone=left_alone)
    _log_left_alone(run, left_alone=left_alone)
    return config


def empty_model(
    name_or_path: str, *, revision: str | None = None, trust_remote_code: bool = False
) -> nn.Module:
    """Return the model with the shapes of its weights but no weights: it takes a second and no memory."""
    import torch
    import transformers
    from transformers import AutoConfig, AutoModelForImageTextToText

    config = AutoConfig.from_pretrained(name_or_path, revision=revision, trust_remote_code=trust_remote_code)
    model_class = getattr(transformers, (config.architectures or [""])[0], None)
    with torch.device("meta"):
        if model_class is None:
            model = AutoModelForImageTextToText.from_config(config, trust_remote_code=trust_remote_code)
        else:
            model = model_class(config)
    found: nn.Module = model
    return found


def _as_names(targets: Any) -> Any:
    """Return a single module's name as a set: PEFT would take it for a pattern of full paths."""
    if isinstance(targets, str) and targets != "all-linear" and re.fullmatch(r"[\w.]+", targets):
        return {targets}
    return targets


def _vision_names(model: nn.Module) -> list[str]:
    try:
        return vision_module_names(model)
    except VisionError:  # a text model: there is nothing to leave alone
        return []


def _check_targets(model: nn.Module, targets: Any, *, left_alone: Sequence[str]) -> None:
    """See that each named module exists outside what is left alone: PEFT ignores a name without a match."""
    if isinstance(targets, str) or targets is None:  # a pattern, or all linear layers
        return
    names = [name for name, _ in model.named_modules()]
    open_names = [name for name in names if not _is_in(name, left_alone)]
    last_parts = {name.rpartition(".")[2] for name in open_names if not name.endswith(tuple("0123456789"))}
    for target in sorted(targets):
        if not _has(names, target):
            raise UnknownNameError("module", target, last_parts, where="--lora_target_modules")
        if not _has(open_names, target):
            raise UsageError(
                f"--lora_target_modules {target}: only the vision side has such a module, and gets no "
                "adapters: add --lora_vision true, or leave the name out"
            )


def _has(names: Sequence[str], target: str) -> bool:
    return any(name == target or name.endswith(f".{target}") for name in names)


def _is_in(name: str, parents: Sequence[str]) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


def _log_left_alone(run: RunArguments, *, left_alone: Sequence[str]) -> None:
    if not left_alone:
        logger.info("adapters in the language model and the vision side")
    elif run.train_projector:
        logger.info("no adapters in %s; the projector is trained fully", ", ".join(left_alone))
    else:
        logger.info("no adapters in %s (--lora_vision true adds them)", ", ".join(left_alone))

"""What flags must not say together: refused before anything is loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from geo_rewards_trl.arguments import UsageError

if TYPE_CHECKING:
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.arguments import RunArguments


def check_arguments(run: RunArguments, training: GRPOConfig, model: ModelConfig) -> None:
    """Refuse what would fail late or go wrong silently.

    Raises:
        UsageError: Naming the flags and what to do.
    """
    if model.model_name_or_path is None:
        raise UsageError("--model_name_or_path is missing: give the model's folder or hub name")
    if training.remove_unused_columns:
        raise UsageError(
            "--remove_unused_columns would drop the truth columns that rewards need: leave it off"
        )
    if run.recipe is not None and run.reward_funcs:
        raise UsageError("give --recipe or --reward_funcs, not both")
    if training.reward_weights is not None and not run.reward_funcs:
        raise UsageError(
            "--reward_weights goes with --reward_funcs; a recipe holds its own: use --recipe_set"
        )
    if training.eval_strategy != "no" and not run.val_split_ratio:
        raise UsageError("--eval_strategy needs rows to evaluate on: give --val_split_ratio")
    if model.use_peft and not model.lora_target_modules:
        raise UsageError(
            "--use_peft needs --lora_target_modules, such as q_proj k_proj v_proj o_proj, or all-linear"
        )
    launched = int(os.environ.get("WORLD_SIZE", "1"))
    if training.world_size != launched:
        raise UsageError(
            f"{launched} processes were launched, but the trainer sees a world of {training.world_size}: "
            "without a GPU for each process, add --use_cpu true"
        )

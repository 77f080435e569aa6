"""What flags must not say together: refused before anything is loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from geo_rewards.errors import DataError
from geo_rewards_trl.arguments import UsageError
from geo_rewards_trl.vllm_flags import check_vllm

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
    _check_rows(run, training)
    _check_trained_parts(run, model)
    check_vllm(training)
    launched = int(os.environ.get("WORLD_SIZE", "1"))
    if training.world_size != launched:
        raise UsageError(
            f"{launched} processes were launched, but the trainer sees a world of {training.world_size}: "
            "without a GPU for each process, add --use_cpu true"
        )


def _check_trained_parts(run: RunArguments, model: ModelConfig) -> None:
    if run.lora_vision and not model.use_peft:
        raise UsageError("--lora_vision goes with --use_peft; without it the vision side is trained anyway")
    if run.lora_vision and run.freeze_vision_modules:
        raise UsageError(
            "--lora_vision would train what --freeze_vision_modules freezes: leave one of them out"
        )
    if run.train_projector and not (model.use_peft or run.freeze_vision_modules):
        raise UsageError(
            "--train_projector goes with --freeze_vision_modules or --use_peft; without them the projector "
            "is trained anyway"
        )


def _check_rows(run: RunArguments, training: GRPOConfig) -> None:
    from geo_rewards_trl.split import parse_split_by

    try:
        by_place = parse_split_by(run.split_by) is not None
    except DataError as error:
        raise UsageError(f"--{error}") from None
    if by_place and not run.val_split_ratio:
        raise UsageError(f"--split_by {run.split_by} splits nothing: give --val_split_ratio")
    if not run.streaming:
        return
    if training.max_steps <= 0:
        raise UsageError("--streaming has no last row that could end the run: give --max_steps")
    if run.dry_run:
        raise UsageError("--dry_run looks at a table: give it a part of the data, and leave --streaming off")
    if by_place:
        raise UsageError("--streaming cannot compare places: leave --split_by off, rows are split one by one")
    if run.shuffle_buffer < 1:
        raise UsageError(f"--shuffle_buffer is {run.shuffle_buffer}; it must be at least 1")

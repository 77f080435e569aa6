"""Flag combinations rejected before anything is loaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from geo_rewards.errors import DataError, UnknownNameError, UsageError
from geo_rewards_trl.flags.vllm import check_vllm

if TYPE_CHECKING:
    from trl import GRPOConfig, ModelConfig

    from geo_rewards_trl.flags.arguments import RunArguments

NO_GPU = "no GPU was found: to train on CPUs, add --use_cpu true --bf16 false"


def check_arguments(run: RunArguments, training: GRPOConfig, model: ModelConfig) -> None:
    """Reject what would fail late or go wrong silently.

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
    if run.resume == "never" and training.resume_from_checkpoint is not None:
        raise UsageError("give --resume never or --resume_from_checkpoint, not both")
    if training.reward_weights is not None and not run.reward_funcs:
        raise UsageError(
            "--reward_weights goes with --reward_funcs; a recipe has weights of its own: use --recipe_set"
        )
    if training.eval_strategy != "no" and not run.val_split_ratio:
        raise UsageError("--eval_strategy needs rows to evaluate on: set --val_split_ratio")
    if model.use_peft and not model.lora_target_modules:
        raise UsageError(
            "--use_peft needs --lora_target_modules, such as q_proj k_proj v_proj o_proj, or all-linear"
        )
    _check_published(run, training)
    _check_rows(run, training)
    if not run.dry_run:  # which reports all errors, this one among them
        for name in training.report_to:
            check_tracker(name)
    _check_trained_parts(run, model)
    check_vllm(training)
    if training.device.type == "cpu" and not training.use_cpu:
        raise UsageError(NO_GPU)
    launched = int(os.environ.get("WORLD_SIZE", "1"))
    if training.world_size != launched:
        raise UsageError(
            f"{launched} processes were launched, but the trainer sees a world of {training.world_size}: "
            "without a GPU for each process, add --use_cpu true"
        )


def check_tracker(name: str) -> None:
    """Reject a tracker that does not exist or is not installed, before the model is loaded.

    Raises:
        UnknownNameError: With the nearest names.
        UsageError: If its package is missing.
    """
    from transformers.integrations import integration_utils

    known = integration_utils.INTEGRATION_TO_CALLBACK
    if name not in known:
        raise UnknownNameError("tracker", name, known, where="--report_to")
    if not getattr(integration_utils, f"is_{name}_available", lambda: True)():
        raise UsageError(f"--report_to {name} needs its package: pip install {name}")


def _check_published(run: RunArguments, training: GRPOConfig) -> None:
    """Reject a data table inside a folder that is pushed to the hub."""
    output_dir = Path(training.output_dir).resolve()
    cache_dir = Path(run.data_cache_dir or output_dir).resolve()
    if training.push_to_hub and not run.streaming and cache_dir.is_relative_to(output_dir):
        raise UsageError(
            "--push_to_hub would publish the data with --output_dir, which holds their table: set "
            "--data_cache_dir to a folder outside it"
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
    from geo_rewards.data.table.split import parse_split_by

    try:
        by_place = parse_split_by(run.split_by) is not None
    except DataError as error:
        raise UsageError(f"--{error}") from None
    if by_place and not run.val_split_ratio:
        raise UsageError(f"--split_by {run.split_by} splits nothing: set --val_split_ratio")
    if not 0.0 <= run.val_split_ratio < 1.0:
        raise UsageError(f"--val_split_ratio is {run.val_split_ratio}; it must be at least 0 and less than 1")
    if training.dataloader_persistent_workers and not training.dataloader_num_workers:
        raise UsageError(
            "--dataloader_persistent_workers has no workers to keep: set --dataloader_num_workers"
        )
    if not run.streaming:
        return
    if training.dataloader_num_workers:
        raise UsageError(
            "--streaming reads rows in the trainer's own process: leave --dataloader_num_workers off"
        )
    if training.max_steps <= 0:
        raise UsageError("a stream has no end: set --max_steps")
    if by_place:
        raise UsageError(
            "--streaming cannot compare places: leave --split_by off; rows are held out one by one"
        )
    if run.shuffle_buffer < 1:
        raise UsageError(f"--shuffle_buffer is {run.shuffle_buffer}; it must be at least 1")

"""Train a vision-language model with GRPO on rewards of geo-rewards.

On two GPUs, with DeepSpeed ZeRO-3::

    torchrun --nproc_per_node=2 -m geo_rewards_trl.train \
        --model_name_or_path Qwen/Qwen2.5-VL-3B-Instruct --deepspeed zero3 \
        --data_file_paths train.jsonl --image_folders photos --recipe default --output_dir output/run

All flags of TRL's GRPOConfig and ModelConfig apply, and ``--config run.yaml``; ``--help`` lists them.
Without a GPU add ``--use_cpu true``. Interrupted, the same command resumes from the last checkpoint.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError
from geo_rewards.runs.library_errors import in_one_sentence
from geo_rewards.system.terminal import CleanFormatter, clean_output
from geo_rewards_trl.interruptions.endings import explain_failures, explain_write_errors, run_as_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trl import GRPOConfig, GRPOTrainer, ModelConfig

    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards_trl.flags.arguments import RunArguments

logger = logging.getLogger("geo_rewards_trl.train")  # under `python -m`, __name__ is __main__


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; exits with 1 if the data or the run is bad, with 2 on wrong usage."""
    with clean_output(moves_cursor=True):
        _set_up_logging(os.environ.get("RANK", "0"))
        run_as_program(lambda: _run_command(sys.argv[1:] if args is None else args))


def _run_command(args: Sequence[str]) -> None:
    _require_extra()
    run_training(args)


def run_training(args: Sequence[str]) -> GRPOTrainer | None:
    """Train as the flags say, save, and return the trainer; or, with ``--dry_run``, report and return None.

    Whatever can be found wrong before the model is loaded is an error before then. A script that torchrun
    starts does this inside `run_as_program`, as :func:`main` does: the interpreter's own shutdown can kill a
    finished process.

    Args:
        args: Command line without the program's name.

    Raises:
        GeoRewardsError: If flags, recipe or data are wrong, ranks differ, or a resume does not fit.
    """
    from geo_rewards.runs.output_dir import make_output_dir
    from geo_rewards_trl.flags.command_line import parse_arguments
    from geo_rewards_trl.ranks.agreement import show_progress_once, together
    from geo_rewards_trl.ranks.deepspeed import start_deepspeed
    from geo_rewards_trl.ranks.shared_folder import check_shared, only_run_in

    run, training, model_args = parse_arguments(args)
    start_deepspeed(training)
    show_progress_once()
    if run.dry_run:
        from geo_rewards_trl.dry_run import rehearse_run

        rehearse_run(run, training, model_args)
        return None
    output_dir = together(lambda: make_output_dir(training.output_dir))
    check_shared(output_dir)
    with only_run_in(output_dir):
        return _train(run, training, model_args, output_dir)


def _train(run: RunArguments, training: GRPOConfig, model_args: ModelConfig, output_dir: Path) -> GRPOTrainer:
    """Train into a folder that no other run uses, and save."""
    from geo_rewards.runs.checkpoints import move_checkpoints_aside, remove_unfinished
    from geo_rewards.runs.manifest import save_manifest
    from geo_rewards_trl.flags.manifest import describe_trained, rank_part
    from geo_rewards_trl.interruptions.resuming import find_checkpoint
    from geo_rewards_trl.ranks.agreement import check_ranks, together

    recipe, rows, manifest = together(lambda: _recipe_and_rows(run, training))
    manifest["trained"] = describe_trained(run, model_args)
    check_ranks(rank_part(manifest, run, training))
    checkpoint = find_checkpoint(
        output_dir, resume=run.resume, given=training.resume_from_checkpoint, manifest=manifest
    )
    trainer = build_trainer(run, training, model_args, recipe=recipe, rows=rows, manifest=manifest)
    if trainer.accelerator.is_main_process:
        remove_unfinished(output_dir)
        move_checkpoints_aside(output_dir, resumed=checkpoint)
        save_manifest(output_dir, manifest)
    with explain_failures(output_dir, without=_flag_against_resuming(run, training)):
        trainer.train(resume_from_checkpoint=checkpoint)
        with explain_write_errors(output_dir):
            trainer.save_model(training.output_dir)
            trainer.save_state()
        logger.info("saved the model to %s", training.output_dir)
        # If one rank exited first, torchrun might end another that is still writing.
        trainer.accelerator.wait_for_everyone()
        trainer.end()
    return trainer


def _flag_against_resuming(run: RunArguments, training: GRPOConfig) -> str | None:
    """Return the flag with which the same command would not resume from its last checkpoint."""
    if training.resume_from_checkpoint is not None:
        return "--resume_from_checkpoint"
    return "--resume never" if run.resume == "never" else None


def _recipe_and_rows(
    run: RunArguments, training: GRPOConfig
) -> tuple[Recipe, tuple[Any, Any], dict[str, Any]]:
    """Return the recipe, the rows (training and validation) and the manifest."""
    from geo_rewards_trl.rows.loading import load_rows, select_recipe

    recipe = select_recipe(run, training)
    train_rows, validation_rows, manifest = load_rows(run, training, recipe)
    return recipe, (train_rows, validation_rows), manifest


def build_trainer(
    run: RunArguments,
    training: GRPOConfig,
    model_args: ModelConfig,
    *,
    recipe: Recipe,
    rows: tuple[Any, Any],
    manifest: dict[str, Any],
) -> GRPOTrainer:
    """Return TRL's trainer with the model, the rewards and the rows (training and validation).

    Raises:
        GeoRewardsError: If the model cannot be loaded, or the trainer refuses the configuration.
    """
    from trl import get_quantization_config

    from geo_rewards_trl.binding import bind_rewards, opens_think
    from geo_rewards_trl.model.model import load_model
    from geo_rewards_trl.model.vision import load_processor
    from geo_rewards_trl.trainer import ResumableGRPOTrainer

    train_rows, validation_rows = rows
    training.reward_weights = recipe.weights
    with in_one_sentence(_model_name(model_args), trainer="trl"):
        processor = load_processor(
            model_args.model_name_or_path,
            min_pixels=run.min_pixels,
            max_pixels=run.max_pixels,
            revision=model_args.model_revision,
            trust_remote_code=training.trust_remote_code,
        )
        model, peft_config = load_model(run, training, model_args)
    rewards = bind_rewards(
        recipe, think_opened=opens_think(processor), log_completions=training.log_completions
    )
    with in_one_sentence("the trainer", trainer="trl"):
        return ResumableGRPOTrainer(
            model=model,
            reward_funcs=rewards,
            args=training,
            train_dataset=train_rows,
            eval_dataset=validation_rows,
            processing_class=processor,
            quantization_config=get_quantization_config(model_args),
            peft_config=peft_config,
            manifest=manifest,
        )


def _model_name(model_args: ModelConfig) -> str:
    name = str(model_args.model_name_or_path)
    return f"model {name}" if Path(name).exists() else f"model {name}, which is not a folder here"


def _require_extra() -> None:
    import importlib.util

    missing = [
        name for name in ("trl", "torch", "transformers", "datasets") if not importlib.util.find_spec(name)
    ]
    if missing:
        raise GeoRewardsError(
            f"training needs the packages of the extra `train` ({', '.join(missing)} missing): "
            "pip install 'geo-rewards[train]'"
        )


def _set_up_logging(rank: str) -> None:
    """Show the library's messages, those of rank 0 only; warnings of all ranks."""
    # What these packages announce to each other would drown the log at every step, and no user can fix it.
    for package in ("torch", "transformers", "accelerate", "deepspeed", "trl"):
        warnings.filterwarnings("ignore", category=FutureWarning, module=package)
    # A missing GPU is an error of ours unless --use_cpu is given; then this is no news.
    logging.getLogger("DeepSpeed").addFilter(lambda record: "accelerator to CPU" not in record.getMessage())
    # TRL prints such a row in full at each step; why all rewards abstained is counted and logged by us.
    logging.getLogger("trl.trainer.grpo_trainer").addFilter(
        lambda record: "All reward functions returned None" not in record.getMessage()
    )
    level = logging.INFO if rank == "0" else logging.WARNING
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(CleanFormatter("%(asctime)s %(name)s: %(message)s"))
    for name in ("geo_rewards", "geo_rewards_trl"):
        logging.getLogger(name).setLevel(level)


if __name__ == "__main__":
    main()

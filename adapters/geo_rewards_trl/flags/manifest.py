"""What a run was started with: saved beside its output, compared between ranks and at a resume."""

from __future__ import annotations

import re
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from geo_rewards.runs.manifest import binding_part, describe_data, describe_scoring, versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trl import GRPOConfig, ModelConfig

    from geo_rewards.data import Source
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards_trl.flags.arguments import RunArguments

# Flags that a resume may change: they change neither which rows are trained on nor their order.
FREE_FLAGS = frozenset(
    {"recipe", "recipe_set", "reward_funcs"}  # compared as the recipe that they give
    | {"data_file_paths", "image_folders", "reward_method"}  # compared by content, and as sources
    # Compared by the number of rows: a broken picture must not make a run impossible to resume.
    | {"bad_rows", "check_pictures"}
    | {"max_pixels", "min_pixels", "system_prompt"}
    | {"resume", "data_cache_dir", "dry_run"}
)

# Flags that change which weights are trained: with another value the optimizer's states would not fit.
TRAINED_FLAGS = frozenset({"freeze_vision_modules", "train_projector", "lora_vision"})
_ADAPTER_FLAGS = (
    *("lora_r", "lora_alpha", "lora_target_modules", "lora_target_parameters", "lora_modules_to_save"),
    *("use_rslora", "use_dora"),
)

_OF_A_MACHINE = re.compile(
    r"_dir$|path|folder|host|port|local_rank|run_name|token|deepspeed$|^system_prompt$"
)

_PACKAGES = ("geo-rewards", "accelerate", "datasets", "deepspeed", "peft", "torch", "transformers", "trl")


def make_manifest(
    run: RunArguments,
    recipe: Recipe,
    *,
    training: GRPOConfig,
    sources: Sequence[Source],
    hashes: Sequence[str],
    rows: int | None,
) -> dict[str, Any]:
    """Return what a run is started with, as JSON values, except for `describe_trained`.

    Args:
        run: The flags of this library.
        recipe: The recipe.
        training: The flags of the trainer.
        sources: The data files.
        hashes: Fingerprints of the data files' content, in their order.
        rows: How many rows they hold, if known.
    """
    flags = {name: value for name, value in vars(run).items() if name not in FREE_FLAGS | TRAINED_FLAGS}
    return {
        **describe_scoring(recipe),
        "data": {**describe_data(sources, hashes=hashes, rows=rows), "seed": training.seed, **flags},
        "launch": describe_launch(training),
        "packages": versions(_PACKAGES),
    }


def describe_trained(run: RunArguments, model_args: ModelConfig) -> dict[str, Any]:
    """Return which weights are trained, as JSON values: the part `trained` of a manifest.

    The model is named without its folder, since each machine may keep its copy elsewhere.
    """
    adapters = {name: getattr(model_args, name) for name in _ADAPTER_FLAGS}
    lists = {name: sorted(value) for name, value in adapters.items() if isinstance(value, list)}
    return {
        "model": Path(model_args.model_name_or_path or "").name,
        "revision": model_args.model_revision,
        "adapters": {**adapters, **lists, "lora_vision": run.lora_vision} if model_args.use_peft else None,
        # Adapters leave the vision side alone anyway.
        "freeze_vision_modules": run.freeze_vision_modules and not model_args.use_peft,
        "train_projector": run.train_projector,
    }


def describe_launch(training: GRPOConfig) -> dict[str, Any]:
    """Return how the processes of a run work together, as JSON values: a resume depends on it."""
    deepspeed = training.hf_deepspeed_config if training.deepspeed is not None else None
    return {
        "processes": training.world_size,
        "deepspeed_stage": None if deepspeed is None else deepspeed.get_value("zero_optimization.stage", 0),
        "save_only_model": training.save_only_model,
    }


def rank_part(manifest: dict[str, Any], run: RunArguments, training: GRPOConfig) -> dict[str, Any]:
    """Return what must be equal on all ranks: all of `binding_part`, the launch and the flags.

    Flags that name paths, hosts or ports of one machine are left out.
    """
    flags = {
        name: value
        for name, value in {**vars(run), **training.to_dict()}.items()
        if not _OF_A_MACHINE.search(name) and isinstance(value, (bool, int, float, str, list, NoneType))
    }
    return {**binding_part(manifest), "launch": manifest["launch"], "flags": flags}

"""The rows of a run: read as the flags say, compared with the recipe, split, fingerprinted."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset
    from trl import GRPOConfig

    from geo_rewards.recipe import Recipe
    from geo_rewards_trl.arguments import RunArguments

logger = logging.getLogger(__name__)


def load_rows(
    run: RunArguments, training: GRPOConfig, recipe: Recipe
) -> tuple[Dataset, Dataset | None, dict[str, Any]]:
    """Return the rows to train on, those held out (or None), and what the run is started with.

    Raises:
        GeoRewardsError: If rows are bad, or the recipe cannot apply to them.
    """
    from geo_rewards_trl.arguments import system_prompt_text
    from geo_rewards_trl.checks import check_recipe_applies
    from geo_rewards_trl.dataset import load_dataset, pair_paths, split_validation
    from geo_rewards_trl.manifest import make_manifest

    data_files, image_folders = pair_paths(run.data_file_paths, run.image_folders)
    rows = load_dataset(
        data_files,
        image_folders,
        cache_dir=Path(run.data_cache_dir or Path(training.output_dir) / "data_cache"),
        system_prompt=system_prompt_text(run.system_prompt),
        columns=recipe.file.columns,
    )
    check_recipe_applies(recipe, rows)
    manifest = make_manifest(run, recipe, data_files=data_files, rows=len(rows))
    train_rows, validation_rows = split_validation(rows, run.val_split_ratio, seed=training.seed)
    held_out = 0 if validation_rows is None else len(validation_rows)
    logger.info("%d rows to train on, %d held out", len(train_rows), held_out)
    return train_rows, validation_rows, manifest

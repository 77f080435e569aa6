"""The recipe and the rows of a run: read as the flags say, compared with each other, split, fingerprinted."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import MissingParameterError, RecipeError, UsageError

if TYPE_CHECKING:
    from trl import GRPOConfig

    from geo_rewards.data import Source
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards_trl.flags.arguments import RunArguments

logger = logging.getLogger(__name__)


def select_recipe(run: RunArguments, training: GRPOConfig) -> Recipe:
    """Return the recipe that the flags name, with their changes.

    Raises:
        GeoRewardsError: If it does not exist or is wrong.
    """
    from geo_rewards.scoring.overrides import parse_overrides
    from geo_rewards.scoring.recipe import load_recipe, recipe_of_rewards

    overrides = parse_overrides(run.recipe_set or ())
    try:
        if run.reward_funcs:
            names, weights = run.reward_funcs, training.reward_weights
            recipe = recipe_of_rewards(names, weights=weights, override=overrides)
        else:
            recipe = load_recipe(run.recipe or "default", override=overrides)
    except MissingParameterError as error:
        raise UsageError(error.by_option("--recipe_set")) from error
    if not recipe.weights:
        raise RecipeError(f"{recipe.origin}: every weight is 0, so there is nothing to train on")
    return recipe


def load_rows(run: RunArguments, training: GRPOConfig, recipe: Recipe) -> tuple[Any, Any, dict[str, Any]]:
    """Return the rows to train on, those held out (or None), and the manifest of the run.

    Rows are a `datasets.Dataset`, or `StreamedRows` with ``--streaming``.

    Raises:
        GeoRewardsError: If rows are bad, or the recipe cannot apply to them.
    """
    from geo_rewards.data import find_sources
    from geo_rewards.data.reading import unchanged
    from geo_rewards.data.selection.mixture import files_of_sources
    from geo_rewards.data.table.cache import file_hashes
    from geo_rewards_trl.flags.manifest import make_manifest

    sources = find_sources(run.data_file_paths, run.image_folders, reward_methods=run.reward_method)
    load = _load_stream if run.streaming else _load_table
    with unchanged(*(source.path for source in sources)):  # the fingerprints are of the rows that are read
        train_rows, validation_rows, count = load(run, training, recipe, sources)
        hashes = file_hashes(files_of_sources(sources), cache_dir=_cache_dir(run, training))
    manifest = make_manifest(run, recipe, training=training, sources=sources, hashes=hashes, rows=count)
    return train_rows, validation_rows, manifest


def _cache_dir(run: RunArguments, training: GRPOConfig) -> Path:
    return Path(run.data_cache_dir or Path(training.output_dir) / "data_cache")


def _load_table(
    run: RunArguments, training: GRPOConfig, recipe: Recipe, sources: list[Source]
) -> tuple[Any, Any, int | None]:
    from geo_rewards.data.recipe_fit import check_recipe_fits_table
    from geo_rewards_trl.flags.arguments import system_prompt_text
    from geo_rewards_trl.rows.dataset import load_dataset, split_validation, table_info

    rows = load_dataset(
        sources,
        seed=training.seed,
        cache_dir=_cache_dir(run, training),
        bad_rows=run.bad_rows,
        check_pictures=run.check_pictures,
        system_prompt=system_prompt_text(run.system_prompt),
        columns=recipe.file.columns,
    )
    check_recipe_fits_table(recipe, rows.data.table, json_columns=table_info(rows).json_columns)
    train_rows, validation_rows = split_validation(
        rows, run.val_split_ratio, seed=training.seed, split_by=run.split_by
    )
    held_out = 0 if validation_rows is None else len(validation_rows)
    logger.info("%d rows to train on, %d held out", len(train_rows), held_out)
    return train_rows, validation_rows, len(rows)


def _load_stream(
    run: RunArguments, training: GRPOConfig, recipe: Recipe, sources: list[Source]
) -> tuple[Any, Any, int | None]:
    from geo_rewards.data.recipe_fit import check_recipe_fits_rows
    from geo_rewards_trl.flags.arguments import system_prompt_text
    from geo_rewards_trl.rows.streaming import open_stream

    train_rows, validation_rows = open_stream(
        sources,
        seed=training.seed,
        bad_rows=run.bad_rows,
        system_prompt=system_prompt_text(run.system_prompt),
        columns=recipe.file.columns,
        val_split_ratio=run.val_split_ratio,
        buffer_rows=run.shuffle_buffer,
    )
    check_recipe_fits_rows(recipe, train_rows.head)
    logger.info("rows are read while they are trained on; the first %d are good", len(train_rows.head))
    return train_rows, validation_rows, None

"""A dry run: everything up to the model's weights, told in one report, with every error."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError, UsageError
from geo_rewards.runs.report import Report, byte_size, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trl import GRPOConfig, ModelConfig

    from geo_rewards.runs.rehearsed_rows import ChosenRows
    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards_trl.dry_run.batches import BatchPlan
    from geo_rewards_trl.dry_run.outline import ModelOutline
    from geo_rewards_trl.flags.arguments import RunArguments


class DryRunError(GeoRewardsError):
    """A run that is not fit to start.

    Args:
        errors: Why, one sentence each.
    """

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = tuple(errors)
        super().__init__(f"not fit to start: {plural(len(errors), 'error')}")


class DryRunUsageError(DryRunError, UsageError):
    """A run that is not fit to start because of wrong usage."""


@dataclass(slots=True)
class Prepared:
    """What a run is started with, as far as it could be made; None where something is wrong."""

    recipe: Recipe | None = None
    rows: Any = None
    held_out: Any = None
    manifest: dict[str, Any] | None = None
    checkpoint: str | None = None


def rehearse_run(run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> None:
    """Check everything that a run needs except the model's weights, and report it.

    Every rank calls it; rank 0 writes the report to stdout and the errors to stderr. Nothing is written to
    disk but the data table in its cache.

    Raises:
        DryRunError: On every rank, if the run is not fit to start; a `DryRunUsageError` if usage is wrong.
    """
    from geo_rewards_trl.ranks.agreement import gather_ranks

    report = Report()
    prepared = _prepare(report, run, training, model_args)
    _gather_errors(report)
    if training.process_index == 0:
        with report.collecting("the dry run"):
            _describe(report, run, training, model_args, prepared)
        sys.stdout.write(report.text() + _verdict(report))
        sys.stdout.flush()
        sys.stderr.writelines(f"error: {error}\n" for error in report.errors)
        sys.stderr.flush()
    errors, is_usage = gather_ranks((report.errors, report.is_usage))[0]
    if errors:
        raise DryRunUsageError(errors) if is_usage else DryRunError(errors)


def _prepare(report: Report, run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> Prepared:
    """Do what a run does before loading its model, on every rank; each failure is an error of the report."""
    from geo_rewards_trl.flags.manifest import describe_trained, rank_part
    from geo_rewards_trl.interruptions.resuming import find_checkpoint
    from geo_rewards_trl.ranks.agreement import check_ranks, gather_ranks
    from geo_rewards_trl.rows.loading import load_rows, select_recipe

    prepared = Prepared()
    with report.collecting("the recipe"):
        prepared.recipe = select_recipe(run, training)
    if prepared.recipe is not None:
        with report.collecting("the data"):
            prepared.rows, prepared.held_out, prepared.manifest = load_rows(run, training, prepared.recipe)
    # The comparison is collective: only if no rank has dropped out before.
    if all(gather_ranks(prepared.manifest is not None)) and prepared.manifest is not None:
        prepared.manifest["trained"] = describe_trained(run, model_args)
        with report.collecting("the ranks"):
            check_ranks(rank_part(prepared.manifest, run, training))
        with report.collecting("the checkpoint"):
            prepared.checkpoint = find_checkpoint(
                Path(training.output_dir),
                resume=run.resume,
                given=training.resume_from_checkpoint,
                manifest=prepared.manifest,
            )
    return prepared


def _gather_errors(report: Report) -> None:
    """Add the errors of the other ranks that rank 0 does not have itself."""
    from geo_rewards_trl.ranks.agreement import gather_ranks

    for rank, (errors, is_usage) in enumerate(gather_ranks((report.errors, report.is_usage))):
        report.is_usage |= is_usage
        for error in errors:
            if rank and error not in report.errors:
                report.error(f"rank {rank}: {error}")


def _describe(
    report: Report, run: RunArguments, training: GRPOConfig, model_args: ModelConfig, prepared: Prepared
) -> None:
    """Write all sections; each may fail by itself."""
    from geo_rewards.runs.rehearsed_rows import describe_recipe
    from geo_rewards_trl.dry_run.data_section import describe_data, describe_packages
    from geo_rewards_trl.dry_run.disk import check_writable
    from geo_rewards_trl.dry_run.settings import check_settings, describe_settings

    if prepared.manifest is not None:
        describe_packages(report, prepared.manifest)
    describe_settings(report, run, training, model_args)
    if prepared.recipe is not None:
        describe_recipe(report, prepared.recipe)
    plan = None
    if prepared.manifest is not None:
        with report.collecting("the data"):
            describe_data(report, prepared.rows, prepared.held_out, prepared.manifest)
        plan = _describe_plan(report, training, prepared)
    chosen = _describe_rehearsal(report, training, prepared)
    _describe_model(report, run, training, model_args, chosen=chosen, plan=plan)
    check_writable(report, Path(training.output_dir))
    _describe_start(report, run, training, prepared)
    check_settings(report, training, model_args, total_steps=plan.total_steps if plan else 0)


def _describe_plan(report: Report, training: GRPOConfig, prepared: Prepared) -> BatchPlan:
    from geo_rewards_trl.dry_run.batches import describe_batches, plan_batches
    from geo_rewards_trl.rows.dataset import has_images

    kinds = has_images(prepared.rows) if hasattr(prepared.rows, "__len__") else None
    plan = plan_batches(training, kinds)
    describe_batches(report, training, plan)
    return plan


def _describe_rehearsal(report: Report, training: GRPOConfig, prepared: Prepared) -> ChosenRows | None:
    from geo_rewards.runs.rehearsed_rows import describe_rehearsal
    from geo_rewards_trl.dry_run.chosen_rows import choose_rows

    if prepared.recipe is None or prepared.manifest is None:
        return None
    chosen = None
    with report.collecting("the rehearsal"):
        chosen = choose_rows(report, prepared.rows, prepared.recipe, seed=training.seed)
        if chosen is not None:
            describe_rehearsal(report, prepared.recipe, chosen, seed=training.seed)
    return chosen


def _describe_model(
    report: Report,
    run: RunArguments,
    training: GRPOConfig,
    model_args: ModelConfig,
    *,
    chosen: ChosenRows | None,
    plan: BatchPlan | None,
) -> None:
    """Report what the model's configuration and processor tell of tokens, memory and disk."""
    from geo_rewards_trl.dry_run.devices import device_of
    from geo_rewards_trl.dry_run.disk import describe_disk, missing_folder
    from geo_rewards_trl.dry_run.memory import layout_of
    from geo_rewards_trl.dry_run.memory_section import describe_memory, describe_model
    from geo_rewards_trl.dry_run.outline import outline_model

    name = str(model_args.model_name_or_path)
    if (missing := missing_folder(name)) is not None:
        report.error(missing)
        return
    outline = None
    with report.collecting(f"model {name}"):
        outline = outline_model(run, training, model_args)
    with report.collecting(f"processor of {name}"):
        _describe_tokens(report, run, training, model_args, chosen=chosen, outline=outline)
    if outline is None:
        return
    layout = layout_of(training, model_args, outline)
    describe_model(report, outline, layout)
    with report.collecting("weights"):
        _describe_weight_files(report, Path(name))
    describe_memory(report, training, model=outline.size, layout=layout, device=device_of(training))
    if plan is not None:
        describe_disk(
            report,
            training,
            model=outline.size,
            layout=layout,
            total_steps=plan.total_steps,
            epochs=plan.epochs,
        )


def _describe_tokens(
    report: Report,
    run: RunArguments,
    training: GRPOConfig,
    model_args: ModelConfig,
    *,
    chosen: ChosenRows | None,
    outline: ModelOutline | None,
) -> None:
    from geo_rewards_trl.dry_run.tokens import check_context, describe_tokens
    from geo_rewards_trl.model.vision import load_processor

    processor = load_processor(
        model_args.model_name_or_path,
        min_pixels=run.min_pixels,
        max_pixels=run.max_pixels,
        revision=model_args.model_revision,
        trust_remote_code=training.trust_remote_code,
    )
    if chosen is not None:
        largest = describe_tokens(report, training, chosen, processor=processor)
        positions = None if outline is None else outline.max_positions
        check_context(report, training, largest, max_positions=positions)


def _describe_weight_files(report: Report, folder: Path) -> None:
    from geo_rewards_trl.dry_run.disk import weight_files

    if not folder.is_dir():
        report.line("files", "by name: whether its weights are in the cache is not checked")
        return
    files = weight_files(folder)
    size = sum(file.stat().st_size for file in files)
    report.line("files", f"{plural(len(files), 'file')}, {byte_size(size)}, complete")


def _describe_start(report: Report, run: RunArguments, training: GRPOConfig, prepared: Prepared) -> None:
    there = sorted(Path(training.output_dir).glob("checkpoint-*"))
    if prepared.checkpoint is not None:
        text = f"resumes from {prepared.checkpoint}"
    elif run.resume == "never" and there:
        text = f"starts at step 0, moves {plural(len(there), 'checkpoint')} of {training.output_dir} aside"
    else:
        text = "starts at step 0"
    report.section("start", text)


def _verdict(report: Report) -> str:
    if report.errors:
        return f"\nNot fit to start: {plural(len(report.errors), 'error')}, on stderr.\n"
    return "\nFit to start.\n"

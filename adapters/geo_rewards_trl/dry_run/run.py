"""A dry run: everything up to the model's weights, in one report with every error."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
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
class DryRun:
    """A dry run: its flags, its report, and what could be made so far; None where something is wrong."""

    run: RunArguments
    training: GRPOConfig
    model_args: ModelConfig
    report: Report = field(default_factory=Report)
    recipe: Recipe | None = None
    rows: Any = None
    held_out: Any = None
    manifest: dict[str, Any] | None = None
    checkpoint: str | None = None
    plan: BatchPlan | None = None
    chosen: ChosenRows | None = None
    outline: ModelOutline | None = None


def rehearse_run(run: RunArguments, training: GRPOConfig, model_args: ModelConfig) -> None:
    """Check everything that a run needs except the model's weights, and report it.

    Every rank calls it; rank 0 writes the report to stdout and the errors to stderr. Nothing is written to
    disk but the data table in its cache.

    Raises:
        DryRunError: On every rank, if the run is not fit to start; a `DryRunUsageError` if usage is wrong.
    """
    from geo_rewards_trl.ranks.agreement import gather_ranks

    dry = DryRun(run, training, model_args)
    report = dry.report
    _prepare(dry)
    _gather_errors(report)
    if training.process_index == 0:
        with report.collecting("the dry run"):
            _describe(dry)
        sys.stdout.write(report.text() + _verdict(report))
        sys.stdout.flush()
        sys.stderr.writelines(f"error: {error}\n" for error in report.errors)
        sys.stderr.flush()
    errors, is_usage = gather_ranks((report.errors, report.is_usage))[0]
    if errors:
        raise DryRunUsageError(errors) if is_usage else DryRunError(errors)


def _prepare(dry: DryRun) -> None:
    """Do what a run does before loading its model, on every rank; each failure is an error of the report."""
    from geo_rewards_trl.flags.manifest import describe_trained, rank_part
    from geo_rewards_trl.interruptions.resuming import find_checkpoint
    from geo_rewards_trl.ranks.agreement import check_ranks, gather_ranks
    from geo_rewards_trl.rows.loading import load_rows, select_recipe

    run, training, report = dry.run, dry.training, dry.report
    with report.collecting("the recipe"):
        dry.recipe = select_recipe(run, training)
    if dry.recipe is not None:
        with report.collecting("the data"):
            dry.rows, dry.held_out, dry.manifest = load_rows(run, training, dry.recipe)
    # The comparison is collective: only if no rank has dropped out before.
    if all(gather_ranks(dry.manifest is not None)) and dry.manifest is not None:
        dry.manifest["trained"] = describe_trained(run, dry.model_args)
        with report.collecting("the ranks"):
            check_ranks(rank_part(dry.manifest, run, training))
        with report.collecting("the checkpoint"):
            dry.checkpoint = find_checkpoint(
                Path(training.output_dir),
                resume=run.resume,
                given=training.resume_from_checkpoint,
                manifest=dry.manifest,
            )


def _gather_errors(report: Report) -> None:
    """Add the errors of the other ranks that rank 0 does not have itself."""
    from geo_rewards_trl.ranks.agreement import gather_ranks

    for rank, (errors, is_usage) in enumerate(gather_ranks((report.errors, report.is_usage))):
        report.is_usage |= is_usage
        for error in errors:
            if rank and error not in report.errors:
                report.error(f"rank {rank}: {error}")


def _describe(dry: DryRun) -> None:
    """Write all sections; each may fail by itself."""
    from geo_rewards.runs.rehearsed_rows import describe_recipe
    from geo_rewards_trl.dry_run.data_section import describe_data, describe_packages
    from geo_rewards_trl.dry_run.disk import check_writable
    from geo_rewards_trl.dry_run.settings import check_settings, describe_settings

    report, training = dry.report, dry.training
    if dry.manifest is not None:
        describe_packages(report, dry.manifest)
    describe_settings(report, dry.run, training, dry.model_args)
    if dry.recipe is not None:
        describe_recipe(report, dry.recipe)
    if dry.manifest is not None:
        with report.collecting("the data"):
            describe_data(report, dry.rows, dry.held_out, dry.manifest)
        _describe_plan(dry)
        with report.collecting("the rehearsal"):
            _describe_rehearsal(dry)
    _describe_model(dry)
    check_writable(report, Path(training.output_dir))
    _describe_start(dry)
    check_settings(report, training, dry.model_args, total_steps=dry.plan.total_steps if dry.plan else 0)


def _describe_plan(dry: DryRun) -> None:
    from geo_rewards_trl.dry_run.batches import describe_batches, plan_batches
    from geo_rewards_trl.rows.dataset import has_images

    kinds = has_images(dry.rows) if hasattr(dry.rows, "__len__") else None
    dry.plan = plan_batches(dry.training, kinds)
    describe_batches(dry.report, dry.training, dry.plan)


def _describe_rehearsal(dry: DryRun) -> None:
    from geo_rewards.runs.rehearsed_rows import describe_rehearsal
    from geo_rewards_trl.dry_run.chosen_rows import choose_rows

    if dry.recipe is not None:
        dry.chosen = choose_rows(dry.report, dry.rows, dry.recipe, seed=dry.training.seed)
        if dry.chosen is not None:
            describe_rehearsal(dry.report, dry.recipe, dry.chosen, seed=dry.training.seed)


def _describe_model(dry: DryRun) -> None:
    """Report what the model's configuration and processor say about tokens, memory and disk."""
    from geo_rewards_trl.dry_run.devices import device_of
    from geo_rewards_trl.dry_run.disk import describe_disk, missing_folder
    from geo_rewards_trl.dry_run.memory import layout_of
    from geo_rewards_trl.dry_run.memory_section import describe_memory, describe_model
    from geo_rewards_trl.dry_run.outline import outline_model

    report, training, name = dry.report, dry.training, str(dry.model_args.model_name_or_path)
    if (missing := missing_folder(name)) is not None:
        report.error(missing)
        return
    with report.collecting(f"model {name}"):
        dry.outline = outline_model(dry.run, training, dry.model_args)
    with report.collecting(f"processor of {name}"):
        _describe_tokens(dry)
    if dry.outline is None:
        return
    layout = layout_of(training, dry.model_args, dry.outline)
    describe_model(report, dry.outline, layout)
    with report.collecting("weights"):
        _describe_weight_files(report, Path(name))
    model = dry.outline.size
    describe_memory(report, training, model=model, layout=layout, device=device_of(training))
    if dry.plan is not None:
        total, epochs = dry.plan.total_steps, dry.plan.epochs
        describe_disk(report, training, model=model, layout=layout, total_steps=total, epochs=epochs)


def _describe_tokens(dry: DryRun) -> None:
    from geo_rewards_trl.dry_run.tokens import check_context, describe_tokens
    from geo_rewards_trl.model.vision import load_processor

    processor = load_processor(
        dry.model_args.model_name_or_path,
        min_pixels=dry.run.min_pixels,
        max_pixels=dry.run.max_pixels,
        revision=dry.model_args.model_revision,
        trust_remote_code=dry.training.trust_remote_code,
    )
    if dry.chosen is not None:
        largest = describe_tokens(dry.report, dry.training, dry.chosen, processor=processor)
        positions = None if dry.outline is None else dry.outline.max_positions
        check_context(dry.report, dry.training, largest, max_positions=positions)


def _describe_weight_files(report: Report, folder: Path) -> None:
    from geo_rewards_trl.dry_run.disk import weight_files

    if not folder.is_dir():
        report.line("files", "by name: whether its weights are in the cache is not checked")
        return
    files = weight_files(folder)
    size = sum(file.stat().st_size for file in files)
    report.line("files", f"{plural(len(files), 'file')}, {byte_size(size)}, complete")


def _describe_start(dry: DryRun) -> None:
    output_dir = dry.training.output_dir
    there = sorted(Path(output_dir).glob("checkpoint-*"))
    if dry.checkpoint is not None:
        text = f"resumes from {dry.checkpoint}"
    elif dry.run.resume == "never" and there:
        text = f"starts at step 0, moves {plural(len(there), 'checkpoint')} of {output_dir} aside"
    else:
        text = "starts at step 0"
    dry.report.section("start", text)


def _verdict(report: Report) -> str:
    if report.errors:
        return f"\nNot fit to start: {plural(len(report.errors), 'error')}, on stderr.\n"
    return "\nFit to start.\n"

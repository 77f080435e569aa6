"""TRL's trainer with whole checkpoints, and an order of rows that does not depend on interruptions."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from trl import GRPOTrainer

from geo_rewards.runs.checkpoints import (
    MARKER_NAME,
    begin_checkpoint,
    finish_checkpoint,
    flush_files,
    remove_surplus,
)
from geo_rewards_trl.interruptions.endings import said_of_writing
from geo_rewards_trl.logs.completions_sample import ShowsCompletions
from geo_rewards_trl.logs.run_log import LogsWholeEvaluations
from geo_rewards_trl.logs.wandb_table import LogsWandbTable
from geo_rewards_trl.model.file_names import keep_used_conversions, without_tied_copies
from geo_rewards_trl.model.weights import PublishedNames
from geo_rewards_trl.ranks.agreement import is_first_of_machine
from geo_rewards_trl.rows.batching import RowBatching

logger = logging.getLogger(__name__)


class SaysWhenFinished(TrainerCallback):  # type: ignore[misc]  # transformers is skipped by mypy
    """Says so when a run is started again that has taken its last step."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Compare the step of the checkpoint with the last one."""
        if state.global_step >= state.max_steps:
            logger.info("nothing is left to train: step %d of %d", state.global_step, state.max_steps)


class ResumableGRPOTrainer(
    LogsWholeEvaluations,
    RowBatching,
    PublishedNames,
    ShowsCompletions,
    LogsWandbTable,
    GRPOTrainer,  # type: ignore[misc]  # trl is not typed
):
    """TRL's GRPOTrainer; resumed at any step, it goes on exactly as if it had not been stopped.

    Args:
        *args: As for GRPOTrainer.
        manifest: What the run was started with: written into each checkpoint, last of all, when it is whole.
        **kwargs: As for GRPOTrainer.
    """

    def __init__(self, *args: Any, manifest: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manifest = manifest
        self.add_callback(SaysWhenFinished())

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Write the model under the names of its published files, and no weight twice."""
        keep_used_conversions(self.model)
        super()._save(output_dir, without_tied_copies(self.model, state_dict))

    def _run_epoch(self, *args: Any, **kwargs: Any) -> None:
        """Train for an epoch; stock, a finished run that is started again would train for one more step."""
        if self.state.global_step < self.state.max_steps:
            super()._run_epoch(*args, **kwargs)
        else:
            self.control.should_training_stop = True

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Write a checkpoint; only when it is whole on all ranks, older ones may go."""
        output_dir = Path(self._get_output_dir(trial=trial))
        folder = output_dir / f"checkpoint-{self.state.global_step}"
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        try:
            with said_of_writing(folder):
                if self.accelerator.is_main_process:
                    begin_checkpoint(folder)
                self.accelerator.wait_for_everyone()
                super()._save_checkpoint(model, trial)
                self.accelerator.wait_for_everyone()
                if is_first_of_machine():
                    flush_files(folder)
                self.accelerator.wait_for_everyone()
                if self.accelerator.is_main_process:
                    finish_checkpoint(folder, self.manifest)
                self.accelerator.wait_for_everyone()
        finally:
            self.args.save_total_limit = limit
        if self.args.push_to_hub:
            self._push_from_checkpoint(str(folder))
        if self.accelerator.is_main_process:
            best = self.state.best_model_checkpoint
            spared = [folder, *([Path(best)] if best is not None else [])]
            remove_surplus(output_dir, limit=limit, spared=spared)

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        """Push a checkpoint to the hub when it is whole: not yet when the trainer itself would."""
        if not (Path(checkpoint_folder) / MARKER_NAME).exists():
            super()._push_from_checkpoint(checkpoint_folder)

"""TRL's trainer with whole checkpoints, and an order of rows that does not depend on interruptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers.trainer_utils import rotate_checkpoints
from trl import GRPOTrainer

from geo_rewards_trl.batching import RowBatching
from geo_rewards_trl.checkpoints import MARKER_NAME, begin_checkpoint, finish_checkpoint
from geo_rewards_trl.endings import said_of_writing
from geo_rewards_trl.environment import is_first_of_machine
from geo_rewards_trl.loading import PublishedNames
from geo_rewards_trl.run_log import LogsWholeEvaluations
from geo_rewards_trl.saving import keep_used_conversions, without_tied_copies
from geo_rewards_trl.wandb_table import LogsWandbTable


class ResumableGRPOTrainer(
    LogsWholeEvaluations,
    RowBatching,
    PublishedNames,
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

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Write the model under the names of its published files, and no weight twice."""
        keep_used_conversions(self.model)
        super()._save(output_dir, without_tied_copies(self.model, state_dict))

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Write a checkpoint; only when it is whole on all ranks, older ones may go."""
        output_dir = Path(self._get_output_dir(trial=trial))
        folder = output_dir / f"checkpoint-{self.state.global_step}"
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        try:
            with said_of_writing(folder):
                if is_first_of_machine():
                    begin_checkpoint(folder)
                self.accelerator.wait_for_everyone()
                super()._save_checkpoint(model, trial)
                self.accelerator.wait_for_everyone()
                self._finish(folder)
        finally:
            self.args.save_total_limit = limit
        if self.args.should_save:
            rotate_checkpoints(
                output_dir=str(output_dir),
                save_total_limit=limit,
                best_model_checkpoint=self.state.best_model_checkpoint,
                use_mtime=True,
            )

    def _finish(self, folder: Path) -> None:
        if self.accelerator.is_main_process:
            finish_checkpoint(folder, self.manifest)
        self.accelerator.wait_for_everyone()
        # Where machines share no disk, each has a part of the checkpoint to finish.
        if is_first_of_machine() and (folder / MARKER_NAME).exists():
            finish_checkpoint(folder, self.manifest)
        self.accelerator.wait_for_everyone()

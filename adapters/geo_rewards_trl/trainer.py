"""TRL's trainer with complete checkpoints, exact resuming, and evaluations logged over all rows."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import PreTrainedModel, TrainerCallback
from trl import GRPOTrainer

from geo_rewards.runs.checkpoints import (
    MARKER_NAME,
    begin_checkpoint,
    finish_checkpoint,
    flush_files,
    remove_surplus,
)
from geo_rewards.runs.completions_sample import DEFAULT_COUNT, describe_completions, spread_by_advantage
from geo_rewards.runs.run_log import Phase, RunLog
from geo_rewards_trl.interruptions.endings import explain_write_errors
from geo_rewards_trl.interruptions.generation import load_generation, save_generation
from geo_rewards_trl.logs.wandb_table import log_wandb_table, without_wandb
from geo_rewards_trl.model.file_names import keep_used_conversions, without_tied_copies
from geo_rewards_trl.model.weights import is_full_model, load_weights
from geo_rewards_trl.ranks.agreement import is_first_of_machine
from geo_rewards_trl.rows.batching import (
    CountBatches,
    ForgetGradients,
    eval_sampler,
    eval_stream,
    prepare_for_modalities,
    train_sampler,
    train_stream,
)
from geo_rewards_trl.rows.streaming import StreamedRows

if TYPE_CHECKING:
    from geo_rewards_trl.rows.sampler import EpochSampler

logger = logging.getLogger(__name__)


class LoggingGRPOTrainer(GRPOTrainer):  # type: ignore[misc]  # trl is not typed
    """TRL's GRPOTrainer for rewards of `bind_rewards`: logs an evaluation over all its rows.

    TRL averages a metric over an evaluation's batches, and a mean of medians is no median. With
    ``--log_completions true``, a few completions are shown after each log line, where TRL prints all of them
    as a table, hundreds of lines high; and wandb gets the table as text, which it would otherwise refuse.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._run_logs = _run_logs(self.reward_funcs)
        for run_log in self._run_logs:
            run_log.phase = self._phase
        given: int | None = self.args.num_completions_to_print
        self._shown_count = DEFAULT_COUNT if given is None else given
        self.num_completions_to_print = 0

    def train(self, *args: Any, **kwargs: Any) -> Any:
        """Train; the time of the first step begins here."""
        self._restart_clocks()
        return super().train(*args, **kwargs)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate, timed separately."""
        self._restart_clocks()
        try:
            return super().evaluate(*args, **kwargs)
        finally:
            self._restart_clocks()

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """Log, in an evaluation with the figures of all its batches; then show some completions."""
        if self._phase().evaluating:
            for run_log in self._run_logs:
                logs.update({f"eval_{name}": value for name, value in run_log.end_evaluation().items()})
        to_wandb = self.log_completions and "wandb" in self.args.report_to
        with without_wandb(self.args) if to_wandb else nullcontext():
            super().log(logs, start_time)
        if self.log_completions and self.accelerator.is_main_process:
            name = f"completions/completions_{self.state.global_step:05d}.parquet"
            self._show_completions(name)
            if to_wandb:
                log_wandb_table(Path(self.args.output_dir) / name, self._logs["images"])

    def _show_completions(self, name: str) -> None:
        advantages = list(self._logs["advantages"])
        chosen = spread_by_advantage(advantages, self._shown_count)
        if chosen:
            title = f"{len(chosen)} of {len(advantages)} completions; all are in {name}"
            logger.info("%s\n%s", title, describe_completions(self._logs, chosen))

    def _restart_clocks(self) -> None:
        for run_log in self._run_logs:
            run_log.restart_clock()

    def _phase(self) -> Phase:
        if self.model.training:
            return Phase(evaluating=False, generations=self.num_generations)
        return Phase(evaluating=True, generations=self.num_generations_eval)


class ResumableGRPOTrainer(LoggingGRPOTrainer):
    """TRL's GRPOTrainer; resumed at any step, it continues exactly as if it had not been interrupted.

    Every generation batch, over all ranks, and every batch of an evaluation is of one modality: rows with
    pictures or rows without.

    Args:
        *args: As for GRPOTrainer.
        manifest: What the run was started with: written into each checkpoint last, once it is complete.
        **kwargs: As for GRPOTrainer.
    """

    def __init__(self, *args: Any, manifest: dict[str, Any], **kwargs: Any) -> None:
        prepare_for_modalities(kwargs["args"], kwargs["train_dataset"])
        super().__init__(*args, **kwargs)
        self.manifest = manifest
        for callback in (LogIfFinished(), ForgetGradients(self), CountBatches(self)):
            self.add_callback(callback)

    def _get_train_sampler(self, dataset: Any = None) -> EpochSampler:
        return train_sampler(self, self.train_dataset if dataset is None else dataset)

    def _get_eval_sampler(self, eval_dataset: Any) -> EpochSampler:
        return eval_sampler(self, eval_dataset)

    def get_train_dataloader(self) -> Any:
        """Return the generation batches of this rank."""
        if not isinstance(self.train_dataset, StreamedRows):
            return super().get_train_dataloader()
        size = self._train_batch_size * self.args.steps_per_generation
        return self._get_dataloader(train_stream(self), "Training", size, is_training=True)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """Return this rank's batches of an evaluation."""
        rows = self.eval_dataset if eval_dataset is None else eval_dataset
        if not isinstance(rows, StreamedRows):
            return super().get_eval_dataloader(eval_dataset)
        return self._get_dataloader(eval_stream(self, rows), "Evaluation", self.args.eval_batch_size)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> Any:
        """Open pictures of streamed rows only now: not for other ranks, nor for rows that a resume skips."""
        rows = self.train_dataset if self.model.training else self.eval_dataset
        if isinstance(rows, StreamedRows):
            inputs = rows.opened(inputs)
        return super()._generate_and_score_completions(inputs)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Load weights by the names in published files; stock, those of other names are silently skipped."""
        model = self.model if model is None else model
        is_plain = isinstance(model, PreTrainedModel) and not self.is_fsdp_enabled
        if is_plain and is_full_model(resume_from_checkpoint):
            load_weights(model, resume_from_checkpoint)
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """Load also what had been generated and not yet trained on when the checkpoint was written."""
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None:
            load_generation(self, checkpoint)

    def _load_best_model(self) -> None:
        best = str(self.state.best_model_checkpoint)
        # DeepSpeed and FSDP keep the modules' names in files of their own.
        if self.is_deepspeed_enabled or self.is_fsdp_enabled or not is_full_model(best):
            super()._load_best_model()
        else:
            self._load_from_checkpoint(best)

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
        """Write a checkpoint; older ones are removed only when it is complete on all ranks."""
        output_dir = Path(self._get_output_dir(trial=trial))
        folder = output_dir / f"checkpoint-{self.state.global_step}"
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        try:
            with explain_write_errors(folder):
                if self.accelerator.is_main_process:
                    begin_checkpoint(folder)
                self.accelerator.wait_for_everyone()
                super()._save_checkpoint(model, trial)
                save_generation(self, folder)
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
        """Push a checkpoint to the hub once it is complete, which is later than the trainer itself would."""
        if not (Path(checkpoint_folder) / MARKER_NAME).exists():
            super()._push_from_checkpoint(checkpoint_folder)


class LogIfFinished(TrainerCallback):  # type: ignore[misc]  # transformers is skipped by mypy
    """Logs that nothing is left to train when a finished run is started again."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Compare the step of the checkpoint with the last one."""
        if state.global_step >= state.max_steps:
            logger.info("nothing is left to train: step %d of %d", state.global_step, state.max_steps)


def _run_logs(rewards: list[Any]) -> list[RunLog]:
    """Return the logs that a trainer's rewards write to, each once."""
    logs = [getattr(getattr(reward, "shared", None), "run_log", None) for reward in rewards]
    return list({id(log): log for log in logs if isinstance(log, RunLog)}.values())

"""How rows become the batches of TRL's trainer: each of one modality, from a table or from a stream.

A batch that mixes rows with and without pictures cannot be prepared, and ranks whose batches differ in that
wait for each other for ever under ZeRO-3.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import IterableDataset
from transformers import TrainerCallback
from transformers.trainer_utils import has_length

from geo_rewards.data.selection.batch_order import stream_batches
from geo_rewards_trl.rows.dataset import has_images
from geo_rewards_trl.rows.sampler import EpochSampler
from geo_rewards_trl.rows.streaming import StreamedRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)


def train_sampler(trainer: Any, rows: Any) -> EpochSampler:
    """Return the order of the rows of a table in training."""
    batch_rows = trainer.args.generation_batch_size // trainer.num_generations
    kinds = has_images(rows)
    _warn_of_small_kinds(kinds, batch_rows)
    return EpochSampler(
        kinds,
        batch_rows=batch_rows,
        repeat_row=trainer.num_generations,
        repeat_batch=trainer.num_iterations * trainer.args.steps_per_generation,
        seed=trainer.args.seed if trainer.shuffle_dataset else None,
        epoch=lambda: trainer.state.epoch,
    )


def eval_sampler(trainer: Any, rows: Any) -> EpochSampler:
    """Return the order of the rows of a table in an evaluation, which leaves none out."""
    return EpochSampler(
        has_images(rows),
        batch_rows=_eval_batch_rows(trainer),
        repeat_row=trainer.num_generations_eval,
        seed=trainer.args.seed,
        drop_last=False,
    )


def train_stream(trainer: Any) -> StreamBatches:
    """Return the batches of a stream in training."""
    return StreamBatches(
        trainer.train_dataset,
        batch_rows=trainer.args.generation_batch_size // trainer.num_generations,
        repeat_row=trainer.num_generations,
        repeat_batch=trainer.num_iterations * trainer.args.steps_per_generation,
        is_shuffled=trainer.shuffle_dataset,
    )


def eval_stream(trainer: Any, rows: StreamedRows) -> StreamBatches:
    """Return the batches of a stream in an evaluation."""
    return StreamBatches(
        rows,
        batch_rows=_eval_batch_rows(trainer),
        repeat_row=trainer.num_generations_eval,
        is_endless=False,
    )


def prepare_for_modalities(training: Any, rows: Any) -> None:
    """Tell DDP that a batch without pictures leaves the vision tower unused: it would wait for it."""
    may_lack = isinstance(rows, StreamedRows) or not has_images(rows).all()
    if training.ddp_find_unused_parameters is None and may_lack:
        training.ddp_find_unused_parameters = True


class StreamBatches(IterableDataset):  # type: ignore[misc]  # torch is skipped by mypy
    """A stream of rows as TRL's `RepeatSampler` would order them, in batches of one modality.

    Every rank reads all of it and takes its share of each batch.

    Args:
        rows: The rows.
        batch_rows: How many rows a batch has, over all ranks.
        repeat_row: How often a row is repeated within its batch: the completions of a group.
        repeat_batch: How often a batch is repeated.
        **order: See `geo_rewards.data.selection.batch_order.stream_batches`.
    """

    def __init__(
        self, rows: StreamedRows, *, batch_rows: int, repeat_row: int, repeat_batch: int = 1, **order: bool
    ) -> None:
        self.rows = rows
        self.batch_rows = batch_rows
        self.repeat_row = repeat_row
        self.repeat_batch = repeat_batch
        self.order = order

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the records of all ranks."""
        for batch in stream_batches(self.rows.stream, batch_rows=self.batch_rows, **self.order):
            records = self.rows.records(batch)
            for _ in range(self.repeat_batch):
                for record in records:
                    for _ in range(self.repeat_row):
                        yield record


class CountBatches(TrainerCallback):  # type: ignore[misc]  # transformers is skipped by mypy
    """Makes the trainer continue counting its batches where a checkpoint left off.

    Stock, it counts from 0, and decides by that count when to generate. A run that resumes between two
    generations (``--num_iterations`` above 1, or ``--steps_per_generation`` above the accumulated batches)
    would then generate for a batch in the middle of its repetitions, and train twice on a part of it.

    Args:
        trainer: The trainer.
    """

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Count the batches of this epoch that were trained on; no generation spans two epochs."""
        accumulated = args.gradient_accumulation_steps
        done = state.global_step
        batches = others["train_dataloader"]
        if has_length(batches):
            done %= max(1, -(-len(batches) // accumulated))
        self.trainer._step = done * accumulated


class ForgetGradients(TrainerCallback):  # type: ignore[misc]  # transformers is skipped by mypy
    """Zeroes the gradients that DeepSpeed ZeRO-3 keeps from the last update; does nothing without it.

    ZeRO-3 overwrites the gradient of each parameter that a batch has used and leaves the others as they are:
    a batch without pictures would move the vision tower again by the gradient of the last pictures.

    Args:
        trainer: The trainer; its model is wrapped when the training begins.
    """

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Forget the gradients before the first batch of an update."""
        optimizer = getattr(self.trainer.model_wrapped, "optimizer", None)
        kept = [getattr(optimizer, "grad_partitions_flat_buffer", None)]
        kept += [flat.grad for flat in getattr(optimizer, "fp32_partitioned_groups_flat", ())]
        for gradient in kept:
            if gradient is not None:
                gradient.zero_()


def _eval_batch_rows(trainer: Any) -> int:
    batch_size = trainer.args.eval_batch_size * trainer.accelerator.num_processes
    return int(batch_size // trainer.num_generations_eval)


def _warn_of_small_kinds(kinds: NDArray[np.bool_], batch_rows: int) -> None:
    for kind, name in ((True, "with pictures"), (False, "without pictures")):
        count = int(np.count_nonzero(kinds == kind))
        if 0 < count < batch_rows:
            logger.warning(
                "%d rows %s do not fill a generation batch of %d prompts: they are repeated in it",
                *(count, name, batch_rows),
            )

"""How rows become the batches of TRL's trainer: each of one modality, from a table or from a stream."""

from __future__ import annotations

import logging
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import IterableDataset
from transformers import TrainerCallback
from transformers.trainer_utils import has_length

from geo_rewards_trl.rows.dataset import has_images
from geo_rewards_trl.rows.sampler import EpochSampler
from geo_rewards_trl.rows.streaming import StreamedRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datasets import Dataset
    from numpy.typing import NDArray
    from torch.utils.data import DataLoader

    from geo_rewards.data import Row

logger = logging.getLogger(__name__)


class RowBatching:
    """What a GRPOTrainer needs for rows with and without pictures; stands before it among the bases.

    Every generation batch, over all ranks, and every batch of an evaluation is of one modality. The order
    of a run that was resumed is that of one that was not.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        prepare_for_modalities(kwargs["args"], kwargs["train_dataset"])
        super().__init__(*args, **kwargs)
        self.add_callback(ForgetGradients(self))  # type: ignore[attr-defined]  # the trainer's, among the bases
        self.add_callback(CountBatches(self))  # type: ignore[attr-defined]

    def _get_train_sampler(self: Any, dataset: Dataset | None = None) -> EpochSampler:
        dataset = self.train_dataset if dataset is None else dataset
        batch_rows = self.args.generation_batch_size // self.num_generations
        kinds = has_images(dataset)
        _tell_small_kinds(kinds, batch_rows)
        return EpochSampler(
            kinds,
            batch_rows=batch_rows,
            repeat_row=self.num_generations,
            repeat_batch=self.num_iterations * self.args.steps_per_generation,
            seed=self.args.seed if self.shuffle_dataset else None,
            epoch=lambda: self.state.epoch,
        )

    def _get_eval_sampler(self: Any, eval_dataset: Dataset) -> EpochSampler:
        batch_size = self.args.eval_batch_size * self.accelerator.num_processes
        return EpochSampler(
            has_images(eval_dataset),
            batch_rows=batch_size // self.num_generations_eval,
            repeat_row=self.num_generations_eval,
            seed=self.args.seed,
            drop_last=False,
        )

    def get_train_dataloader(self: Any) -> DataLoader[Any]:
        """Return the generation batches of this rank."""
        rows = self.train_dataset
        if not isinstance(rows, StreamedRows):
            return super().get_train_dataloader()  # type: ignore[misc]  # the trainer's, among the bases
        batches = StreamBatches(
            rows,
            batch_rows=self.args.generation_batch_size // self.num_generations,
            repeat_row=self.num_generations,
            repeat_batch=self.num_iterations * self.args.steps_per_generation,
            is_shuffled=self.shuffle_dataset,
        )
        size = self._train_batch_size * self.args.steps_per_generation
        return self._get_dataloader(batches, "Training", size, is_training=True)

    def get_eval_dataloader(self: Any, eval_dataset: Any = None) -> DataLoader[Any]:
        """Return the batches of an evaluation of this rank."""
        rows = self.eval_dataset if eval_dataset is None else eval_dataset
        if not isinstance(rows, StreamedRows):
            return super().get_eval_dataloader(eval_dataset)  # type: ignore[misc]  # the trainer's
        batch_size = self.args.eval_batch_size * self.accelerator.num_processes
        batches = StreamBatches(
            rows,
            batch_rows=batch_size // self.num_generations_eval,
            repeat_row=self.num_generations_eval,
            is_endless=False,
        )
        return self._get_dataloader(batches, "Evaluation", self.args.eval_batch_size)

    def _generate_and_score_completions(self: Any, inputs: list[dict[str, Any]]) -> Any:
        """Open the pictures of streamed rows now: not for other ranks, nor while a resumed run skips rows."""
        rows = self.train_dataset if self.model.training else self.eval_dataset
        if isinstance(rows, StreamedRows):
            inputs = rows.opened(inputs)
        return super()._generate_and_score_completions(inputs)  # type: ignore[misc]  # the trainer's


class StreamBatches(IterableDataset):  # type: ignore[misc]  # torch is skipped by mypy
    """A stream of rows as TRL's `RepeatSampler` would order them, in batches of one modality.

    Every rank reads all of it and takes its share of each batch.

    Args:
        rows: The rows.
        batch_rows: How many rows a batch has, over all ranks.
        repeat_row: How often a row is repeated within its batch: the completions of a group.
        repeat_batch: How often a batch is repeated.
        is_shuffled: Shuffle the rows, in each epoch otherwise.
        is_endless: Begin again behind the last row; rows that do not fill a batch wait for the next
            epoch's. Otherwise they are repeated to fill it.
    """

    def __init__(
        self,
        rows: StreamedRows,
        *,
        batch_rows: int,
        repeat_row: int,
        repeat_batch: int = 1,
        is_shuffled: bool = False,
        is_endless: bool = True,
    ) -> None:
        self.rows = rows
        self.batch_rows = batch_rows
        self.repeat_row = repeat_row
        self.repeat_batch = repeat_batch
        self.is_shuffled = is_shuffled
        self.is_endless = is_endless

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the records of all ranks."""
        for batch in self._batches():
            records = self.rows.records(batch)
            for _ in range(self.repeat_batch):
                for record in records:
                    for _ in range(self.repeat_row):
                        yield record

    def _batches(self) -> Iterator[list[Row]]:
        waiting: dict[bool, list[Row]] = {True: [], False: []}
        for epoch in count() if self.is_endless else range(1):
            stream = self.rows.stream
            for row in stream.shuffled(epoch) if self.is_shuffled else stream.rows():
                batch = waiting[bool(row.images)]
                batch.append(row)
                if len(batch) == self.batch_rows:
                    yield batch
                    waiting[bool(row.images)] = []
        for batch in filter(None, waiting.values()):
            yield [batch[index % len(batch)] for index in range(self.batch_rows)]


class CountBatches(TrainerCallback):  # type: ignore[misc]  # transformers is skipped by mypy
    """Has the trainer count its batches from where a checkpoint left off.

    Stock, it counts from 0, and by that decides when to generate. A run that resumes between two generations
    (``--num_iterations`` above 1, or ``--steps_per_generation`` above the accumulated batches) would from
    then on generate for a batch in the middle of its repetitions, and train twice on a part of it.

    Args:
        trainer: The trainer.
    """

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Count the batches of this epoch that were trained on; an epoch holds whole generations."""
        accumulated = args.gradient_accumulation_steps
        done = state.global_step
        batches = others["train_dataloader"]
        if has_length(batches):
            done %= max(1, -(-len(batches) // accumulated))
        self.trainer._step = done * accumulated


class ForgetGradients(TrainerCallback):  # type: ignore[misc]  # transformers is skipped by mypy
    """Sets to zero what DeepSpeed ZeRO-3 keeps of the last update's gradients; does nothing without it.

    It overwrites the gradient of each parameter that a batch has used and leaves the others as they are:
    a batch without pictures would move the vision tower once more by the gradient of the last pictures.

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


def prepare_for_modalities(training: Any, rows: Any) -> None:
    """Tell DDP that a batch without pictures leaves the vision tower unused: it would wait for it."""
    may_lack = isinstance(rows, StreamedRows) or not has_images(rows).all()
    if training.ddp_find_unused_parameters is None and may_lack:
        training.ddp_find_unused_parameters = True


def _tell_small_kinds(kinds: NDArray[np.bool_], batch_rows: int) -> None:
    for kind, name in ((True, "with pictures"), (False, "without pictures")):
        count = int(np.count_nonzero(kinds == kind))
        if 0 < count < batch_rows:
            logger.warning(
                "%d rows %s do not fill a generation batch of %d prompts: they are repeated in it",
                *(count, name, batch_rows),
            )

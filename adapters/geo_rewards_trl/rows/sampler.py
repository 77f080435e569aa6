"""The order of a table's rows: batches of one kind, and the same order wherever a run was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch.utils.data import Sampler

from geo_rewards.data.selection.batch_order import batches_by_kind, count_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


class EpochSampler(Sampler[int]):  # type: ignore[misc]  # torch is skipped by mypy
    """Indices as TRL's `RepeatSampler` yields them, but in batches of one kind, and resumable.

    TRL's sampler draws each epoch's order from one generator: a run that resumes in a later epoch would go
    through the first epoch's order again. Here an epoch is shuffled by the seed and its own number alone.

    Args:
        kinds: The kind of each row, such as whether it has pictures.
        batch_rows: How many rows a batch has, over all ranks.
        repeat_row: How often a row is repeated within its batch: the completions of a group.
        repeat_batch: How often a batch is repeated.
        seed: Decides the order, with the epoch's number; None keeps the order of the rows.
        epoch: Returns the epochs done so far; a fraction in the middle of one.
        drop_last: Leave out the rows of a kind that do not fill a batch (different ones in each epoch); see
            `geo_rewards.data.selection.batch_order.batches_by_kind`.
    """

    def __init__(
        self,
        kinds: NDArray[np.bool_],
        *,
        batch_rows: int,
        repeat_row: int = 1,
        repeat_batch: int = 1,
        seed: int | None = None,
        epoch: Callable[[], float | None] = lambda: 0.0,
        drop_last: bool = True,
    ) -> None:
        self.kinds = kinds
        self.batch_rows = batch_rows
        self.repeat_row = repeat_row
        self.repeat_batch = repeat_batch
        self.seed = seed
        self.drop_last = drop_last
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Yield the indices of the current epoch."""
        order = self._order(int((self._epoch() or 0.0) + 1e-9))
        for batch in batches_by_kind(self.kinds, order, batch_rows=self.batch_rows, drop_last=self.drop_last):
            indices = np.repeat(batch, self.repeat_row).tolist()
            for _ in range(self.repeat_batch):
                yield from indices

    def __len__(self) -> int:
        """Return the number of indices of an epoch."""
        batches = count_batches(self.kinds, batch_rows=self.batch_rows, drop_last=self.drop_last)
        return batches * self.batch_rows * self.repeat_row * self.repeat_batch

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if self.seed is None:
            return np.arange(len(self.kinds))
        import torch

        generator = torch.Generator().manual_seed(self.seed + epoch)
        order: NDArray[np.int64] = torch.randperm(len(self.kinds), generator=generator).numpy()
        return order

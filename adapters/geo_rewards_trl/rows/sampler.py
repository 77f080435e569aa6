"""The order of rows: batches of one kind, and the same order wherever a run was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch.utils.data import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


class EpochSampler(Sampler[int]):  # type: ignore[misc]  # torch is skipped by mypy
    """Indices as TRL's `RepeatSampler` yields them, but in batches of one kind, and resumable.

    TRL's sampler draws each epoch's order from one generator: a run that resumes in a later epoch would go
    through the first epoch's order again. Here an epoch is shuffled by the seed and its own number alone.
    A batch that mixes rows with and without pictures cannot be prepared, and ranks whose batches differ
    in that wait for each other for ever under ZeRO-3: so all rows of a batch are of one kind.

    Args:
        kinds: The kind of each row, such as whether it has pictures.
        batch_rows: How many rows a batch has, over all ranks.
        repeat_row: How often a row is repeated within its batch: the completions of a group.
        repeat_batch: How often a batch is repeated.
        seed: Decides the order, with the epoch's number; None keeps the order of the rows.
        epoch: Tells the epochs done so far; a broken number in the middle of one.
        drop_last: Leave out the rows of a kind that do not fill a batch (others in each epoch); otherwise
            rows of that kind are repeated to fill it. Of a kind that does not fill even one batch the
            rows are repeated in any case.
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
        counts = np.unique(self.kinds, return_counts=True)[1]
        batches = sum(_batch_count(int(count), self.batch_rows, drop_last=self.drop_last) for count in counts)
        return batches * self.batch_rows * self.repeat_row * self.repeat_batch

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if self.seed is None:
            return np.arange(len(self.kinds))
        import torch

        generator = torch.Generator().manual_seed(self.seed + epoch)
        order: NDArray[np.int64] = torch.randperm(len(self.kinds), generator=generator).numpy()
        return order


def batches_by_kind(
    kinds: NDArray[np.bool_], order: NDArray[np.int64], *, batch_rows: int, drop_last: bool = True
) -> NDArray[np.int64]:
    """Return the rows of each batch, shape (batches, batch_rows).

    It is as if one walked along the order and put each row into the batch of its kind, which leaves when
    it is full: batches of different kinds alternate as the rows do.

    Args:
        kinds: The kind of each row.
        order: The rows, in any order.
        batch_rows: How many rows a batch has.
        drop_last: See `EpochSampler`.

    >>> kinds = np.array([True, False, True, False, True])
    >>> batches_by_kind(kinds, np.arange(5), batch_rows=2).tolist()
    [[0, 2], [1, 3]]
    """
    batches, full_at = [], []
    for kind in np.unique(kinds):
        places = np.flatnonzero(kinds[order] == kind)
        count = _batch_count(len(places), batch_rows, drop_last=drop_last)
        # np.resize cuts off what is too much, and begins again where there is too little.
        members = np.resize(places, count * batch_rows).reshape(count, batch_rows)
        batches.append(members)
        full_at.append(members.max(axis=1))
    if not batches:
        return np.zeros((0, batch_rows), dtype=np.int64)
    by_time = np.argsort(np.concatenate(full_at), kind="stable")
    found: NDArray[np.int64] = order[np.concatenate(batches)[by_time]]
    return found


def _batch_count(rows: int, batch_rows: int, *, drop_last: bool) -> int:
    whole = rows // batch_rows
    return max(1, whole) if drop_last else -(-rows // batch_rows)

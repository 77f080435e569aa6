"""Batches of a single kind: rows with and without pictures cannot be prepared together.

Under ZeRO-3, ranks whose batches differ in kind would wait for each other forever.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo_rewards.data.rows import Row
    from geo_rewards.data.selection.stream import RowStream


def batches_by_kind(
    kinds: NDArray[np.bool_], order: NDArray[np.int64], *, batch_rows: int, drop_last: bool = True
) -> NDArray[np.int64]:
    """Return the rows of each batch, shape (batches, batch_rows).

    As if each row, in order, were put into the batch of its kind, which is emitted when full: batches of
    different kinds alternate as the rows do.

    Args:
        kinds: The kind of each row.
        order: The rows, in any order.
        batch_rows: How many rows a batch has.
        drop_last: Drop the rows of a kind that do not fill a batch; otherwise rows of that kind are
            repeated to fill it. If a kind does not fill even one batch, its rows are always repeated.

    >>> kinds = np.array([True, False, True, False, True])
    >>> batches_by_kind(kinds, np.arange(5), batch_rows=2).tolist()
    [[0, 2], [1, 3]]
    """
    batches, full_at = [], []
    for kind in np.unique(kinds):
        places = np.flatnonzero(kinds[order] == kind)
        number = _batch_count(len(places), batch_rows, drop_last=drop_last)
        # np.resize truncates if there are too many rows, and repeats them if too few.
        members = np.resize(places, number * batch_rows).reshape(number, batch_rows)
        batches.append(members)
        full_at.append(members.max(axis=1))
    if not batches:
        return np.zeros((0, batch_rows), dtype=np.int64)
    by_time = np.argsort(np.concatenate(full_at), kind="stable")
    found: NDArray[np.int64] = order[np.concatenate(batches)[by_time]]
    return found


def count_batches(kinds: NDArray[np.bool_], *, batch_rows: int, drop_last: bool = True) -> int:
    """Return how many batches `batches_by_kind` yields.

    >>> count_batches(np.array([True, False, True, False, True]), batch_rows=2)
    2
    """
    counts = np.unique(kinds, return_counts=True)[1]
    return sum(_batch_count(int(rows), batch_rows, drop_last=drop_last) for rows in counts)


def stream_batches(
    stream: RowStream, *, batch_rows: int, is_shuffled: bool = False, is_endless: bool = True
) -> Iterator[list[Row]]:
    """Yield the rows of a stream in batches of a single kind, with or without pictures.

    Args:
        stream: The rows.
        batch_rows: How many rows a batch has.
        is_shuffled: Shuffle the rows, differently in each epoch.
        is_endless: Start over after the last row; rows that do not fill a batch wait for the next epoch.
            Otherwise they are repeated to fill it.
    """
    waiting: dict[bool, list[Row]] = {True: [], False: []}
    for epoch in count() if is_endless else range(1):
        for row in stream.shuffled(epoch) if is_shuffled else stream.rows():
            batch = waiting[bool(row.images)]
            batch.append(row)
            if len(batch) == batch_rows:
                yield batch
                waiting[bool(row.images)] = []
    for batch in filter(None, waiting.values()):
        yield [batch[index % len(batch)] for index in range(batch_rows)]


def _batch_count(rows: int, batch_rows: int, *, drop_last: bool) -> int:
    return max(1, rows // batch_rows) if drop_last else -(-rows // batch_rows)

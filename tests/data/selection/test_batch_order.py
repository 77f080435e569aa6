"""Batches of one kind each, from all rows or from a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo_rewards.data.selection.batch_order import batches_by_kind, count_batches, stream_batches

KINDS = np.random.default_rng(0).random(1000) < 0.7


def test_kinds_alternate_as_the_rows_do():
    batches = batches_by_kind(KINDS, np.arange(1000), batch_rows=10)
    kinds = KINDS[batches]
    assert (kinds == kinds[:, :1]).all()
    first, second = np.array_split(kinds[:, 0], 2)
    assert abs(first.mean() - second.mean()) < 0.1
    assert (np.diff(batches.max(axis=1)) > 0).all()


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 7), st.booleans(), st.randoms())
def test_every_batch_is_of_one_kind_and_as_many_rows_are_used_as_fit(kinds, batch_rows, drop_last, random):
    order = random.sample(range(len(kinds)), len(kinds))
    batches = batches_by_kind(np.array(kinds), np.array(order), batch_rows=batch_rows, drop_last=drop_last)
    assert batches.shape == (
        count_batches(np.array(kinds), batch_rows=batch_rows, drop_last=drop_last),
        batch_rows,
    )
    for kind in set(kinds):
        rows = {index for index, other in enumerate(kinds) if other is kind}
        of_kind = [batch for batch in batches.tolist() if kinds[batch[0]] is kind]
        used = [index for batch in of_kind for index in batch]
        assert set(used) <= rows
        if not drop_last or len(rows) < batch_rows:
            assert set(used) == rows
        else:
            assert len(used) == len(set(used)) == len(rows) // batch_rows * batch_rows


def test_no_rows_make_no_batches():
    none = np.zeros(0, dtype=bool)
    assert batches_by_kind(none, np.zeros(0, dtype=np.int64), batch_rows=3).shape == (0, 3)
    assert count_batches(none, batch_rows=3) == 0


@dataclass(frozen=True)
class Row:
    number: int
    images: list[str]


@dataclass
class Stream:
    """Rows whose every third has no picture; each epoch is rotated by its number."""

    numbers: range
    epochs: list[int] = field(default_factory=list)

    def rows(self):
        return (Row(number, [] if number % 3 == 0 else ["a.png"]) for number in self.numbers)

    def shuffled(self, epoch):
        self.epochs.append(epoch)
        rows = list(self.rows())
        return iter([*rows[epoch:], *rows[:epoch]])


def numbers(batches):
    return [[row.number for row in batch] for batch in batches]


def test_an_endless_stream_starts_over_and_keeps_rows_that_wait():
    stream = Stream(range(7))  # 0, 3 and 6 have no picture
    batches = numbers(islice(stream_batches(stream, batch_rows=2, is_shuffled=True), 7))
    assert batches == [[1, 2], [0, 3], [4, 5], [1, 2], [6, 3], [4, 5], [6, 0]]
    assert stream.epochs == [0, 1]
    assert all(len({number % 3 == 0 for number in batch}) == 1 for batch in batches)


def test_a_stream_that_ends_fills_its_last_batches_by_repeating():
    batches = numbers(stream_batches(Stream(range(5)), batch_rows=3, is_endless=False))
    assert batches == [[1, 2, 4], [0, 3, 0]]

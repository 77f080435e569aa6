from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from geo_rewards_trl.rows.sampler import EpochSampler, batches_by_kind
from hypothesis import given
from hypothesis import strategies as st

KINDS = np.random.default_rng(0).random(1000) < 0.7


def test_rows_of_one_kind_come_in_the_order_of_trls_own_sampler():
    from trl.trainer.utils import RepeatSampler

    ours = EpochSampler(np.ones(50, dtype=bool), batch_rows=8, repeat_row=3, repeat_batch=2, seed=3)
    theirs = RepeatSampler(range(50), 3, batch_size=8, repeat_count=2, seed=3)
    assert list(ours) == list(theirs)
    assert len(ours) == len(theirs) == 6 * 8 * 3 * 2
    unshuffled = EpochSampler(np.ones(50, dtype=bool), batch_rows=8, repeat_row=3)
    assert list(unshuffled) == list(RepeatSampler(range(50), 3, batch_size=8, shuffle=False))


def test_every_epoch_has_an_order_of_its_own_that_does_not_depend_on_the_past():
    def order(*epochs):
        clock = iter(epochs)
        sampler = EpochSampler(KINDS, batch_rows=4, seed=3, epoch=lambda: next(clock))
        return [list(sampler) for _ in epochs]

    first, second = order(None, 1.0)
    assert first != second
    assert order(1.0) == [second]
    assert order(1.4) == [second]


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 7), st.booleans(), st.integers(0, 5))
def test_every_batch_is_of_one_kind_and_as_many_rows_are_used_as_fit(kinds, batch_rows, drop_last, seed):
    sampler = EpochSampler(np.array(kinds), batch_rows=batch_rows, seed=seed, drop_last=drop_last)
    indices = list(sampler)
    assert len(indices) == len(sampler)
    batches = np.array(indices).reshape(-1, batch_rows)
    for kind in set(kinds):
        rows = {index for index, other in enumerate(kinds) if other is kind}
        of_kind = [batch for batch in batches.tolist() if kinds[batch[0]] is kind]
        used = [index for batch in of_kind for index in batch]
        assert set(used) <= rows
        if not drop_last or len(rows) < batch_rows:
            assert set(used) == rows
        else:
            assert len(used) == len(set(used)) == len(rows) // batch_rows * batch_rows


def test_kinds_alternate_as_the_rows_do():
    batches = batches_by_kind(KINDS, np.arange(1000), batch_rows=10)
    kinds = KINDS[batches]
    assert (kinds == kinds[:, :1]).all()
    first, second = np.array_split(kinds[:, 0], 2)
    assert abs(first.mean() - second.mean()) < 0.1
    assert (np.diff(batches.max(axis=1)) > 0).all()


def test_other_rows_are_left_out_in_each_epoch():
    left_out = []
    for epoch in range(5):
        sampler = EpochSampler(np.ones(11, dtype=bool), batch_rows=5, seed=0, epoch=lambda epoch=epoch: epoch)
        left_out += set(range(11)) - set(sampler)
    assert len(left_out) == 5
    assert len(set(left_out)) > 1


def test_a_million_rows_cost_little_memory():
    import tracemalloc

    sampler = EpochSampler(np.arange(1_000_000) % 3 > 0, batch_rows=64, repeat_row=8, seed=0)
    tracemalloc.start()
    taken = [index for index, _ in zip(sampler, range(100), strict=False)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(taken) == 100
    assert peak < 80e6

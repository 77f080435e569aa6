from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.rows.sampler import EpochSampler

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


def test_the_length_is_the_number_of_indices():
    for drop_last in (True, False):
        sampler = EpochSampler(KINDS[:57], batch_rows=5, repeat_row=2, repeat_batch=3, drop_last=drop_last)
        assert len(list(sampler)) == len(sampler)


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

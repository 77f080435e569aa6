"""Bytes of a model's states; tests/adapters/dry_run compares them with DeepSpeed's own estimator."""

from dataclasses import replace

import pytest

from geo_rewards.runs.model_states import Layout, ModelSize, checkpoint_bytes, model_states

SEVEN_BILLION = ModelSize(7_000_000_000, 7_000_000_000, largest_layer=545_000_000)


def half(stage, ranks, **more):
    common = {"load_bytes": 2, "weight_bytes": 2, "optimizer_bytes": 12}
    return Layout(ranks=ranks, stage=stage, **common, **more)


@pytest.mark.parametrize(("stage", "written"), [(2, 10_155_471), (3, 8_805_596)])
def test_checkpoints_of_deepspeed_have_the_size_that_was_seen(stage, written):
    # Two ranks, bfloat16, all 623,552 values of a tiny model trained: bytes of weights and optimizer files.
    tiny = ModelSize(623_552, 623_552, largest_layer=100_000)
    size = checkpoint_bytes(tiny, half(stage, 2), only_model=False)
    assert size == pytest.approx(written, rel=0.03)


def test_a_reference_model_and_generation_are_counted():
    model = SEVEN_BILLION
    plain, reference = half(3, 8), half(3, 8, has_reference=True, gathers_to_generate=True)
    more = model_states(model, reference).held - model_states(model, plain).held
    assert more == pytest.approx(2 * 7e9 / 8)
    assert model_states(model, reference).gathered_to_generate == 2 * 7e9


def test_a_plain_run_holds_everything_on_each_rank_and_gradients_twice_under_ddp():
    layout = Layout(ranks=1, stage=None, load_bytes=4, weight_bytes=4, optimizer_bytes=8)
    model = ModelSize(100, 60, largest_layer=10)
    alone, two = (model_states(model, replace(layout, ranks=ranks)) for ranks in (1, 2))
    assert (alone.weights, alone.gradients, alone.optimizer, alone.peak) == (400, 240, 480, 1120)
    assert (two.weights, two.gradients, two.optimizer) == (400, 480, 480)


def test_adapters_are_saved_alone_and_without_the_frozen_weights():
    adapters = ModelSize(1000, 10, 100, has_adapters=True)
    assert checkpoint_bytes(adapters, half(3, 2), only_model=True) == 20
    assert checkpoint_bytes(adapters, half(3, 2), only_model=False) == 20 + 120
    assert checkpoint_bytes(adapters, half(2, 2), only_model=False) == 40 + 120 + 20

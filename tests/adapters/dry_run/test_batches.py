"""The arithmetic of batches."""

import numpy as np
import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.dry_run.batches import plan_batches
from geo_rewards_trl.flags.command_line import parse_arguments


def test_fewer_rows_than_a_generation_takes_are_a_warning(dry_run):
    text, errors = dry_run("--per_device_train_batch_size", "32")
    assert errors == ()
    assert "warning: 8 rows (all with pictures, or all without) do not fill the 16 prompts" in text


def test_a_run_without_a_step_is_an_error(dry_run):
    _, errors = dry_run("--num_train_epochs", "0")
    assert len(errors) == 1
    assert "there is no step to train" in errors[0]


@pytest.mark.train
def test_the_plan_has_the_steps_of_a_real_run(trained, flags, tmp_path):
    _, more, trainer, _ = trained
    _, training, _ = parse_arguments(flags(tmp_path, *more))
    plan = plan_batches(training, np.ones(8, dtype=bool))
    assert plan.total_steps == trainer.state.max_steps == trainer.state.global_step
    assert plan.epochs == 2
    assert plan.completions_per_step == 4
    _, training, _ = parse_arguments(flags(tmp_path, *more, "--max_steps", "3"))
    assert plan_batches(training, np.ones(8, dtype=bool)).total_steps == 3
    uneven = plan_batches(training, np.array([True] * 5 + [False] * 6))
    assert (uneven.generations_per_epoch, uneven.unused_rows) == (2 + 3, 1)
    assert plan_batches(training, None).total_steps == 3

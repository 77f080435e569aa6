"""Flags that differ from their default, and what commonly goes wrong with them."""

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.dry_run.settings import changed_flags
from geo_rewards_trl.flags.command_line import parse_arguments

LORA = ["--use_peft", "true", "--lora_target_modules", "q_proj", "v_proj", "--lora_r", "4"]


def test_only_flags_that_differ_from_their_default_are_listed(flags, tmp_path):
    changed = changed_flags(*parse_arguments(flags(tmp_path, "--temperature", "0.7")))
    assert changed["temperature"] == 0.7
    assert changed["bf16"] is False
    assert {"data_file_paths", "output_dir", "num_generations", "seed"} <= changed.keys()
    assert not {"epsilon", "beta", "report_to", "lora_r", "steps_per_generation", "resume"} & changed.keys()


def test_what_commonly_goes_wrong_is_a_warning(dry_run):
    text, errors = dry_run(
        *("--learning_rate", "0", "--save_strategy", "no", "--logging_strategy", "no"),
        *("--max_completion_length", "130"),
    )
    assert errors == ()
    for warning in (
        "--learning_rate 0: nothing will be learnt",
        "--save_strategy no: an interruption loses the entire run",
        "--logging_strategy no: rewards, lengths and faults will not be visible",
        "--num_generations 2: advantages are computed within a group",
        "--max_completion_length 130 leaves ",
        "--report_to none",
    ):
        assert f"\nwarning: {warning}" in text
    assert "--learning_rate 0.001 is large for all weights" in dry_run()[0]
    assert "is large" not in dry_run(*LORA)[0]

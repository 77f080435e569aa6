import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.flags.arguments import (
    DEFAULT_SYSTEM_PROMPT,
    UsageError,
    deepspeed_config,
    system_prompt_text,
)
from geo_rewards_trl.flags.checks import check_arguments
from geo_rewards_trl.flags.command_line import parse_arguments

from geo_rewards.errors import UnknownNameError

BASE = ["--data_file_paths", "a.jsonl", "--model_name_or_path", "m", "--use_cpu", "true", "--bf16", "false"]


@pytest.fixture
def parse(tmp_path):
    return lambda *flags: parse_arguments([*BASE, "--output_dir", str(tmp_path), *flags])


def test_flags_of_trl_and_ours_are_parsed_together(parse):
    run, training, model = parse("--recipe", "geo-r", "--num_generations", "4", "--lora_r", "8")
    assert (run.recipe, training.num_generations, model.lora_r) == ("geo-r", 4, 8)


def test_an_unknown_flag_is_an_error_with_the_nearest_one(parse):
    with pytest.raises(UnknownNameError, match="unknown flag '--recipes'; did you mean '--recipe'"):
        parse("--recipes", "geo-r")


@pytest.mark.parametrize("flag", ["--reci", "--num_gen", "--reci=geo-r"])
def test_an_abbreviated_flag_is_refused(parse, flag):
    with pytest.raises(UnknownNameError, match="unknown flag"):
        parse(flag, "4")


def test_a_config_file_gives_flags_and_the_command_line_wins(parse, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text("num_generations: 4\nrecipe: geo-r\nlearning_rate: 2e-4\n")
    run, training, _ = parse("--config", str(config), "--recipe", "geoguessr")
    assert (run.recipe, training.num_generations, training.learning_rate) == ("geoguessr", 4, 2e-4)


@pytest.mark.parametrize("form", ["--config={}", "--config {}"])
def test_an_unknown_key_of_a_config_file_is_an_error_with_the_nearest_one(parse, tmp_path, form):
    config = tmp_path / "run.yaml"
    config.write_text("num_generation: 4\n")
    with pytest.raises(
        UnknownNameError, match=r"run\.yaml: unknown key 'num_generation'; did you mean 'num_gen"
    ):
        parse(*form.format(config).split(" "))


def test_a_flag_at_the_end_without_its_value_is_a_usage_error(parse):
    with pytest.raises(UsageError, match="--config needs a value"):
        parse("--config")


def test_a_config_file_that_cannot_be_read_is_a_usage_error(parse, tmp_path):
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read"):
        parse("--config", str(tmp_path / "none.yaml"))


@pytest.mark.parametrize("flags", [["--deepspeed", "zero4"], ["--deepspeed=zero4"]])
def test_an_unknown_deepspeed_configuration_is_an_error_with_the_nearest_ones(parse, flags):
    with pytest.raises(
        UnknownNameError, match="--deepspeed: unknown DeepSpeed configuration 'zero4'; did you mean 'zero"
    ):
        parse(*flags)


def test_shipped_deepspeed_configurations_are_found_by_name_and_files_by_path(tmp_path):
    for name in ("zero2", "zero3", "zero3_offload"):
        assert deepspeed_config(name).endswith(f"configs/{name}.json")
    own = tmp_path / "zero3"
    own.write_text("{}")
    assert deepspeed_config(str(own)) == str(own)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--remove_unused_columns", "true"], "would drop the truth columns"),
        (["--recipe", "geo-r", "--reward_funcs", "city_match"], "not both"),
        (["--reward_weights", "1.0"], "--reward_weights goes with --reward_funcs"),
        (["--num_generations", "three"], "num_generations"),
        (["--resume", "always"], "resume"),
        (["--report_to", "nowhere"], "unknown tracker 'nowhere'"),
        (["--report_to", "wandb"], "--report_to wandb needs its package: pip install wandb"),
        (["--val_split_ratio", "1.5"], "--val_split_ratio is 1.5; it must be"),
        (["--use_cpu", "false"], "no GPU was found: to train on CPUs, add --use_cpu true --bf16 false"),
        (["--bad_rows", "skp"], "argument --bad_rows: invalid choice"),
        (
            ["--per_device_train_batch_size", "3", "--num_generations", "2"],
            r"\(3\) must be divisible by num_generations \(2\): it is processes x --per_device",
        ),
    ],
)
def test_flags_that_do_not_go_together_are_usage_errors(parse, flags, message):
    with pytest.raises((UsageError, UnknownNameError), match=message):
        parse(*flags)


def test_a_missing_flag_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="data_file_paths"):
        parse_arguments(["--model_name_or_path", "m", "--output_dir", str(tmp_path)])
    with pytest.raises(UsageError, match="--model_name_or_path is missing"):
        parse_arguments([*BASE[:2], *BASE[4:], "--output_dir", str(tmp_path)])


def test_a_world_that_is_smaller_than_what_was_launched_is_refused(parse, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    parsed = parse()
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="2 processes were launched, but the trainer sees a world of 1"):
        check_arguments(*parsed)


def test_the_system_prompt_is_off_the_default_or_a_file(tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_text(" Where? \n")
    assert system_prompt_text("off") is None
    assert system_prompt_text("default") == DEFAULT_SYSTEM_PROMPT
    assert system_prompt_text(str(file)) == "Where?"
    with pytest.raises(UsageError, match="must be `off`, `default` or a text file"):
        system_prompt_text(str(tmp_path / "none.txt"))

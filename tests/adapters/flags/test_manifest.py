import json
from dataclasses import fields

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.flags.arguments import RunArguments
from geo_rewards_trl.flags.command_line import parse_arguments
from geo_rewards_trl.flags.manifest import (
    FREE_FLAGS,
    TRAINED_FLAGS,
    describe_trained,
    make_manifest,
    rank_part,
)

from geo_rewards.data import find_sources
from geo_rewards.runs.manifest import binding_part, differences, save_manifest
from geo_rewards.scoring.recipe import load_recipe

# Which rows are trained on, and in which order; a new flag belongs here or in FREE_FLAGS.
ROW_FLAGS = {"val_split_ratio", "split_by", "streaming", "shuffle_buffer"}


@pytest.fixture
def start(tmp_path):
    """Return a function that gives flags and manifest of a run."""
    data = tmp_path / "rows.jsonl"
    data.write_text("{}\n")

    def run(*flags):
        base = ["--data_file_paths", str(data), "--model_name_or_path", "m", "--output_dir", str(tmp_path)]
        args, training, model = parse_arguments([*base, "--use_cpu", "true", "--bf16", "false", *flags])
        sources = find_sources(args.data_file_paths, None, reward_methods=args.reward_method)
        recipe = load_recipe(args.recipe or "default")
        manifest = make_manifest(args, recipe, training=training, sources=sources, hashes=["x"], rows=1)
        return args, training, {**manifest, "trained": describe_trained(args, model)}

    return run


def test_every_flag_is_known_to_change_the_rows_or_the_trained_weights_or_neither():
    known = [field.name for field in fields(RunArguments)]
    sets = [*ROW_FLAGS, *FREE_FLAGS, *TRAINED_FLAGS]
    assert sorted(sets) == sorted(known), "say in manifest.py or here whether a resume may change it"


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (["--val_split_ratio", "0.5"], "data.val_split_ratio: 0.0 -> 0.5"),
        (["--seed", "1"], "data.seed: 42 -> 1"),
        (["--reward_method", "fuzzy"], "data.sources[0].reward_method: None -> 'fuzzy'"),
    ],
)
def test_what_changes_the_rows_is_bound(start, flags, found):
    before, after = start()[2], start(*flags)[2]
    assert differences(binding_part(before), binding_part(after)) == [found]


LORA = ["--use_peft", "true", "--lora_target_modules", "q_proj", "v_proj"]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ([], ["--model_name_or_path", "somewhere/other"], "model: 'm' -> 'other'"),
        ([], ["--freeze_vision_modules", "true"], "freeze_vision_modules: False -> True"),
        (LORA, [*LORA, "--train_projector", "true"], "train_projector: False -> True"),
        (LORA, [*LORA, "--lora_vision", "true"], "adapters.lora_vision: False -> True"),
        (LORA, [*LORA, "--lora_r", "4"], "adapters.lora_r: 16 -> 4"),
        (LORA, [*LORA[:-1], "k_proj"], "adapters.lora_target_modules[0]: 'q_proj' -> 'k_proj'"),
        ([], LORA, "adapters: None -> {"),
    ],
)
def test_what_changes_the_trained_weights_is_bound(start, before, after, found):
    first, *_ = differences(binding_part(start(*before)[2]), binding_part(start(*after)[2]))
    assert first.startswith(f"trained.{found}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["--model_name_or_path", "somewhere/m"]),
        (LORA, [*LORA, "--freeze_vision_modules", "true"]),  # adapters leave the vision side alone anyway
        (LORA, [*LORA[:-2], "v_proj", "q_proj"]),
        ([], ["--lora_r", "4"]),
        ([], ["--max_pixels", "1000", "--system_prompt", "off"]),
    ],
)
def test_what_leaves_the_trained_weights_as_they_are_may_change(start, before, after):
    assert differences(binding_part(start(*before)[2]), binding_part(start(*after)[2])) == []


def test_ranks_are_compared_by_all_flags_but_places_of_a_machine(start):
    def part(*flags):
        run, training, manifest = start(*flags)
        return rank_part(manifest, run, training)

    assert differences(part(), part("--data_cache_dir", "elsewhere", "--run_name", "other")) == []
    found = differences(part(), part("--max_steps", "3", "--max_completion_length", "4"))
    assert sorted(found) == ["flags.max_completion_length: 512 -> 4", "flags.max_steps: -1 -> 3"]


def test_a_manifest_says_how_the_processes_work_together_and_is_written_at_once(start, tmp_path):
    manifest = start()[2]
    assert manifest["launch"] == {"processes": 1, "deepspeed_stage": None, "save_only_model": False}
    folder = tmp_path / "out"
    folder.mkdir()
    save_manifest(folder, manifest)
    assert sorted(file.name for file in folder.iterdir()) == ["recipe.yaml", "run.json"]
    assert json.loads((folder / "run.json").read_text()) == manifest

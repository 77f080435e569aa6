"""Real trainings of the tiny model, in this process."""

import json
import math

import pytest
import yaml

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.train import run_training
from safetensors.torch import load_file

import geo_rewards as gr
from geo_rewards.errors import GeoRewardsError, RecipeError
from geo_rewards.testing import temporary_plugin

pytestmark = pytest.mark.train


class Vowels(gr.Reward):
    """Share of vowels: even a random model's completions differ by it."""

    name = "vowels"

    def score(self, sample: gr.Sample) -> float | None:
        return sum(sample.completion.count(v) for v in "aeiou") / max(1, len(sample.completion))


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Vowels)


@pytest.fixture(scope="module")
def train(tiny_model, photos, common_flags):
    """Return a function that trains on the photos (or other data) for a few steps."""

    def run(output, *flags, data=photos, steps=2):
        base = [
            "--model_name_or_path",
            str(tiny_model),
            "--output_dir",
            str(output),
            "--max_steps",
            str(steps),
        ]
        base += ["--data_file_paths", str(data), "--image_folders", str(data.parent)]
        with temporary_plugin(Plugin):
            return run_training([*common_flags, *base, *flags])

    return run


@pytest.fixture(scope="module")
def trained(train, tmp_path_factory):
    """Return the output folder and the trainer of one run with a recipe, a split and logged completions."""
    output = tmp_path_factory.mktemp("run")
    recipe = output / "recipe_in.yaml"
    entries = [
        {"name": "vowels"},
        {"name": "haversine_decay", "as": "distance", "params": {"curve": "linear"}},
        {"name": "coordinate_format", "as": "format", "weight": 0},
    ]
    recipe.write_text(yaml.safe_dump({"rewards": entries}))
    flags = ["--recipe", str(recipe), "--recipe_set", "distance.limit_km=5000", "--log_completions", "true"]
    return output, train(output, *flags, "--val_split_ratio", "0.25", "--save_steps", "2")


def test_a_run_changes_the_weights(trained, tiny_model):
    before = load_file(tiny_model / "model.safetensors")
    after = load_file(trained[0] / "model.safetensors")
    assert before.keys() == after.keys()
    assert any(not before[name].equal(after[name]) for name in before)


def test_a_saved_model_loads_and_answers(trained):
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = AutoModelForImageTextToText.from_pretrained(trained[0])
    processor = AutoProcessor.from_pretrained(trained[0])
    inputs = processor(text=["Where was this taken?"], return_tensors="pt")
    assert model.generate(**inputs, max_new_tokens=4).shape[1] > inputs["input_ids"].shape[1]


def test_every_step_logs_each_label_the_parse_rate_and_the_spread(trained):
    steps = [entry for entry in trained[1].state.log_history if "loss" in entry]
    assert len(steps) == 2
    for entry in steps:
        assert {
            "rewards/vowels/mean",
            "rewards/distance/mean",
            "parse_rate",
            "frac_reward_zero_std",
        } <= entry.keys()
        assert {"reward_errors/vowels", "reward_errors/distance", "reward_errors/format"} <= entry.keys()
        assert "rewards/format/mean" not in entry
        assert 0 < entry["rewards/vowels/mean"] < 1
        assert math.isfinite(entry["loss"])


def test_the_completions_table_holds_answer_truth_and_distance_beside_each_completion(trained):
    import pandas as pd

    tables = sorted((trained[0] / "completions").glob("*.parquet"))
    table = pd.read_parquet(tables[0])
    assert {"parsed", "problems", "distance_km", "truth", "vowels", "distance"} <= set(table.columns)
    assert len(table) == 4
    assert all(40.5 <= json.loads(truth)["lat"] <= 47.5 for truth in table["truth"])


def test_a_completions_table_scores_again_to_the_same_rewards(trained, tmp_path):
    import pandas as pd

    from geo_rewards.cli import main

    table = sorted((trained[0] / "completions").glob("*.parquet"))[0]
    scored = tmp_path / "scored.jsonl"
    with temporary_plugin(Plugin):
        assert (
            main(["score", str(table), "--recipe", str(trained[0] / "recipe.yaml"), "-o", str(scored)]) == 0
        )
    logged = pd.read_parquet(table)
    again = [json.loads(line)["rewards"] for line in scored.read_text().splitlines()]
    for label in ("vowels", "distance"):
        assert [row[label] for row in again] == pytest.approx(logged[label].tolist())


def test_recipe_plugin_versions_and_data_are_saved_beside_the_model(trained):
    manifest = json.loads((trained[0] / "run.json").read_text())
    assert manifest["plugins"]["distance"].startswith("geo-rewards ")
    assert manifest["plugins"]["vowels"] == "temporary 0"
    assert manifest["data"]["rows"] == 8
    saved = yaml.safe_load((trained[0] / "recipe.yaml").read_text())
    assert saved["rewards"][1]["params"]["limit_km"] == 5000


def test_the_validation_split_is_held_out(trained):
    trainer = trained[1]
    assert (len(trainer.train_dataset), len(trainer.eval_dataset)) == (6, 2)
    assert not set(trainer.train_dataset["id"]) & set(trainer.eval_dataset["id"])


def test_the_same_command_resumes_and_says_so(trained, train, caplog):
    caplog.set_level("INFO")
    flags = ["--recipe", str(trained[0] / "recipe_in.yaml"), "--recipe_set", "distance.limit_km=5000"]
    trainer = train(trained[0], *flags, "--val_split_ratio", "0.25", steps=3)
    assert f"resuming from {trained[0] / 'checkpoint-2'}" in caplog.text
    assert trainer.state.global_step == 3
    assert [entry["step"] for entry in trainer.state.log_history if "loss" in entry] == [1, 2, 3]


def test_a_resume_with_another_recipe_is_an_error_that_names_the_difference(trained, train):
    flags = ["--recipe", str(trained[0] / "recipe_in.yaml"), "--recipe_set", "distance.limit_km=6000"]
    with pytest.raises(GeoRewardsError, match=r"recipe\.rewards\[1\]\.params\.limit_km: 5000\.0 -> 6000\.0"):
        train(trained[0], *flags, "--val_split_ratio", "0.25", steps=3)


def test_a_resume_with_other_data_is_an_error_that_names_the_difference(trained, train, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    data = write_rows(tmp_path, [seed_row(number) for number in range(4)], name="rows.jsonl")
    flags = ["--recipe", str(trained[0] / "recipe_in.yaml"), "--recipe_set", "distance.limit_km=5000"]
    with pytest.raises(GeoRewardsError, match=r"data\.rows: 8 -> 4"):
        train(trained[0], *flags, "--val_split_ratio", "0.25", data=data)


def test_several_pictures_a_row_train(train, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(n) | {"image": [f"{n}a.png", f"{n}b.png"]} for n in range(4)]
    for row in rows:
        row["conversations"][0]["value"] = "Where were these taken?"  # no marks: the images come first
    trainer = train(tmp_path / "run", "--reward_funcs", "vowels", data=write_rows(tmp_path, rows))
    assert len(trainer.train_dataset[0]["images"]) == 2
    assert trainer.state.global_step == 2


def test_rows_without_pictures_train(train, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(n) for n in range(4)]
    for row in rows:
        del row["image"]
        row["conversations"][0]["value"] = "Where is the Eiffel Tower?"
    trainer = train(tmp_path / "run", "--reward_funcs", "vowels", data=write_rows(tmp_path, rows))
    assert "images" not in trainer.train_dataset.column_names
    assert trainer.state.global_step == 2


def test_the_seeds_own_sample_row_trains_and_scores_with_the_plugin(train, make_rows, tmp_path):
    pytest.importorskip("geo_rewards_vqa")
    seed_row, write_rows = make_rows
    rows = [seed_row(n) for n in range(4)]
    for row in rows:
        row["conversations"][0]["value"] = "<image>How many metallic balls?"
        row["conversations"][1]["value"] = "0"
    flags = ["--reward_funcs", "vqa_auto", "think_answer_format"]
    trainer = train(tmp_path / "run", *flags, data=write_rows(tmp_path, rows))
    assert trainer.state.log_history[0]["rewards/vqa_auto/mean"] == 0.0  # a random model; it did not abstain
    assert gr.get_reward("vqa_auto")(["<think>x</think><answer>0</answer>"], solution=["0"]) == [1.0]


def test_frozen_vision_modules_stay_as_they_were_and_the_rest_learns(train, tiny_model, tmp_path):
    train(tmp_path, "--reward_funcs", "vowels", "--freeze_vision_modules", "true", "--max_pixels", "3136")
    before, after = load_file(tiny_model / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed
    assert not any("visual" in name for name in changed)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--recipe", "geor"], "unknown recipe 'geor'; did you mean 'geo-r'"),
        (
            ["--reward_funcs", "haversin_decay"],
            "unknown reward 'haversin_decay'; did you mean 'haversine_decay'",
        ),
        (["--recipe_set", "distance.scale=5"], "unknown key 'scale'; did you mean 'scale_km'"),
        (["--remove_unused_columns", "true"], "would drop the truth columns"),
        (["--val_split_ratio", "1.5"], "ratio is 1.5"),
        (["--max_pixels", "0"], "max_pixels is 0"),
    ],
)
def test_what_is_wrong_is_said_before_the_model_is_loaded(train, tmp_path, flags, message):
    with pytest.raises(GeoRewardsError, match=message):
        train(tmp_path, *flags)
    assert not (tmp_path / "run.json").exists()


def test_data_without_the_needed_truth_are_refused_before_the_model_is_loaded(train, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(n) for n in range(4)]
    for row in rows:
        row["conversations"][1]["value"] = "a fountain"
    with pytest.raises(RecipeError, match="reward 'distance' needs the truth's coordinate, which no row has"):
        train(tmp_path / "run", "--model_name_or_path", "/nowhere", data=write_rows(tmp_path, rows))

"""Real trainings of the tiny model, in this process."""

import json
import math
import shutil
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.train import run_training
from safetensors.torch import load_file

import geo_rewards as gr
from geo_rewards.errors import DataError, GeoRewardsError, RecipeError, UsageError
from geo_rewards.runs.run_lock import LOCK_NAME
from geo_rewards.testing import temporary_plugin

pytestmark = pytest.mark.train


class Vowels(gr.Reward):
    """Share of vowels: even a random model's completions differ by it."""

    name = "vowels"

    def score(self, sample: gr.Sample) -> float | None:
        return sum(sample.completion.count(v) for v in "aeiou") / max(1, len(sample.completion))


class Seen(gr.Reward):
    """0.5, and remembers what it was given."""

    name = "seen"

    def score(self, sample: gr.Sample) -> float | None:
        COMPLETIONS.append(sample.completion)
        if "tag" in sample.row:
            SEEN.append((sample.truth.coordinate.lat, sample.row["tag"], sample.progress))
        return 0.5


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Vowels)
        register(Seen)


SEEN = []
COMPLETIONS = []


def logged_steps(trainer):
    return [entry for entry in trainer.state.log_history if "loss" in entry]


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
        assert 0 <= entry["rewards/format/mean"] <= 1  # of weight 0: logged all the same
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


def test_the_total_is_the_weighted_sum_of_the_recipe(train, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    entries = [{"name": "vowels", "weight": 0.25}, {"name": "vowels", "as": "again", "weight": 2.0}]
    recipe.write_text(yaml.safe_dump({"rewards": entries}))
    for entry in logged_steps(train(tmp_path / "a", "--recipe", str(recipe))):
        assert entry["reward"] == pytest.approx(2.25 * entry["rewards/vowels/mean"])
    flags = ["--reward_funcs", "vowels", "coordinate_format", "--reward_weights", "3", "1"]
    for entry in logged_steps(train(tmp_path / "b", *flags)):
        assert entry["reward"] == pytest.approx(3 * entry["rewards/vowels/mean"])


def test_truth_columns_of_other_names_extra_columns_and_progress_reach_the_reward(train, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    SEEN.clear()
    rows = [seed_row(n, my_lat=n + 0.5, my_lon=1.0, tag=f"t{n}") for n in range(4)]
    recipe = tmp_path / "recipe.yaml"
    columns = {"lat": "my_lat", "lon": "my_lon"}
    recipe.write_text(yaml.safe_dump({"rewards": [{"name": "seen"}], "columns": columns}))
    train(tmp_path / "run", "--recipe", str(recipe), data=write_rows(tmp_path, rows))
    assert {(lat, tag) for lat, tag, _ in SEEN} <= {(n + 0.5, f"t{n}") for n in range(4)}
    assert {progress for _, _, progress in SEEN} == {0.0, 0.5}


def test_a_bad_truth_in_a_column_of_another_name_is_named_by_file_and_line(train, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(n, my_lat=400.0 if n == 2 else 1.0, my_lon=1.0) for n in range(4)]
    recipe = tmp_path / "recipe.yaml"
    columns = {"lat": "my_lat", "lon": "my_lon"}
    recipe.write_text(yaml.safe_dump({"rewards": [{"name": "seen"}], "columns": columns}))
    with pytest.raises(DataError, match=r"rows\.jsonl, line 3: latitude 400\.0 is not in"):
        train(tmp_path / "run", "--recipe", str(recipe), data=write_rows(tmp_path, rows))


def test_a_template_that_opens_think_has_the_tag_restored(train, tiny_model, tmp_path):
    opened = tmp_path / "opened"
    shutil.copytree(tiny_model, opened)
    template = opened / "chat_template.jinja"
    template.write_text(template.read_text() + "{% if add_generation_prompt %}{{ '<think>' }}{% endif %}")
    COMPLETIONS.clear()
    train(tmp_path / "run", "--reward_funcs", "seen", "--model_name_or_path", str(opened), steps=1)
    assert COMPLETIONS
    assert all(text.startswith("<think>") for text in COMPLETIONS)


def test_the_pixel_limit_makes_the_pictures_smaller(train, tmp_path):
    grids = []
    for pixels in ("3136", "784"):
        trainer = train(
            tmp_path / pixels,
            "--reward_funcs",
            "vowels",
            "--min_pixels",
            "784",
            "--max_pixels",
            pixels,
            steps=1,
        )
        picture = trainer.train_dataset[0]["images"][0]
        grids.append(
            trainer.processing_class.image_processor(picture, return_tensors="pt")["image_grid_thw"].prod()
        )
    assert grids[0] == 4 * grids[1]


def test_the_system_prompt_stands_before_every_prompt(train, tmp_path):
    for value, roles in (("default", ["system", "user"]), ("off", ["user"])):
        trainer = train(tmp_path / value, "--reward_funcs", "vowels", "--system_prompt", value, steps=1)
        assert [message["role"] for message in trainer.train_dataset[0]["prompt"]] == roles


def test_lora_beside_frozen_vision_leaves_the_tower_alone(train, tmp_path):
    flags = ["--reward_funcs", "vowels", "--use_peft", "true", "--lora_target_modules", "all-linear"]
    train(tmp_path, *flags, "--freeze_vision_modules", "true", "--lora_r", "2")
    adapters = load_file(tmp_path / "adapter_model.safetensors")
    assert adapters
    assert not any("visual" in name for name in adapters)
    assert any(tensor.abs().sum() > 0 for name, tensor in adapters.items() if "lora_B" in name)


HOLDER = """
import sys
from pathlib import Path
from geo_rewards.runs.run_lock import RunLock
RunLock(Path(sys.argv[1])).acquire()
print("taken", flush=True)
sys.stdin.read()
"""


def test_two_runs_do_not_share_an_output_folder(train, tmp_path):
    flags = ["--reward_funcs", "vowels"]
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "taken\n"
        with pytest.raises(
            GeoRewardsError, match=f"in use by another run, process {other.pid} on this machine"
        ):
            train(tmp_path, *flags, steps=1)
        assert [path.name for path in tmp_path.iterdir()] == [LOCK_NAME]
        other.kill()
    train(tmp_path, *flags, steps=1)
    assert (tmp_path / "model.safetensors").exists()
    assert not (tmp_path / LOCK_NAME).exists()


def test_never_resuming_moves_the_old_checkpoints_out_of_the_way(train, tmp_path, caplog):
    flags = ["--reward_funcs", "vowels", "--save_steps", "1"]
    train(tmp_path, *flags, steps=3)
    other = ["--reward_funcs", "vowels", "coordinate_format", "--save_steps", "1"]
    train(tmp_path, *other, "--resume", "never", steps=1)
    assert (tmp_path / "earlier-1" / "checkpoint-3").is_dir()
    caplog.set_level("INFO")
    trainer = train(tmp_path, *other, steps=2)  # the second run's checkpoint, not the first's
    assert f"resuming from {tmp_path / 'checkpoint-1'}" in caplog.text
    assert trainer.state.global_step == 2


def test_a_given_checkpoint_is_compared_too(train, tmp_path):
    train(tmp_path / "a", "--reward_funcs", "vowels", "--save_steps", "1", steps=1)
    checkpoint = ["--resume_from_checkpoint", str(tmp_path / "a" / "checkpoint-1")]
    with pytest.raises(GeoRewardsError, match=r"recipe\.rewards\.coordinate_format: None -> "):
        train(tmp_path / "b", "--reward_funcs", "vowels", "coordinate_format", *checkpoint)
    with pytest.raises(UsageError, match="not both"):
        train(tmp_path / "b", "--reward_funcs", "vowels", "--resume", "never", *checkpoint)
    with pytest.raises(GeoRewardsError, match="no such folder"):
        train(tmp_path / "b", "--reward_funcs", "vowels", "--resume_from_checkpoint", "true")
    assert train(tmp_path / "b", "--reward_funcs", "vowels", *checkpoint, steps=2).state.global_step == 2


def test_a_checkpoint_goes_to_the_hub_when_it_is_whole(train, tmp_path, monkeypatch):
    sent = {}

    class Hub:
        def create_repo(self, name, **_):
            return SimpleNamespace(repo_id=name)

        def upload_folder(self, *, folder_path, path_in_repo="", **_):
            sent.setdefault(path_in_repo, {file.name for file in Path(folder_path).iterdir()})
            done = Future()
            done.set_result(None)
            return done

    monkeypatch.setattr("transformers.trainer.hf_api", Hub)
    flags = ["--reward_funcs", "vowels", "--save_steps", "1", "--data_cache_dir", str(tmp_path / "cache")]
    push = ["--push_to_hub", "true", "--hub_strategy", "all_checkpoints", "--hub_model_id", "me/mine"]
    train(tmp_path / "run", *flags, *push, steps=1)
    assert {"model.safetensors", "optimizer.pt", "run.json"} <= sent["checkpoint-1"]
    assert "unfinished" not in sent["checkpoint-1"]
    with pytest.raises(UsageError, match=r"--push_to_hub would publish the data .*: set --data_cache_dir"):
        train(tmp_path / "other", *flags[:-2], *push)


def test_the_validation_split_is_held_out(trained):
    trainer = trained[1]
    assert (len(trainer.train_dataset), len(trainer.eval_dataset)) == (6, 2)
    assert not set(trainer.train_dataset["id"]) & set(trainer.eval_dataset["id"])


def test_a_finished_run_that_is_started_again_trains_no_further(trained, train, caplog):
    caplog.set_level("INFO")
    before = load_file(trained[0] / "model.safetensors")
    flags = ["--recipe", str(trained[0] / "recipe_in.yaml"), "--recipe_set", "distance.limit_km=5000"]
    trainer = train(trained[0], *flags, "--val_split_ratio", "0.25", steps=2)
    assert "nothing is left to train: step 2 of 2" in caplog.text
    assert trainer.state.global_step == 2
    after = load_file(trained[0] / "model.safetensors")
    assert all(after[name].equal(weight) for name, weight in before.items())


def test_the_same_command_resumes_and_says_so(trained, train, caplog, capsys):
    caplog.set_level("INFO")
    flags = ["--recipe", str(trained[0] / "recipe_in.yaml"), "--recipe_set", "distance.limit_km=5000"]
    shown = ["--log_completions", "true", "--num_completions_to_print", "1"]
    trainer = train(trained[0], *flags, *shown, "--val_split_ratio", "0.25", steps=3)
    assert "1 of 4 completions; all are in completions/completions_00003.parquet" in caplog.text
    assert "Advantage" not in capsys.readouterr().out  # TRL's table, hundreds of lines high
    assert f"resuming from {trained[0] / 'checkpoint-2'}" in caplog.text
    assert trainer.state.global_step == 3
    assert [entry["step"] for entry in trainer.state.log_history if "loss" in entry] == [1, 2, 3]


def test_a_resume_with_another_recipe_is_an_error_that_names_the_difference(trained, train):
    flags = ["--recipe", str(trained[0] / "recipe_in.yaml"), "--recipe_set", "distance.limit_km=6000"]
    with pytest.raises(
        GeoRewardsError, match=r"recipe\.rewards\.distance\.params\.limit_km: 5000\.0 -> 6000\.0"
    ):
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
        (["--val_split_ratio", "1.5"], "--val_split_ratio is 1.5"),
        (["--max_pixels", "0"], "max_pixels is 0"),
        (["--model_name_or_path", "./nowhere"], "model ./nowhere, which is not a folder here: "),
        (["--output_dir", "/proc/nowhere"], "--output_dir /proc/nowhere cannot be written"),
        (["--data_cache_dir", "/proc/nowhere"], "cannot write the data table to /proc/nowhere: "),
        (["--eval_strategy", "steps"], "set --val_split_ratio"),
        (["--use_peft", "true"], "needs --lora_target_modules"),
        (["--report_to", "wandbb"], "unknown tracker 'wandbb'; did you mean 'wandb'"),
        (
            ["--recipe_set", "format.weight=0", "distance.weight=0", "--recipe", "geoguessr"],
            "every weight is 0",
        ),
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

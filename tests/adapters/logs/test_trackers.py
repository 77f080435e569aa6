"""TRL's trackers: what they store is what the trainer logged, under the same names."""

import json
import math
import os
import sqlite3
import struct
import subprocess
import sys

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.flags.command_line import parse_arguments
from geo_rewards_trl.train import run_training

REWARDS = ["--reward_funcs", "overlong_penalty", "haversine_decay"]


@pytest.fixture
def train(tiny_model, photos, common_flags, tmp_path, monkeypatch):
    """Return a function that trains two steps with a tracker, and returns what was logged at each step."""
    monkeypatch.chdir(tmp_path)

    def run(tracker, *flags):
        kept = [flag for flag in common_flags if flag not in {"--report_to", "none"}]
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", "run", "--max_steps", "2"]
        base += ["--data_file_paths", str(photos), "--image_folders", str(photos.parent)]
        trainer = run_training([*kept, *base, *REWARDS, "--report_to", tracker, *flags])
        return {entry["step"]: figures(entry) for entry in trainer.state.log_history if "loss" in entry}

    return run


def figures(entry):
    return {key: value for key, value in entry.items() if key != "step" and value is not None}


def assert_same(logged, stored):
    """See that a tracker has every figure of every step, under the name with the trainer's prefix."""
    assert len(logged) == 2
    for step, expected in logged.items():
        assert {
            "rewards/overlong_penalty/mean",
            "rewards/haversine_decay/std",
            "parse_rate",
        } <= expected.keys()
        for key, value in expected.items():
            assert stored[step][f"train/{key}"] == pytest.approx(value, rel=1e-5, abs=1e-6), (step, key)


def test_several_trackers_may_be_named(tmp_path):
    base = [
        "--data_file_paths",
        "a.jsonl",
        "--model_name_or_path",
        "m",
        "--use_cpu",
        "true",
        "--bf16",
        "false",
        "--dry_run",  # which looks for the trackers' packages by itself
        "true",
    ]
    base += ["--output_dir", str(tmp_path)]
    for flags, expected in (
        (["tensorboard", "wandb"], ["tensorboard", "wandb"]),
        (["wandb"], ["wandb"]),
        (["none"], []),
    ):
        assert parse_arguments([*base, "--report_to", *flags])[1].report_to == expected
    config = tmp_path / "run.yaml"
    config.write_text("report_to: [wandb, trackio]\n")
    assert parse_arguments([*base, "--config", str(config)])[1].report_to == ["wandb", "trackio"]
    config.write_text("report_to: wandb\n")
    assert parse_arguments([*base, "--config", str(config)])[1].report_to == ["wandb"]


@pytest.mark.train
def test_tensorboard_has_every_figure(train, tmp_path):
    pytest.importorskip("tensorboard", reason="TRL's tracker of this name is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logged = train("tensorboard")
    (folder,) = (tmp_path / "run" / "runs").iterdir()
    events = EventAccumulator(str(folder))
    events.Reload()
    stored: dict = {}
    for tag in events.Tags()["scalars"]:
        for event in events.Scalars(tag):
            stored.setdefault(event.step, {})[tag] = event.value
    assert_same(logged, stored)


@pytest.mark.train
def test_wandb_has_every_figure_and_a_table_of_completions_with_pictures(train, tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="TRL's tracker of this name is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "artifacts"))
    logged = train("wandb", "--log_completions", "true")
    rows = list(wandb_history(next((tmp_path / "wandb").glob("offline-run-*/run-*.wandb"))))
    stored: dict = {}
    tables = []
    for row in rows:
        tables += [row["completions/path"]] if "completions/path" in row else []
        stored.setdefault(row.get("train/global_step"), {}).update(row)
    assert_same(logged, stored)
    assert tables
    folder = next((tmp_path / "wandb").glob("offline-run-*/files"))
    table = json.loads((folder / tables[0]).read_text())
    assert len(table["data"]) == 4
    first = dict(zip(table["columns"], table["data"][0], strict=True))
    assert first["prompt"].endswith("user: [image] Where was this taken?")
    assert isinstance(first["completion"], str)
    assert math.isfinite(first["haversine_decay"])
    assert first["image_1"] == "Image"  # wandb's mark; the pixels are in the run's artifact


def wandb_history(file):
    """Yield the rows of a run that was recorded offline: records in blocks, as LevelDB's log has them."""
    from wandb.proto import wandb_internal_pb2

    content, at, parts = file.read_bytes(), 7, b""
    while at + 7 <= len(content):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        _, size, kind = struct.unpack("<IHB", content[at : at + 7])
        parts += content[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in {1, 4}:  # whole, or the last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(parts)
            parts = b""
            if record.WhichOneof("record_type") == "history":
                items = record.history.item
                yield {i.key or "/".join(i.nested_key): json.loads(i.value_json) for i in items}


@pytest.mark.train
def test_trackio_has_every_figure(tiny_model, photos, common_flags, tmp_path):
    pytest.importorskip("trackio", reason="TRL's tracker of this name is not installed")
    kept = [flag for flag in common_flags if flag not in {"--report_to", "none"}]
    command = [sys.executable, "-m", "geo_rewards_trl.train", *kept, *REWARDS, "--max_steps", "2"]
    command += ["--model_name_or_path", str(tiny_model), "--output_dir", "run", "--report_to", "trackio"]
    command += ["--data_file_paths", str(photos), "--image_folders", str(photos.parent), "--run_name", "here"]
    # In a process of its own: trackio reads where to write when it is imported.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TRACKIO_DIR": str(tmp_path / "trackio")}
    options = {"env": environment, "cwd": tmp_path, "capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run(command, check=False, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    state = json.loads((tmp_path / "run" / "trainer_state.json").read_text())
    logged = {entry["step"]: figures(entry) for entry in state["log_history"] if "loss" in entry}

    (file,) = (tmp_path / "trackio").glob("*.db")
    with sqlite3.connect(file) as database:
        rows = database.execute("select metrics from metrics where run_name = 'here'").fetchall()
    stored: dict = {}
    for (text,) in rows:
        row = json.loads(text)
        stored.setdefault(row.get("train/global_step"), {}).update(row)
    assert_same(logged, stored)

"""Real trainings on rows with no, one and two pictures in one run, from a table and from a stream."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.rows.streaming import open_stream
from geo_rewards_trl.train import run_training
from safetensors.torch import load_file

import geo_rewards as gr
from geo_rewards.data import Source
from geo_rewards.data.selection.sampling import parse_sampling
from geo_rewards.errors import DataError, RecipeError, UsageError
from geo_rewards.testing import temporary_plugin

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[3]
LAUNCHER = Path(__file__).parents[1] / "launch.py"
STREAM = ["--streaming", "true", "--shuffle_buffer", "6"]


class Noted(gr.Reward):
    """Varies with the completion, and remembers its batches: the rows, and how many pictures each has."""

    name = "noted"
    batches: ClassVar[list] = []

    def score_batch(self, batch) -> list[float | None]:
        samples = list(batch.samples)
        self.batches.append([(sample.row["id"], len(sample.row["images"])) for sample in samples])
        return [min(20, sum(sample.completion.count(vowel) for vowel in "aeiou")) / 20 for sample in samples]


class Plugin:
    """Registers the reward above."""

    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Noted)


def pictures_of(number: int) -> int:
    return number % 3


@pytest.fixture(scope="module")
def mixed(make_rows, tmp_path_factory):
    """Return a file of 16 rows: six without a picture, five with one, five with two."""
    seed_row, write_rows = make_rows
    rows = []
    for number in range(16):
        row = seed_row(number) | {"image": [f"{number}-{k}.png" for k in range(pictures_of(number))]}
        row["conversations"][0]["value"] = "Where was this?"
        rows.append(row)
    return write_rows(tmp_path_factory.mktemp("mixed"), rows)


@pytest.fixture
def train(tiny_model, mixed, common_flags):
    """Return a function that trains in this process."""

    def run(output, *flags, steps, data=mixed):
        Noted.batches.clear()
        base = [
            "--model_name_or_path",
            str(tiny_model),
            "--output_dir",
            str(output),
            "--max_steps",
            str(steps),
        ]
        base += ["--data_file_paths", str(data), "--reward_funcs", "noted", "--optim", "sgd"]
        with temporary_plugin(Plugin):
            return run_training([*common_flags, *base, *flags])

    return run


def one_modality(batch: list) -> bool:
    return len({count > 0 for _, count in batch}) == 1


def whole_groups(batch: list) -> bool:
    return all(first == second for first, second in zip(batch[::2], batch[1::2], strict=True))


def test_every_batch_is_of_one_modality_and_an_epoch_uses_every_row(train, tmp_path):
    trainer = train(tmp_path, steps=8)
    assert trainer.state.epoch == 1.0
    assert len(Noted.batches) == 8
    for batch in Noted.batches:
        assert one_modality(batch)
        assert whole_groups(batch)
        assert all(count == pictures_of(number) for number, count in batch)
    assert sorted(number for batch in Noted.batches for number, _ in batch[::2]) == list(range(16))
    assert {count for batch in Noted.batches for _, count in batch} == {0, 1, 2}
    assert any({1, 2} == {count for _, count in batch} for batch in Noted.batches)


def test_an_evaluation_sees_every_row_in_batches_of_one_modality(train, tmp_path):
    flags = ["--val_split_ratio", "0.4", "--eval_strategy", "steps", "--eval_steps", "1"]
    trainer = train(tmp_path, *flags, "--per_device_eval_batch_size", "4", steps=1)
    held_out = set(trainer.eval_dataset.with_format(None)["id"])
    evaluated = Noted.batches[1:]
    assert {number for batch in evaluated for number, _ in batch} == held_out
    assert all(one_modality(batch) and whole_groups(batch) for batch in evaluated)
    assert {batch[0][1] > 0 for batch in evaluated} == {True, False}


@pytest.mark.parametrize("source", [[], STREAM], ids=["table", "stream"])
def test_a_run_resumed_in_the_middle_of_an_epoch_ends_with_the_same_weights(source, train, tmp_path):
    train(tmp_path / "a", *source, "--save_steps", "3", "--learning_rate", "0.1", steps=5)
    whole = list(Noted.batches)
    shutil.copytree(tmp_path / "a" / "checkpoint-3", tmp_path / "b" / "checkpoint-3")
    train(tmp_path / "b", *source, "--save_steps", "3", "--learning_rate", "0.1", steps=5)
    assert Noted.batches == whole[3:]
    ours, theirs = (load_file(tmp_path / name / "model.safetensors") for name in "ba")
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def test_rows_of_a_stream_that_stand_on_one_line_of_a_json_file_are_held_out_like_others(tmp_path):
    rows = [
        {
            "conversations": [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "1, 2"}],
            "id": number,
        }
        for number in range(80)
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    source = Source(tmp_path / "rows.json", tmp_path, weight=2.0)
    parts = open_stream([source], seed=1, val_split_ratio=0.25)
    trained, held_out = ([row.columns["id"] for row in part.stream.rows()] for part in parts)
    assert len(trained) + len(held_out) == 160
    assert 20 < len(held_out) < 60
    assert not set(trained) & set(held_out)


def test_a_stream_mixes_files_by_what_is_taken_of_them(tmp_path):
    turns = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "1, 2"}]
    for name, count in (("large", 10_000), ("small", 100)):
        lines = [json.dumps({"conversations": turns, "file": name}) + "\n"] * count
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
    sources = [
        Source(tmp_path / "large.jsonl", tmp_path, parse_sampling("first:100")),
        Source(tmp_path / "small.jsonl", tmp_path),
    ]
    stream, _ = open_stream(sources, seed=1)
    names = [row.columns["file"] for row in stream.stream.rows()]
    assert len(names) == 200
    assert 30 < names[:100].count("small") < 70


def test_a_stream_too_short_to_hold_a_row_out_is_refused_at_once(tmp_path):
    turns = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "1, 2"}]
    (tmp_path / "rows.jsonl").write_text(json.dumps({"conversations": turns}))
    with pytest.raises(DataError, match="no good rows for validation"):
        open_stream([Source(tmp_path / "rows.jsonl", tmp_path)], seed=1, val_split_ratio=0.01)


@pytest.mark.parametrize("source", [[], STREAM], ids=["table", "stream"])
def test_a_run_resumed_between_two_generations_ends_with_the_same_weights(source, train, tmp_path):
    flags = [*source, "--num_iterations", "2", "--save_steps", "3"]
    train(tmp_path / "a", *flags, steps=5)
    whole = list(Noted.batches)
    assert len(whole) == 3
    shutil.copytree(tmp_path / "a" / "checkpoint-3", tmp_path / "b" / "checkpoint-3")
    train(tmp_path / "b", *flags, steps=5)
    assert Noted.batches == whole[2:]  # what was generated before the end is in the checkpoint
    weights = [load_file(tmp_path / name / "model.safetensors") for name in "ab"]
    assert all(tensor.equal(weights[1][name]) for name, tensor in weights[0].items())
    assert (tmp_path / "b" / "checkpoint-5" / "generation_0.pt").is_file()


def test_a_generation_is_not_continued_with_other_batches(train, tmp_path, caplog):
    flags = ["--num_iterations", "2", "--save_steps", "1"]
    train(tmp_path, *flags, steps=1)
    train(tmp_path, *flags, "--gradient_accumulation_steps", "2", steps=2)
    assert "generation_0.pt was written with other batches: its prompts are answered again" in caplog.text


def test_a_stream_begins_again_and_holds_rows_out_by_their_place_in_the_file(train, tmp_path):
    flags = [*STREAM, "--val_split_ratio", "0.3", "--eval_strategy", "steps", "--eval_steps", "12"]
    train(tmp_path, *flags, "--per_device_eval_batch_size", "4", steps=12)
    trained = {number for batch in Noted.batches[:12] for number, _ in batch}
    held_out = {number for batch in Noted.batches[12:] for number, _ in batch}
    assert all(one_modality(batch) and whole_groups(batch) for batch in Noted.batches)
    assert held_out
    assert not trained & held_out
    assert trained | held_out == set(range(16))


def test_a_dry_run_looks_at_the_first_rows_of_a_stream(train, tmp_path, capsys):
    flags = [*STREAM, "--reward_funcs", "haversine_decay", "--val_split_ratio", "0.3"]
    flags += ["--max_completion_length", "200", "--dry_run", "true"]
    assert train(tmp_path, *flags, steps=3) is None
    said = capsys.readouterr().out
    assert "a stream of 1 file, of which the first" in said
    assert said.endswith("Fit to start.\n")
    assert not Noted.batches


def test_bad_rows_of_a_stream_end_the_run_or_are_left_out(train, make_rows, tmp_path, caplog):
    seed_row, write_rows = make_rows
    rows = [seed_row(number, **({"lat": 95.0, "lon": 1.0} if number == 2 else {})) for number in range(5)]
    file = write_rows(tmp_path, rows)
    with pytest.raises(DataError, match=r"rows\.jsonl, line 3: latitude 95\.0 .*--bad_rows skip"):
        train(tmp_path / "a", *STREAM, steps=1, data=file)
    caplog.set_level("INFO")
    train(tmp_path / "b", *STREAM, "--bad_rows", "skip", steps=4, data=file)
    assert {number for batch in Noted.batches for number, _ in batch} == {0, 1, 3, 4}
    assert "left out 1 bad rows so far; the last: " in caplog.text


def test_a_stream_whose_first_rows_lack_the_truth_is_refused_before_the_model_is_loaded(
    train, make_rows, tmp_path
):
    seed_row, write_rows = make_rows
    rows = [seed_row(number) for number in range(3)]
    for row in rows:
        row["conversations"][1]["value"] = "a fountain"
    flags = ["--reward_funcs", "haversine_decay", "--model_name_or_path", "/nowhere"]
    with pytest.raises(RecipeError, match="coordinate, which none of the first 3 rows has"):
        train(tmp_path / "run", *STREAM, *flags, steps=1, data=write_rows(tmp_path, rows))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--streaming", "true", "--max_steps", "-1"], "set --max_steps"),
        (["--streaming", "true", "--shuffle_buffer", "0"], "--shuffle_buffer is 0"),
        ([*STREAM, "--split_by", "place_km:5", "--val_split_ratio", "0.1"], "leave --split_by off"),
        ([*STREAM, "--dataloader_num_workers", "2"], "leave --dataloader_num_workers off"),
        (["--dataloader_persistent_workers", "true"], "set --dataloader_num_workers"),
        (["--split_by", "place_km:5"], "set --val_split_ratio"),
        (["--split_by", "place:5"], "--split_by is 'place:5'; use row, or place_km:N"),
    ],
)
def test_flags_of_rows_that_do_not_fit_are_refused(train, tmp_path, flags, message):
    with pytest.raises(UsageError, match=message):
        train(tmp_path, *flags, steps=1)


@pytest.fixture(scope="module")
def launch(tiny_model, mixed, common_flags, tmp_path_factory):
    """Return a function that trains on two ranks, and returns the output folder and what each rank noted."""

    def run(*flags, output=None, steps=4):
        records = tmp_path_factory.mktemp("records")
        output = output or records / "run"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        start = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", f"--master_port={port}"]
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", str(output)]
        base += ["--data_file_paths", str(mixed), "--max_steps", str(steps), "--optim", "sgd"]
        base += ["--reward_funcs", "vowels", "rows_seen", "--learning_rate", "0.1"]
        done = subprocess.run(
            [*start, str(LAUNCHER), str(records), *common_flags, *base, *flags],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return output, [json.loads((records / f"rank{rank}.json").read_text()) for rank in (0, 1)]

    return run


@pytest.fixture(scope="module")
def plain(launch):
    return launch()


def batches_of(record: dict) -> list[list[int]]:
    """Return the rows that a rank was given at each step."""
    return [record["rows"][start : start + 4] for start in range(0, len(record["rows"]), 4)]


def steps_of(record: dict) -> list[dict]:
    return [entry for entry in record["log"] if "loss" in entry]


def check_batches(records: list[dict]) -> None:
    """See that at each step both ranks have whole groups of one modality, and rows of their own."""
    for ours, theirs in zip(*map(batches_of, records), strict=True):
        assert ours[::2] == ours[1::2]
        assert theirs[::2] == theirs[1::2]
        assert not set(ours) & set(theirs)
        assert len({pictures_of(number) > 0 for number in ours + theirs}) == 1


def test_two_ranks_train_on_batches_of_one_modality(plain):
    _, records = plain
    assert [record["world_size"] for record in records] == [2, 2]
    check_batches(records)
    kinds = [pictures_of(batch[0]) > 0 for batch in batches_of(records[0])]
    assert len(kinds) == 4
    assert set(kinds) == {True, False}


def test_under_zero3_a_batch_without_pictures_leaves_the_vision_tower_alone(launch, plain):
    """ZeRO-3 keeps gradients of parameters that a batch has not used: they must not be applied again."""
    output, records = launch("--deepspeed", "zero3", "--save_steps", "1")
    check_batches(records)
    saved = [load_file(output / f"checkpoint-{step}" / "model.safetensors") for step in (1, 2, 3, 4)]
    for before, after, batch in zip(saved[:-1], saved[1:], batches_of(records[0])[1:], strict=True):
        moved = {name for name in before if not before[name].equal(after[name])}
        assert any("visual" not in name for name in moved)
        assert any("visual" in name for name in moved) is (pictures_of(batch[0]) > 0)
    for ours, theirs in zip(steps_of(records[0]), steps_of(plain[1][0]), strict=True):
        for key in ("reward", "loss", "grad_norm"):
            assert ours[key] == pytest.approx(theirs[key], rel=2e-3, abs=1e-6), key


def test_two_ranks_share_a_stream(launch):
    _, records = launch(*STREAM, steps=6)
    check_batches(records)
    seen = {number for record in records for number in record["rows"]}
    assert len(seen) > 12


@pytest.mark.long
def test_frozen_vision_modules_and_mixed_rows_train_under_zero3(launch):
    _, records = launch("--deepspeed", "zero3", "--freeze_vision_modules", "true")
    check_batches(records)


@pytest.mark.long
@pytest.mark.parametrize("engine", ["zero2", "zero3"])
def test_a_stream_resumes_on_two_ranks_under_deepspeed(launch, engine, tmp_path):
    flags = [*STREAM, "--deepspeed", engine, "--save_steps", "3"]
    output, whole = launch(*flags, steps=5)
    shutil.copytree(output / "checkpoint-3", tmp_path / "checkpoint-3")
    _, resumed = launch(*flags, steps=5, output=tmp_path)
    assert resumed[0]["weights"] == whole[0]["weights"]
    for ours, theirs in zip(resumed, whole, strict=True):
        assert ours["rows"] == theirs["rows"][-len(ours["rows"]) :]

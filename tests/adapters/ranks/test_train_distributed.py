"""Real trainings of the tiny model on two processes, started by torchrun as users start them."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[3]
LAUNCHER = Path(__file__).parents[1] / "launch.py"
REWARDS = ["--reward_funcs", "vowels", "rows_seen"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def torchrun(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Start two processes on this machine and wait for them."""
    start = ["-m", "torch.distributed.run", "--nproc_per_node=2", "--nnodes=1", "--node_rank=0"]
    start += ["--master_addr=127.0.0.1", f"--master_port={free_port()}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, *start, *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def launch(tiny_model, photos, common_flags, tmp_path_factory):
    """Return a function that trains on two ranks and returns what each rank wrote down."""

    def run(output, *flags):
        records = tmp_path_factory.mktemp("records")
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", str(output), "--save_steps", "3"]
        base += ["--data_file_paths", str(photos), "--image_folders", str(photos.parent), "--max_steps", "5"]
        done = torchrun(str(LAUNCHER), str(records), *common_flags, *base, *flags)
        assert done.returncode == 0, done.stderr[-4000:]
        return [json.loads((records / f"rank{rank}.json").read_text()) for rank in (0, 1)]

    return run


@pytest.fixture(scope="module")
def plain(launch, tmp_path_factory):
    return launch(tmp_path_factory.mktemp("plain"), *REWARDS)


@pytest.fixture(scope="module")
def zero3(launch, tmp_path_factory):
    output = tmp_path_factory.mktemp("zero3")
    return output, launch(output, *REWARDS, "--deepspeed", "zero3")


def steps(record: dict) -> list[dict]:
    return [entry for entry in record["log"] if "loss" in entry]


def test_two_ranks_train_together_on_different_rows(plain):
    assert [record["world_size"] for record in plain] == [2, 2]
    first, second = (set(record["rows"]) for record in plain)
    assert first
    assert second
    assert plain[0]["rows"][:4] != plain[1]["rows"][:4]
    assert not set(plain[0]["rows"][:4]) & set(plain[1]["rows"][:4])


def test_under_zero3_a_rank_holds_about_half_of_the_elements(zero3, plain):
    for record in zero3[1]:
        share = record["partition"]["held"] / record["partition"]["all"]
        assert 0.45 < share < 0.6
    assert plain[0]["partition"]["held"] == plain[0]["partition"]["all"]


def test_zero3_computes_what_the_plain_run_computes(zero3, plain):
    for ours, theirs in zip(steps(zero3[1][0]), steps(plain[0]), strict=True):
        for key in ("reward", "rewards/vowels/mean", "loss", "grad_norm"):
            assert ours[key] == pytest.approx(theirs[key], rel=2e-3, abs=1e-6), key


def test_resuming_gives_the_same_weights_as_not_stopping(zero3, launch, tmp_path):
    output, records = zero3
    shutil.copytree(output / "checkpoint-3", tmp_path / "checkpoint-3")
    resumed = launch(tmp_path, *REWARDS, "--deepspeed", "zero3")
    assert [entry["step"] for entry in steps(resumed[0])] == [1, 2, 3, 4, 5]
    # Eight rows are two steps: step 3 lies in the middle of the second epoch, step 5 in the third.
    assert resumed[0]["rows"] == records[0]["rows"][-len(resumed[0]["rows"]) :]
    assert len(resumed[0]["rows"]) < len(records[0]["rows"])
    assert resumed[0]["weights"] == records[0]["weights"]


def test_the_command_of_geo_rs_readers_works(tiny_model, photos, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    more = tmp_path / "more"
    more.mkdir()
    other = write_rows(more, [seed_row(number) for number in range(8, 12)], name="b.jsonl")
    done = torchrun(
        "adapters/train_grpo.py",
        *("--output_dir", str(tmp_path / "run"), "--model_name_or_path", str(tiny_model)),
        *("--deepspeed", "adapters/geo_rewards_trl/configs/zero3.json"),
        *("--data_file_paths", f"{photos}:{other}", "--image_folders", f"{photos.parent}:{more}"),
        *("--use_cpu", "true", "--max_steps", "1", "--max_completion_length", "8", "--report_to", "none"),
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "12 rows to train on" in done.stderr
    assert (tmp_path / "run" / "model.safetensors").is_file()
    assert (tmp_path / "run" / "preprocessor_config.json").is_file() or (
        tmp_path / "run" / "processor_config.json"
    ).is_file()


def test_two_trainings_side_by_side_are_refused(tiny_model, photos, tmp_path):
    done = torchrun(
        *(
            "-m",
            "geo_rewards_trl.train",
            "--output_dir",
            str(tmp_path),
            "--model_name_or_path",
            str(tiny_model),
        ),
        *("--data_file_paths", str(photos), "--image_folders", str(photos.parent), "--bf16", "false"),
    )
    assert done.returncode != 0
    assert "no GPU was found" in done.stderr
    assert "--use_cpu true" in done.stderr
    assert "Traceback" not in done.stderr.split("torch/distributed")[0]


def test_a_reward_that_fails_on_one_rank_stops_the_run_on_all(tiny_model, photos, common_flags, tmp_path):
    records = tmp_path / "records"
    records.mkdir()
    base = [
        "--model_name_or_path",
        str(tiny_model),
        "--output_dir",
        str(tmp_path / "run"),
        "--max_steps",
        "40",
    ]
    base += ["--data_file_paths", str(photos), "--image_folders", str(photos.parent)]
    base += ["--reward_funcs", "vowels", "fails_on_rank_1"]
    done = torchrun(str(LAUNCHER), str(records), *common_flags, *base)
    assert done.returncode != 0
    assert done.stderr.count("ConnectionError: service is down") >= 1
    assert "reward 'fails_on_rank_1': failed on 20 of the last 40 samples of all ranks" in done.stderr


def test_ranks_with_different_recipes_are_refused_on_both(tiny_model, photos, common_flags, tmp_path):
    base = [
        "--model_name_or_path",
        str(tiny_model),
        "--output_dir",
        str(tmp_path / "run"),
        "--max_steps",
        "1",
    ]
    base += ["--data_file_paths", str(photos), "--image_folders", str(photos.parent)]
    done = torchrun(
        str(LAUNCHER), str(tmp_path), *common_flags, *base, "--recipe_set", "distance.scale_km=5{rank}"
    )
    assert done.returncode != 0
    difference = "ranks differ from rank 0: rank 1: recipe.rewards.distance.params.scale_km: 50.0 -> 51.0"
    assert done.stderr.count(difference) >= 1
    assert not (tmp_path / "run" / "run.json").exists()

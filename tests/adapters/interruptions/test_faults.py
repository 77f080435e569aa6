"""Real trainings on two processes in which something goes wrong; see faults.py for what."""

import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

pytest.importorskip("trl", reason="needs the extra `train`")

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[3]
LAUNCHER = Path(__file__).parents[1] / "launch.py"
REWARDS = ["--reward_funcs", "vowels", "rows_seen"]
STEPS = ["--max_steps", "7", "--save_steps", "2", "--save_total_limit", "1"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def launch(tiny_model, photos, common_flags, tmp_path_factory):
    """Return a function that trains on two ranks, and returns the process and what each rank wrote down."""

    def run(output, *flags, faults=(), data=photos):
        records = tmp_path_factory.mktemp("records")
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", str(output)]
        base += ["--data_file_paths", str(data), "--image_folders", str(photos.parent)]
        start = ["-m", "torch.distributed.run", "--nproc_per_node=2", "--nnodes=1", "--node_rank=0"]
        start += ["--master_addr=127.0.0.1", f"--master_port={free_port()}"]
        environment = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "FAULTS": json.dumps(faults)}
        done = subprocess.run(
            [sys.executable, *start, str(LAUNCHER), str(records), *common_flags, *base, *flags],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        written = [records / f"rank{rank}.json" for rank in (0, 1)]
        return done, [json.loads(file.read_text()) for file in written if file.exists()]

    return run


def must_end_well(outcome):
    done, records = outcome
    assert done.returncode == 0, done.stderr[-4000:]
    assert len(records) == 2
    return done, records


def said(done) -> list[str]:
    """Return what our processes said."""
    return [line for line in done.stderr.splitlines() if line.startswith("geo-rewards [rank ")]


def steps(record) -> list[dict]:
    return [entry for entry in record["log"] if "loss" in entry]


def interrupted(launch, output, flags, faults):
    """Train through one fault after another with the same command; return the processes."""
    ended = []
    for fault in faults:
        start = time.monotonic()
        done, _ = launch(output, *flags, faults=[fault])
        assert time.monotonic() - start < 180  # nobody waits for --ddp_timeout; the start is the longest part
        assert done.returncode == 1, done.stderr[-4000:]
        ended.append(done)
    done, records = must_end_well(launch(output, *flags))
    return [*ended, done], records


def assert_death_was_told(done, output, last):
    """See that torchrun names the dead process, and the other one says how to go on."""
    assert "exitcode  : -9" in done.stderr, done.stderr[-4000:]
    (message,) = said(done)
    assert message.startswith("geo-rewards [rank 0]: ")
    assert message.endswith(f"the same command resumes from {output / last}")


@pytest.mark.parametrize(
    "flags", [[], pytest.param(["--deepspeed", "zero3"], marks=pytest.mark.long)], ids=["plain", "zero3"]
)
def test_a_death_while_saving_and_a_full_disk_change_nothing_in_the_end(launch, tmp_path, flags):
    flags = [*REWARDS, *STEPS, *flags]
    _, undisturbed = must_end_well(launch(tmp_path / "undisturbed", *flags))
    output = tmp_path / "disturbed"
    faults = [
        {"what": "kill_in_save", "step": 4, "rank": 1},
        {"what": "full_disk", "step": 5, "rank": 0},
    ]
    (death, full, last), records = interrupted(launch, output, flags, faults)

    assert_death_was_told(death, output, "checkpoint-2")
    assert (
        f"{output / 'checkpoint-4'} is incomplete (the run ended while it was being written)" in full.stderr
    )
    assert f"resuming from {output / 'checkpoint-2'}" in full.stderr

    (message,) = [line for line in said(full) if "could not be written" in line]
    assert f"[rank 0]: {output / 'checkpoint-6'} could not be written (" in message
    assert message.endswith(f"; the same command resumes from {output / 'checkpoint-4'}")
    assert f"resuming from {output / 'checkpoint-4'}" in last.stderr
    assert f"removed {output / 'checkpoint-6'}" in last.stderr
    assert records[0]["weights"] == undisturbed[0]["weights"]
    assert [entry["step"] for entry in steps(records[0])] == [1, 2, 3, 4, 5, 6, 7]
    assert [folder.name for folder in output.glob("checkpoint-*")] == ["checkpoint-7"]


@pytest.mark.long
@pytest.mark.parametrize("flags", [[], ["--deepspeed", "zero3"]], ids=["plain", "zero3"])
def test_a_death_at_any_step_changes_nothing_in_the_end(launch, tmp_path, flags):
    flags = [*REWARDS, *STEPS, *flags]
    _, undisturbed = must_end_well(launch(tmp_path / "undisturbed", *flags))
    fault = {"what": "kill_in_step", "step": random.randint(3, 7), "rank": random.randint(0, 1)}
    (death, _), records = interrupted(launch, tmp_path / "disturbed", flags, [fault])
    assert "exitcode  : -9" in death.stderr, fault
    assert said(death)[0].startswith(f"geo-rewards [rank {1 - fault['rank']}]: "), fault
    assert records[0]["weights"] == undisturbed[0]["weights"], fault


def write_recipe(folder, *entries) -> list[str]:
    (folder / "recipe.yaml").write_text(yaml.safe_dump({"rewards": list(entries)}))
    return ["--recipe", str(folder / "recipe.yaml")]


def test_rewards_that_hang_stop_nothing_until_one_rank_raises_alone(launch, tmp_path):
    recipe = write_recipe(
        tmp_path,
        {"name": "vowels"},
        {"name": "hangs_in_regex", "on_error": 0.25},
        {"name": "hangs_as_batch", "on_error": 0.5, "timeout_s": 0.3},
        {"name": "blocks_the_loop", "on_error": 0.0},
        {"name": "dead_service"},
        {"name": "fails_late_on_rank_1", "on_error": "raise"},
    )
    start = time.monotonic()
    done, records = launch(tmp_path / "run", *recipe, "--max_steps", "4")
    assert time.monotonic() - start < 180
    assert done.returncode == 1
    entries = steps(records[-1])
    assert [entry["step"] for entry in entries] == [1, 2], done.stderr[-4000:]
    for entry in entries:
        # Eight samples a step, four on each rank.
        assert entry["reward_errors/hangs_in_regex"] == 2
        assert entry["reward_errors/hangs_as_batch"] == 4
        assert entry["reward_errors/blocks_the_loop"] == 4
        assert entry["reward_errors/dead_service"] == 8
        assert entry["grad_norm"] == 0.0  # each row has a fault without a value, so none is learnt from
    assert done.stderr.count("TimeoutError: no value within 0.3 s") >= 3
    assert "ConnectionRefusedError" in done.stderr or "ConnectionError" in done.stderr
    assert "a call inside `async def score` blocks the event loop" in done.stderr
    assert done.stderr.count("reward 'hangs_in_regex' failed on 2 rows; the first:") == 1

    (reason,) = [line for line in said(done) if line.startswith("geo-rewards [rank 1]: ")]
    assert "reward 'fails_late_on_rank_1', row 0: ConnectionError: service is down; there is no " in reason
    (other,) = [line for line in said(done) if line.startswith("geo-rewards [rank 0]: ")]
    assert "ended by SIGTERM in " in other or "lost contact with another process" in other


@pytest.mark.long
def test_a_rank_that_cannot_start_is_named_by_the_others(launch, photos, tmp_path):
    (tmp_path / "rows0.jsonl").write_bytes(photos.read_bytes())
    done, _ = launch(tmp_path / "run", *REWARDS, "--max_steps", "1", data=tmp_path / "rows{rank}.jsonl")
    assert done.returncode == 1
    told = sorted(said(done))
    assert "rows1.jsonl" in told[1]
    assert told[0].startswith("geo-rewards [rank 0]: another process cannot start: rank 1: ")
    assert "rows1.jsonl" in told[0]


@pytest.mark.long
def test_ranks_with_other_flags_are_refused_on_both(launch, tmp_path):
    done, _ = launch(tmp_path / "run", *REWARDS, "--max_steps", "1{rank}")
    assert done.returncode == 1
    assert len(said(done)) == 2
    assert all("ranks differ from rank 0: rank 1: flags.max_steps: 10 -> 11" in line for line in said(done))

"""Several nodes, rehearsed on this machine: one torchrun agent for each, which meet at an address.

`examples/slurm/train.sbatch` runs as it is written; only SLURM's own commands are stand-ins that start one
process group a node.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

ROOT = Path(__file__).parents[3]
LAUNCHER = Path(__file__).parents[1] / "launch.py"
SCRIPT = ROOT / "examples" / "slurm" / "train.sbatch"

# Starts the command once a node, as SLURM would, and ends the others when one of them fails.
SRUN = """#!/bin/bash
echo "srun ${@:1:3}" >> "$SLURM_RECORD"
echo $$ > "$SLURM_RECORD.srun"
nodes="${1#--ntasks=}"
shift 3
trap 'kill $(jobs -p)' TERM
for ((node = 0; node < nodes; node++)); do
    SLURM_NODEID=$node "$@" &
done
code=0
for job in $(jobs -p); do
    wait "$job" || { code=$?; kill $(jobs -p) 2> /dev/null; }
done
exit $code
"""
# `requeue` ends the job's steps, as SLURM does.
SCONTROL = """#!/bin/bash
echo "scontrol $*" >> "$SLURM_RECORD"
case "$1" in
    show) echo 127.0.0.1; echo 127.0.0.1 ;;
    requeue) kill "$(cat "$SLURM_RECORD.srun")" ;;
esac
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**more):
    return {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **more}


@pytest.fixture
def flags(tiny_model, photos, common_flags, tmp_path):
    """Return a function that gives the flags of a run."""

    def make(*, steps, output=tmp_path / "run"):
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", str(output), "--save_steps", "1"]
        base += ["--data_file_paths", str(photos), "--image_folders", str(photos.parent)]
        return [*common_flags, *base, "--max_steps", str(steps)]

    return make


@pytest.fixture
def start_nodes(tmp_path):
    """Return a function that starts one torchrun agent a node; all are ended afterwards."""
    agents = []

    def start(*commands):
        port = free_port()
        for node, command in enumerate(commands):
            meet = ["--nnodes=2", "--nproc_per_node=1", "--max_restarts=0", "--rdzv_id=rehearsal"]
            meet += ["--rdzv_backend=c10d", f"--rdzv_endpoint=127.0.0.1:{port}", "--local_addr=127.0.0.1"]
            with (tmp_path / f"node{node}.log").open("w") as log:
                start = [sys.executable, "-m", "torch.distributed.run", *meet, *map(str, command)]
                options = {"cwd": ROOT, "env": environment(), "stdout": log, "stderr": subprocess.STDOUT}
                agents.append(subprocess.Popen(start, **options))
        return agents

    yield start
    for agent in agents:
        if agent.poll() is None:
            lose(agent)


def lose(agent):
    """End an agent and its processes at once, as when a node loses its power."""
    children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
    for process in (agent.pid, *map(int, children)):
        os.kill(process, signal.SIGKILL)
    agent.wait(timeout=30)


def log_of(tmp_path, node):
    return (tmp_path / f"node{node}.log").read_text()


@pytest.fixture
def slurm(tmp_path):
    """Return a function that starts the script in a job of two nodes with one process each."""
    commands = tmp_path / "slurm"
    commands.mkdir()
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    path = f"{commands}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    job = {"SLURM_JOB_ID": str(os.getpid()), "SLURM_JOB_NUM_NODES": "2", "SLURM_JOB_NODELIST": "n[1-2]"}
    jobs = []

    def start(*flags, restart=0):
        attempt = {"SLURM_RESTART_COUNT": str(restart), "SLURM_GPUS_ON_NODE": "1", "PATH": path}
        attempt |= {"SLURM_RECORD": str(tmp_path / "record.txt"), "RDZV_PORT": str(free_port())}
        with (tmp_path / f"job{restart}.log").open("w") as log:
            options = {"stdout": log, "stderr": subprocess.STDOUT, "start_new_session": True}
            command = ["bash", str(SCRIPT), *flags]
            jobs.append(subprocess.Popen(command, cwd=ROOT, env=environment(**job, **attempt), **options))
        return jobs[-1]

    yield start
    for started in jobs:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait(timeout=30)


def test_the_script_is_valid_bash_and_asks_for_one_task_a_node():
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True)
    asked = [line.split()[1] for line in SCRIPT.read_text().splitlines() if line.startswith("#SBATCH --")]
    assert {"--ntasks-per-node=1", "--requeue", "--signal=B:USR1@300", "--open-mode=append"} <= set(asked)


@pytest.mark.train
def test_two_agents_that_meet_at_an_address_train_as_one_world(start_nodes, flags, tmp_path):
    agents = start_nodes(*[[LAUNCHER, tmp_path, *flags(steps=2)]] * 2)
    codes = [agent.wait(timeout=300) for agent in agents]
    assert codes == [0, 0], log_of(tmp_path, 0)[-3000:] + log_of(tmp_path, 1)[-3000:]
    records = [json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in (0, 1)]
    assert [record["world_size"] for record in records] == [2, 2]
    assert [len([entry for entry in record["log"] if "loss" in entry]) for record in records] == [2, 2]
    assert (tmp_path / "run" / "checkpoint-2").is_dir()


@pytest.mark.train
@pytest.mark.long
@pytest.mark.parametrize("lost", [0, 1], ids=["the node they meet at", "another node"])
def test_when_a_node_is_lost_the_other_one_ends_within_a_minute(start_nodes, flags, wait_for, tmp_path, lost):
    agents = start_nodes(*[["-m", "geo_rewards_trl.train", *flags(steps=5000)]] * 2)
    begun = tmp_path / "run" / "checkpoint-2"
    wait_for(lambda: begun.is_dir() or any(agent.poll() is not None for agent in agents))
    assert [agent.poll() for agent in agents] == [None, None], log_of(tmp_path, 0)[-3000:]
    lose(agents[lost])
    start = time.monotonic()
    assert agents[1 - lost].wait(timeout=120) != 0
    assert time.monotonic() - start < 60
    assert "resumes from" in log_of(tmp_path, 1 - lost)


@pytest.mark.train
@pytest.mark.long
def test_an_output_folder_that_nodes_do_not_share_is_refused_on_both_before_training(
    start_nodes, flags, tmp_path
):
    apart = flags(steps=2, output=tmp_path / "own_disk")
    commands = [["-m", "geo_rewards_trl.train", *flags(steps=2)], ["-m", "geo_rewards_trl.train", *apart]]
    agents = start_nodes(*commands)
    assert all(agent.wait(timeout=300) != 0 for agent in agents)
    # The launcher may end one before it has spoken.
    said = log_of(tmp_path, 0) + log_of(tmp_path, 1)
    assert "is another folder for rank 1 than for rank 0" in said
    assert "--output_dir must be on a disk that all machines share" in said
    assert not list(tmp_path.glob("*/.shared-*"))
    assert not list(tmp_path.glob("*/checkpoint-*"))


@pytest.mark.train
@pytest.mark.long
def test_the_slurm_script_trains_on_two_nodes_and_goes_on_after_a_requeue(slurm, flags, wait_for, tmp_path):
    first = slurm(*flags(steps=5000))
    wait_for(lambda: (tmp_path / "run" / "checkpoint-3").is_dir() or first.poll() is not None)
    assert first.poll() is None, (tmp_path / "job0.log").read_text()[-3000:]
    first.send_signal(signal.SIGUSR1)  # what --signal=B:USR1@300 has SLURM send
    assert first.wait(timeout=120) == 0, (tmp_path / "job0.log").read_text()[-3000:]
    record = (tmp_path / "record.txt").read_text()
    assert f"scontrol requeue {os.getpid()}" in record
    assert record.count("srun --ntasks=2 --ntasks-per-node=1 --kill-on-bad-exit=1") == 1
    last = max(int(folder.name.split("-")[1]) for folder in (tmp_path / "run").glob("checkpoint-*"))

    second = slurm(*flags(steps=last + 2), restart=1)
    log = tmp_path / "job1.log"
    assert second.wait(timeout=300) == 0, log.read_text()[-3000:]
    assert "resuming from" in log.read_text()
    state = json.loads((tmp_path / "run" / f"checkpoint-{last + 2}" / "trainer_state.json").read_text())
    steps = [entry["step"] for entry in state["log_history"] if "loss" in entry]
    assert steps == list(range(1, last + 3))
    assert json.loads((tmp_path / "run" / "run.json").read_text())["launch"]["processes"] == 2


@pytest.mark.train
@pytest.mark.long
def test_the_slurm_script_ends_as_the_training_ends(slurm, flags, tmp_path):
    job = slurm(*flags(steps=2), "--recipe", "no_such_recipe")
    assert job.wait(timeout=300) != 0
    assert "unknown recipe 'no_such_recipe'" in (tmp_path / "job0.log").read_text()

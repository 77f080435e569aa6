"""The shipped DeepSpeed configurations, frozen parts, adapters and KL reference on two ranks.

All trainings of a test session share one start of two processes: the start takes longer than they do.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[3]
ZERO3 = ["--deepspeed", "zero3"]
LORA = ["--use_peft", "true", "--lora_r", "4", "--lora_target_modules"]
KL = ["--beta", "0.1"]

CASES = {
    "plain": ("qwen2_vl", KL),
    "zero2": ("qwen2_vl", [*KL, "--deepspeed", "zero2"]),
    "zero3": ("qwen2_vl", [*KL, *ZERO3]),
    "zero3_offload": ("qwen2_vl", [*KL, "--deepspeed", "zero3_offload"]),
    "lora": ("internvl", [*LORA, "q_proj", "v_proj", "--train_projector", "true", *KL]),
    "lora_zero3": ("internvl", [*LORA, "q_proj", "v_proj", "--train_projector", "true", *KL, *ZERO3]),
    "frozen_zero3": ("qwen3_vl", ["--freeze_vision_modules", "true", *ZERO3]),
    "projector_zero3": (
        "qwen3_vl",
        ["--freeze_vision_modules", "true", "--train_projector", "true", *ZERO3],
    ),
}


@pytest.fixture(scope="module")
def train_all(family, photos, common_flags, tmp_path_factory):
    """Return a function that trains all cases on two ranks, and returns the folder of runs and records."""

    def run(cases):
        folder = tmp_path_factory.mktemp("cases")
        base = ["--data_file_paths", str(photos), "--data_cache_dir", str(folder / "cache")]
        base += ["--reward_funcs", "vowels", "--max_steps", "2", "--save_steps", "1"]
        commands = {
            name: [
                *(*common_flags, *base, "--model_name_or_path", str(family(model))),
                *("--output_dir", str(folder / name), *flags),
            ]
            for name, (model, flags) in cases.items()
        }
        (folder / "cases.json").write_text(json.dumps(commands))
        done = torchrun(folder / "cases.json")
        assert done.returncode == 0, done.stderr[-4000:]
        return folder

    return run


@pytest.fixture(scope="module")
def runs(train_all):
    return train_all(CASES)


def torchrun(cases):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = ["-m", "torch.distributed.run", "--nproc_per_node=2", "--nnodes=1", "--node_rank=0"]
    start += ["--master_addr=127.0.0.1", f"--master_port={port}"]
    return subprocess.run(
        [sys.executable, *start, str(Path(__file__).parents[1] / "launch_cases.py"), str(cases)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def record(runs, name, rank=0):
    return json.loads((runs / f"{name}.rank{rank}.json").read_text())


def weights(folder):
    """Return all saved tensors by name."""
    return {key: value for file in folder.glob("*.safetensors") for key, value in load_file(file).items()}


def assert_same_files(first, second, *, values=True):
    """See that two runs have saved the same, finally and in each checkpoint."""
    for folder in ("", "checkpoint-1", "checkpoint-2"):
        ours, theirs = weights(first / folder), weights(second / folder)
        assert ours.keys() == theirs.keys() != set()
        for key, value in ours.items():
            assert (value.dtype, value.shape) == (theirs[key].dtype, theirs[key].shape), key
            if not values:
                continue
            torch.testing.assert_close(
                value, theirs[key], rtol=0, atol=1e-5, msg=lambda text, key=key: f"{key}: {text}"
            )


@pytest.mark.parametrize("mode", ["zero2", "zero3", "zero3_offload"])
def test_a_mode_saves_what_a_plain_run_saves_key_by_key(mode, runs):
    assert_same_files(runs / mode, runs / "plain")


@pytest.mark.parametrize("mode", ["zero3", "zero3_offload", "lora_zero3", "frozen_zero3"])
def test_under_zero3_each_rank_holds_half(mode, runs):
    for rank in (0, 1):
        assert record(runs, mode, rank)["world_size"] == 2
        held = record(runs, mode, rank)["partition"]
        assert 0.45 < held["held"] / held["all"] < 0.55


def test_adapters_saved_under_zero3_are_those_of_a_plain_run(runs):
    assert_same_files(runs / "lora_zero3", runs / "lora")
    assert any("multi_modal_projector" in key for key in weights(runs / "lora"))


def test_adapters_under_zero3_leave_the_tower_alone(runs):
    for mode in ("lora", "lora_zero3"):
        trainable = record(runs, mode)["trainable"]
        assert any("language_model" in key for key in trainable)
        assert not any("vision_tower" in key for key in trainable)


@pytest.mark.parametrize("mode", ["plain", "zero2", "zero3", "zero3_offload", "lora", "lora_zero3"])
def test_the_divergence_from_the_reference_starts_at_zero_and_grows(mode, runs):
    kl = [entry["kl"] for entry in record(runs, mode)["log"] if "loss" in entry]
    assert kl[0] == pytest.approx(0, abs=1e-7)
    assert kl[1] > 1e-5
    assert (record(runs, mode)["reference"] == "NoneType") == mode.startswith(
        "lora"
    )  # the adapters are switched off


def test_frozen_vision_stays_as_it_was_under_zero3(runs, family):
    before = weights(family("qwen3_vl"))
    for mode, moved in (("frozen_zero3", False), ("projector_zero3", True)):
        after = weights(runs / mode)
        changed = {key for key in before if not before[key].equal(after[key])}
        assert any("language_model" in key for key in changed)
        assert {"merger" in key for key in changed if "visual" in key} == ({True} if moved else set())


@pytest.mark.long
def test_every_family_saves_under_zero3_what_a_plain_run_saves(train_all, family_names):
    modes = {"plain": [], "zero3": ZERO3}
    runs = train_all(
        {f"{name}_{mode}": (name, flags) for name in family_names for mode, flags in modes.items()}
    )
    for name in family_names:
        assert_same_files(runs / f"{name}_zero3", runs / f"{name}_plain")


@pytest.mark.long
def test_every_family_saves_the_adapters_of_a_plain_run_under_zero3(train_all, family_names):
    lora = [*LORA, "all-linear", "--train_projector", "true"]
    modes = {"plain": lora, "zero3": [*lora, *ZERO3]}
    runs = train_all(
        {f"{name}_{mode}": (name, flags) for name in family_names for mode, flags in modes.items()}
    )
    for name in family_names:
        # One family draws a weight at random while it is built whole, so its adapters begin elsewhere.
        values = name != "llava_onevision"
        assert_same_files(runs / f"{name}_zero3", runs / f"{name}_plain", values=values)

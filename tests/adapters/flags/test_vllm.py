"""TRL's flags for vLLM, as far as they can be followed without a GPU and without vLLM."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

import importlib.util

import requests
import torch
from geo_rewards_trl.flags.command_line import parse_arguments
from geo_rewards_trl.flags.vllm import check_vllm
from trl.generation.vllm_client import VLLMClient

from geo_rewards.errors import GeoRewardsError, UnknownNameError, UsageError
from geo_rewards.runs.library_errors import in_one_sentence

BASE = ["--data_file_paths", "a.jsonl", "--model_name_or_path", "m", "--use_cpu", "true", "--bf16", "false"]
SERVER = ["--use_vllm", "true", "--vllm_mode", "server", "--vllm_server_host", "node7"]
SERVER += ["--vllm_server_port", "8123", "--vllm_server_timeout", "30", "--vllm_group_port", "51300"]
COLOCATE = ["--use_vllm", "true", "--vllm_mode", "colocate", "--vllm_gpu_memory_utilization", "0.45"]
COLOCATE += ["--vllm_max_model_length", "4096", "--vllm_enable_sleep_mode", "true"]

has_vllm = importlib.util.find_spec("vllm") is not None
without_vllm = pytest.mark.skipif(has_vllm, reason="vLLM is installed")

# As much of vLLM as TRL imports and builds, which writes down what it is built with. Nothing generates.
STAND_IN = {
    "vllm/__init__.py": """
import json, os

__version__ = "0.24.0"

class RequestOutput: pass
class SamplingParams: pass

class LLM:
    def __init__(self, **options):
        with open(os.environ["STAND_IN_RECORD"], "w") as file:
            json.dump({key: str(value) for key, value in options.items()}, file)
        raise OSError("the stand-in was built")
""",
    "vllm/sampling_params.py": "class StructuredOutputsParams: pass\n",
    "vllm/utils/__init__.py": "",
    "vllm/utils/network_utils.py": "def get_ip(): return '127.0.0.1'\n",
    "vllm/distributed/__init__.py": "",
    "vllm/distributed/weight_transfer/__init__.py": "",
    "vllm/distributed/weight_transfer/nccl_engine.py": (
        "class NCCLTrainerSendWeightsArgs: pass\nclass NCCLWeightTransferEngine: pass\n"
    ),
    "vllm-0.24.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: vllm\nVersion: 0.24.0\n",
    "vllm-0.24.0.dist-info/top_level.txt": "vllm\n",
}


@pytest.fixture
def parse(tmp_path):
    return lambda *flags: parse_arguments([*BASE, "--output_dir", str(tmp_path), *flags])


@without_vllm
@pytest.mark.parametrize("flags", [SERVER, COLOCATE], ids=["server", "colocate"])
def test_without_the_package_it_is_one_sentence_before_anything_is_loaded(parse, flags):
    with pytest.raises(GeoRewardsError, match=r"needs the package vllm, .*pip install 'trl\[vllm\]'$"):
        parse(*flags)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (SERVER, {"vllm_mode": "server", "vllm_server_host": "node7", "vllm_server_port": 8123}),
        (SERVER, {"use_vllm": True, "vllm_server_timeout": 30.0, "vllm_group_port": 51300}),
        (COLOCATE, {"vllm_mode": "colocate", "vllm_gpu_memory_utilization": 0.45}),
        (COLOCATE, {"use_vllm": True, "vllm_max_model_length": 4096, "vllm_enable_sleep_mode": True}),
    ],
)
def test_the_flags_reach_the_trainers_configuration(parse, tmp_path, monkeypatch, flags, expected):
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    _, training, _ = parse(*flags)
    assert {name: getattr(training, name) for name in expected} == expected


def test_a_misspelt_mode_is_refused_with_the_right_one(parse):
    with pytest.raises(UnknownNameError, match=r"--vllm_mode \(server or colocate\): .*'sever'.*'server'"):
        parse("--use_vllm", "true", "--vllm_mode", "sever")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--vllm_mode", "server"], "--vllm_mode server has no effect without --use_vllm true"),
        ([*SERVER, "--vllm_gpu_memory_utilization", "0.5"], "0.5 has no effect with --vllm_mode server"),
        ([*COLOCATE, "--vllm_server_port", "8001"], "8001 has no effect without --vllm_mode server"),
        (
            [*COLOCATE, "--vllm_tensor_parallel_size", "2"],
            "2 must divide the number of processes, which is 1",
        ),
    ],
)
def test_flags_that_would_do_nothing_or_fail_late_are_refused(parse, flags, message):
    with pytest.raises(UsageError, match=message):
        parse(*flags)


def test_other_flags_are_left_alone(parse):
    check_vllm(parse()[1])
    parse("--vllm_importance_sampling_mode", "token_mask")


@pytest.fixture
def stand_in(tmp_path):
    """Return a folder with the stand-in, to be put on `PYTHONPATH`."""
    for name, text in STAND_IN.items():
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "site"


@pytest.fixture
def start(stand_in, tiny_model, photos, common_flags, tmp_path):
    """Return a function that starts a training with the stand-in, and returns the ended process."""

    def run(*flags):
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", str(tmp_path / "run")]
        base += ["--data_file_paths", str(photos), "--image_folders", str(photos.parent), "--max_steps", "1"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        environment |= {"PYTHONPATH": str(stand_in), "STAND_IN_RECORD": str(tmp_path / "record.json")}
        command = [sys.executable, "-m", "geo_rewards_trl.train", *common_flags, *base, *flags]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    return run


@without_vllm
@pytest.mark.train
@pytest.mark.long
def test_in_colocate_mode_the_engine_is_built_with_the_flags(start, tiny_model, tmp_path):
    done = start(*COLOCATE)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "the trainer: the stand-in was built" in done.stderr
    built = json.loads((tmp_path / "record.json").read_text())
    assert built["model"] == str(tiny_model)
    assert built["gpu_memory_utilization"] == "0.45"
    assert (built["max_model_len"], built["enable_sleep_mode"]) == ("4096", "True")
    assert built["tensor_parallel_size"] == "1"


@without_vllm
@pytest.mark.train
@pytest.mark.long
def test_in_server_mode_the_server_that_the_flags_name_is_asked(start):
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = str(server.server_port)
        flags = ["--use_vllm", "true", "--vllm_mode", "server", "--vllm_server_host", "127.0.0.1"]
        start(*flags, "--vllm_server_port", port, "--vllm_server_timeout", "5")
        server.shutdown()
    assert asked[:2] == ["/health", "/v1/models"]


class OldServer(BaseHTTPRequestHandler):
    """A server of vLLM that was started without what TRL needs."""

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


def test_what_trl_says_of_a_server_is_said_in_one_sentence():
    server = HTTPServer(("127.0.0.1", 0), OldServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = object.__new__(VLLMClient)  # its own start needs vLLM
    client.session, client.base_url = requests.Session(), f"http://127.0.0.1:{server.server_port}"
    client.session.trust_env = False
    try:
        with (
            pytest.raises(
                GeoRewardsError, match=r"^the trainer: The vLLM server at .*VLLM_SERVER_DEV_MODE=1"
            ),
            in_one_sentence("the trainer", trainer="trl"),
        ):
            client.get_server_info()
    finally:
        server.shutdown()


def test_what_torch_raises_is_no_refusal_and_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="mat1 and mat2"), in_one_sentence("the trainer", trainer="trl"):
        torch.ones(2, 3) @ torch.ones(2, 3)

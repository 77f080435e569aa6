"""A tiny model and small picture rows, built once for all tests that train."""

import importlib.util
import json
import time
from pathlib import Path
from threading import Event

import pytest

import geo_rewards as gr

# Programs that tests start in processes of their own, and what these import from their own folder.
collect_ignore = ["faults.py", "launch.py", "launch_cases.py", "rollout_loop.py"]

# Those of which families.py builds a tiny model.
FAMILY_NAMES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "internvl", "gemma3", "llava_onevision", "idefics3")

# What every training test sets: a CPU, full precision, few and short completions, quiet.
COMMON_FLAGS = [
    *("--use_cpu", "true"),
    *("--bf16", "false"),
    *("--num_generations", "2"),
    *("--per_device_train_batch_size", "4"),
    *("--max_completion_length", "12"),
    *("--learning_rate", "1e-3"),
    *("--logging_steps", "1"),
    *("--report_to", "none"),
    *("--dataloader_pin_memory", "false"),
    *("--seed", "7"),
]


def write_rows(folder: Path, rows: list[dict], name: str = "rows.jsonl") -> Path:
    """Write rows as jsonl, and a picture for every image they name."""
    from PIL import Image

    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for row in rows:
        images = row.get("image", [])
        for image in [images] if isinstance(images, str) else images:
            shade = sum(image.encode()) * 7 % 200
            Image.new("RGB", (56, 56), (shade, 90, 200 - shade)).save(folder / image)
    return file


def seed_row(number: int, **columns) -> dict:
    """Return a row in the seed's format."""
    return {
        "id": number,
        "image": f"{number}.png",
        "conversations": [
            {"from": "human", "value": "<image>Where was this taken?"},
            {"from": "gpt", "value": f"{40 + number}.5, {10 + number}.25"},
        ],
        **columns,
    }


@pytest.fixture(scope="session")
def common_flags() -> list[str]:
    return COMMON_FLAGS


@pytest.fixture(scope="session")
def make_rows():
    """Return the functions that make a row in the seed's format, and that write rows with their pictures."""
    return seed_row, write_rows


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    from geo_rewards_trl.tiny_model import build_tiny_model

    return build_tiny_model(
        tmp_path_factory.mktemp("model") / "tiny", hidden_size=64, vocab_size=400, image_size=56
    )


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """Return a file of eight rows with one picture each, in the folder of its pictures."""
    return write_rows(tmp_path_factory.mktemp("photos"), [seed_row(number) for number in range(8)])


class Vowels(gr.Reward):
    """Share of vowels: even a random model's completions differ by it."""

    name = "vowels"

    def score(self, sample: gr.Sample) -> float | None:
        return sum(sample.completion.count(v) for v in "aeiou") / max(1, len(sample.completion))


class VowelsPlugin:
    """Registers the reward above."""

    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Vowels)


@pytest.fixture(scope="session")
def vowels_plugin() -> type:
    """Return a plugin with the reward `vowels`."""
    return VowelsPlugin


@pytest.fixture(scope="session")
def wait_for():
    """Return a function that waits until a condition holds, and fails if that takes too long."""

    def wait(condition, *, seconds=240):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited too long"
            Event().wait(0.02)

    return wait


@pytest.fixture(scope="module", params=FAMILY_NAMES)
def family_name(request) -> str:
    """Return the name of each family in turn."""
    return request.param


@pytest.fixture(scope="session")
def family_names() -> tuple[str, ...]:
    return FAMILY_NAMES


@pytest.fixture(scope="session")
def families():
    """Return the module of the tiny models: a test module cannot import its neighbours by name."""
    spec = importlib.util.spec_from_file_location("families", Path(__file__).with_name("families.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def family(families, tmp_path_factory):
    """Return a function that builds the tiny model of a family, once, and returns its folder."""
    built = {}

    def build(name: str) -> Path:
        if name not in built:
            built[name] = families.build_family(name, tmp_path_factory.mktemp("family") / name)
        return built[name]

    return build

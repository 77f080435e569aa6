"""Whether weight files are complete, and the disk has room."""

import json
import shutil

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.dry_run.disk import count_checkpoints, describe_disk
from geo_rewards_trl.flags.command_line import parse_arguments

from geo_rewards.runs.model_states import Layout, ModelSize
from geo_rewards.runs.report import Report


def test_weights_that_are_missing_or_cut_short_are_an_error(dry_run, tiny_model, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    weights, index = broken / "model.safetensors", broken / "model.safetensors.index.json"
    whole = weights.read_bytes()

    def only_error():
        _, errors = dry_run("--model_name_or_path", str(broken))
        assert len(errors) == 1
        return errors[0]

    weights.write_bytes(whole[:-100])
    assert "model.safetensors is not a complete safetensors file" in only_error()
    weights.write_bytes(whole)
    index.write_text(json.dumps({"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}))
    assert "names model-2.safetensors, which the folder does not have" in only_error()
    index.unlink()
    weights.unlink()
    assert "has no weights" in only_error()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--save_steps", "10"], (10, 10)),
        (["--save_steps", "30"], (4, 4)),
        (["--save_steps", "0.25"], (4, 4)),
        (["--save_steps", "10", "--save_total_limit", "2"], (10, 3)),
        (["--save_strategy", "epoch"], (3, 3)),
        (["--save_strategy", "no"], (0, 0)),
    ],
)
def test_checkpoints_are_counted_as_they_are_written(flags, tmp_path, more, expected):
    _, training, _ = parse_arguments(flags(tmp_path, *more))
    assert count_checkpoints(training, total_steps=100, epochs=2.5) == expected


def test_a_disk_without_room_for_the_checkpoints_is_an_error(flags, tmp_path):
    _, training, _ = parse_arguments(flags(tmp_path / "a" / "b", "--save_steps", "1"))
    report = Report()
    model = ModelSize(7_000_000_000, 7_000_000_000, largest_layer=545_000_000)
    layout = Layout(ranks=8, stage=3, load_bytes=2, weight_bytes=2, optimizer_bytes=12)
    describe_disk(report, training, model=model, layout=layout, total_steps=100_000, epochs=1.0)
    assert len(report.errors) == 1
    assert "set --save_total_limit" in report.errors[0]
    assert not (tmp_path / "a").exists()

"""Which checkpoints are whole, and from which a run goes on; the trainings are in test_faults.py."""

import json

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.checkpoints import (
    MARKER_NAME,
    CheckpointError,
    ResumeError,
    begin_checkpoint,
    find_checkpoint,
    finish_checkpoint,
    last_whole_checkpoint,
    remove_unfinished,
    why_not_whole,
)
from geo_rewards_trl.endings import explained_ending, how_to_go_on, is_lost_contact, said_of_writing

MANIFEST = {
    "recipe": {"rewards": [{"name": "a"}]},
    "plugins": {"a": "geo-rewards 0"},
    "data": {"content_hash": "x", "seed": 7},
    "launch": {"processes": 2, "deepspeed_stage": None, "save_only_model": False},
}


def other(**launch):
    return {**MANIFEST, "launch": {**MANIFEST["launch"], **launch}}


def whole(output_dir, step, manifest=MANIFEST):
    folder = output_dir / f"checkpoint-{step}"
    begin_checkpoint(folder)
    (folder / "model.safetensors").write_bytes(b"0123456789")
    (folder / "global_step").mkdir()
    (folder / "global_step" / "shard.pt").write_bytes(b"01234")
    finish_checkpoint(folder, manifest)
    return folder


def find(output_dir, manifest=MANIFEST, *, resume="auto", given=None):
    return find_checkpoint(output_dir, resume=resume, given=given, manifest=manifest)


def test_a_checkpoint_is_whole_when_it_is_finished_and_not_before(tmp_path):
    folder = tmp_path / "checkpoint-2"
    begin_checkpoint(folder)
    (folder / "model.safetensors").write_bytes(b"0123456789")
    assert why_not_whole(folder) == "the run ended while it was written"
    finish_checkpoint(folder, MANIFEST)
    assert why_not_whole(folder) is None
    assert not (folder / MARKER_NAME).exists()
    assert json.loads((folder / "run.json").read_text())["files"] == {"model.safetensors": 10}


def test_a_run_goes_on_from_the_last_whole_checkpoint_and_removes_the_unfinished(tmp_path, caplog):
    whole(tmp_path, 2)
    last = whole(tmp_path, 10)
    begin_checkpoint(tmp_path / "checkpoint-12")
    assert find(tmp_path) == str(last)
    assert "checkpoint-12 is not whole (the run ended while it was written)" in caplog.text
    remove_unfinished(tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-2"]


@pytest.mark.parametrize("name", ["model.safetensors", "global_step/shard.pt"])
def test_a_checkpoint_that_was_copied_in_part_is_not_whole(tmp_path, name):
    earlier, last = whole(tmp_path, 2), whole(tmp_path, 4)
    (last / name).write_bytes(b"012")
    assert why_not_whole(last) == f"{name} has 3 bytes instead of {10 if 'model' in name else 5}"
    assert find(tmp_path) == str(earlier)
    (last / name).unlink()
    assert why_not_whole(last) == f"{name} is missing"
    remove_unfinished(tmp_path)
    assert last.is_dir()
    with pytest.raises(ResumeError, match=r"checkpoint-4 is not whole \(.* is missing\): choose an earlier"):
        find(tmp_path, given=str(last))


def test_without_any_whole_checkpoint_a_run_starts_anew(tmp_path):
    begin_checkpoint(tmp_path / "checkpoint-2")
    assert find(tmp_path) is None
    assert last_whole_checkpoint(tmp_path) is None
    assert "the same command starts from step 0" in how_to_go_on(tmp_path)


def test_a_checkpoint_of_another_program_is_refused(tmp_path):
    whole(tmp_path, 2)
    (tmp_path / "checkpoint-4").mkdir()
    with pytest.raises(ResumeError, match=r"checkpoint-4 has no run\.json"):
        find(tmp_path)
    assert find(tmp_path, resume="never") is None


def test_deepspeed_is_refused_another_number_of_processes_and_others_are_warned(tmp_path, caplog):
    whole(tmp_path / "zero", 2, other(deepspeed_stage=3))
    with pytest.raises(ResumeError, match=r"2 processes -> 4: DeepSpeed's shards are one for each process"):
        find(tmp_path / "zero", other(deepspeed_stage=3, processes=4))
    plain = whole(tmp_path / "plain", 2)
    assert find(tmp_path / "plain", other(processes=4)) == str(plain)
    assert "was made by 2 processes and is resumed by 4" in caplog.text


@pytest.mark.parametrize(
    ("then", "now", "message"),
    [
        (3, None, "DeepSpeed ZeRO-3 -> no DeepSpeed"),
        (None, 2, "no DeepSpeed -> DeepSpeed ZeRO-2"),
        (2, 3, "DeepSpeed ZeRO-2 -> DeepSpeed ZeRO-3"),
    ],
)
def test_optimizer_states_of_another_kind_are_refused_not_dropped(tmp_path, then, now, message):
    whole(tmp_path, 2, other(deepspeed_stage=then))
    with pytest.raises(ResumeError, match=message):
        find(tmp_path, other(deepspeed_stage=now))


def test_a_checkpoint_of_the_model_alone_is_no_place_to_go_on_from(tmp_path):
    whole(tmp_path, 2, other(save_only_model=True))
    with pytest.raises(ResumeError, match="it holds no optimizer state"):
        find(tmp_path)


def test_what_an_older_version_did_not_write_down_is_not_compared(tmp_path):
    folder = whole(tmp_path, 2)
    assert find(tmp_path, {**MANIFEST, "data": {**MANIFEST["data"], "split_by": "id"}}) == str(folder)
    with pytest.raises(ResumeError, match=r"data\.seed: 7 -> 8"):
        find(tmp_path, {**MANIFEST, "data": {**MANIFEST["data"], "seed": 8}})


def test_a_checkpoint_that_cannot_be_written_is_said_in_one_sentence(tmp_path):
    folder = whole(tmp_path, 2)
    with pytest.raises(CheckpointError) as caught, said_of_writing(folder):
        raise OSError(28, "No space left on device")
    message = str(caught.value)
    assert message.startswith(f"{folder} could not be written (")
    assert message.endswith(" GB are free on its disk): [Errno 28] No space left on device")


def test_lost_contact_is_not_taken_for_a_full_disk_and_the_end_says_how_to_go_on(tmp_path):
    whole(tmp_path, 2)
    lost = RuntimeError("pair.cc:545] Read error [127.0.0.1]:1442: Connection reset by peer.")
    assert is_lost_contact(lost)
    assert not is_lost_contact(RuntimeError("shape mismatch"))
    with (
        pytest.raises(Exception, match="lost contact with another process") as caught,
        explained_ending(tmp_path, without="--resume never"),
        said_of_writing(tmp_path / "checkpoint-4"),
    ):
        raise lost
    assert caught.value.__notes__ == [
        f"the same command without --resume never goes on from {tmp_path / 'checkpoint-2'}"
    ]

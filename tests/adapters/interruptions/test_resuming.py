"""From which checkpoint a run resumes, and what it says when it ends; the trainings are in test_faults.py."""

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from geo_rewards_trl.interruptions.endings import explain_failures, explain_write_errors, is_lost_contact
from geo_rewards_trl.interruptions.resuming import find_checkpoint

from geo_rewards.runs.checkpoints import CheckpointError, ResumeError, begin_checkpoint, finish_checkpoint

MANIFEST = {
    "recipe": {"rewards": [{"name": "a"}]},
    "plugins": {"a": "geo-rewards 0"},
    "data": {"content_hash": "x", "seed": 7},
    "launch": {"processes": 2, "deepspeed_stage": None, "save_only_model": False},
}


def write(output_dir, step):
    folder = output_dir / f"checkpoint-{step}"
    begin_checkpoint(folder)
    (folder / "model.safetensors").write_bytes(b"0123456789")
    finish_checkpoint(folder, MANIFEST)
    return folder


def find(output_dir, *, resume="auto", given=None, manifest=MANIFEST):
    return find_checkpoint(output_dir, resume=resume, given=given, manifest=manifest)


def test_a_run_resumes_from_the_last_complete_checkpoint_unless_it_must_not(tmp_path, caplog):
    assert find(tmp_path) is None
    last = write(tmp_path, 10)
    write(tmp_path, 2)
    begin_checkpoint(tmp_path / "checkpoint-12")
    caplog.set_level("INFO")
    assert find(tmp_path) == str(last)
    assert f"resuming from {last}" in caplog.text
    assert find(tmp_path, resume="never") is None


def test_a_given_checkpoint_is_taken_and_compared(tmp_path):
    earlier = write(tmp_path, 2)
    write(tmp_path, 4)
    assert find(tmp_path, given=str(earlier)) == str(earlier)
    with pytest.raises(ResumeError, match=r"written with different settings \(data\.seed: 7 -> 8\)"):
        find(tmp_path, given=str(earlier), manifest={**MANIFEST, "data": {"content_hash": "x", "seed": 8}})
    with pytest.raises(ResumeError, match="no such folder; --resume auto finds the last checkpoint"):
        find(tmp_path, given=str(tmp_path / "checkpoint-6"))


def test_a_checkpoint_that_cannot_be_written_is_reported_in_one_sentence(tmp_path):
    folder = write(tmp_path, 2)
    with pytest.raises(CheckpointError) as caught, explain_write_errors(folder):
        raise OSError(28, "No space left on device")
    message = str(caught.value)
    assert message.startswith(f"{folder} could not be written (")
    assert message.endswith(" GB are free on its disk): [Errno 28] No space left on device")


def test_lost_contact_is_not_taken_for_a_full_disk_and_the_end_says_how_to_resume(tmp_path):
    write(tmp_path, 2)
    lost = RuntimeError("pair.cc:545] Read error [127.0.0.1]:1442: Connection reset by peer.")
    assert is_lost_contact(lost)
    assert not is_lost_contact(RuntimeError("shape mismatch"))
    with (
        pytest.raises(Exception, match="lost contact with another process") as caught,
        explain_failures(tmp_path, without="--resume never"),
        explain_write_errors(tmp_path / "checkpoint-4"),
    ):
        raise lost
    assert caught.value.__notes__ == [
        f"the same command without --resume never resumes from {tmp_path / 'checkpoint-2'}"
    ]

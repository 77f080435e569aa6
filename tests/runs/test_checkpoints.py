"""Which checkpoints are complete, and from which a run may resume."""

import json

import pytest

from geo_rewards.runs.checkpoints import (
    MARKER_NAME,
    ResumeError,
    begin_checkpoint,
    finish_checkpoint,
    last_complete_checkpoint,
    move_checkpoints_aside,
    remove_surplus,
    remove_unfinished,
    why_incomplete,
)
from geo_rewards.runs.resuming import check_given_checkpoint, check_same, complete_checkpoints, how_to_resume

MANIFEST = {
    "recipe": {"rewards": [{"name": "a"}]},
    "plugins": {"a": "geo-rewards 0"},
    "data": {"content_hash": "x", "seed": 7},
    "launch": {"processes": 2, "deepspeed_stage": None, "save_only_model": False},
}


def other(**launch):
    return {**MANIFEST, "launch": {**MANIFEST["launch"], **launch}}


def write(output_dir, step, manifest=MANIFEST):
    folder = output_dir / f"checkpoint-{step}"
    begin_checkpoint(folder)
    (folder / "model.safetensors").write_bytes(b"0123456789")
    (folder / "global_step").mkdir()
    (folder / "global_step" / "shard.pt").write_bytes(b"01234")
    finish_checkpoint(folder, manifest)
    return folder


def find(output_dir, manifest=MANIFEST):
    """Return the checkpoint that a single process resumes from."""
    names = complete_checkpoints(output_dir)
    if not names:
        return None
    check_same(output_dir / names[0], manifest)
    return str(output_dir / names[0])


def test_a_checkpoint_is_complete_when_it_is_finished_and_not_before(tmp_path):
    folder = tmp_path / "checkpoint-2"
    begin_checkpoint(folder)
    (folder / "model.safetensors").write_bytes(b"0123456789")
    assert why_incomplete(folder) == "the run ended while it was being written"
    finish_checkpoint(folder, MANIFEST)
    assert why_incomplete(folder) is None
    assert not (folder / MARKER_NAME).exists()
    assert json.loads((folder / "run.json").read_text())["files"] == {"model.safetensors": 10}


def test_a_run_goes_on_from_the_last_complete_checkpoint_and_removes_the_unfinished(tmp_path, caplog):
    write(tmp_path, 2)
    last = write(tmp_path, 10)
    begin_checkpoint(tmp_path / "checkpoint-12")
    assert find(tmp_path) == str(last)
    assert "checkpoint-12 is incomplete (the run ended while it was being written)" in caplog.text
    remove_unfinished(tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-2"]


@pytest.mark.parametrize("name", ["model.safetensors", "global_step/shard.pt"])
def test_a_checkpoint_that_was_copied_in_part_is_incomplete(tmp_path, name):
    earlier, last = write(tmp_path, 2), write(tmp_path, 4)
    (last / name).write_bytes(b"012")
    assert why_incomplete(last) == f"{name} has 3 bytes instead of {10 if 'model' in name else 5}"
    assert find(tmp_path) == str(earlier)
    (last / name).unlink()
    assert why_incomplete(last) == f"{name} is missing"
    remove_unfinished(tmp_path)
    assert last.is_dir()
    with pytest.raises(ResumeError, match=r"checkpoint-4 is incomplete \(.* is missing\): choose an earlier"):
        check_given_checkpoint(last)
    with pytest.raises(ResumeError, match="no such folder"):
        check_given_checkpoint(tmp_path / "checkpoint-6")
    assert check_given_checkpoint(earlier) == earlier


def test_a_folder_that_was_only_just_made_does_not_stop_the_next_start(tmp_path):
    last = write(tmp_path, 2)
    (tmp_path / "checkpoint-4").mkdir()  # the disk was full, or the process died, before the mark was written
    assert find(tmp_path) == str(last)
    remove_unfinished(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["checkpoint-2"]


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_run_that_resumes_from_an_earlier_checkpoint_moves_the_later_ones_aside(tmp_path):
    for step in (2, 10, 4):
        write(tmp_path, step)
    move_checkpoints_aside(tmp_path, resumed=str(tmp_path / "checkpoint-4"))
    assert names(tmp_path) == ["checkpoint-2", "checkpoint-4", "earlier-1"]
    assert names(tmp_path / "earlier-1") == ["checkpoint-10"]
    assert find(tmp_path) == str(tmp_path / "checkpoint-4")


def test_a_run_that_resumes_from_elsewhere_or_starts_over_moves_all_aside(tmp_path):
    elsewhere = write(tmp_path / "a", 4)
    for resumed in (str(elsewhere), None):
        write(tmp_path / "b", 2)
        move_checkpoints_aside(tmp_path / "b", resumed=resumed)
    assert names(tmp_path / "b") == ["earlier-1", "earlier-2"]
    assert names(tmp_path / "a") == ["checkpoint-4"]


@pytest.mark.parametrize(
    ("limit", "best", "left"),
    [
        (None, 2, [2, 4, 6, 10]),
        (0, 2, [2, 4, 6, 10]),
        (1, 10, [10]),
        (1, 2, [2, 10]),
        (2, 10, [6, 10]),
        (3, 2, [2, 6, 10]),
        (9, 2, [2, 4, 6, 10]),
    ],
)
def test_the_oldest_checkpoints_go_and_never_the_last_or_the_best(tmp_path, limit, best, left):
    for step in (10, 2, 4, 6):  # the time of writing says nothing
        write(tmp_path, step)
    spared = [tmp_path / f"checkpoint-{step}" for step in (10, best)]
    remove_surplus(tmp_path, limit=limit, spared=spared)
    assert names(tmp_path) == sorted(f"checkpoint-{step}" for step in left)


def test_without_a_complete_checkpoint_a_run_starts_at_step_0(tmp_path):
    begin_checkpoint(tmp_path / "checkpoint-2")
    assert find(tmp_path) is None
    assert last_complete_checkpoint(tmp_path) is None
    assert "the same command starts from step 0" in how_to_resume(tmp_path)


def test_a_checkpoint_of_another_program_is_refused(tmp_path):
    write(tmp_path, 2)
    (tmp_path / "checkpoint-4").mkdir()
    (tmp_path / "checkpoint-4" / "model.safetensors").write_bytes(b"0")
    with pytest.raises(ResumeError, match=r"checkpoint-4 has no run\.json"):
        find(tmp_path)


def test_deepspeed_is_refused_another_number_of_processes_and_others_are_warned(tmp_path, caplog):
    write(tmp_path / "zero", 2, other(deepspeed_stage=3))
    with pytest.raises(ResumeError, match=r"2 processes -> 4: DeepSpeed writes one shard per process"):
        find(tmp_path / "zero", other(deepspeed_stage=3, processes=4))
    plain = write(tmp_path / "plain", 2)
    assert find(tmp_path / "plain", other(processes=4)) == str(plain)
    assert "was written by 2 processes and is resumed by 4" in caplog.text


@pytest.mark.parametrize(
    ("then", "now", "message"),
    [
        (3, None, "DeepSpeed ZeRO-3 -> no DeepSpeed"),
        (None, 2, "no DeepSpeed -> DeepSpeed ZeRO-2"),
        (2, 3, "DeepSpeed ZeRO-2 -> DeepSpeed ZeRO-3"),
    ],
)
def test_optimizer_states_of_another_kind_are_refused_not_dropped(tmp_path, then, now, message):
    write(tmp_path, 2, other(deepspeed_stage=then))
    with pytest.raises(ResumeError, match=message):
        find(tmp_path, other(deepspeed_stage=now))


def test_no_run_resumes_from_a_checkpoint_of_only_the_model(tmp_path):
    write(tmp_path, 2, other(save_only_model=True))
    with pytest.raises(ResumeError, match="it holds no optimizer state"):
        find(tmp_path)
    assert how_to_resume(tmp_path).endswith("(--save_only_model): a new run can start from it")


def test_a_manifest_that_cannot_be_read_is_named(tmp_path):
    (write(tmp_path, 2) / "run.json").write_text("{")
    with pytest.raises(ResumeError, match=r"checkpoint-2/run\.json cannot be read: "):
        find(tmp_path)


def test_which_weights_are_trained_is_compared_where_it_was_written_down(tmp_path):
    trained = {"adapters": None, "freeze_vision_modules": False}
    write(tmp_path, 2, {**MANIFEST, "trained": trained})
    assert find(tmp_path, {**MANIFEST, "trained": trained}) is not None
    with pytest.raises(ResumeError, match=r"trained\.freeze_vision_modules: False -> True"):
        find(tmp_path, {**MANIFEST, "trained": {**trained, "freeze_vision_modules": True}})
    write(tmp_path, 4)
    assert find(tmp_path, {**MANIFEST, "trained": trained}) == str(tmp_path / "checkpoint-4")


def test_what_an_older_version_did_not_write_down_is_not_compared(tmp_path):
    folder = write(tmp_path, 2)
    assert find(tmp_path, {**MANIFEST, "data": {**MANIFEST["data"], "split_by": "id"}}) == str(folder)
    with pytest.raises(ResumeError, match=r"data\.seed: 7 -> 8"):
        find(tmp_path, {**MANIFEST, "data": {**MANIFEST["data"], "seed": 8}})

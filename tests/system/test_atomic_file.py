from __future__ import annotations

import os
import subprocess
import sys

import pytest

from geo_rewards.system.atomic_file import remove_leftovers, replacing, write_text
from geo_rewards.system.process_identity import is_dead, is_of_this_machine, own_identity


@pytest.fixture(autouse=True)
def new_run():
    """Sweep each folder once more, as another process would."""
    remove_leftovers.cache_clear()


@pytest.fixture
def dead():
    """The identity of a process that has ended."""
    code = "from geo_rewards.system.process_identity import own_identity; print(own_identity())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_a_file_is_replaced_when_the_block_ends(tmp_path):
    write_text(tmp_path / "a", "old")
    with replacing(tmp_path / "a") as part:
        part.write_text("new")
        assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "new"


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_a_block_that_does_not_end_leaves_the_old_file_and_no_other(tmp_path, kind):
    write_text(tmp_path / "a", "old")

    def write_half():
        with replacing(tmp_path / "a") as part:
            part.write_text("half")
            raise kind

    with pytest.raises(kind) as caught:
        write_half()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"
    notes = getattr(caught.value, "__notes__", [])
    assert notes == ([f"{tmp_path / 'a'} was not written"] if kind is KeyboardInterrupt else [])


def test_the_content_is_on_the_disk_before_the_file_has_its_name(tmp_path, monkeypatch):
    done = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("sync"), sync(handle))[1])
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("rename"), rename(*paths))[1])
    write_text(tmp_path / "a", "text")
    assert done == ["sync", "rename"]


def test_the_longest_name_can_be_written(tmp_path):
    write_text(tmp_path / ("é" * 127), "text")
    assert len(list(tmp_path.iterdir())) == 1


def part_of(identity, name="scored.jsonl"):
    return f".{name}.{identity}.0123abcd.part"


def test_what_a_dead_process_left_is_removed(tmp_path, dead):
    (tmp_path / part_of(dead)).write_text("half")
    write_text(tmp_path / "other", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_what_may_be_in_use_or_is_not_ours_stays(tmp_path, dead):
    foreign = f"0123456789ab-{dead.partition('-')[2]}"
    spared = [
        part_of(own_identity()),
        part_of(foreign),
        part_of(f"{own_identity().rpartition('-')[0]}-0"),  # its start is unknown, and its number is in use
        "scored.jsonl.part",
        f"{part_of(dead)}.part",
        part_of(dead)[1:],
        part_of(dead).removesuffix(".part"),
        part_of("dead"),
    ]
    for name in spared:
        (tmp_path / name).write_text("half")
    write_text(tmp_path / "other", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*spared, "other"])


def test_a_living_process_is_not_dead_and_its_number_used_again_is(dead):
    machine, number, start = own_identity().split("-")
    assert is_dead(dead)
    assert not is_dead(own_identity())
    assert is_dead(f"{machine}-{number}-{int(start) - 1}")  # an earlier process of this number
    assert not is_dead(f"{machine[::-1]}-{number}-{int(start) - 1}")
    assert not any(map(is_dead, ["", "a-b-c", f"{machine}-{number}", f"../{dead}"]))


def test_a_process_that_nobody_has_waited_for_is_dead():
    code = "from geo_rewards.system.process_identity import own_identity; print(own_identity())"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        identity = process.stdout.read().strip()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
        assert is_dead(identity)


def test_processes_of_other_machines_are_told_apart(dead):
    assert is_of_this_machine(dead)
    assert not is_of_this_machine("0123456789ab-1-1")

"""Two runs never write into one folder; what a dead run left is no obstacle. The processes are real ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from geo_rewards.runs.run_lock import LOCK_NAME, FolderInUseError, RunLock
from geo_rewards.system.process_identity import own_identity

PROGRAM = """
import sys
from pathlib import Path
from geo_rewards.errors import GeoRewardsError
from geo_rewards.runs.run_lock import RunLock
lock = RunLock(Path(sys.argv[1]))
try:
    lock.acquire()
except GeoRewardsError as error:
    sys.exit(str(error))
print("taken", flush=True)
sys.stdin.read()
lock.release()
"""


@pytest.fixture
def other(tmp_path):
    """A function that starts another process, which holds the lock or says why not."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_run_is_locked_out_until_the_first_has_ended(tmp_path, other):
    first, said = other()
    assert said == "taken\n"
    second, said = other()
    assert said == ""
    error = second.communicate()[1]
    assert f"--output_dir {tmp_path} is in use by another run, process {first.pid} on this machine" in error
    first.communicate()
    assert other()[1] == "taken\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_does_not_stop_the_next_one(tmp_path, other, number):
    first, _ = other()
    first.send_signal(number)
    first.wait()
    assert (tmp_path / LOCK_NAME).exists()
    assert other()[1] == "taken\n"
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_NAME]


def test_of_runs_that_start_at_once_one_takes_over_what_a_dead_one_left(tmp_path, other):
    first, _ = other()
    first.kill()
    first.wait()
    found, begun = [], threading.Barrier(8)

    def start():
        lock = RunLock(tmp_path)
        begun.wait()
        try:
            lock.acquire()
            found.append(lock)
        except FolderInUseError:
            found.append(None)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (holder,) = filter(None, found)
    assert len(found) == 8
    holder.release()
    assert not list(tmp_path.iterdir())


def foreign(tmp_path, **changes):
    """Write the lock as a process of another machine does."""
    content = {"process": f"0123456789ab-{os.getpid()}-1", "machine": "far-away", "number": 12, **changes}
    (tmp_path / LOCK_NAME).write_text(json.dumps(content))
    os.utime(tmp_path / LOCK_NAME, (1e9, 1e9))


def test_a_run_on_another_machine_that_renews_its_lock_is_alive(tmp_path, caplog):
    foreign(tmp_path)
    ended = threading.Event()

    def beat():
        while not ended.wait(0.05):
            os.utime(tmp_path / LOCK_NAME)

    thread = threading.Thread(target=beat)
    thread.start()
    with pytest.raises(FolderInUseError, match="in use by another run, process 12 on far-away"):
        RunLock(tmp_path, silence_s=30).acquire()
    ended.set()
    thread.join()
    assert "names process 12 on far-away: waiting 30 s to see whether it is alive" in caplog.text


@pytest.mark.parametrize("content", [None, "", "{", "[]", "null", "\ud800"])
def test_a_lock_of_another_machine_that_nobody_renews_is_taken_over(tmp_path, content):
    foreign(tmp_path)
    if content is not None:
        (tmp_path / LOCK_NAME).write_bytes(content.encode(errors="surrogatepass"))
    lock = RunLock(tmp_path, silence_s=0.2)
    lock.acquire()
    assert json.loads((tmp_path / LOCK_NAME).read_text())["process"] == own_identity()
    lock.release()
    assert not list(tmp_path.iterdir())


def test_the_lock_is_renewed_while_it_is_held(tmp_path):
    lock = RunLock(tmp_path, beat_s=0.01)
    lock.acquire()
    os.utime(tmp_path / LOCK_NAME, (1e9, 1e9))
    for _ in range(1000):
        threading.Event().wait(0.01)
        if (tmp_path / LOCK_NAME).stat().st_mtime != 1e9:
            break
    else:
        pytest.fail("the time of the file was not renewed")
    lock.release()


def test_a_lock_that_another_run_has_taken_over_is_not_removed(tmp_path):
    lock = RunLock(tmp_path)
    lock.acquire()
    foreign(tmp_path)
    lock.release()
    assert (tmp_path / LOCK_NAME).exists()


def test_a_link_in_place_of_the_lock_is_an_error(tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / LOCK_NAME).symlink_to("victim")
    with pytest.raises(FolderInUseError, match="is no lock of a run: it is a symbolic link"):
        RunLock(tmp_path).acquire()
    assert (tmp_path / "victim").read_text() == "precious"

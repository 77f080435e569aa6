"""A command that is ended leaves no worker and no partial file, and says what it did not write.

The commands really run and are really killed, in the middle of a reward that never returns.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from processes import LONGEST_S, Followed, children_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="follows processes by /proc and pidfd")
pytestmark = linux

PROGRAM = "import sys; from geo_rewards.cli import main; sys.exit(main())"

# Reports that it was called and never returns; a regular expression holds the interpreter's lock.
REWARD = '''
import os, re, time
import geo_rewards as gr

class Hangs(gr.Reward):
    """Never."""
    name = "hangs"
    how: str = "regex"

    def score(self, sample):
        with open({pipe!r}, "w") as pipe:
            pipe.write(f"{{os.getpid()}}\\n")
        while True:
            re.match("(a+)+$", "a" * 50 + "!") if self.how == "regex" else time.sleep(600)
'''


@pytest.fixture
def hanging(tmp_path):
    """A function that starts a command whose reward hangs, and follows it and its descendants."""
    pipe, reward, recipe = tmp_path / "pipe", tmp_path / "hangs.py", tmp_path / "hangs.yaml"
    os.mkfifo(pipe)
    reward.write_text(REWARD.format(pipe=str(pipe)))
    started = []

    @contextmanager
    def start(*arguments, calls, how="regex"):
        recipe.write_text(json.dumps({"rewards": [{"name": f"{reward}:Hangs", "params": {"how": how}}]}))
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments), "--recipe", str(recipe)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a group of its own, as a shell would make
        )
        started.append(process)
        callers = set()
        while len(callers) < calls:
            callers.update(map(int, pipe.read_text().split()))
        yield process, Followed({process.pid, *callers, *children_of(process.pid)})

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def rows(write_rows):
    """A file of enough rows for several chunks."""
    return write_rows([{"completion": "48.85, 2.35", "lat": 48.85, "lon": 2.35}] * 5_000)


@pytest.fixture
def data(write_rows):
    """Training data of enough rows for picture workers to be started before a recipe is rehearsed."""
    turns = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "48.85, 2.35"}]
    return write_rows([{"conversations": turns}] * 5_000, "data.jsonl")


SIGNALS = {"SIGTERM": 143, "SIGKILL": -9, "SIGHUP": 129}


@pytest.mark.parametrize(
    ("name", "how"), [("SIGTERM", "regex"), ("SIGKILL", "regex"), ("SIGKILL", "sleep"), ("SIGHUP", "sleep")]
)
def test_workers_of_score_end_with_it(tmp_path, rows, hanging, name, how):
    out = tmp_path / "scored.jsonl"
    out.write_text("earlier\n")
    with hanging("score", rows, "--workers", 2, "-o", out, calls=2, how=how) as (process, followed):
        process.send_signal(signal.Signals[name])
        assert followed.have_ended()
    error = process.communicate()[1]
    assert process.returncode == SIGNALS[name]
    assert out.read_text() == "earlier\n"
    if name == "SIGKILL":
        assert len(list(tmp_path.glob(".*.part"))) == 1
        again = [sys.executable, "-c", PROGRAM, "score", rows, "--recipe", "geoguessr", "-o", out]
        subprocess.run(list(map(str, again)), check=True, capture_output=True, timeout=LONGEST_S)
        assert len(out.read_text().splitlines()) == 5_000
    else:
        assert error == f"ended by {name}; {out} was not written\n"
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_workers_of_validate_end_with_it(data, hanging, name):
    with hanging("validate", data, "--workers", 2, calls=1) as (process, followed):
        assert len(followed.handles) >= 3
        process.send_signal(signal.Signals[name])
        assert followed.have_ended()
    if name != "SIGKILL":
        assert process.communicate()[1] == f"ended by {name}; not all rows were checked\n"


def test_ctrl_c_says_what_was_not_written_and_no_child_shows_a_traceback(tmp_path, rows, hanging):
    out = tmp_path / "scored.jsonl"
    with hanging("score", rows, "--workers", 2, "-o", out, calls=2) as (process, followed):
        os.killpg(process.pid, signal.SIGINT)  # to all, as a terminal does
        assert followed.have_ended()
    assert process.communicate() == ("", f"ended by Ctrl-C; {out} was not written\n")
    assert process.returncode == 130
    assert not out.exists()
    assert not list(tmp_path.glob(".*.part"))


def test_ctrl_c_twice_at_once_is_one(tmp_path, rows, hanging):
    out = tmp_path / "scored.jsonl"
    with hanging("score", rows, "-o", out, calls=1) as (process, followed):
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        assert followed.have_ended()
    assert process.communicate()[1] == f"ended by Ctrl-C; {out} was not written\n"
    assert process.returncode == 130


def test_nothing_is_written_to_stdout_before_all_rows_are_scored(rows, hanging):
    with hanging("score", rows, "--workers", 2, "-o", "-", calls=2) as (process, followed):
        os.killpg(process.pid, signal.SIGINT)
        assert followed.have_ended()
    assert process.communicate()[1] == "ended by Ctrl-C; no rows were written to stdout\n"


def test_ctrl_c_ends_validate(data, hanging):
    with hanging("validate", data, "--workers", 2, calls=1) as (process, followed):
        os.killpg(process.pid, signal.SIGINT)
        assert followed.have_ended()
    assert process.communicate() == ("", "ended by Ctrl-C; not all rows were checked\n")
    assert process.returncode == 130


def test_a_signal_that_is_ignored_stays_ignored(tmp_path, rows, hanging):
    """As with `nohup`."""
    earlier = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # children inherit it
    try:
        with hanging("score", rows, "-o", tmp_path / "out.jsonl", calls=1) as (process, followed):
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            assert followed.have_ended()
    finally:
        signal.signal(signal.SIGHUP, earlier)
    assert process.communicate()[1].startswith("ended by SIGTERM;")

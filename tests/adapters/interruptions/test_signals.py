"""What a launched process says when it fails or is ended, wherever it is; in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, os, re, signal, sys, time
from geo_rewards_trl.interruptions.endings import explain_failures, run_as_program
from geo_rewards_trl.interruptions.signals import SignalListener, explain_sigterm
from geo_rewards_trl.ranks.agreement import SameFailureError
from geo_rewards.errors import GeoRewardsError, UnknownNameError, UsageError

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore

def lock():
    c, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    c.pthread_mutex_lock(mutex)
    c.pthread_mutex_lock(mutex)  # for ever; no signal ends it

def child():
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(tell, b"!")
        time.sleep(600)
    os.read(ready, 1)
    os.kill(pid, signal.SIGTERM)
    print("child ended by", os.waitpid(pid, 0)[1], flush=True)
    time.sleep(600)

def wait(how):
    with explain_sigterm(lambda: "the same command resumes from step 3"):
        print("ready", flush=True)
        {"regex": lambda: re.match("(a+)+$", "a" * 40 + "!"), "lock": lock, "sleep": lambda: time.sleep(600),
         "child": child}[how]()

def fail(error):
    raise error
"""


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def start():
    """Return a function that starts a program as a launcher would."""
    begun = []

    def run(code, *, arguments=(), **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM + code, *arguments],
            env={**os.environ, "RANK": "3", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield run
    for process in begun:
        process.kill()
        process.communicate()


def status(process) -> list[str]:
    """Return what Linux says about a process, from its state on."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()


def is_asleep(process) -> bool:
    return status(process)[0] == "S"


def is_busy(process) -> bool:
    """Return whether a process computes: it has used a fifth of a second since this was first asked."""
    ticks = int(status(process)[11])
    return ticks - FIRST_TICKS.setdefault(process.pid, ticks) >= os.sysconf("SC_CLK_TCK") / 5


FIRST_TICKS: dict[int, int] = {}


@linux
@pytest.mark.parametrize(
    ("how", "place"), [("sleep", "<lambda>"), ("regex", "match"), ("lock", "lock"), ("child", "child")]
)
def test_a_process_that_is_ended_says_where_it_was_and_how_to_resume(start, wait_for, how, place):
    process = start(f"wait({how!r})", LOCAL_RANK="1")
    assert process.stdout.readline() == "ready\n"
    if how == "child":  # such as a worker of the data loader: its end is not ours
        assert process.stdout.readline() == f"child ended by {int(signal.SIGTERM)}\n"
    wait_for(lambda: is_busy(process) if how == "regex" else is_asleep(process), seconds=20)
    process.terminate()
    _, error = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    (message,) = error.splitlines()
    assert message.startswith(f"geo-rewards [rank 3]: ended by SIGTERM in {place} (")
    assert message.endswith("; the same command resumes from step 3")


@pytest.mark.parametrize("error", ["GeoRewardsError", "ValueError"])
def test_what_a_plugin_says_does_not_steer_the_terminal(start, error):
    attack = "bad\\x1b[2J\\x1b]0;owned\\x07\\u202e\\ngeo-rewards [rank 3]: all is well"
    process = start(
        "from geo_rewards.system.terminal import clean_output\n"
        f"with clean_output(moves_cursor=True): run_as_program(lambda: fail({error}('{attack}')))"
    )
    said = process.communicate(timeout=20)[1]
    assert "\\x1b[2J" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    if error == "GeoRewardsError":
        assert said.splitlines()[1] == "  geo-rewards [rank 3]: all is well"


def test_the_training_program_cleans_what_it_prints():
    command = [sys.executable, "-m", "geo_rewards_trl.train", "--\x1b[2J", "x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 2
    assert "\\x1b[2J" in done.stderr
    assert "\x1b" not in done.stderr


@linux  # which tells processes of their parent's death
def test_a_process_does_not_outlive_torchrun(start):
    launcher = start(
        "import subprocess; rank = subprocess.Popen([sys.executable, '-c', sys.argv[1] + 'wait(\"sleep\")']);"
        "print(rank.pid, flush=True); rank.wait()",
        LOCAL_RANK="1",
        TORCHELASTIC_RUN_ID="none",
        arguments=[PROGRAM],
    )
    lines = {launcher.stdout.readline().strip() for _ in range(2)}
    assert "ready" in lines
    launcher.kill()
    _, error = launcher.communicate(timeout=20)  # ends when the other process has closed the pipe, too
    assert error.startswith("geo-rewards [rank 3]: ended by SIGTERM in ")


def test_a_process_that_nobody_launched_is_left_alone(start):
    process = start("wait('sleep')")
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert process.communicate(timeout=20)[1] == ""
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize("launched", [{}, {"LOCAL_RANK": "1"}], ids=["alone", "launched"])
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("GeoRewardsError('bad row')", 1, "geo-rewards [rank 3]: bad row\n"),
        ("UsageError('bad flag')", 2, "geo-rewards [rank 3]: bad flag\n"),
        ("ZeroDivisionError('by 0')", 1, "Traceback"),
    ],
)
def test_errors_end_a_process_with_its_code_also_when_threads_remain(start, error, code, said, launched):
    stay = "import threading; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    process = start(f"{stay}run_as_program(lambda: fail({error}))", **launched)
    _, told = process.communicate(timeout=20)
    assert process.returncode == code
    assert told.startswith(said)


@pytest.mark.parametrize(("error", "code"), [("GeoRewardsError", 1), ("UsageError", 2)])
def test_a_failure_that_an_earlier_rank_reports_is_not_repeated_and_has_its_code(start, error, code):
    process = start(f"run_as_program(lambda: fail(SameFailureError({error}('bad'), rank=0)))")
    _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert said == "geo-rewards [rank 3]: cannot start, for the reason that rank 0 reports\n"


def test_a_process_that_is_already_failing_says_where_it_failed(start, tmp_path):
    code = f"""
from pathlib import Path
def train():
    print("ready", flush=True)
    raise RuntimeError("Connection reset by peer")  # waits, so that the launcher sees the other one first
def run():
    with explain_failures(Path({str(tmp_path)!r})):
        train()
run()
"""
    process = start(code, LOCAL_RANK="1")
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert said.startswith(
        (
            "geo-rewards [rank 3]: ended by SIGTERM in run (",
            "geo-rewards [rank 3]: ended by SIGTERM in train (",
        )
    )
    assert said.endswith("yet: the same command starts from step 0\n")


def test_ctrl_c_is_said_in_one_sentence(start):
    process = start("run_as_program(lambda: wait('sleep'))")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT
    assert told == "geo-rewards [rank 3]: ended by Ctrl-C\n"


def test_a_traceback_is_shown_on_request(start):
    _, told = start("run_as_program(lambda: fail(GeoRewardsError('bad row')))").communicate(timeout=20)
    assert "Traceback" not in told
    process = start("run_as_program(lambda: fail(GeoRewardsError('bad row')))", GEO_REWARDS_DEBUG="1")
    _, told = process.communicate(timeout=20)
    assert told.startswith("Traceback")
    assert told.endswith("geo-rewards [rank 3]: bad row\n")


@linux
def test_a_thread_that_ends_the_process_is_not_held_up_by_c_code(start, wait_for):
    process = start("""
import threading
begun = threading.Event()
def slow():
    begun.set()
    time.sleep(1.5)
    return "slowly"
listener = SignalListener(slow)
listener.start()
threading.Thread(target=listener.end).start()  # as if it had heard the signal first
begun.wait()
print("ready", flush=True)
re.match("(a+)+$", "a" * 40 + "!")
""")
    assert process.stdout.readline() == "ready\n"
    wait_for(lambda: is_busy(process), seconds=20)
    process.terminate()
    _, told = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert told.endswith("; slowly\n")


def test_a_worker_process_of_the_dataloader_says_it_in_one_sentence_too(start):
    pytest.importorskip("torch")
    program = """
from torch.utils.data import DataLoader
class Rows:
    def __len__(self):
        return 1
    def __getitem__(self, index):
        raise GeoRewardsError("a.jsonl, line 3: picture a.png does not exist; restore it")
run_as_program(lambda: list(DataLoader(Rows(), num_workers=1)))
"""
    process = start(program)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert told == "geo-rewards [rank 3]: a.jsonl, line 3: picture a.png does not exist; restore it\n"

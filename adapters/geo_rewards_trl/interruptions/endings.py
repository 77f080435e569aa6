"""How a run ends that does not end well: what each process says, and that none is left behind.

A process is ended from outside when another one has died: the launcher sends it a signal while it
waits for that one in a collective operation, deep inside C code, where Python's handlers do not run.
So a thread of its own hears the signal.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import errno
import logging
import os
import re
import shutil
import signal
import sys
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError, UnknownNameError
from geo_rewards.runs.checkpoints import CheckpointError, is_model_alone, last_whole_checkpoint
from geo_rewards_trl.flags.arguments import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LOST_CONTACT = re.compile(
    r"closed by peer|reset by peer|broken pipe|gloo|nccl|process group|timed out waiting|socket timeout",
    re.IGNORECASE,
)
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
_PR_SET_PDEATHSIG = 1
# Longer than any clean-up should take, shorter than a launcher's patience, in seconds.
_END_WITHIN_S = 20.0
# A launcher blames the process whose end it sees first: let it see the one that died, in seconds.
_LET_OTHERS_SPEAK_S = 2.0


_FROM_WORKER = re.compile(
    r"Caught \w+ in DataLoader worker process \d+\..*^[\w.]+: (.+)", re.DOTALL | re.MULTILINE
)


class RunEndedError(GeoRewardsError):
    """A run that something outside this library has ended."""


def run_as_program(work: Callable[[], object]) -> None:
    """Do the work of a command and end the process: 0 done, 1 the data or the run is bad, 2 wrong usage.

    What was wrong is said in one sentence (with GEO_REWARDS_DEBUG=1 after its traceback); what nobody
    foresaw, with its traceback.
    """
    code = 0
    try:
        with heard_signal(lambda: "training had not begun"):
            work()
    except GeoRewardsError as error:
        if os.environ.get("GEO_REWARDS_DEBUG"):
            traceback.print_exc()
        _say_once(error)
        code = 2 if isinstance(error, (UsageError, UnknownNameError)) else 1
    except KeyboardInterrupt as error:
        say("; ".join(["ended by Ctrl-C", *getattr(error, "__notes__", ())]))
        code = 128 + signal.SIGINT
    except Exception:  # noqa: BLE001 - shown whole
        traceback.print_exc()
        code = 1
    if code and not is_launched():
        sys.exit(code)
    end_process(code)


def _say_once(error: GeoRewardsError) -> None:
    """Say what was wrong; where several processes have found the same, only the first of them does."""
    first = getattr(error, "said_by", None)
    if first is None or str(first) == os.environ.get("RANK", "0"):
        say("; ".join([_without_worker(str(error)), *getattr(error, "__notes__", ())]))
    else:
        say(f"cannot start, for the reason that rank {first} gives")
        time.sleep(_LET_OTHERS_SPEAK_S)


def end_process(code: int = 0) -> None:
    """End this process with an exit code, past the interpreter's own end.

    There, a thread of torch or of the trainer that still wants Python is killed, and now and then
    takes the process with it ("terminate called without an active exception"): torchrun would then call a
    finished run failed. A process that failed ends within seconds, whatever its clean-up waits for.
    """
    if code:
        watchdog = threading.Timer(_END_WITHIN_S, os._exit, (code,))
        watchdog.daemon = True
        watchdog.start()
    atexit._run_exitfuncs()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def explained_ending(output_dir: Path, *, without: str | None = None) -> Iterator[None]:
    """Say of whatever ends the run in here what it was, and from where the same command goes on.

    Args:
        output_dir: The run's output folder.
        without: A flag of this command that the next one must leave out to go on, if there is one.

    Raises:
        RunEndedError: If another process has gone, or the disk is full.
    """
    with heard_signal(lambda: how_to_go_on(output_dir, without=without)):
        try:
            yield
        except KeyboardInterrupt as error:
            error.add_note(how_to_go_on(output_dir, without=without))
            raise
        except Exception as error:
            if is_lost_contact(error):
                time.sleep(_LET_OTHERS_SPEAK_S)
            told = _in_one_sentence(error)
            hint = how_to_go_on(output_dir, without=without)
            if told is None:
                error.add_note(hint)
                raise
            ended = RunEndedError(told)
            ended.add_note(hint)
            raise ended from error


@contextmanager
def said_of_writing(folder: Path) -> Iterator[None]:
    """Turn a failure to write a checkpoint, or the final model, into one sentence.

    Raises:
        CheckpointError: Naming the folder and the cause.
    """
    try:
        yield
    except GeoRewardsError:
        raise
    except Exception as error:
        if is_lost_contact(error):
            raise
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        if not isinstance(error, OSError):  # whose text says what it is
            cause = f"{type(error).__name__}: {cause}"
        raise CheckpointError(f"{folder} could not be written{_free_space(folder)}: {cause}") from error


def _free_space(folder: Path) -> str:
    try:
        return f" ({shutil.disk_usage(folder).free / 1e9:.1f} GB are free on its disk)"
    except OSError:
        return ""


def how_to_go_on(output_dir: Path, *, without: str | None = None) -> str:
    """Return from where the same command, without a flag if need be, goes on."""
    last = last_whole_checkpoint(output_dir)
    if last is None:
        return f"there is no whole checkpoint in {output_dir} yet: the same command starts from step 0"
    if is_model_alone(last):
        return f"{last} holds the model alone (--save_only_model): a new run can start with it"
    return f"the same command{f' without {without}' if without else ''} goes on from {last}"


def is_lost_contact(error: BaseException) -> bool:
    """Return whether this is what a collective operation raises when another process has gone."""
    import torch.distributed as dist

    if isinstance(error, dist.DistError):
        return True
    return isinstance(error, RuntimeError) and bool(_LOST_CONTACT.search(str(error)))


def _in_one_sentence(error: Exception) -> str | None:
    if isinstance(error, GeoRewardsError):
        return None
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
    if is_lost_contact(error):
        return (
            "lost contact with another process, which has ended or hangs; its own message, "
            f"or the launcher's, says why ({first_line:.200})"
        )
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        return f"a file could not be written: {first_line}"
    return None


def _without_worker(message: str) -> str:
    """Return an error's own words, without the traceback that a worker of the dataloader puts before them."""
    match = _FROM_WORKER.match(message)
    return match[1].strip() if match else message


def is_launched() -> bool:
    """Return whether a launcher such as torchrun has started this process."""
    return "LOCAL_RANK" in os.environ


@contextmanager
def heard_signal(hint: Callable[[], str]) -> Iterator[None]:
    """Have a launched process say something when SIGTERM ends it, also in the middle of C code.

    Args:
        hint: Returns what to add: how to go on.
    """
    if not is_launched() or threading.current_thread() is not threading.main_thread():
        yield
        return
    _end_with_launcher()
    listener = _SignalListener(hint)
    listener.start()
    try:
        yield
    finally:
        listener.stop()


def _end_with_launcher() -> None:
    """Have Linux send SIGTERM when torchrun itself is killed.

    Its processes would train on unseen, into the folder in which the same command is started again.
    """
    if sys.platform == "linux" and "TORCHELASTIC_RUN_ID" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))


class _SignalListener:
    """Ends the process on SIGTERM with a message, wherever its main thread is."""

    def __init__(self, hint: Callable[[], str]) -> None:
        self._hint = hint
        self._ending = threading.Lock()
        self._ender: int | None = None
        self._is_on = False

    def start(self) -> None:
        # Python writes each signal's number to this pipe at once; handlers wait for the main thread.
        self._inlet, outlet = os.pipe()
        os.set_blocking(outlet, False)
        self._outlet = outlet
        self._earlier_handler = signal.signal(signal.SIGTERM, self._on_signal)
        self._earlier_outlet = signal.set_wakeup_fd(outlet, warn_on_full_buffer=False)
        self._is_on = True
        os.register_at_fork(after_in_child=self._forget)
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        self._is_on = False
        signal.set_wakeup_fd(self._earlier_outlet)
        if signal.getsignal(signal.SIGTERM) == self._on_signal:
            signal.signal(signal.SIGTERM, self._earlier_handler)
        os.close(self._outlet)  # the thread reads the end and leaves

    def _forget(self) -> None:
        """Let a forked child, such as a worker of the data loader, end as its parent wants it."""
        if self._is_on and threading.current_thread() is threading.main_thread():
            self._is_on = False
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _listen(self) -> None:
        while received := os.read(self._inlet, 64):
            if signal.SIGTERM in received:
                self._end()
        os.close(self._inlet)

    def _on_signal(self, _number: int, _frame: Any) -> None:
        self._end()  # C code that keeps the interpreter's lock, as `re` does, lets only this one run
        if self._ending.locked() and self._ender != threading.get_ident():
            time.sleep(_END_WITHIN_S)  # the thread is at it, and back in C code its turn would never come

    def _end(self) -> None:
        is_ours = signal.getsignal(signal.SIGTERM) == self._on_signal  # somebody else may want to tidy up
        if not (self._is_on and is_ours and self._ending.acquire(blocking=False)):
            return
        self._ender = threading.get_ident()
        say(
            f"ended by SIGTERM in {_place_of_main_thread()}: a launcher ends all processes when one of them "
            f"has failed or died, and says which; {self._hint()}"
        )
        os._exit(128 + signal.SIGTERM)


def _place_of_main_thread() -> str:
    """Return where the main thread is: of a process that hung, that is the one thing to know."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None and frame.f_code.co_filename in {__file__, contextlib.__file__}:  # at its end
        frame = frame.f_back
    if frame is None:
        return "an unknown place"
    return f"{frame.f_code.co_name} ({frame.f_code.co_filename}, line {frame.f_lineno})"


def say(message: str) -> None:
    """Write a message of this process to the standard error, in one piece."""
    rank = os.environ.get("RANK", "0")
    with suppress(OSError):
        os.write(2, f"geo-rewards [rank {rank}]: {message}\n".encode())

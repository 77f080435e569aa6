"""What a process says when SIGTERM ends it, wherever it is.

A launcher sends the signal when another process has died, while this one waits for that one in a collective
operation, deep inside C code, where Python's signal handlers do not run. So a thread listens for the signal.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.system.terminal import clean, indented

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_WITHIN_S = 20.0
"""Longer than any clean-up should take, shorter than a launcher's patience, in seconds."""

_PR_SET_PDEATHSIG = 1


def is_launched() -> bool:
    """Return whether a launcher such as torchrun has started this process."""
    return "LOCAL_RANK" in os.environ


def report(message: str) -> None:
    """Write a message of this process to the standard error, in one piece."""
    rank = os.environ.get("RANK", "0")
    with suppress(OSError):
        os.write(2, clean(indented(f"geo-rewards [rank {rank}]: {message}") + "\n").encode())


@contextmanager
def explain_sigterm(hint: Callable[[], str]) -> Iterator[None]:
    """Make a launched process report where it was when SIGTERM ends it, even in the middle of C code.

    Args:
        hint: Returns what to add: how to resume.
    """
    if not is_launched() or threading.current_thread() is not threading.main_thread():
        yield
        return
    _end_with_launcher()
    listener = SignalListener(hint)
    listener.start()
    try:
        yield
    finally:
        listener.stop()


class SignalListener:
    """Ends the process on SIGTERM with a message, wherever its main thread is.

    Args:
        hint: Returns what to add to the message.
    """

    def __init__(self, hint: Callable[[], str]) -> None:
        self._hint = hint
        self._ending = threading.Lock()
        self._ender: int | None = None
        self._is_on = False

    def start(self) -> None:
        """Listen from now on; in the main thread."""
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
        """Listen no longer, and restore the earlier handler."""
        self._is_on = False
        signal.set_wakeup_fd(self._earlier_outlet)
        if signal.getsignal(signal.SIGTERM) == self._on_signal:
            signal.signal(signal.SIGTERM, self._earlier_handler)
        os.close(self._outlet)  # the thread reads the end and exits

    def end(self) -> None:
        """Report and end the process, unless another thread is doing so or somebody else wants to tidy up."""
        is_ours = signal.getsignal(signal.SIGTERM) == self._on_signal
        if not (self._is_on and is_ours and self._ending.acquire(blocking=False)):
            return
        self._ender = threading.get_ident()
        report(
            f"ended by SIGTERM in {_place_of_main_thread()}: a launcher ends all processes when one of them "
            f"has failed or died, and reports which; {self._hint()}"
        )
        os._exit(128 + signal.SIGTERM)

    def _forget(self) -> None:
        """Let a forked child, such as a worker of the data loader, end as its parent wants it to."""
        if self._is_on and threading.current_thread() is threading.main_thread():
            self._is_on = False
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _listen(self) -> None:
        while received := os.read(self._inlet, 64):
            if signal.SIGTERM in received:
                self.end()
        os.close(self._inlet)

    def _on_signal(self, _number: int, _frame: Any) -> None:
        self.end()  # C code that keeps the interpreter's lock, as `re` does, lets only this one run
        if self._ending.locked() and self._ender != threading.get_ident():
            time.sleep(
                EXIT_WITHIN_S
            )  # the thread is at work, and once back in C code its turn would never come


def _end_with_launcher() -> None:
    """Have Linux send SIGTERM when torchrun itself is killed.

    Otherwise its processes would train on unseen, into the folder in which the same command is started again.
    """
    if sys.platform == "linux" and "TORCHELASTIC_RUN_ID" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))


def _place_of_main_thread() -> str:
    """Return where the main thread is: if a process hung, that is the one thing to know."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    # A process that is already handling its end is in these files: what it was doing before is further out.
    own = {contextlib.__file__, *map(str, Path(__file__).parent.glob("*.py"))}
    while frame is not None and frame.f_code.co_filename in own:
        frame = frame.f_back
    if frame is None:
        return "an unknown place"
    return f"{frame.f_code.co_name} ({frame.f_code.co_filename}, line {frame.f_lineno})"

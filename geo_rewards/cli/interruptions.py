"""Ctrl-C and SIGTERM end a command as an exception, so that its workers and partial files go with it."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "SIGHUP"}
# A terminal and a wrapper such as `srun` may both send the same signal.
_SAME_WITHIN_S = 2.0


class Interrupted(BaseException):
    """A signal that ends the command.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number
        super().__init__(f"ended by {_NAMES[signal.Signals(number).name]}")

    def __str__(self) -> str:
        """Return what ended the command, and what was not done because of it."""
        return "; ".join([str(self.args[0]), *getattr(self, "__notes__", ())])


@contextmanager
def raising_interruptions() -> Iterator[None]:
    """Raise `Interrupted` in here when a signal asks this process to end; a later signal ends it at once.

    Signals that are ignored, as with ``nohup``, stay so. Outside the main thread nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _Handler()
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    earlier = {number: signal.getsignal(number) for number in numbers}
    taken = {number: found for number, found in earlier.items() if found not in (signal.SIG_IGN, None)}
    for number in taken:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, found in taken.items():
            signal.signal(number, found)


class _Handler:
    """Raises for the first signal."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._raised_at: float | None = None

    def __call__(self, number: int, _frame: Any) -> None:
        if os.getpid() != self._process:  # a forked child ends as it would without us
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif self._raised_at is None:
            self._raised_at = time.monotonic()
            raise Interrupted(number)
        elif time.monotonic() - self._raised_at > _SAME_WITHIN_S:
            os._exit(128 + number)

"""A time limit where no signal can interrupt a call: it runs in a thread of its own, which is left behind.

A call that waits, or that runs Python code, is ended there soon; one that stays in C code keeps its thread.
Inside a regular expression no other thread runs at all, so that the limit is noticed only when that ends.
"""

from __future__ import annotations

import contextvars
import ctypes
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

MAX_ABANDONED = 8
"""How many calls of a reward may be left behind before it is no longer called."""

# How long a call that was told to end may take to do so, in seconds.
_GRACE_S = 0.1


def abandoned_name(name: str) -> str:
    """Return the name of the threads that a reward's calls have been left behind in."""
    return f"geo-rewards: blocked by {name}"


def count_abandoned(name: str) -> int:
    """Return how many calls of a reward are still running although they have been given up."""
    wanted = abandoned_name(name)
    return sum(thread.name == wanted for thread in threading.enumerate())


def call_in_thread(call: Callable[[], Result], timeout_s: float, *, name: str) -> Result:
    """Return the result of `call`, made in another thread with this one's context variables.

    Args:
        call: What to call.
        timeout_s: Limit in seconds.
        name: Name of the reward.

    Raises:
        TimeoutError: If it takes more than `timeout_s`, or if too many earlier calls are still running.
    """
    if count_abandoned(name) >= MAX_ABANDONED:
        raise TimeoutError(f"not tried: {MAX_ABANDONED} earlier calls still hang")
    caller = _Caller(call)
    caller.start()
    caller.join(timeout_s)
    if caller.is_alive():
        caller.end(abandoned_name(name))
    if caller.seconds is None or caller.seconds > timeout_s:
        cause = caller.error if isinstance(caller.error, Exception) else None
        raise TimeoutError(f"no value within {timeout_s:g} s") from cause
    if caller.error is not None:
        raise caller.error
    return caller.result  # type: ignore[no-any-return]


class _EndCall(BaseException):
    """Ends a call from inside."""


class _Caller(threading.Thread):
    """A thread that makes one call."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.result: Any = None
        self.error: BaseException | None = None
        self.seconds: float | None = None
        self._call = call
        self._context = contextvars.copy_context()
        self._ending = threading.Lock()
        self._is_calling = True

    def run(self) -> None:
        """Make the call, and keep its result or exception."""
        begun = time.monotonic()
        try:
            try:
                self.result = self._context.run(self._call)
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
                self.error = error
            self.seconds = time.monotonic() - begun
            with self._ending:
                self._is_calling = False
        except _EndCall:
            pass  # it was told to end when it had just ended

    def end(self, name: str) -> None:
        """Have the call end by an exception when it next runs Python code; else leave it behind."""
        self.name = name
        with (
            self._ending
        ):  # else the exception could reach another thread, which has this one's number by then
            if self._is_calling:
                number, kind = ctypes.c_ulong(self.ident or 0), ctypes.py_object(_EndCall)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(number, kind)
        self.join(_GRACE_S)

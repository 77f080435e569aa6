"""A time limit for calls that also stops regular expressions and blocking system calls.

A thread cannot stop a regular expression, which holds the interpreter's lock; a signal in the main
thread can, because the `re` module checks for signals while matching. Elsewhere the limit has a limit.
"""

from __future__ import annotations

import functools
import logging
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from geo_rewards.contract.abandoned_call import call_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

MAX_CONSECUTIVE_TIMEOUTS = 3
MAX_TIMEOUTS = 10

WHERE_LIMITS_HOLD = (
    "in the main thread a call is interrupted wherever it is; in other threads, and on Windows, a call that "
    "waits or runs Python is given up in time, one inside a regular expression only when that ends"
)
"""What `timeout_s` does, for `describe`."""

# Seconds after which code that swallowed an interruption gets another.
_REPEAT_S = 1.0
# Seconds by which a timer may ring early: timers are rounded to microseconds.
_SLACK_S = 1e-3


@functools.cache
def warn_once(message: str) -> None:
    """Log a warning once per process."""
    logger.warning(message)


def check_limit(timeout_s: float | None) -> None:
    """Reject a limit that is not positive.

    Raises:
        ValueError: If it is 0, negative or not a number.
    """
    if timeout_s is not None and not timeout_s > 0:
        raise ValueError(f"timeout_s is {timeout_s}; it must be greater than 0, or None for no limit")


@dataclass(slots=True)
class Patience:
    """Counts the timeouts of a batch, so that a batch in which every row hangs is given up.

    >>> patience = Patience()
    >>> for _ in range(3):
    ...     patience.note(is_timeout=True)
    >>> patience.is_over
    True
    """

    consecutive: int = 0
    total: int = 0

    def note(self, *, is_timeout: bool) -> None:
        """Count the outcome of a row."""
        self.consecutive = self.consecutive + 1 if is_timeout else 0
        self.total += is_timeout

    @property
    def is_over(self) -> bool:
        """Whether to skip the remaining rows."""
        return self.consecutive >= MAX_CONSECUTIVE_TIMEOUTS or self.total >= MAX_TIMEOUTS

    def refusal(self, timeout_s: float | None) -> TimeoutError:
        """Return the error of a skipped row."""
        return TimeoutError(
            f"not tried: {self.total} earlier rows of this batch gave no value within {timeout_s:g} s"
        )


def call_within(call: Callable[[], Result], timeout_s: float | None, *, name: str) -> Result:
    """Return the result of `call`, unless it takes too long.

    A timer set by other code keeps running, during and after the call. Calls may be nested. C code that
    does not check for signals is stopped when it returns to Python. Outside the main thread, and on systems
    without interval timers, the call is made in a thread of its own: see `call_in_thread`.

    Args:
        call: What to call.
        timeout_s: Limit in seconds, or None.
        name: Name of the reward, to count its calls that have been left behind in threads.

    Raises:
        TimeoutError: If it takes more than `timeout_s`, even if it then returns.
    """
    if timeout_s is None:
        return call()
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return call_in_thread(call, timeout_s, name=name)
    return _call_with_alarm(call, _Alarm(timeout_s))


def _call_with_alarm(call: Callable[[], Result], alarm: _Alarm) -> Result:
    cause: Exception | None = None
    try:
        alarm.start()
        try:
            result = call()
        finally:
            alarm.is_on = False  # from here on a late alarm has no effect
    except _TimeIsUpError as ring:
        if ring.alarm is not alarm:
            raise
    except Exception as error:
        if not alarm.has_rung:
            raise
        cause = error  # the call turned the interruption into its own exception: still a timeout
    finally:
        alarm.stop()
    if alarm.has_rung:
        raise TimeoutError(f"no value within {alarm.timeout_s:g} s") from cause
    return result


class _TimeIsUpError(BaseException):
    """Interrupts a call from inside; not an `Exception`, so that ``except Exception`` does not catch it."""

    def __init__(self, alarm: _Alarm) -> None:
        super().__init__("time limit of geo-rewards reached")
        self.alarm = alarm


@dataclass
class _Alarm:
    """An interval timer on top of any existing timer and handler, which still run when due.

    Attributes:
        timeout_s: Seconds until it rings.
        is_on: Whether ringing interrupts the call.
        has_rung: Whether it has rung.
    """

    timeout_s: float
    is_on: bool = False
    has_rung: bool = False
    _due: float = 0.0
    _handler: Any = None
    _outer_due: float | None = None
    _outer_interval_s: float = field(default=0.0)

    def start(self) -> None:
        now = time.monotonic()
        left_s, self._outer_interval_s = signal.setitimer(signal.ITIMER_REAL, 0)
        self._outer_due = now + left_s if left_s else None
        self._handler = signal.signal(signal.SIGALRM, self._ring)
        self._due = now + self.timeout_s
        self.is_on = True
        self._set_timer()

    def stop(self) -> None:
        """Restore the earlier handler and timer; harmless if this one never started."""
        if self._due == 0.0:
            return
        self.is_on = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._handler is not None:  # one that was set outside Python cannot be restored
            signal.signal(signal.SIGALRM, self._handler)
        if self._outer_due is not None:
            left_s = max(self._outer_due - time.monotonic(), 1e-6)
            signal.setitimer(signal.ITIMER_REAL, left_s, self._outer_interval_s)

    def _set_timer(self) -> None:
        due = self._due
        if self._outer_due is not None and callable(self._handler):
            due = min(due, self._outer_due)
        left_s = max(due - time.monotonic(), 1e-6)
        signal.setitimer(signal.ITIMER_REAL, left_s, _REPEAT_S)

    def _ring(self, signum: int, frame: Any) -> None:
        if not self.is_on:
            return
        now = time.monotonic()
        if callable(self._handler) and self._outer_due is not None and now >= self._outer_due - _SLACK_S:
            self._outer_due = now + self._outer_interval_s if self._outer_interval_s else None
            self._set_timer()
            self._handler(signum, frame)
        if now >= self._due - _SLACK_S:
            self.has_rung = True
            raise _TimeIsUpError(self)

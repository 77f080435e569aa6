"""A limit on the time of a call that stops regular expressions and blocking system calls too.

A thread cannot stop a regular expression, which holds the interpreter's lock; a signal in the main
thread can, since the `re` module looks for signals while it matches.
"""

from __future__ import annotations

import functools
import logging
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

MOST_TIMEOUTS_IN_A_ROW = 3
MOST_TIMEOUTS = 10

# Code that swallows the first interruption gets another, in seconds.
_RING_AGAIN_S = 1.0
# Timers are rounded to microseconds: one that rings this much early, in seconds, is on time.
_SLACK_S = 1e-3


@functools.cache
def warn_once(message: str) -> None:
    """Log a warning the first time that it is given in this process."""
    logger.warning(message)


def check_limit(timeout_s: float | None) -> None:
    """Refuse a limit that nothing could keep.

    Raises:
        ValueError: If it is not more than 0.
    """
    if timeout_s is not None and not timeout_s > 0:
        raise ValueError(f"timeout_s is {timeout_s}; it must be more than 0, or None for no limit")


@dataclass(slots=True)
class Patience:
    """Counts the timeouts of a batch, so that rows that all hang are not waited for one after the other.

    >>> patience = Patience()
    >>> for _ in range(3):
    ...     patience.note(is_timeout=True)
    >>> patience.is_over
    True
    """

    in_a_row: int = 0
    total: int = 0

    def note(self, *, is_timeout: bool) -> None:
        """Count what became of a row."""
        self.in_a_row = self.in_a_row + 1 if is_timeout else 0
        self.total += is_timeout

    @property
    def is_over(self) -> bool:
        """Whether the rows that are left shall not be tried."""
        return self.in_a_row >= MOST_TIMEOUTS_IN_A_ROW or self.total >= MOST_TIMEOUTS

    def refusal(self, timeout_s: float | None) -> TimeoutError:
        """Return the error of a row that was not tried."""
        return TimeoutError(
            f"not tried: {self.total} rows of this batch before it gave no value within {timeout_s:g} s"
        )


def call_within(call: Callable[[], Result], timeout_s: float | None, *, name: str) -> Result:
    """Return what `call` returns, unless it takes too long.

    A timer of somebody else keeps running, inside and afterwards. Calls may be nested. Code in C that does
    not look for signals is stopped when it returns to Python.

    Args:
        call: What to call.
        timeout_s: Limit in seconds, or None.
        name: Whose call it is, for the warning where there can be no limit: outside the main thread, and
            on systems without interval timers.

    Raises:
        TimeoutError: If it takes more than `timeout_s`, also if it then returned all the same.
    """
    if timeout_s is None:
        return call()
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        warn_once(f"reward {name!r}: timeout_s cannot stop it outside the main thread; it runs without limit")
        return call()
    return _call_with_alarm(call, _Alarm(timeout_s))


def _call_with_alarm(call: Callable[[], Result], alarm: _Alarm) -> Result:
    cause: Exception | None = None
    try:
        alarm.start()
        try:
            result = call()
        finally:
            alarm.is_on = False  # from here on a late ring does nothing
    except _TimeIsUpError as ring:
        if ring.alarm is not alarm:
            raise
    except Exception as error:
        if not alarm.has_rung:
            raise
        cause = error  # what the interruption has become in the call's own hands: still a timeout
    finally:
        alarm.stop()
    if alarm.has_rung:
        raise TimeoutError(f"no value within {alarm.timeout_s:g} s") from cause
    return result


class _TimeIsUpError(BaseException):
    """Interrupts a call from inside: no `Exception`, so that a reward's ``except Exception`` lets it pass."""

    def __init__(self, alarm: _Alarm) -> None:
        super().__init__("a time limit of geo-rewards")
        self.alarm = alarm


@dataclass
class _Alarm:
    """An interval timer on top of whatever timer and handler there were, which get their turn.

    Attributes:
        timeout_s: Seconds until it rings.
        is_on: Whether a ring interrupts.
        has_rung: Whether it did.
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
        """Put the earlier handler and timer back; harmless if this one never started."""
        if self._due == 0.0:
            return
        self.is_on = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._handler is not None:  # one that was set outside Python cannot be put back
            signal.signal(signal.SIGALRM, self._handler)
        if self._outer_due is not None:
            left_s = max(self._outer_due - time.monotonic(), 1e-6)
            signal.setitimer(signal.ITIMER_REAL, left_s, self._outer_interval_s)

    def _set_timer(self) -> None:
        due = self._due
        if self._outer_due is not None and callable(self._handler):
            due = min(due, self._outer_due)
        left_s = max(due - time.monotonic(), 1e-6)
        signal.setitimer(signal.ITIMER_REAL, left_s, _RING_AGAIN_S)

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

"""What is computed or loaded on first use, safe in threads and in processes that are forked meanwhile.

A lock that another thread holds during a fork stays locked in the child, where that thread does not exist.
Python's own locks of modules that are being imported are among them.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")

# Loading takes a second or two; a fork waits at most this long for it, in seconds: a plugin may be stuck.
_WAIT_S = 30.0
_MISSING = object()


class lazy_property(Generic[Value]):  # noqa: N801 - a decorator, like `functools.cached_property`
    """A property computed on first use, like `functools.cached_property`, but without a lock.

    In Python 3.11 that has one lock for all instances. Without it, two threads may compute the same value;
    both get the one that was ready first.
    """

    def __init__(self, function: Callable[[Any], Value]) -> None:
        self.function = function
        self.attrname = function.__name__
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.attrname = name

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Value: ...
    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        """Return the value; later uses find it in the instance and do not come here."""
        if instance is None:
            return self
        found = instance.__dict__.get(self.attrname, _MISSING)
        if found is not _MISSING:
            return found
        return instance.__dict__.setdefault(self.attrname, self.function(instance))


class ForkSafeLock:
    """A re-entrant lock that is not left locked in a child that is forked while another thread holds it.

    Args:
        delays_forks: A fork waits until no other thread holds the lock: for locks that are held while tables
            are read and modules are imported, since a module that is half imported stays so in the child.
            Otherwise the child gets a new lock; what the lock protects must be complete at all times.
    """

    def __init__(self, *, delays_forks: bool = False) -> None:
        self._lock = threading.RLock()
        self._is_held_by_fork = False
        self._delays_forks = delays_forks
        _locks.append(weakref.ref(self, _locks.remove))

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def before_fork(self) -> None:
        """Hold the lock while the process is copied."""
        self._is_held_by_fork = self._delays_forks and self._lock.acquire(timeout=_WAIT_S)

    def after_fork(self, *, in_child: bool) -> None:
        """Release the lock, or replace it in a child if a thread holds it that does not exist there."""
        if self._is_held_by_fork:
            self._is_held_by_fork = False
            self._lock.release()
        elif in_child:
            if self._lock.acquire(blocking=False):  # free, or held by the thread that has forked
                self._lock.release()
            else:
                self._lock = threading.RLock()


_locks: list[weakref.ref[ForkSafeLock]] = []

LOADING = ForkSafeLock(delays_forks=True)
"""Held while tables are read and modules imported on first use; one lock, so that none waits for another."""


def _living() -> list[ForkSafeLock]:
    """Return the locks, latest first: a module that is imported by another has the earlier and inner one."""
    return [lock for reference in reversed(_locks) if (lock := reference()) is not None]


def _before_fork() -> None:
    for lock in _living():
        lock.before_fork()


def _after_fork(*, in_child: bool) -> None:
    for lock in _living():
        lock.after_fork(in_child=in_child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _after_fork(in_child=False),
        after_in_child=lambda: _after_fork(in_child=True),
    )

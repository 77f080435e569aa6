"""Apply a function to a stream of chunks in worker processes, keeping their order."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from geo_rewards.errors import GeoRewardsError
from geo_rewards.system.terminal import clean_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_S = 1.0  # at the parent, where its end is not reported
_PAUSE_S = 0.02
_AHEAD = 2  # chunks in flight for each process: enough to keep it busy, few enough to stay small


def chunked(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of `size`; the last may be shorter.

    >>> list(chunked("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    items = iter(items)
    while chunk := list(islice(items, size)):
        yield chunk


@dataclass(kw_only=True)
class WorkerPool(Generic[Item, Result]):
    """Calls a function for each chunk of a stream in worker processes; few chunks are in memory at a time.

    Attributes:
        function: Picklable; sent to each worker once.
        workers: Number of worker processes; with 0 this process does everything.
        alone_chunks: Number of chunks that this process handles before workers are started.
        send: Returns what of a chunk is sent to a worker and given to `function`; None sends the chunk.
        on_death: Called in this process for a chunk whose worker died; if None, this process calls the
            function on that chunk and all that follow.

    >>> pool = WorkerPool(function=len, workers=0)
    >>> [length for _, length in pool.map(["a", "bc"])]
    [1, 2]
    """

    function: Callable[[Any], Result]
    workers: int
    alone_chunks: int = 8
    send: Callable[[Item], Any] | None = None
    on_death: Callable[[Item], Result] | None = None
    _waiting: deque[tuple[Item, Future[Result]]] = field(default_factory=deque)

    def map(self, chunks: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Yield each chunk with its result, in order.

        Raises:
            GeoRewardsError: If `on_death` is given and workers cannot be started at all.
        """
        chunks = iter(chunks)
        for chunk in chunks if self.workers < 1 else islice(chunks, self.alone_chunks):
            yield chunk, self._call_here(chunk)
        first = next(chunks, None)
        if first is None:
            return
        workers = self._start()
        try:
            for chunk in chain([first], chunks):
                self._submit(workers, chunk)
                if len(self._waiting) >= _AHEAD * self.workers:
                    waiting, result, workers = self._next(workers)
                    yield waiting, result
            while self._waiting:
                waiting, result, workers = self._next(workers)
                yield waiting, result
        except BaseException:
            workers.kill()  # nobody waits for their results, and one may hang
            raise
        workers.close()

    def _to_send(self, chunk: Item) -> Any:
        return chunk if self.send is None else self.send(chunk)

    def _call_here(self, chunk: Item) -> Result:
        return self.function(self._to_send(chunk))

    def _start(self) -> Workers:
        workers = Workers(self.workers, self.function)
        if self.on_death is not None:
            workers.check()
        return workers

    def _submit(self, workers: Workers, chunk: Item) -> None:
        try:
            future = workers.submit(self._to_send(chunk))
        except BrokenProcessPool as error:  # reported by an earlier chunk, which is still waiting
            future = Future()
            future.set_exception(error)
        self._waiting.append((chunk, future))

    def _next(self, workers: Workers) -> tuple[Item, Result, Workers]:
        """Return the first chunk in flight, its result, and the workers for what follows."""
        chunk, future = self._waiting.popleft()
        try:
            return chunk, future.result(), workers
        except BrokenProcessPool:
            if self.on_death is None:
                logger.warning("a worker process died; continuing in this process alone")
                return chunk, self._call_here(chunk), workers
        workers.kill()
        result = self.on_death(chunk)
        workers = self._start()
        chunks = [waiting for waiting, _ in self._waiting]
        self._waiting.clear()
        for waiting in chunks:
            self._submit(workers, waiting)
        return chunk, result, workers


class Workers:
    """Worker processes that call a function; none of them outlives this process.

    Leaving the block ends them: when they are done, or at once if the block ends with an exception.

    Args:
        count: How many there are.
        function: Picklable; sent to each worker once.
    """

    def __init__(self, count: int, function: Callable[[Any], Any]) -> None:
        # Spawned, not forked: the same on all systems, and safe with the threads of a trainer or plugin.
        self._executor = ProcessPoolExecutor(
            count,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(function, os.getpid(), threading.current_thread() is threading.main_thread()),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.kill()

    def close(self) -> None:
        """End the workers once they have nothing left to do."""
        self._executor.shutdown()

    def submit(self, sent: Any) -> Future[Any]:
        """Have the function called by one of the workers.

        Raises:
            BrokenProcessPool: If one of them has died.
        """
        with _without_ctrl_c():
            return self._executor.submit(_call, sent)

    def kill(self) -> None:
        """End the workers at once, whatever they are doing."""
        for process in list((self._executor._processes or {}).values()):
            process.kill()
        self._executor.shutdown(cancel_futures=True)

    def check(self) -> None:
        """Raise an error if workers cannot start.

        Raises:
            GeoRewardsError: If they cannot; names the usual reason.
        """
        try:
            with _without_ctrl_c():
                started = self._executor.submit(int)
            started.result()
        except BrokenProcessPool as error:
            raise GeoRewardsError(
                "worker processes cannot start: is your script guarded by `if __name__ == '__main__':`?"
            ) from error


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Have processes started in here inherit that Ctrl-C is blocked; this one hears of it afterwards.

    A terminal sends it to all of them, and each would print a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_functions: list[Callable[[Any], Any]] = []


def _begin(function: Callable[[Any], Any], parent: int, from_main_thread: bool) -> None:
    """Begin the work of a worker: keep the function, and end when the parent does."""
    if from_main_thread and sys.platform == "linux":
        # The only way to end a worker that never returns from C code. It is bound to the thread that started
        # this process, so that it is no use if that thread may end earlier.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    clean_streams()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _functions.append(function)


def _end_with(parent: int) -> None:
    """Wait until the parent has ended, then end this process."""
    process = multiprocessing.parent_process()
    while os.getppid() == parent:
        if process is not None:
            process.join(_LOOK_EVERY_S)
        time.sleep(_PAUSE_S)
    os._exit(1)


def _call(sent: Any) -> Any:
    """Call the function that this worker was started with."""
    return _functions[-1](sent)

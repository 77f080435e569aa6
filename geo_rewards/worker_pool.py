"""Apply a function to a stream of chunks in worker processes, keeping their order."""

from __future__ import annotations

import logging
import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from geo_rewards.errors import GeoRewardsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

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
        executor = self._start()
        try:
            for chunk in chain([first], chunks):
                self._submit(executor, chunk)
                if len(self._waiting) >= _AHEAD * self.workers:
                    waiting, result, executor = self._next(executor)
                    yield waiting, result
            while self._waiting:
                waiting, result, executor = self._next(executor)
                yield waiting, result
        finally:
            executor.shutdown(cancel_futures=True)

    def _to_send(self, chunk: Item) -> Any:
        return chunk if self.send is None else self.send(chunk)

    def _call_here(self, chunk: Item) -> Result:
        return self.function(self._to_send(chunk))

    def _start(self) -> ProcessPoolExecutor:
        executor = start_executor(self.workers, self.function)
        if self.on_death is not None:
            check_started(executor)
        return executor

    def _submit(self, executor: ProcessPoolExecutor, chunk: Item) -> None:
        try:
            future = executor.submit(call_sent_function, self._to_send(chunk))
        except BrokenProcessPool as error:  # reported by an earlier chunk, which is still waiting
            future = Future()
            future.set_exception(error)
        self._waiting.append((chunk, future))

    def _next(self, executor: ProcessPoolExecutor) -> tuple[Item, Result, ProcessPoolExecutor]:
        """Return the first chunk in flight, its result, and the executor for what follows."""
        chunk, future = self._waiting.popleft()
        try:
            return chunk, future.result(), executor
        except BrokenProcessPool:
            if self.on_death is None:
                logger.warning("a worker process died; continuing in this process alone")
                return chunk, self._call_here(chunk), executor
        result = self.on_death(chunk)
        executor.shutdown(cancel_futures=True)
        executor = self._start()
        chunks = [waiting for waiting, _ in self._waiting]
        self._waiting.clear()
        for waiting in chunks:
            self._submit(executor, waiting)
        return chunk, result, executor


def start_executor(workers: int, function: Callable[[Any], Any]) -> ProcessPoolExecutor:
    """Return an executor whose processes keep a function for `call_sent_function` to call."""
    # Spawned, not forked: the same on all systems, and safe with the threads of a trainer or plugin.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_keep_function, initargs=(function,))


def check_started(executor: ProcessPoolExecutor) -> None:
    """Raise an error if the executor's processes cannot start.

    Raises:
        GeoRewardsError: If they cannot; names the usual reason.
    """
    try:
        executor.submit(int).result()
    except BrokenProcessPool as error:
        raise GeoRewardsError(
            "worker processes cannot start: is your script guarded by `if __name__ == '__main__':`?"
        ) from error


_functions: list[Callable[[Any], Any]] = []


def _keep_function(function: Callable[[Any], Any]) -> None:
    _functions.append(function)


def call_sent_function(sent: Any) -> Any:
    """Call the function that this worker was started with."""
    return _functions[-1](sent)

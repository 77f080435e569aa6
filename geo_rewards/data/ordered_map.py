"""A function over a stream of chunks, on several processors, in the order of the stream."""

from __future__ import annotations

import logging
import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

_ALONE_CHUNKS = 8  # so few are done before other processes have started
_AHEAD = 3  # chunks in flight for each process: enough to keep it busy, few enough to stay small


def chunked(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of `size`, the last one perhaps shorter.

    >>> list(chunked("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    items = iter(items)
    while chunk := list(islice(items, size)):
        yield chunk


def map_in_order(
    function: Callable[[Item], Result], chunks: Iterable[Item], *, workers: int
) -> Iterator[Result]:
    """Yield the function of each chunk, in order; few chunks are in memory at a time.

    Args:
        function: Picklable, and without side effects: where a process dies, its chunks are done again here.
        chunks: The stream, read by this process.
        workers: How many processes work beside this one; with 0 it works alone.
    """
    chunks = iter(chunks)
    alone = chunks if workers < 1 else islice(chunks, _ALONE_CHUNKS)
    yield from map(function, alone)
    first = next(chunks, None)
    if first is None:
        return
    # Spawned, not forked: the same on all systems, and safe beside the threads of a trainer.
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield from _through(pool, function, first, chunks, ahead=_AHEAD * workers)
    finally:
        pool.shutdown(cancel_futures=True)


def _through(
    pool: ProcessPoolExecutor,
    function: Callable[[Item], Result],
    first: Item,
    rest: Iterator[Item],
    *,
    ahead: int,
) -> Iterator[Result]:
    waiting: deque[tuple[Item, Future[Result] | None]] = deque([(first, _submitted(pool, function, first))])
    for chunk in rest:
        waiting.append((chunk, _submitted(pool, function, chunk)))
        if len(waiting) > ahead:
            yield _result(function, *waiting.popleft())
    while waiting:
        yield _result(function, *waiting.popleft())


def _submitted(
    pool: ProcessPoolExecutor, function: Callable[[Item], Result], chunk: Item
) -> Future[Result] | None:
    try:
        return pool.submit(function, chunk)
    except BrokenProcessPool:
        return None


def _result(function: Callable[[Item], Result], chunk: Item, future: Future[Result] | None) -> Result:
    try:
        if future is not None:
            return future.result()
    except BrokenProcessPool:
        logger.warning("a helper process has died; this process goes on alone")
    return function(chunk)

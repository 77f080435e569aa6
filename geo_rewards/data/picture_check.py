"""The check that every picture of every row opens, on all processors."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TYPE_CHECKING

from geo_rewards.data.pictures import PictureError, PictureFault, open_picture
from geo_rewards.data.problems import RowProblem
from geo_rewards.data.rows import Row
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK_ROWS = 32

_ALONE_ROWS = 4 * CHUNK_ROWS  # so few are done before other processes have started

Checked = Row | RowProblem
Faults = list[tuple[PictureFault, str] | None]


def check_pictures(rows: Iterable[Checked], *, workers: int | None = None) -> Iterator[Checked]:
    """Yield the rows in order, and a `RowProblem` for each with a picture that does not open.

    A picture that kills the process which opens it, be it by a fault of a decoder or by its hunger for
    memory, is such a problem too.

    Args:
        rows: What `read_rows` yields; its problems pass through.
        workers: How many processes open pictures; None takes one for each processor, with 1 it is
            this process. Processes, not threads: Pillow's guard against decompression bombs is a
            warning, and warnings are not safe between threads.

    Raises:
        DataError: If other processes cannot be started.
    """
    workers = workers or processors()
    rows = iter(rows)
    alone = islice(rows, _ALONE_ROWS) if workers > 1 else rows
    for row in alone:
        yield _checked([row], _faults([_paths(row)]))[0]
    if not (first := list(islice(rows, CHUNK_ROWS))):
        return
    checker = _Checker(workers)
    try:
        yield from checker.in_order(first, rows)
    finally:
        checker.close()


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Checker:
    """A pool of processes that survives the pictures which kill one of them."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._waiting: deque[tuple[list[Checked], Future[Faults]]] = deque()
        self._pool = _start_pool(workers)

    def in_order(self, first: list[Checked], rows: Iterator[Checked]) -> Iterator[Checked]:
        """Yield the checked rows, a few chunks ahead of which are at work."""
        chunk = first
        while chunk or self._waiting:
            if chunk:
                self._submit(chunk)
                chunk = list(islice(rows, CHUNK_ROWS))
            if not chunk or len(self._waiting) >= 4 * self.workers:
                yield from self._next_chunk()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)

    def _submit(self, chunk: list[Checked]) -> None:
        try:
            future = self._pool.submit(_faults, [_paths(row) for row in chunk])
        except BrokenProcessPool as error:  # told by the chunk that broke it, which waits before this one
            future = Future()
            future.set_exception(error)
        self._waiting.append((chunk, future))

    def _next_chunk(self) -> list[Checked]:
        chunk, future = self._waiting.popleft()
        try:
            return _checked(chunk, future.result())
        except BrokenProcessPool:
            checked = _checked(chunk, _faults_one_by_one([_paths(row) for row in chunk]))
        self._restart()
        return checked

    def _restart(self) -> None:
        self.close()
        self._pool = _start_pool(self.workers)
        chunks = [chunk for chunk, _ in self._waiting]
        self._waiting.clear()
        for chunk in chunks:
            self._submit(chunk)


def _start_pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the same on all systems, and safe beside the threads of a plugin.
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        pool.submit(_faults, []).result()
    except BrokenProcessPool as error:
        raise DataError(
            "the processes that check pictures cannot start: is the script that is run guarded by "
            "`if __name__ == '__main__':`?"
        ) from error
    return pool


def _faults_one_by_one(rows: list[list[str]]) -> Faults:
    """Return the first fault of each row, where one of them has killed a process before."""
    faults: Faults = []
    while len(faults) < len(rows):
        pool = _start_pool(1)
        try:
            for paths in rows[len(faults) :]:
                faults += pool.submit(_faults, [paths]).result()
        except BrokenProcessPool:
            named = ", ".join(rows[len(faults)])
            faults.append(("damaged", f"picture {named} has killed the process that opened it"))
        finally:
            pool.shutdown()
    return faults


def _paths(row: Checked) -> list[str]:
    return row.images if isinstance(row, Row) else []


def _checked(rows: list[Checked], faults: Faults) -> list[Checked]:
    return [
        row.problem("image", fault[1], kind=fault[0]) if fault and isinstance(row, Row) else row
        for row, fault in zip(rows, faults, strict=True)
    ]


def _faults(rows: list[list[str]]) -> Faults:
    """Return for each row what is wrong with the first of its pictures that does not open, or None."""
    return [next((fault for path in paths if (fault := _fault(path))), None) for paths in rows]


def _fault(path: str) -> tuple[PictureFault, str] | None:
    try:
        open_picture(path, is_reduced=True).close()
    except PictureError as error:
        return error.fault, str(error)
    return None

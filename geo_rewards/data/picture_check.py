"""The check that every picture of every row opens, on all processors."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TYPE_CHECKING

from geo_rewards.data.pictures import open_picture
from geo_rewards.data.problems import RowProblem
from geo_rewards.data.rows import Row
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK_ROWS = 32

_ALONE_ROWS = 4 * CHUNK_ROWS  # so few are done before other processes have started

Checked = Row | RowProblem


def check_pictures(rows: Iterable[Checked], *, workers: int) -> Iterator[Checked]:
    """Yield the rows in order, and a `RowProblem` for each with a picture that does not open.

    Args:
        rows: What `read_rows` yields; its problems pass through.
        workers: How many processes open pictures; with 1 it is this one. Processes, not threads:
            Pillow's guard against decompression bombs is a warning, and warnings are not safe
            between threads.

    Raises:
        DataError: If a picture kills the process that opens it; names file and lines.
    """
    rows = iter(rows)
    alone = islice(rows, _ALONE_ROWS) if workers > 1 else rows
    for row in alone:
        yield _checked([row], _faults([_paths(row)]))[0]
    first = list(islice(rows, CHUNK_ROWS))
    if not first:
        return
    # Spawned, not forked: the same on all systems, and safe beside the threads of a plugin.
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield from _in_order(pool, first, rows, ahead=4 * workers)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor, first: list[Checked], rows: Iterator[Checked], *, ahead: int
) -> Iterator[Checked]:
    waiting: deque[tuple[list[Checked], Future[list[str | None]]]] = deque()
    chunk = first
    while chunk or waiting:
        if chunk:
            waiting.append((chunk, pool.submit(_faults, [_paths(row) for row in chunk])))
            chunk = list(islice(rows, CHUNK_ROWS))
        if not chunk or len(waiting) >= ahead:
            done, future = waiting.popleft()
            yield from _checked(done, _result(done, future))


def _result(chunk: list[Checked], future: Future[list[str | None]]) -> list[str | None]:
    try:
        return future.result()
    except BrokenProcessPool as error:
        first = f"{chunk[0].file}, line {chunk[0].line}"
        raise DataError(f"a picture of a line from {first} on has killed the process opening it") from error


def _paths(row: Checked) -> list[str]:
    return row.images if isinstance(row, Row) else []


def _checked(rows: list[Checked], faults: list[str | None]) -> list[Checked]:
    return [
        row if fault is None else RowProblem(row.file, row.line, "image", fault)
        for row, fault in zip(rows, faults, strict=True)
    ]


def _faults(rows: list[list[str]]) -> list[str | None]:
    """Return for each row what is wrong with the first of its pictures that does not open, or None."""
    return [next((fault for path in paths if (fault := _fault(path))), None) for paths in rows]


def _fault(path: str) -> str | None:
    try:
        open_picture(path).close()
    except DataError as error:
        return str(error)
    return None

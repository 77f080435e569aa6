"""Check that every picture of every row opens, on all processors."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from geo_rewards.data.pictures import PictureError, PictureFault, open_picture
from geo_rewards.data.problems import RowProblem
from geo_rewards.data.rows import Row
from geo_rewards.system.worker_pool import WorkerPool, Workers, chunked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK_ROWS = 32

_ALONE_CHUNKS = 4  # how many are checked before worker processes are started

Checked = Row | RowProblem
Faults = list[tuple[PictureFault, str] | None]


def check_pictures(rows: Iterable[Checked], *, workers: int | None = None) -> Iterator[Checked]:
    """Yield the rows in order, and a `RowProblem` for each with a picture that does not open.

    A picture that kills the process that opens it, by a decoder crash or by running out of memory, is
    such a problem too.

    Args:
        rows: What `read_rows` yields; its problems pass through.
        workers: Number of processes that open pictures; None: one per processor, 1: this process.
            Processes, not threads: Pillow's guard against decompression bombs is a warning, and
            warnings are not thread-safe.

    Raises:
        GeoRewardsError: If worker processes cannot be started.
    """
    workers = workers or processors()
    pool = WorkerPool(
        function=_faults,
        workers=workers if workers > 1 else 0,
        alone_chunks=_ALONE_CHUNKS,
        send=_paths,
        on_death=_faults_one_by_one,
    )
    # Without workers, a row is yielded as soon as its pictures are opened.
    chunks = chunked(rows, CHUNK_ROWS if workers > 1 else 1)
    for chunk, faults in pool.map(chunks):
        yield from _checked(chunk, faults)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _faults_one_by_one(rows: list[Checked]) -> Faults:
    """Return the first fault of each row of a chunk in which a picture has killed a process."""
    paths, faults = _paths(rows), Faults()
    while len(faults) < len(paths):
        with Workers(1, _faults) as worker:
            try:
                for row_paths in paths[len(faults) :]:
                    faults += worker.submit([row_paths]).result()
            except BrokenProcessPool:
                named = ", ".join(paths[len(faults)])
                faults.append(("damaged", f"picture {named} killed the process that opened it"))
    return faults


def _paths(rows: list[Checked]) -> list[list[str]]:
    return [row.images if isinstance(row, Row) else [] for row in rows]


def _checked(rows: list[Checked], faults: Faults) -> list[Checked]:
    return [
        row.problem("image", fault[1], kind=fault[0]) if fault and isinstance(row, Row) else row
        for row, fault in zip(rows, faults, strict=True)
    ]


def _faults(rows: list[list[str]]) -> Faults:
    """Return for each row the fault of the first picture that does not open, or None."""
    return [next((fault for path in paths if (fault := _fault(path))), None) for paths in rows]


def _fault(path: str) -> tuple[PictureFault, str] | None:
    try:
        open_picture(path, is_reduced=True).close()
    except PictureError as error:
        return error.fault, str(error)
    return None

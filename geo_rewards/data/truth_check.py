"""Check every row's truth before anything is trained on it."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.truths import read_truth, truth_columns
from geo_rewards.data.problems import RowProblem
from geo_rewards.errors import TruthError, UnknownNameError
from geo_rewards.system.worker_pool import WorkerPool, chunked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from geo_rewards.data.rows import Row

CHUNK_ROWS = 500


def check_truths(
    rows: Iterable[Row | RowProblem], *, columns: Mapping[str, str] | None = None, workers: int = 0
) -> Iterator[Row | RowProblem]:
    """Yield the rows, and a `RowProblem` for each whose truth is unreadable, out of range or contradictory.

    A row without any truth passes: whether the rewards need one depends on the recipe.

    Args:
        rows: What `read_rows` yields; its problems pass through.
        columns: Dataset column of each truth field, where names differ.
        workers: Number of worker processes; with 0 a row is yielded as soon as it is read.

    Raises:
        UnknownNameError: After the last row, if `columns` names a column that no row has.
    """
    sources = dict(columns or {})
    seen: set[str] = set()
    good = 0
    check = partial(_checked, columns=sources)
    chunks = chunked(rows, CHUNK_ROWS if workers else 1)
    pool: WorkerPool[list[Row | RowProblem], list[Row | RowProblem]]
    pool = WorkerPool(function=check, workers=workers)
    for _, checked in pool.map(chunks):
        for row in checked:
            if not isinstance(row, RowProblem):
                good += 1
                seen.update(row.columns, () if row.solution is None else ("solution",))
            yield row
    if good:  # without rows there is nothing to compare with
        check_column_names(sources, seen)


def check_column_names(columns: Mapping[str, str], seen: Collection[str]) -> None:
    """Check that the columns which a recipe names exist.

    Args:
        columns: Dataset column of each truth field, where names differ.
        seen: The columns that some row has.

    Raises:
        UnknownNameError: If one does not; offers the nearest.
    """
    for source in columns.values():
        if source not in seen:
            raise UnknownNameError("column", source, seen, where="the recipe's columns")


def truth_problem(row: Row, *, columns: Mapping[str, str]) -> RowProblem | None:
    """Return the problem of a row's truth, or None.

    Args:
        row: The row.
        columns: Dataset column of each truth field, where names differ.
    """
    try:
        read_truth(truth_cells(row, columns=columns))
    except TruthError as error:
        return row.problem("truth", error.cause_text)
    return None


@lru_cache(maxsize=4096)
def is_truth_column(name: str) -> bool:
    """Return whether a column holds a truth by its name, in any case.

    >>> is_truth_column("gT_Lat"), is_truth_column("city"), is_truth_column("caption")
    (True, True, False)
    """
    return bool(truth_columns({name: ()}, 0))


def truth_cells(row: Row, *, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the truth fields of a row under their standard names.

    Args:
        row: The row.
        columns: Dataset column of each truth field, where names differ.
    """
    cells = {name: value for name, value in row.columns.items() if is_truth_column(name)}
    cells["solution"] = row.solution
    if not columns:
        return cells
    values = {**row.columns, "solution": row.solution}
    return {**cells, **{field: values.get(source) for field, source in columns.items()}}


def _checked(rows: Sequence[Row | RowProblem], *, columns: Mapping[str, str]) -> list[Row | RowProblem]:
    return [
        row if isinstance(row, RowProblem) else truth_problem(row, columns=columns) or row for row in rows
    ]

"""The check of every row's truth before anything is trained on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_rewards.data.problems import RowProblem
from geo_rewards.errors import TruthError, UnknownNameError
from geo_rewards.truths import TRUTH_COLUMNS, read_truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from geo_rewards.data.rows import Row


def check_truths(
    rows: Iterable[Row | RowProblem], *, columns: Mapping[str, str] | None = None
) -> Iterator[Row | RowProblem]:
    """Yield the rows, and a `RowProblem` for each whose truth is unreadable, out of range or contradictory.

    A row without any truth passes: whether the rewards need one is the recipe's question.

    Args:
        rows: What `read_rows` yields; its problems pass through.
        columns: For truth fields that a data set calls otherwise, the name of the column.

    Raises:
        UnknownNameError: Behind the last row, if `columns` names a column that no row has.
    """
    sources = columns or {}
    seen: set[str] = set()
    good = 0
    for row in rows:
        if isinstance(row, RowProblem):
            yield row
            continue
        good += 1
        seen.update(row.columns)
        if row.solution is not None:
            seen.add("solution")
        try:
            read_truth(truth_cells(row, columns=sources))
        except TruthError as error:
            yield RowProblem(row.file, row.line, "truth", error.cause_text)
        else:
            yield row
    for source in sources.values() if good else ():  # of no row there is nothing to say
        if source not in seen:
            raise UnknownNameError("column", source, seen, where="the recipe's columns")


def truth_cells(row: Row, *, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the truth fields of a row by their own names.

    Args:
        row: The row.
        columns: For truth fields that the data set calls otherwise, the name of the column.
    """
    cells = {name: value for name, value in row.columns.items() if name in TRUTH_COLUMNS}
    cells["solution"] = row.solution
    values = {**row.columns, "solution": row.solution}
    return {**cells, **{field: values.get(source) for field, source in columns.items()}}

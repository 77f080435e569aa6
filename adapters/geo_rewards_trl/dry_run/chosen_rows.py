"""The rows of a run that a dry run reads and rehearses."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.data.table import figures
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.runs.rehearsed_rows import choose_numbers, read_chosen
from geo_rewards_trl.rows.dataset import row_figures, table_info

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geo_rewards.runs.rehearsed_rows import ChosenRows
    from geo_rewards.runs.report import Report
    from geo_rewards.scoring.recipe import Recipe

    Places = Iterator[tuple[str, Callable[[], dict[str, Any]]]]


def choose_rows(report: Report, rows: Any, recipe: Recipe, *, seed: int) -> ChosenRows | None:
    """Return rows of the data as the trainer will read them, or None if none can be read.

    They are chosen by the seed, with the row of the longest solution and the row of the most pictures: from
    all rows of a table, from the first ones of a stream. A row that cannot be read is an error of the report.
    """
    places = _of_table(rows, seed=seed) if hasattr(rows, "__len__") else _of_stream(rows, seed=seed)
    return read_chosen(report, places, recipe)


def chosen_indices(rows: Any, *, seed: int) -> list[int]:
    """Return which rows of a table are chosen, in order."""
    lengths = (row_figures(rows, figure) for figure in (figures.solution_lengths, figures.picture_counts))
    return choose_numbers(
        len(rows), always=[int(found.argmax()) for found in lengths if found.any()], seed=seed
    )


def _of_table(rows: Any, *, seed: int) -> Places:
    """Yield file and line of each chosen row, and a function that reads it."""
    indices = chosen_indices(rows, seed=seed)
    files = table_info(rows).files
    origins = rows.select_columns([ORIGIN_COLUMN]).with_format(None)[indices][ORIGIN_COLUMN]
    for index, origin in zip(indices, origins, strict=True):
        yield f"{Path(files[origin['file']]).name}, line {origin['line']}", partial(rows.__getitem__, index)


def _of_stream(rows: Any, *, seed: int) -> Places:
    head = rows.head
    longest = max(range(len(head)), key=lambda number: len(head[number].solution or ""))
    most_pictures = max(range(len(head)), key=lambda number: len(head[number].images))
    for index in choose_numbers(len(head), always=(longest, most_pictures), seed=seed):
        row = head[index]
        yield f"{row.file.name}, line {row.line}", partial(_open_record, rows, row)


def _open_record(rows: Any, row: Any) -> dict[str, Any]:
    opened: list[dict[str, Any]] = rows.opened(rows.records([row]))
    return opened[0]

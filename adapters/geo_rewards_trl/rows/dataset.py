"""Training rows for TRL: a memory-mapped table whose pictures are opened when a row is used.

The table is built once for given file contents and then found again: see `geo_rewards.data.table.cache`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.batch.columns import PICTURE_FAULT
from geo_rewards.data.table import figures
from geo_rewards.data.table.cache import TableRequest
from geo_rewards.data.table.row_reader import RowReader
from geo_rewards.data.table.split import held_out_rows
from geo_rewards.data.table.stored import find_rows
from geo_rewards.data.table.table import ORIGIN_COLUMN, read_info

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from datasets import Dataset
    from numpy.typing import NDArray

    from geo_rewards.data import Source
    from geo_rewards.data.table.row_reader import BadRows
    from geo_rewards.data.table.table import TableInfo

# What TRL itself passes to rewards, or the reader of rows adds: a column of such a name would be lost.
RESERVED_COLUMNS = frozenset(
    {"prompt", "prompts", "completion", "completions", "completion_ids"}
    | {"trainer_state", "log_extra", "log_metric", "environments", "environment"}
    | {ORIGIN_COLUMN, PICTURE_FAULT}
)


def load_dataset(
    sources: Sequence[Source],
    *,
    seed: int = 0,
    cache_dir: Path,
    bad_rows: BadRows = "error",
    check_pictures: bool = False,
    system_prompt: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Dataset:
    """Return the rows of all sources as one dataset with the columns that TRL takes.

    These are `prompt` (messages), `images` (RGB pictures, opened on access; absent if no row has
    any, an empty list in rows without), `solution` (text; absent if no row has one) and every extra
    column of any row, None in the rows that lack it. Every rank may call this at the same time. To go
    through some columns without opening pictures, use `dataset.select_columns([...])`: iterating
    `dataset["lat"]` opens them.

    Args:
        sources: The data files; see `geo_rewards.data.find_sources`.
        seed: Decides which rows are taken, where a source takes some at random.
        cache_dir: Where the table is kept; it is found again while the arguments and the content of the
            files are the same. Whether the pictures still exist is not checked again.
        bad_rows: `error`: a bad line is one; `skip`: bad lines are left out and counted in the log. The
            same holds for a picture that breaks later: see `RowReader`.
        check_pictures: When the table is built, open every picture.
        system_prompt: The system turn of every prompt; see `geo_rewards.data.with_system_prompt`.
        columns: Dataset column of each truth field, where names differ.

    Raises:
        DataError: If lines are bad (all are counted first), if a column has a name that TRL uses, or
            if there are no rows.
        UnknownNameError: If `columns` names a column that no row has.
    """
    from datasets import Dataset

    request = TableRequest(
        tuple(sources), seed, bad_rows, check_pictures, dict(columns or {}), RESERVED_COLUMNS
    )
    stored = find_rows(request, cache_dir=cache_dir)
    reader = RowReader(
        tuple(stored.info.json_columns), system_prompt, tuple(map(str, request.files)), bad_rows
    )
    return Dataset.from_file(str(stored.path)).with_transform(reader)


def split_validation(
    dataset: Dataset, ratio: float, *, seed: int, split_by: str = "row"
) -> tuple[Dataset, Dataset | None]:
    """Return a training and a validation part (or None); see `geo_rewards.data.table.split`.

    Raises:
        DataError: If the ratio or `split_by` is invalid, or a part would be empty.
    """
    held_out = held_out_rows(
        dataset.data.table, table_info(dataset).files, ratio, seed=seed, split_by=split_by
    )
    if held_out is None:
        return dataset, None
    # In memory, so that ranks do not write the same index file at the same time.
    return (
        dataset.select(np.flatnonzero(~held_out), keep_in_memory=True),
        dataset.select(np.flatnonzero(held_out), keep_in_memory=True),
    )


def has_images(dataset: Dataset) -> NDArray[np.bool_]:
    """Return for each row whether it has pictures; none is opened."""
    found: NDArray[np.bool_] = row_figures(dataset, figures.has_images)
    return found


def row_figures(dataset: Dataset, figure: Callable[[Any], NDArray[Any]]) -> NDArray[Any]:
    """Return a figure of each row of a data set or a part of it; see `geo_rewards.data.table.figures`."""
    found = figure(dataset.data.table)
    # Only the private mapping knows the rows of a part: the public way would copy each row.
    return found if dataset._indices is None else found[dataset._indices.column(0).to_numpy()]


def table_file(dataset: Dataset) -> Path:
    """Return the file that holds the rows."""
    return Path(dataset.cache_files[0]["filename"])


def table_info(dataset: Dataset) -> TableInfo:
    """Return what is stored about the table beside its rows."""
    return read_info(table_file(dataset))

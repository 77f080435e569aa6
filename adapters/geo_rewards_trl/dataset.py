"""Training rows for TRL: a memory-mapped table whose pictures are opened when a row is used.

The table is built once for given file contents and then found again: see `table_cache`.
"""

from __future__ import annotations

import hashlib
import logging
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.data import find_sources
from geo_rewards.data.table import ORIGIN_COLUMN, read_info
from geo_rewards.errors import DataError
from geo_rewards_trl.row_reader import RowReader
from geo_rewards_trl.table_cache import RESERVED_COLUMNS, TableRequest, find_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    from datasets import Dataset
    from numpy.typing import NDArray

    from geo_rewards.data import Source
    from geo_rewards.data.table import TableInfo
    from geo_rewards_trl.row_reader import BadRows

__all__ = [
    "RESERVED_COLUMNS",
    "RowReader",
    "find_sources",
    "has_images",
    "line_numbers",
    "load_dataset",
    "truth_degrees",
]

logger = logging.getLogger(__name__)


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
    column of any row, None in the rows that lack it. Every rank may call this at the same time. To look
    through some columns without opening pictures, take `dataset.select_columns([...])`: iterating
    `dataset["lat"]` opens them.

    Args:
        sources: The data files; see `geo_rewards.data.find_sources`.
        seed: Decides which rows are taken, where a source takes some at random.
        cache_dir: Where the table is kept; it is found again while the arguments and what the files
            hold are the same. Whether the pictures still exist is not checked again.
        bad_rows: `error`: a bad line is one; `skip`: bad lines are left out and counted in the log. The
            same holds for a picture that breaks later: see `RowReader`.
        check_pictures: When the table is built, open every picture.
        system_prompt: The system turn of every prompt; see `geo_rewards.data.with_system_prompt`.
        columns: For truth fields that the data set calls otherwise, the name of the column.

    Raises:
        DataError: If lines are bad (all are counted first), if a column has a name that TRL uses, or
            if there are no rows.
        UnknownNameError: If `columns` names a column that no row has.
    """
    from datasets import Dataset

    request = TableRequest(tuple(sources), seed, bad_rows, check_pictures, dict(columns or {}))
    path = find_table(request, cache_dir=cache_dir)
    info = read_info(path)
    dataset = Dataset.from_file(str(path))
    if len(dataset) != info.rows:
        raise DataError(f"{path} holds {len(dataset)} of {info.rows} rows: it is damaged, delete it")
    _tell_skipped(info)
    reader = RowReader(tuple(info.json_columns), system_prompt, tuple(map(str, request.files)), bad_rows)
    return dataset.with_transform(reader)


def has_images(dataset: Dataset) -> NDArray[np.bool_]:
    """Return for each row whether it has pictures; none is opened."""
    if "images" not in dataset.column_names:
        return np.zeros(len(dataset), dtype=bool)
    import pyarrow.compute as pc

    found: NDArray[np.bool_] = _figures(dataset, "images", pc.list_value_length) > 0
    return found


def truth_degrees(dataset: Dataset) -> NDArray[np.float64]:
    """Return the latitude and longitude of each row's truth, shape (2, n), NaN where it has none."""
    import pyarrow.compute as pc

    return np.stack(
        [_figures(dataset, ORIGIN_COLUMN, partial(pc.struct_field, indices=name)) for name in ("lat", "lon")]
    )


def line_numbers(dataset: Dataset) -> NDArray[np.int64]:
    """Return the number of each row's line, from 0 without gaps: one that is taken several times has one.

    In a `.json` file several rows may begin on one line; these are told apart by what they hold.
    """
    import pyarrow.compute as pc

    file, line = (
        _figures(dataset, ORIGIN_COLUMN, partial(pc.struct_field, indices=name)).astype(np.int64)
        for name in ("file", "line")
    )
    _, numbers, counts = np.unique((file << 32) + line, return_inverse=True, return_counts=True)
    files = read_info(Path(dataset.cache_files[0]["filename"])).files
    is_json = np.array([name.lower().endswith(".json") for name in files])
    unsure = np.flatnonzero((counts[numbers] > 1) & is_json[file])
    if len(unsure):
        numbers[unsure] = len(counts) + np.unique(_digests(dataset, unsure), return_inverse=True)[1]
        numbers = np.unique(numbers, return_inverse=True)[1]
    found: NDArray[np.int64] = numbers
    return found


def _digests(dataset: Dataset, rows: NDArray[np.int64]) -> list[bytes]:
    """Return a fingerprint of what is stored of each of these rows."""
    stored = dataset.with_format("arrow").select(rows, keep_in_memory=True)
    return [
        hashlib.blake2b(repr(row).encode(), digest_size=16).digest()
        for table in stored.iter(batch_size=1000)
        for row in table.to_pylist()
    ]


def _figures(dataset: Dataset, name: str, figure: Callable[[pa.Array], pa.Array]) -> NDArray[np.float64]:
    """Return a figure of each row from a stored column, without copying the column itself."""
    parts = [
        figure(chunk).to_numpy(zero_copy_only=False).astype(np.float64)
        for chunk in dataset.data.column(name).chunks
    ]
    figures = np.concatenate(parts) if parts else np.zeros(0)
    # The rows of a part are known to its private mapping only: through the public way each row is copied.
    return figures if dataset._indices is None else figures[dataset._indices.column(0).to_numpy()]


def _tell_skipped(info: TableInfo) -> None:
    if info.skipped:
        total = sum(info.skipped.values())
        by_file = "; ".join(info.skipped_by_file)
        first_rank = os.environ.get("RANK", "0") == "0"  # the others have the same table
        level = logging.WARNING if first_rank else logging.DEBUG
        logger.log(level, "left out %d bad lines: %s; the first is %s", total, by_file, info.first_skipped[0])

"""Figures for each row of a stored table, read from its columns without opening pictures."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.data.table.table import ORIGIN_COLUMN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray


def has_images(table: pa.Table) -> NDArray[np.bool_]:
    """Return, for each row, whether it has pictures, shape (rows,)."""
    found: NDArray[np.bool_] = picture_counts(table) > 0
    return found


def picture_counts(table: pa.Table) -> NDArray[np.int64]:
    """Return how many pictures each row has, shape (rows,)."""
    import pyarrow.compute as pc

    return _lengths(table, "images", pc.list_value_length)


def solution_lengths(table: pa.Table) -> NDArray[np.int64]:
    """Return how many characters each row's solution has, shape (rows,); 0 where it has none."""
    import pyarrow.compute as pc

    return _lengths(table, "solution", pc.utf8_length)


def truth_degrees(table: pa.Table) -> NDArray[np.float64]:
    """Return the latitude and longitude of each row's truth, shape (2, rows); NaN where it has none."""
    return np.stack([_origin(table, name) for name in ("lat", "lon")])


def line_numbers(table: pa.Table, files: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each row's line, shape (rows,), from 0 without gaps.

    Rows made from the same line (a weight above 1, a file named twice) have the same number. In a `.json`
    file several rows may begin on one line; these are distinguished by their content.

    Args:
        table: The rows.
        files: The data files, in the order of the indices in `ORIGIN_COLUMN`.
    """
    file, line = (_origin(table, name).astype(np.int64) for name in ("file", "line"))
    _, numbers, counts = np.unique((file << 32) + line, return_inverse=True, return_counts=True)
    is_json = np.array([name.lower().endswith(".json") for name in files])
    unsure = np.flatnonzero((counts[numbers] > 1) & is_json[file])
    if len(unsure):
        numbers[unsure] = len(counts) + np.unique(_digests(table, unsure), return_inverse=True)[1]
        numbers = np.unique(numbers, return_inverse=True)[1]
    found: NDArray[np.int64] = numbers
    return found


def _digests(table: pa.Table, rows: NDArray[np.int64]) -> list[bytes]:
    """Return a fingerprint of the content of each of these rows."""
    return [
        hashlib.blake2b(repr(row).encode(), digest_size=16).digest()
        for batch in table.take(rows).to_batches(max_chunksize=1000)
        for row in batch.to_pylist()
    ]


def _lengths(table: pa.Table, name: str, length: Callable[[pa.Array], pa.Array]) -> NDArray[np.int64]:
    if name not in table.column_names:
        return np.zeros(len(table), dtype=np.int64)
    return np.nan_to_num(_figures(table, name, length)).astype(np.int64)


def _origin(table: pa.Table, field: str) -> NDArray[np.float64]:
    import pyarrow.compute as pc

    return _figures(table, ORIGIN_COLUMN, partial(pc.struct_field, indices=field))


def _figures(table: pa.Table, name: str, figure: Callable[[pa.Array], pa.Array]) -> NDArray[np.float64]:
    """Return a figure for each row from a stored column, without copying the column itself."""
    parts = [
        figure(chunk).to_numpy(zero_copy_only=False).astype(np.float64) for chunk in table.column(name).chunks
    ]
    return np.concatenate(parts) if parts else np.zeros(0)

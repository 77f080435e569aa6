"""The stored rows of a run: the table is reused or built, then memory-mapped."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_rewards.data.table.cache import find_table
from geo_rewards.data.table.table import read_info
from geo_rewards.errors import DataError, need_pyarrow

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from geo_rewards.data.table.cache import TableRequest
    from geo_rewards.data.table.table import TableInfo

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredRows:
    """Rows in an Arrow file; see `geo_rewards.data.table.row_reader` for how they are read.

    Attributes:
        path: The file.
        info: Metadata stored with the rows.
        table: The rows, memory-mapped.
    """

    path: Path
    info: TableInfo
    table: pa.Table


def find_rows(request: TableRequest, *, cache_dir: Path) -> StoredRows:
    """Return the rows of a run, storing them if needed. All ranks may call this at once.

    Args:
        request: Which rows.
        cache_dir: Where tables are kept.

    Raises:
        DataError: If rows are bad, there are none, or the table is damaged.
        UnknownNameError: If `request.columns` names a column that no row has.
        MissingPackageError: If pyarrow is not installed.
    """
    need_pyarrow("storing training rows")
    import pyarrow as pa

    path = find_table(request, cache_dir=cache_dir)
    info = read_info(path)
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
        table = stream.read_all()
    if len(table) != info.rows:
        raise DataError(f"{path} is damaged: it has only {len(table)} of {info.rows} rows; delete it")
    _log_skipped(info)
    return StoredRows(path, info, table)


def _log_skipped(info: TableInfo) -> None:
    if info.skipped:
        total = sum(info.skipped.values())
        by_file = "; ".join(info.skipped_by_file)
        first_rank = os.environ.get("RANK", "0") == "0"  # the other ranks have the same table
        level = logging.WARNING if first_rank else logging.DEBUG
        logger.log(level, "left out %d bad lines: %s; the first is %s", total, by_file, info.first_skipped[0])

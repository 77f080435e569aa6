"""Rows of parquet, read as Arrow batches: only the columns that somebody needs become Python values."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo_rewards.data.problems import name_of, place_of
from geo_rewards.errors import DataError
from geo_rewards.system.first_use import lazy_property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

JSON_MARK = {b"geo_rewards": b"json"}
"""Metadata of our parquet columns whose cells are JSON text."""

_BUFFER_BYTES = 1 << 20


def is_json_column(field: pa.Field) -> bool:
    """Return whether the cells of a parquet column are marked as JSON text."""
    return bool((field.metadata or {}).get(b"geo_rewards") == b"json")


@dataclass(frozen=True)
class ParquetChunk:
    """Some rows of a parquet file.

    Attributes:
        file: The file.
        first: The number of the first row, from 1.
        batch: The rows.
    """

    file: Path
    first: int
    batch: pa.RecordBatch

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.batch.num_rows)

    @property
    def size(self) -> int:
        """Return how much of `total_size` it is."""
        return len(self)

    @property
    def numbers(self) -> Sequence[int]:
        """The number of each row."""
        return range(self.first, self.first + len(self))

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.batch.schema.names)

    def column(self, name: str) -> list[Any]:
        """Return the values of a column: NaN as None, decimals as floats, times as texts, JSON decoded.

        Raises:
            DataError: If a cell cannot be read; names file, row and column.
        """
        index = self.batch.schema.get_field_index(name)
        field, values = self.batch.schema.field(index), self.batch.column(index)
        try:
            return _values(values, is_json=is_json_column(field))
        except Exception as error:
            raise self._unreadable(name, values, error) from error

    @lazy_property
    def rows(self) -> list[Any]:
        """The cells of each row, by column.

        Raises:
            DataError: If a cell cannot be read; names file, row and column.
        """
        names = self.names
        columns = [self.column(name) for name in names]
        return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]

    def take(self, wanted: Sequence[bool]) -> list[tuple[int, Any]]:
        """Return number and cells of the rows that are wanted."""
        pairs = zip(self.numbers, self.rows, wanted, strict=False)
        return [(number, cells) for number, cells, is_wanted in pairs if is_wanted]

    def _unreadable(self, name: str, values: pa.Array, error: Exception) -> DataError:
        """Return the error that names the first cell of a column that cannot be read."""
        for row in range(len(values)):
            try:
                _values(values.slice(row, 1), is_json=False)
            except UnicodeDecodeError:
                what = "is not valid UTF-8"
            except Exception as found:  # noqa: BLE001
                what = f"of type {values.type} cannot be read: {found}"
            else:
                continue
            return DataError(f"{place_of(self.file, self.first + row)}: the cell of column {name!r} {what}")
        return DataError(f"{self.file}: column {name!r} of type {values.type} cannot be read: {error}")


def read_parquet(content: Any, path: Path, rows: int) -> Iterator[ParquetChunk]:
    """Yield the rows of a parquet file.

    Args:
        content: The file, open.
        path: Its name, for messages.
        rows: How many rows a chunk has at most.

    Raises:
        DataError: If it cannot be read, or two columns have the same name.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 1
    try:
        # Without these options a complete row group is in memory at a time.
        with pq.ParquetFile(content, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            check_names(file.schema_arrow, path)
            for batch in file.iter_batches(batch_size=rows):
                yield ParquetChunk(path, number, batch)
                number += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        is_cut = "magic bytes not found in footer" in str(error)
        reason = "it is cut off: its end is missing" if is_cut else error
        raise DataError(f"{name_of(path)} cannot be read as parquet: {reason}") from error


def check_names(schema: pa.Schema, path: Path) -> None:
    """Check that no two columns have the same name.

    Raises:
        DataError: If they do.
    """
    for name, count in Counter(schema.names).items():
        if count > 1:
            raise DataError(
                f"{name_of(path)} has {count} columns called {name!r}; give each a name of its own"
            )


def _values(values: pa.Array, *, is_json: bool) -> list[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        return _values(values.storage, is_json=is_json)
    if pa.types.is_dictionary(kind):
        return _values(values.dictionary_decode(), is_json=is_json)
    if pa.types.is_run_end_encoded(kind):
        return _values(pc.run_end_decode(values), is_json=is_json)
    if pa.types.is_decimal(kind):
        return _values(values.cast(pa.float64()), is_json=is_json)
    if pa.types.is_floating(kind):
        return [None if value != value else value for value in values.to_pylist()]
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind) and not pa.types.is_interval(kind):
        return _values(values.cast(pa.string()), is_json=False)
    if pa.types.is_duration(kind):
        return [
            None if value is None else f"{value} {kind.unit}" for value in values.cast(pa.int64()).to_pylist()
        ]
    found: list[Any] = values.to_pylist()
    if is_json:
        return [None if text is None else json.loads(text) for text in found]
    if pa.types.is_nested(kind):
        return [_plain(value) for value in found]
    return found


def _plain(value: Any) -> Any:
    """Return a nested cell with what JSON has no word for as text, and NaN as None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if value is None or isinstance(value, (str, int, bytes)):
        return value
    return str(value)

"""Scored rows as parquet: the input's columns as they are, or columns whose types are found out."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from geo_rewards.data.reading.chunks import CHUNK_BYTES
from geo_rewards.data.reading.json_rows import read_line
from geo_rewards.data.reading.opened import open_file, seekable
from geo_rewards.data.reading.parquet_rows import JSON_MARK, ParquetChunk, check_names, is_json_column
from geo_rewards.errors import DataError
from geo_rewards.results.added import ADDED, added_arrays, added_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from geo_rewards.data.reading import Chunk
    from geo_rewards.results.chunks import ChunkResult

Cells = dict[str, Any]

_GROUP_BYTES = 32 << 20
_MIXED = pa.string()


class ColumnTypes:
    """Determines the type of every column as rows are added.

    A column that fits no Arrow type becomes JSON text and is marked as such in the file.
    """

    def __init__(self) -> None:
        self._types: dict[str, pa.DataType | None] = {}

    def add(self, rows: Sequence[Cells]) -> None:
        """Add some rows."""
        for name in dict.fromkeys(name for row in rows for name in row):
            found = _infer([row.get(name) for row in rows])
            before = self._types.get(name, pa.null())
            self._types[name] = None if found is None or before is None else _unite(before, found)

    def fields(self) -> list[pa.Field]:
        """Return the columns of the rows added so far."""
        return [
            pa.field(name, _MIXED, metadata=JSON_MARK) if found is None else pa.field(name, found)
            for name, found in self._types.items()
        ]


def scored_schema(fields: Iterable[pa.Field], *, labels: Sequence[str]) -> pa.Schema:
    """Return the input's columns plus those that scoring adds, which replace any of the same name.

    Args:
        fields: The input's columns.
        labels: Labels of the recipe.
    """
    return pa.schema([*(field for field in fields if field.name not in ADDED), *added_fields(labels)])


@contextmanager
def open_columns(path: Path, files: Sequence[Path], *, labels: Sequence[str]) -> Iterator[Columns]:
    """Provide an output that copies the columns of parquet files and adds those of the scoring.

    Args:
        path: The file to write.
        files: The files that the rows come from.
        labels: Labels of the recipe.

    Raises:
        DataError: If a file cannot be read, or files have different types in a column of one name.
    """
    schema = scored_schema(_common_schema(files), labels=labels)
    with pq.ParquetWriter(path, schema) as writer:
        columns = Columns(writer, schema)
        yield columns
        columns.flush()


class Columns:
    """Writes Arrow columns, many rows at a time: small groups of rows make parquet slow to read.

    Args:
        writer: The file.
        schema: Its columns.
    """

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._writer, self._schema = writer, schema
        self._waiting: list[pa.RecordBatch] = []

    def write(self, chunk: Chunk, result: ChunkResult) -> None:
        """Add the rows of a chunk.

        Raises:
            DataError: If a column has another type than in the files before.
        """
        if isinstance(chunk, ParquetChunk) and result.added is not None:
            added = added_arrays(result.added)
            arrays = [
                added[field.name] if field.name in added else _cast(chunk, field) for field in self._schema
            ]
            self.add(pa.RecordBatch.from_arrays(arrays, schema=self._schema))

    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch of the schema."""
        self._waiting.append(batch)
        if sum(waiting.nbytes for waiting in self._waiting) >= _GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, schema=self._schema))
        self._waiting = []


def convert_lines(spool: IO[bytes], path: Path, *, labels: Sequence[str]) -> None:
    """Write lines of scored rows as parquet.

    Args:
        spool: The lines, read from the start twice.
        path: The file to write.
        labels: Labels of the recipe.
    """
    types = ColumnTypes()
    for rows in _read_back(spool):
        types.add(rows)
    schema = scored_schema(types.fields(), labels=labels)
    with pq.ParquetWriter(path, schema) as writer:
        columns = Columns(writer, schema)
        for rows in _read_back(spool):
            arrays = [pa.array([_stored(row.get(f.name), f) for row in rows], f.type) for f in schema]
            columns.add(pa.RecordBatch.from_arrays(arrays, schema=schema))
        columns.flush()


def _read_back(spool: IO[bytes]) -> Iterator[list[Cells]]:
    spool.seek(0)
    while lines := spool.readlines(CHUNK_BYTES):
        yield list(map(read_line, lines))


def _common_schema(files: Sequence[Path]) -> pa.Schema:
    """Return the columns of all files.

    Raises:
        DataError: If a file cannot be read, or a column has types that do not go together.
    """
    common = pa.schema([])
    for file in files:
        try:
            with open_file(file) as opened, seekable(opened) as content:
                schema = pq.read_schema(content).remove_metadata()
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{file} cannot be read as parquet: {error}") from error
        check_names(schema, file)
        try:
            common = pa.unify_schemas([common, schema], promote_options="permissive")
        except pa.ArrowException as error:
            raise DataError(f"{file}: a column has another type than in the files before: {error}") from error
    return common


def _cast(chunk: ParquetChunk, field: pa.Field) -> pa.Array:
    index = chunk.batch.schema.get_field_index(field.name)
    if index < 0:
        return pa.nulls(len(chunk), field.type)
    values = chunk.batch.column(index)
    return values if values.type == field.type else values.cast(field.type)


def _stored(value: Any, field: pa.Field) -> Any:
    if value is None or not is_json_column(field):
        return value
    return json.dumps(value, ensure_ascii=False)


def _infer(values: list[Any]) -> pa.DataType | None:
    try:
        found = pa.array(values).type
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        return None
    return None if _has_empty_struct(found) else found


def _unite(first: pa.DataType, second: pa.DataType) -> pa.DataType | None:
    if first == second:
        return first
    schemas = [pa.schema([("column", kind)]) for kind in (first, second)]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field("column").type
    except pa.ArrowException:
        return None


def _has_empty_struct(kind: pa.DataType) -> bool:
    """Return whether parquet would reject the type, since it has no structs without fields."""
    if pa.types.is_struct(kind) and kind.num_fields == 0:
        return True
    return any(_has_empty_struct(kind.field(index).type) for index in range(kind.num_fields))

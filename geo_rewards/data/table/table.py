"""Rows on disk as an Arrow stream that is memory-mapped for reading.

Columns with a single type (number, text or boolean) are stored as such. All others, mixed or nested, are
stored as JSON text and decoded on access, so that each reward sees a value as it was written in its row.

The column types are known only after the last row, and a million rows are read only once:
each chunk is encoded by its own types (`encoding.py`), kept on disk, and recast when the table is written.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pyarrow as pa

    from geo_rewards.data.rows import Row
    from geo_rewards.data.table.survey import Kind, Survey

TABLE_FORMAT = 3  # increment when rows are read or stored differently, so that older tables are ignored

ORIGIN_COLUMN = "row_origin"
"""Where a row comes from: `{"file": index, "line": number, "lat": degrees, "lon": degrees}`.

The index refers to `TableInfo.files`; latitude and longitude are the row's truth, or None.
"""

_METADATA_KEY = b"geo_rewards"


@dataclass(frozen=True, slots=True)
class TableInfo:
    """The metadata stored with a table's rows.

    Attributes:
        rows: How many there are.
        files: The data files, as they were named when the table was built.
        json_columns: Columns that contain JSON text.
        skipped: How many lines were skipped, by kind of fault.
        skipped_by_file: The same for each file, in words.
        first_skipped: What was wrong with the first of them.
    """

    rows: int
    files: list[str]
    json_columns: list[str]
    skipped: dict[str, int] = field(default_factory=dict)
    skipped_by_file: list[str] = field(default_factory=list)
    first_skipped: list[str] = field(default_factory=list)


def read_info(path: Path) -> TableInfo:
    """Return the metadata stored with a table's rows."""
    import pyarrow as pa

    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as stream:
        return TableInfo(**json.loads(stream.schema.metadata[_METADATA_KEY]))


def write_table(batches: Iterable[pa.RecordBatch], path: Path, *, survey: Survey, info: TableInfo) -> None:
    """Write batches of rows as one table.

    Args:
        batches: What `rows_to_batch` returned for all rows, chunk by chunk.
        path: The file to write; it is replaced.
        survey: What all rows have in common.
        info: Metadata to store with the rows.
    """
    import pyarrow as pa

    schema = table_schema(survey).with_metadata({_METADATA_KEY: json.dumps(asdict(info))})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(_recast(batch, schema, survey))


def table_schema(survey: Survey) -> pa.Schema:
    """Return the Arrow schema of rows; each extra column carries its kind as metadata."""
    import pyarrow as pa

    block = pa.struct([("type", pa.string()), ("text", pa.string())])
    fields = [pa.field("prompt", pa.list_(pa.struct([("role", pa.string()), ("content", pa.list_(block))])))]
    if survey.with_images:
        fields.append(pa.field("images", pa.list_(pa.string())))
    if survey.has_solution:
        fields.append(pa.field("solution", pa.string()))
    types = {"null": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64()}
    fields += [
        pa.field(name, types.get(kind, pa.string()), metadata={"kind": kind})
        for name, kind in survey.kinds.items()
    ]
    place = [("lat", pa.float64()), ("lon", pa.float64())]
    origin = pa.struct([("file", pa.int16()), ("line", pa.int32()), *place])
    return pa.schema([*fields, pa.field(ORIGIN_COLUMN, origin)])


def rows_to_batch(
    rows: Sequence[Row], origins: Sequence[dict[str, Any]], *, survey: Survey
) -> pa.RecordBatch:
    """Return rows as a batch with the types of these rows alone.

    Args:
        rows: The rows.
        origins: The value of `ORIGIN_COLUMN` for each.
        survey: What these rows have in common.
    """
    import pyarrow as pa

    kinds = {name: _kind_of_chunk(rows, name, kind) for name, kind in survey.kinds.items()}
    records = [
        {
            **{name: _stored(row.columns.get(name), kind) for name, kind in kinds.items()},
            "prompt": row.prompt,
            "images": row.images,
            "solution": row.solution,
            ORIGIN_COLUMN: origin,
        }
        for row, origin in zip(rows, origins, strict=True)
    ]
    return pa.RecordBatch.from_pylist(records, schema=table_schema(replace(survey, kinds=kinds)))


def _kind_of_chunk(rows: Sequence[Row], name: str, kind: Kind) -> Kind:
    """Return how a chunk stores a column: if another chunk may have texts, 1 must not become 1.0."""
    if kind == "float" and any(type(row.columns.get(name)) is int for row in rows):
        return "json"
    return kind


def _stored(value: Any, kind: str) -> Any:
    if value is None or kind != "json":
        return value
    return json.dumps(value, ensure_ascii=False)


def _recast(batch: pa.RecordBatch, schema: pa.Schema, survey: Survey) -> pa.RecordBatch:
    """Return a batch with the columns of the complete table."""
    import pyarrow as pa

    arrays = []
    for column in schema:
        index = batch.schema.get_field_index(column.name)
        if index < 0:
            arrays.append(_missing(column, len(batch)))
            continue
        had = (batch.schema.field(index).metadata or {}).get(b"kind", b"").decode()
        arrays.append(_as_kind(batch.column(index), had, survey.kinds.get(column.name), column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _missing(column: pa.Field, count: int) -> pa.Array:
    import pyarrow as pa

    # The trainer counts pictures: a row without any needs an empty list.
    return pa.array([[]] * count, column.type) if column.name == "images" else pa.nulls(count, column.type)


def _as_kind(values: pa.Array, had: str, kind: Kind | None, wanted: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if kind is None or had == kind:
        return values
    if kind == "json" and had != "null":
        return pa.array([_stored(value, "json") for value in values.to_pylist()], wanted)
    if had == "json":
        return pa.array([None if text is None else json.loads(text) for text in values.to_pylist()], wanted)
    return values.cast(wanted)

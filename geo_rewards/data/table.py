"""Rows on disk as an Arrow stream, which is read by mapping it into memory.

Columns that hold one type of number, text or truth value are stored as such. All others, mixed or
nested, are stored as JSON text and decoded on access, so that each reward sees a value as it was
written in its row.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from geo_rewards.data.rows import Row
    from geo_rewards.data.survey import Survey

TABLE_FORMAT = 1  # raised when rows come to be read or stored otherwise, so that older tables are left aside

_METADATA_KEY = b"geo_rewards"
_BATCH_ROWS = 1000


def write_table(rows: Iterable[Row], path: Path, *, survey: Survey) -> None:
    """Write the rows, a thousand at a time.

    Args:
        rows: The rows that were surveyed.
        path: The file to write; it is replaced.
        survey: What `geo_rewards.data.survey.survey_rows` has said about them.
    """
    import pyarrow as pa

    schema = table_schema(survey)
    records = (_record(row, survey) for row in rows)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for chunk in _chunks(records):
            writer.write_batch(pa.RecordBatch.from_pylist(chunk, schema=schema))


def table_schema(survey: Survey) -> pa.Schema:
    """Return the Arrow schema of the rows; its metadata name the columns stored as JSON."""
    import pyarrow as pa

    types = {"null": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64()}
    block = pa.struct([("type", pa.string()), ("text", pa.string())])
    fields = [("prompt", pa.list_(pa.struct([("role", pa.string()), ("content", pa.list_(block))])))]
    if survey.with_images:
        fields.append(("images", pa.list_(pa.string())))
    if survey.has_solution:
        fields.append(("solution", pa.string()))
    fields += [(name, types.get(kind, pa.string())) for name, kind in survey.kinds.items()]
    json_columns = [name for name, kind in survey.kinds.items() if kind == "json"]
    return pa.schema(fields, metadata={_METADATA_KEY: json.dumps({"json_columns": json_columns})})


def json_columns_of(path: Path) -> list[str]:
    """Return the columns of a written table that hold JSON text."""
    import pyarrow as pa

    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as stream:
        names: list[str] = json.loads(stream.schema.metadata[_METADATA_KEY])["json_columns"]
    return names


def _record(row: Row, survey: Survey) -> dict[str, Any]:
    record = {name: _stored(row.columns.get(name), kind) for name, kind in survey.kinds.items()}
    return {**record, "prompt": row.prompt, "images": row.images, "solution": row.solution}


def _stored(value: Any, kind: str) -> Any:
    if value is None or kind != "json":
        return value
    return json.dumps(value, ensure_ascii=False)


def _chunks(records: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while chunk := list(islice(records, _BATCH_ROWS)):
        yield chunk

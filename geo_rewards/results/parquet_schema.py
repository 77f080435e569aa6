"""The columns of a parquet file with scored rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from geo_rewards.results.rows import CHUNK_ROWS, JSON_MARK, is_json_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Cells = dict[str, Any]

_MIXED = pa.string()


class ColumnTypes:
    """Determines the type of every column as rows are added.

    A column that fits no Arrow type becomes JSON text and is marked as such in the file.
    """

    def __init__(self) -> None:
        self._types: dict[str, pa.DataType | None] = {}
        self._rows: list[Cells] = []

    def add(self, cells: Cells) -> None:
        """Add one row."""
        self._rows.append(cells)
        if len(self._rows) == CHUNK_ROWS:
            self._settle()

    def fields(self) -> list[pa.Field]:
        """Return the columns of the rows added so far."""
        self._settle()
        return [
            pa.field(name, _MIXED, metadata=JSON_MARK) if found is None else pa.field(name, found)
            for name, found in self._types.items()
        ]

    def _settle(self) -> None:
        names = dict.fromkeys(name for row in self._rows for name in row)
        for name in names:
            found = _infer([row.get(name) for row in self._rows])
            before = self._types.get(name, pa.null())
            self._types[name] = None if found is None or before is None else _unite(before, found)
        self._rows.clear()


def scored_schema(fields: Iterable[pa.Field], *, labels: Sequence[str]) -> pa.Schema:
    """Return the input's columns plus those that scoring adds, which replace any of the same name.

    Args:
        fields: The input's columns.
        labels: Labels of the recipe.
    """
    names = ("country", "region", "city")
    parsed = {"lat": pa.float64(), "lon": pa.float64(), **dict.fromkeys(names, pa.string())}
    added = pa.schema(
        {
            "rewards": pa.struct([(label, pa.float64()) for label in labels]),
            "reward": pa.float64(),
            "parsed": pa.struct(list(parsed.items())),
            "problems": pa.list_(pa.string()),
            "distance_km": pa.float64(),
        }
    )
    kept = [field for field in fields if field.name not in added.names]
    return pa.schema([*kept, *added])


def to_arrays(rows: Sequence[Cells], schema: pa.Schema) -> list[pa.Array]:
    """Return one array per column of the schema."""
    return [pa.array([_stored(row.get(f.name), f) for row in rows], f.type) for f in schema]


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

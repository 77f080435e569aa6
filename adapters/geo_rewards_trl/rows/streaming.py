"""A stream of rows as TRL's trainer takes it; see `geo_rewards.data.selection.stream`."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from datasets import IterableDataset
from datasets.iterable_dataset import ExamplesIterable

from geo_rewards.data.selection.mixture import files_of_sources
from geo_rewards.data.selection.stream import RowStream
from geo_rewards.data.table.row_reader import RowReader
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.errors import DataError
from geo_rewards_trl.rows.dataset import RESERVED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo_rewards.data import Row, Source
    from geo_rewards.data.table.row_reader import BadRows

HEAD_ROWS = 1000
"""How many rows are read before a run begins."""


class StreamedRows(IterableDataset):  # type: ignore[misc]  # datasets is skipped by mypy
    """A stream of rows in which pictures are paths until their batch is generated for.

    Args:
        stream: The rows.
        system_prompt: The system turn of every prompt; see `geo_rewards.data.with_system_prompt`.
        head: Some rows, which tell what columns there are; if None, the first ones are read.
    """

    def __init__(
        self, stream: RowStream, *, system_prompt: str | None = None, head: Sequence[Row] | None = None
    ) -> None:
        super().__init__(ExamplesIterable(_examples, {"stream": stream}))
        self.stream = stream
        self.files = tuple(map(str, files_of_sources(stream.sources)))
        self.reader = RowReader((), system_prompt, self.files, stream.bad_rows)
        self.head = list(islice(stream.rows(), HEAD_ROWS)) if head is None else head
        self.extra_columns = tuple(dict.fromkeys(name for row in self.head for name in row.columns))

    def records(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return rows as records that have the same keys: TRL takes the columns from the first one."""
        names = dict.fromkeys([*self.extra_columns, *(name for row in rows for name in row.columns)])
        index = {name: number for number, name in enumerate(self.files)}
        return [
            {
                "prompt": row.prompt,
                "images": row.images,
                "solution": row.solution,
                **{name: row.columns.get(name) for name in names},
                ORIGIN_COLUMN: {"file": index[str(row.file)], "line": row.line},
            }
            for row in rows
        ]

    def opened(self, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return records with their pictures opened, each picture once.

        Raises:
            DataError: If a picture does not open and bad rows are an error; names data file and line.
        """
        read = self.reader({name: [record[name] for record in records] for name in records[0]})
        return [{name: values[index] for name, values in read.items()} for index in range(len(records))]


def open_stream(
    sources: Sequence[Source],
    *,
    seed: int,
    bad_rows: BadRows = "error",
    system_prompt: str | None = None,
    columns: Mapping[str, str] | None = None,
    val_split_ratio: float = 0.0,
    buffer_rows: int = 10_000,
) -> tuple[StreamedRows, StreamedRows | None]:
    """Return the rows to train on and those held out (or None), of which only the first have been read.

    Args:
        sources: The data files.
        seed: Decides the order, and which rows are held out.
        bad_rows: See `RowStream`; a picture is checked when it is opened, see `RowReader`.
        system_prompt: The system turn of every prompt.
        columns: Dataset column of each truth field, where names differ.
        val_split_ratio: Share of the rows that is held out, by a hash of file name and line.
        buffer_rows: How many rows wait to be picked at random.

    Raises:
        DataError: If `val_split_ratio` is not in [0, 1), one of the first rows is bad, or none is held out.
    """
    if not 0.0 <= val_split_ratio < 1.0:
        raise DataError(f"the validation ratio is {val_split_ratio}; it must be at least 0 and less than 1")
    stream = RowStream(
        tuple(sources),
        seed,
        bad_rows,
        dict(columns or {}),
        val_split_ratio,
        buffer_rows=buffer_rows,
        reserved=RESERVED_COLUMNS,
    )
    training = StreamedRows(stream, system_prompt=system_prompt)
    if not val_split_ratio:
        return training, None
    held_out = replace(stream, part="validation")
    next(held_out.rows())  # without any, the run would end at its first evaluation
    return training, StreamedRows(held_out, system_prompt=system_prompt, head=training.head)


def _examples(stream: RowStream) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, row in enumerate(stream.rows()):
        yield number, {"prompt": row.prompt, "images": row.images, "solution": row.solution, **row.columns}

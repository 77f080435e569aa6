"""From rows to a table: truths are checked and rows encoded on all processors, chunk by chunk.

The rows are read once. The encoded chunks wait in an unnamed file, which disappears with the process that
created it, until the column types of the complete table are known.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from geo_rewards.batch.truths import read_truth
from geo_rewards.data.problems import ProblemTally, RowProblem
from geo_rewards.data.table.survey import Survey
from geo_rewards.data.table.table import TableInfo, rows_to_batch, write_table
from geo_rewards.data.truth_check import check_column_names, truth_cells
from geo_rewards.errors import DataError, TruthError
from geo_rewards.system.worker_pool import WorkerPool, chunked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from geo_rewards.data.rows import Row

CHUNK_ROWS = 1000


@dataclass(frozen=True, slots=True)
class EncodedChunk:
    """The result of encoding a chunk of rows.

    Attributes:
        survey: What the good rows have in common.
        problems: The others, in order.
        stream: The good rows as an Arrow stream of one batch, with the types of these rows alone.
        names: The columns that rows have, including rows with a bad truth.
    """

    survey: Survey
    problems: list[RowProblem]
    stream: bytes
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class RowEncoder:
    """Checks the truths of a chunk and encodes its good rows; sent to other processes.

    Attributes:
        files: The data files; each row is stored with the index of its file.
        columns: Dataset column of each truth field, where names differ.
        reserved: Names that columns must not have.
    """

    files: tuple[str, ...]
    columns: Mapping[str, str]
    reserved: Collection[str] = ()

    def __call__(self, chunk: Sequence[Row | RowProblem]) -> EncodedChunk:
        """Return the encoded chunk."""
        index = {name: number for number, name in enumerate(self.files)}
        survey, problems, good, origins = Survey(), [], [], []
        names: set[str] = set()
        for row in chunk:
            if not isinstance(row, RowProblem):
                names.update(row.columns, () if row.solution is None else ("solution",))
            origin = row if isinstance(row, RowProblem) else self._origin(row, index)
            if isinstance(origin, RowProblem):
                problems.append(origin)
            elif not isinstance(row, RowProblem):
                survey.add(row)
                good.append(row)
                origins.append(origin)
        check_names(survey, self.reserved)
        stream = _to_stream(rows_to_batch(good, origins, survey=survey)) if good else b""
        return EncodedChunk(survey, problems, stream, frozenset(names))

    def _origin(self, row: Row, index: Mapping[str, int]) -> dict[str, Any] | RowProblem:
        try:
            truth = read_truth(truth_cells(row, columns=self.columns))
        except TruthError as error:
            return row.problem("truth", error.cause_text)
        lat, lon = truth.coordinate or (None, None)
        return {"file": index[str(row.file)], "line": row.line, "lat": lat, "lon": lon}


@dataclass
class Encoded:
    """All rows of a run, encoded and on disk.

    Attributes:
        survey: What they have in common.
        tally: The lines that cannot be used.
        spool: The streams of the chunks, one after the other.
        lengths: The number of bytes in each.
        names: The columns that rows have, including rows with a bad truth.
    """

    spool: IO[bytes]
    survey: Survey = field(default_factory=Survey)
    tally: ProblemTally = field(default_factory=ProblemTally)
    lengths: list[int] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def add(self, chunk: EncodedChunk) -> None:
        """Add one chunk."""
        self.survey.merge(chunk.survey)
        self.names |= chunk.names
        for problem in chunk.problems:
            self.tally.add(problem)
        if chunk.stream:
            self.lengths.append(self.spool.write(chunk.stream))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the chunks as they were encoded."""
        import pyarrow as pa

        self.spool.seek(0)
        for length in self.lengths:
            with pa.ipc.open_stream(self.spool.read(length)) as stream:
                yield stream.read_next_batch()


def build_table(
    rows: Iterable[Row | RowProblem],
    path: Path,
    *,
    files: Sequence[Path],
    columns: Mapping[str, str],
    reserved: Collection[str] = (),
    skip_bad: bool = False,
    workers: int = 0,
) -> TableInfo:
    """Check all rows, then write them; nothing is written if the rows are bad.

    Args:
        rows: What `read_sources` yields.
        path: The file to write; it is replaced.
        files: The data files that the rows name.
        columns: Dataset column of each truth field, where names differ.
        reserved: Names that columns must not have.
        skip_bad: Leave bad lines out and count them in the table's info; otherwise they are an error.
        workers: Number of processes in addition to this one.

    Raises:
        DataError: If there are bad lines that are not skipped (all are counted first), if there are no
            rows, or if a column has a reserved name.
        UnknownNameError: If `columns` names a column that no row has.
    """
    names = tuple(dict.fromkeys(map(str, files)))
    with tempfile.TemporaryFile(dir=path.parent) as spool:
        encoded = Encoded(spool)
        encoder = RowEncoder(names, dict(columns), frozenset(reserved))
        pool: WorkerPool[list[Row | RowProblem], EncodedChunk]
        pool = WorkerPool(function=encoder, workers=workers)
        for _, chunk in pool.map(chunked(rows, CHUNK_ROWS)):
            encoded.add(chunk)
        _check(encoded, columns, skip_bad=skip_bad)
        info = TableInfo(
            rows=encoded.survey.rows,
            files=list(names),
            json_columns=[name for name, kind in encoded.survey.kinds.items() if kind == "json"],
            skipped=dict(encoded.tally.kinds.most_common()),
            skipped_by_file=encoded.tally.file_summaries(),
            first_skipped=list(map(str, encoded.tally.first)),
        )
        write_table(encoded.batches(), path, survey=encoded.survey, info=info)
    return info


def _check(encoded: Encoded, columns: Mapping[str, str], *, skip_bad: bool) -> None:
    if encoded.names:  # without rows there is nothing to check
        check_column_names(columns, encoded.names)
    if not skip_bad:
        encoded.tally.raise_if_any()
    if not encoded.survey.rows:
        raise DataError("the data files have no rows" + (" that are good" if encoded.tally.total else ""))


def check_names(survey: Survey, reserved: Collection[str]) -> None:
    """Refuse columns that would hide what the trainer itself passes to rewards.

    Raises:
        DataError: Naming the column and the row where it first appears.
    """
    for name, place in survey.seen_at.items():
        if name in reserved:
            raise DataError(f"{place}: the trainer uses the name {name!r} itself; rename this column")


def _to_stream(batch: pa.RecordBatch) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream

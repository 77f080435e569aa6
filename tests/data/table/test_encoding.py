from __future__ import annotations

import json
from pathlib import Path

import pytest

from geo_rewards.data import Row, RowProblem
from geo_rewards.data.table.encoding import CHUNK_ROWS, build_table
from geo_rewards.data.table.table import ORIGIN_COLUMN, read_info
from geo_rewards.errors import DataError, UnknownNameError
from geo_rewards.system.worker_pool import WorkerPool

FILE = Path("rows.jsonl")
PROMPT = [{"role": "user", "content": [{"type": "text", "text": "Where?"}]}]


def row(line: int, *, images: tuple[str, ...] = (), solution: str | None = "1.5, 2.5", **columns) -> Row:
    return Row(FILE, line, PROMPT, solution, list(images), columns)


def built(path: Path, rows, **options) -> list[dict]:
    import pyarrow as pa

    build_table(rows, path, files=[FILE], columns=options.pop("columns", {}), **options)
    names = read_info(path).json_columns
    with pa.ipc.open_stream(path.read_bytes()) as stream:
        records = stream.read_all().to_pylist()
    return [
        {
            key: json.loads(value) if key in names and value is not None else value
            for key, value in item.items()
        }
        for item in records
    ]


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ([None], [1]),
        ([1], [2.5]),
        ([1, 2.5], ["text"]),
        ([1], ["text"]),
        ([True], [1]),
        ([True, None], [[1, {"a": None}]]),
        (["text"], [None]),
        ([2.5], [2**60]),
        ([[1]], [{"a": "ü"}]),
    ],
)
def test_a_column_whose_type_changes_far_down_the_file_comes_back_as_written(tmp_path, early, late):
    rows = [row(index, x=early[index % len(early)]) for index in range(CHUNK_ROWS)]
    rows += [row(index, x=late[index % len(late)], y=1) for index in range(CHUNK_ROWS, CHUNK_ROWS + 5)]
    records = built(tmp_path / "t.arrow", rows)
    kinds = {type(value) for value in [*early, *late] if value is not None}
    for record, expected in zip(records, rows, strict=True):
        assert record["x"] == expected.columns["x"]
        if kinds != {int, float}:  # only integers among fractions may become floats
            assert type(record["x"]) is type(expected.columns["x"])
    assert [record["y"] for record in records[-6:]] == [None, 1, 1, 1, 1, 1]


def test_pictures_and_solutions_that_first_appear_far_down_the_file_are_kept(tmp_path):
    rows = [row(index, solution=None) for index in range(CHUNK_ROWS)]
    rows.append(row(CHUNK_ROWS, images=("/a.png",), solution="3.5, 4.5"))
    records = built(tmp_path / "t.arrow", rows)
    assert records[0]["images"] == []
    assert records[0]["solution"] is None
    assert (records[-1]["images"], records[-1]["solution"]) == (["/a.png"], "3.5, 4.5")


def test_each_row_keeps_its_line_and_the_coordinate_of_its_truth(tmp_path):
    rows = [row(3), row(7, solution="a fountain"), row(9, lat=-1.0, lon=2.0)]
    origins = [record[ORIGIN_COLUMN] for record in built(tmp_path / "t.arrow", rows)]
    assert origins == [
        {"file": 0, "line": 3, "lat": 1.5, "lon": 2.5},
        {"file": 0, "line": 7, "lat": None, "lon": None},
        {"file": 0, "line": 9, "lat": -1.0, "lon": 2.0},
    ]


def test_several_processes_build_the_same_table_as_one(tmp_path):
    rows = [row(index, x=index if index % 7 else None) for index in range(12 * CHUNK_ROWS)]
    rows[5000] = RowProblem(FILE, 5000, "json", "broken")
    rows[11_500] = row(11_500, lat=95.0, lon=0.0)
    alone, together = tmp_path / "alone.arrow", tmp_path / "together.arrow"
    infos = [
        build_table(rows, path, files=[FILE], columns={}, skip_bad=True, workers=workers)
        for path, workers in ((alone, 0), (together, 2))
    ]
    assert infos[0] == infos[1]
    assert infos[0].rows == len(rows) - 2
    assert alone.read_bytes() == together.read_bytes()


def test_bad_rows_are_an_error_before_anything_is_written(tmp_path):
    rows = [row(1), row(2, lat=95.0, lon=0.0), RowProblem(FILE, 3, "json", "broken")]
    with pytest.raises(DataError, match=r"2 bad lines"):
        built(tmp_path / "t.arrow", rows)
    assert list(tmp_path.iterdir()) == []


def test_a_column_that_no_row_has_is_reported_before_the_rows_that_lack_it(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'my_lat'"):
        built(tmp_path / "t.arrow", [row(1, my_lat=1.0, x=2.0)], columns={"lat": "mylat", "lon": "x"})


def _ends_other_processes(chunk: int) -> int:
    import multiprocessing
    import os

    if multiprocessing.parent_process() is not None and chunk == 20:
        os._exit(1)
    return chunk * chunk


def test_if_a_process_dies_its_chunks_are_done_here(caplog):
    pool = WorkerPool(function=_ends_other_processes, workers=2)
    assert [result for _, result in pool.map(range(60))] == [n * n for n in range(60)]
    assert "continuing in this process alone" in caplog.text

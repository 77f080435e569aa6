"""The same rows come out of every kind of file, and what is wrong with a file is said in plain words."""

from __future__ import annotations

import gzip
import io
import json
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geo_rewards.data.problems import BadRow, place_of
from geo_rewards.data.reading import chunks as reading
from geo_rewards.data.reading import count_values, read_chunks, read_values, row_at
from geo_rewards.errors import DataError

ROWS = [
    {"completion": 'He said "here",\nthen left', "lat": 48.5, "lon": -2.25, "tag": "é"},
    {"completion": "巴黎", "lat": None, "lon": 1e-05, "tag": None},
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
CSV = 'completion,lat,lon,tag\n"He said ""here"",\nthen left",48.5,-2.25,é\n巴黎,,1e-05,\n'


def compressed(content: bytes, suffix: str) -> bytes:
    if suffix == ".gz":
        return gzip.compress(content)
    if suffix == ".zst":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(content)
        return sink.getvalue().to_pybytes()
    return content


def parquet(rows) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


CONTENTS = {
    "a.jsonl": LINES.encode(),
    "b.jsonl": b"\xef\xbb\xbf\r\n" + LINES.replace("\n", " \r\n\n").encode(),
    "a.json": json.dumps(ROWS, indent=1).encode(),
    "a.csv": CSV.encode(),
    "b.csv": b"\xef\xbb\xbf" + CSV.replace("\n巴", "\r\n巴").encode(),
    "a.tsv": (
        'completion\tlat\tlon\ttag\n"He said ""here"",\nthen left"\t48.5\t-2.25\té\n巴黎\t\t1e-05\t\n'
    ).encode(),
    "a.parquet": parquet(ROWS),
}


def values(path):
    return [value for _, _, value in read_values(path)]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("name", CONTENTS)
def test_every_kind_of_file_has_the_same_rows(tmp_path, name, suffix):
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(compressed(CONTENTS[name], suffix))
    assert values(path) == ROWS
    assert count_values(path) == 2
    (chunk,) = read_chunks(path)
    assert [row_at(chunk, index)[1] for index in (0, 1)] == ROWS
    assert [value for _, value in chunk.take([False, True])] == ROWS[1:]
    assert values_of_stdin(path.read_bytes()) == ROWS


def values_of_stdin(content: bytes):
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(content))
    try:
        return values(Path("-"))
    finally:
        sys.stdin = before


def test_rows_of_a_folder_come_file_by_file_with_their_places(tmp_path):
    for name in ("part-2.parquet", "part-1.parquet", "_metadata", ".hidden.parquet"):
        (tmp_path / name).write_bytes(CONTENTS["a.parquet"])
    found = [(file.name, number) for file, number, _ in read_values(tmp_path)]
    expected = [("part-1.parquet", 1), ("part-1.parquet", 2), ("part-2.parquet", 1), ("part-2.parquet", 2)]
    assert found == expected
    assert [file.name for file, _, _ in read_values(tmp_path / "part-[2].parquet")] == ["part-2.parquet"] * 2
    assert place_of(tmp_path / "part-1.parquet", 2).endswith("part-1.parquet, row 2")


def test_lines_are_numbered_as_an_editor_does(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    path = tmp_path / "a.jsonl"
    path.write_text('\n{"a": 1}\n\n{"a": 2}\n{"a": 3}\n   \n{"a": 4}')
    numbers = [number for chunk in read_chunks(path) for number in chunk.numbers]
    assert numbers == [2, 4, 5, 7]
    path = tmp_path / "a.csv"
    path.write_text('completion,lat\n"x\ny\nz",1\nb,2\n')
    assert [number for _, number, _ in read_values(path)] == [2, 5]


def test_long_lines_make_small_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_BYTES", 1000)
    path = tmp_path / "a.jsonl"
    path.write_text((json.dumps({"a": "x" * 900}) + "\n") * 10)
    assert max(map(len, read_chunks(path))) <= 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", json.dumps(ROWS), "is named .jsonl but is one JSON list; rename it to .json"),
        ("a.jsonl", json.dumps(ROWS, indent=1), "is named .jsonl but is one JSON list"),
        ("a.json", LINES, "is named .json but is JSON lines; rename it to .jsonl"),
        ("a.jsonl", CSV, "is named .jsonl but is comma-separated text; rename it to .csv"),
        ("a.csv", LINES, "is named .csv but is JSON lines; rename it to .jsonl"),
        ("a.csv", CONTENTS["a.tsv"], "is separated by tabs, not by commas"),
        ("a.csv", "completion;lat;lon\nx;1;2\n", "is separated by semicolons, not by commas"),
        ("a.csv", '"completion";"lat"\n"x";"1"\n', "is separated by semicolons, not by commas: use commas"),
        ("a.tsv", CSV, "is separated by commas, not by tabs: use tabs, or rename it to .csv"),
        ("a.csv", "<answer>1, 2</answer>,1,2\n", "has no header: its first line must name the columns"),
        ("a.csv", "48.5,2.5\n", "has no header"),
        ("a.csv", "completion,lat,lat\n", "the column 'lat' is duplicated in the first line"),
        ("a.csv", "completion,,lat\n", "column 2 of the first line has no name"),
        ("a.jsonl", LINES.encode("utf-16"), "is named .jsonl but is UTF-16 text; save it as UTF-8"),
        ("a.jsonl", LINES.encode("utf-16-le"), "UTF-16 text"),
        ("a.csv", CSV.encode("utf-16"), "UTF-16 text"),
        ("a.jsonl", gzip.compress(LINES.encode()), "is gzip-compressed; add .gz to its name"),
        ("a.jsonl", compressed(LINES.encode(), ".zst"), "is zstd-compressed; add .zst to its name"),
        ("a.jsonl.gz", LINES, "is named .jsonl.gz but is JSON lines"),
        ("a.jsonl.gz", gzip.compress(LINES.encode() * 99)[:-9], "is cut off: the gz data end before"),
        ("a.jsonl.zst", compressed(LINES.encode() * 99, ".zst")[:-9], "is cut off: the zst data end before"),
        ("a.jsonl.gz", gzip.compress(LINES.encode())[:12] + b"\xff" * 400, "is damaged: its gz data"),
        ("a.jsonl", CONTENTS["a.parquet"], "is named .jsonl but is parquet"),
        ("a.parquet", LINES, "is named .parquet but is JSON lines"),
        ("a.parquet", CONTENTS["a.parquet"][:-20], "is cut off: its end is missing"),
        ("a.jsonl", b"PK\x03\x04 and more", "is a zip archive"),
        ("a.xlsx", "x", "has the suffix '.xlsx'; expected .jsonl, .json, .csv, .tsv or .parquet"),
    ],
)
def test_a_file_that_is_something_else_is_said_to_be_so(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as error:
        values(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_a_folder_without_files_or_with_several_kinds_is_refused(tmp_path):
    with pytest.raises(DataError, match="contains no data files"):
        values(tmp_path)
    for name in ("a.csv", "a.parquet"):
        (tmp_path / name).write_bytes(CONTENTS[name])
    with pytest.raises(DataError, match=r"several kinds, such as a\.csv and a\.parquet"):
        values(tmp_path)
    with pytest.raises(DataError, match=r"pattern .* contains no data files"):
        values(tmp_path / "b*.csv")


def test_two_parquet_columns_of_one_name_are_refused(tmp_path):
    table = pa.table([pa.array(["x"]), pa.array([1.0]), pa.array([2.0])], names=["completion", "lat", "lat"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet has 2 columns called 'lat'"):
        values(tmp_path / "a.parquet")


def test_unusual_arrow_types_are_read(tmp_path):
    table = pa.table(
        {
            "nanoseconds": pa.array([1700000000123456789, None], pa.timestamp("ns")),
            "zoned": pa.array([1700000000123, None], pa.timestamp("ms", "UTC")),
            "day": pa.array([19000, None], pa.date32()),
            "lat": pa.array([Decimal("48.5"), None], pa.decimal128(9, 4)),
            "kind": pa.array(["a", None]).dictionary_encode(),
            "large": pa.array(["b", None], pa.large_string()),
            "nan": pa.array([float("nan"), 1.5]),
            "half": pa.array([1.5, None], pa.float16()),
            "deep": [{"when": [Decimal("1.5")], "x": float("nan")}, None],
            "wait": pa.array([5, None], pa.duration("s")),
            "huge": pa.array([2**64 - 1, None], pa.uint64()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    first, second = values(tmp_path / "a.parquet")
    assert first == {
        "nanoseconds": "2023-11-14 22:13:20.123456789",
        "zoned": "2023-11-14 22:13:20.123Z",
        "day": "2022-01-08",
        "lat": 48.5,
        "kind": "a",
        "large": "b",
        "nan": None,
        "half": 1.5,
        "deep": {"when": ["1.5"], "x": None},
        "wait": "5 s",
        "huge": 2**64 - 1,
    }
    assert {name for name, value in second.items() if value is not None} == {"nan"}


def test_a_parquet_cell_that_is_not_utf8_names_its_row_and_column(tmp_path):
    buffers = pa.array([b"fine", b"\xff\xfe"]).buffers()
    texts = pa.StringArray.from_buffers(2, buffers[1], buffers[2])
    pq.write_table(pa.table({"completion": texts}), tmp_path / "a.parquet")
    with pytest.raises(
        DataError, match=r"a\.parquet, row 2: the cell of column 'completion' is not valid UTF-8"
    ):
        values(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1\n", "there are 1 cells, but the first line names 2 columns"),
        ('a,b\n"1,2\n', "a quoted cell that begins in the row of line 2 is never closed"),
        ('a,b\n"1"2,3\n', "text after the closing quote of a cell"),
    ],
)
def test_a_bad_row_of_a_csv_is_a_problem_in_plain_words(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    ((_, number, bad),) = read_values(tmp_path / "a.csv")
    assert isinstance(bad, BadRow)
    assert (number, message in str(bad)) == (2, True)


def test_a_bad_byte_of_a_csv_names_its_line(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,2\n3,\xff\n5,6\n")
    found = list(read_values(tmp_path / "a.csv"))
    assert [number for _, number, _ in found] == [2, 3]
    assert "byte 3 of the line is not valid UTF-8" in str(found[1][2])


def test_degrees_of_a_csv_are_numbers_and_all_else_stays_text(tmp_path):
    (tmp_path / "a.csv").write_text("id,Latitude,lng,lat_note\n007,48.50,N/A,1.5\n")
    assert values(tmp_path / "a.csv") == [{"id": "007", "Latitude": 48.5, "lng": "N/A", "lat_note": "1.5"}]


def test_a_cell_of_a_csv_may_be_long(tmp_path):
    (tmp_path / "a.csv").write_text("completion\n" + "x" * 300_000 + "\n")
    assert len(values(tmp_path / "a.csv")[0]["completion"]) == 300_000

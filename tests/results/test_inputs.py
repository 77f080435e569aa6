"""Files of every kind are scored alike, and what cannot be read or written is named."""

from __future__ import annotations

import gzip
import io
import json
import math
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import geo_rewards as gr
from geo_rewards.results.rows import wanted_by
from geo_rewards.scoring.file import parse_recipe

RIGHT = "<think>a tower,\nI think</think><answer>(48.86, 2.35)</answer>"
ROWS = [
    {"completion": RIGHT, "lat": 48.8584, "lon": 2.2945, "tag": "a"},
    {"completion": "no idea", "lat": 48.8584, "lon": 2.2945, "tag": "b"},
    {"completion": RIGHT, "lat": None, "lon": None, "tag": "c"},
]


def csv(separator):
    lines = [separator.join(ROWS[0])]
    for row in ROWS:
        cells = ["" if value is None else str(value) for value in row.values()]
        lines.append(separator.join(['"' + cells[0] + '"', *cells[1:]]))
    return ("\ufeff" + "\n".join(lines)).encode()


def table(rows=ROWS):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


def zstd(content):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
FILES = {
    "a.jsonl": LINES,
    "a.json": json.dumps(ROWS, indent=2).encode(),
    "a.csv": csv(","),
    "a.tsv": csv("\t"),
    "a.parquet": table(),
    "a.jsonl.gz": gzip.compress(LINES),
    "a.csv.zst": zstd(csv(",")),
    "a.parquet.gz": gzip.compress(table()),
}


@pytest.fixture(scope="module")
def expected():
    scores = gr.load_recipe("geoguessr").score(
        [row["completion"] for row in ROWS],
        **{name: [row[name] for row in ROWS] for name in ("lat", "lon")},
    )
    return [
        {**row, "reward": total, "distance_km": scores.distance_km(index)}
        for index, (row, total) in enumerate(zip(ROWS, scores.total, strict=True))
    ]


def picked(rows):
    return [{name: row[name] for name in (*ROWS[0], "reward", "distance_km")} for row in rows]


@pytest.mark.parametrize("out", ["-", "out.jsonl", "out.parquet"])
@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_gives_the_same_scored_rows(run, tmp_path, expected, name, out):
    file, target = tmp_path / name, out if out == "-" else tmp_path / out
    file.write_bytes(FILES[name])
    ran = run("score", file, "--recipe", "geoguessr", "-o", target)
    assert ran.code == 0, ran.err
    if out == "-":
        rows = ran.rows
    elif out == "out.jsonl":
        rows = [json.loads(line) for line in target.read_text().splitlines()]
    else:
        rows = pq.read_table(target).to_pylist()
    assert picked(rows) == expected


@pytest.mark.parametrize("name", FILES)
def test_standard_input_is_recognised_by_its_content(run, monkeypatch, expected, name):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILES[name])))
    ran = run("score", "-", "--recipe", "geoguessr", "-o", "-")
    assert picked(ran.rows) == expected
    assert ran.err.startswith("scored standard input by geoguessr to stdout\n")


def test_standard_input_with_bad_lines_names_them_and_writes_nothing(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINES + b"{bad\n")))
    ran = run("score", "-", "--recipe", "geoguessr", "-o", "-")
    assert (ran.code, ran.out) == (1, "")
    assert "standard input, line 4: invalid JSON at column 2" in ran.err


def test_a_folder_of_shards_is_one_file(run, tmp_path, expected):
    shards = tmp_path / "shards"
    shards.mkdir()
    for index, row in enumerate(ROWS):
        (shards / f"part-{index}.parquet").write_bytes(table([row]))
    out = tmp_path / "out.parquet"
    assert run("score", shards, "--recipe", "geoguessr", "-o", out).code == 0
    assert picked(pq.read_table(out).to_pylist()) == expected
    ran = run("score", shards / "part-[01].parquet", "--recipe", "geoguessr", "-o", "-")
    assert picked(ran.rows) == expected[:2]
    ran = run("score", shards, "--recipe", "geoguessr", "-o", shards / "out.parquet")
    assert (ran.code, "is in the input folder" in ran.err) == (2, True)


def test_shards_whose_columns_do_not_go_together_are_refused(run, tmp_path):
    (tmp_path / "a.parquet").write_bytes(table(ROWS[:1]))
    (tmp_path / "b.parquet").write_bytes(table([{**ROWS[0], "tag": {"deep": 1}}]))
    ran = run("score", tmp_path / "*.parquet", "--recipe", "geoguessr", "-o", tmp_path / "out.parquet")
    assert ran.code == 1
    assert "b.parquet: a column has another type than in the files before" in ran.err


def test_parquet_columns_that_nobody_reads_are_copied_as_they_are(run, tmp_path):
    buffers = pa.array([b"\xff"]).buffers()
    columns = {
        "completion": pa.array([RIGHT]),
        "lat": pa.array([Decimal("48.8584")], pa.decimal128(9, 4)),
        "lon": pa.array([2.2945], pa.float32()),
        "when": pa.array([1700000000123456789], pa.timestamp("ns")),
        "bytes": pa.array([b"\x89PNG"]),
        "nan": pa.array([float("nan")]),
        "inf": pa.array([float("inf")]),
        "broken": pa.StringArray.from_buffers(1, buffers[1], buffers[2]),
        "kind": pa.array(["a"]).dictionary_encode(),
    }
    file, out = tmp_path / "a.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table(columns), file)
    assert run("score", file, "--recipe", "geoguessr", "-o", out).code == 0
    scored = pq.read_table(out)
    before = pq.read_table(file)
    assert all(scored[name].equals(before[name]) for name in columns if name != "nan")
    assert math.isnan(scored["nan"][0].as_py())
    assert scored["distance_km"][0].as_py() == pytest.approx(4.06, abs=0.05)


@pytest.mark.parametrize(
    ("column", "what"),
    [
        (pa.array([b"\x89PNG"]), "holds bytes, which JSON cannot express; write a .parquet file instead"),
        (pa.array([float("inf")]), "is or holds inf, which JSON cannot express"),
        (pa.array([{"deep": [b"x"]}]), "is or holds {'deep': [b'x']}, which JSON cannot express"),
    ],
)
def test_a_parquet_cell_that_json_cannot_express_is_named(run, tmp_path, column, what):
    columns = {"completion": [RIGHT], "lat": [48.8584], "lon": [2.2945], "extra": column}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    out = tmp_path / "out.jsonl"
    ran = run("score", tmp_path / "a.parquet", "--recipe", "geoguessr", "-o", out)
    assert ran.code == 1
    assert f"a.parquet, row 1: the cell of column 'extra' {what}" in ran.err
    assert not out.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_completion_that_is_not_utf8_names_its_row(run, tmp_path, workers):
    buffers = pa.array([b"fine", b"\xff"]).buffers()
    columns = {"completion": pa.StringArray.from_buffers(2, buffers[1], buffers[2]), "lat": [1.0, 2.0]}
    pq.write_table(pa.table({**columns, "lon": [1.0, 2.0]}), tmp_path / "a.parquet")
    for out in ("out.jsonl", "out.parquet"):
        ran = run(
            "score",
            tmp_path / "a.parquet",
            "--recipe",
            "geoguessr",
            "-o",
            tmp_path / out,
            "--workers",
            workers,
        )
        assert ran.code == 1
        assert "a.parquet, row 2: the cell of column 'completion' is not valid UTF-8" in ran.err


def test_two_parquet_columns_of_one_name_are_refused(run, tmp_path):
    arrays = [pa.array([RIGHT]), pa.array([1.0]), pa.array([2.0]), pa.array([3.0])]
    pq.write_table(pa.table(arrays, names=["completion", "lat", "lon", "lat"]), tmp_path / "a.parquet")
    for out in ("-", tmp_path / "out.parquet"):
        ran = run("score", tmp_path / "a.parquet", "--recipe", "geoguessr", "-o", out)
        assert (ran.code, "has 2 columns called 'lat'" in ran.err) == (1, True)


def test_an_integer_of_hundreds_of_digits_is_kept_and_no_latitude(run, write_rows):
    huge = "9" * 400
    row = json.dumps(ROWS[0])[:-1]
    ran = run("score", write_rows([f'{row}, "n": {huge}}}']), "--recipe", "geoguessr", "-o", "-")
    assert ran.rows[0]["n"] == int(huge)
    ran = run(
        "score",
        write_rows([f'{{"completion": "x", "lat": {huge}, "lon": 1}}']),
        "--recipe",
        "geoguessr",
        "-o",
        "-",
    )
    assert (ran.code, "rows.jsonl, line 1: lat" in ran.err) == (1, True)


def test_the_report_as_json_is_alone_on_stdout(run, write_rows, tmp_path):
    ran = run("score", write_rows(ROWS), "--recipe", "geoguessr", "-o", tmp_path / "out.jsonl", "--json")
    assert (ran.code, ran.err) == (0, "")
    report = ran.json
    assert report["rows"] == 3
    assert report["rewards"]["distance"]["abstained"] == 1
    assert report["problems"]["nothing read"]["rows"] == 1
    assert report["problems"]["nothing read"]["first"].endswith("rows.jsonl, line 2")
    ran = run("score", write_rows(ROWS), "--recipe", "geoguessr", "-o", "-", "--json")
    assert (ran.code, ran.out, "--json" in ran.err) == (2, "", True)


def test_the_share_counts_only_what_a_row_can_earn(run, write_rows, tmp_path):
    """The last row has no truth for its distance: all that it can earn is 0.5."""
    out = tmp_path / "out.jsonl"
    ran = run("score", write_rows([ROWS[0], ROWS[2]]), "--recipe", "geoguessr", "-o", out)
    first = json.loads(out.read_text().splitlines()[0])["reward"]
    assert first < 1.5
    line = next(line for line in ran.err.splitlines() if line.startswith("reward "))
    share = (first / 1.5 + 1) / 2
    assert line.split(maxsplit=1)[1] == f"mean {(first + 0.5) / 2:.4f}, {share:.1%} of what each row can earn"


def test_problems_of_answers_are_counted_by_kind_with_an_example(run, write_rows, tmp_path):
    answers = ["no idea", "(400, 2)", "(91, 3)", RIGHT]
    rows = [{**ROWS[0], "completion": text} for text in answers]
    ran = run("score", write_rows(rows), "--recipe", "geoguessr", "-o", tmp_path / "out.jsonl")
    first, second = (line.strip() for line in ran.err.splitlines() if " first in " in line)
    assert first.startswith("problems    out of range in 2, first in ")
    assert "rows.jsonl, line 2: latitude 400" in first
    assert second.startswith("nothing read in 1, first in ")


def test_only_rewards_that_plainly_read_truths_alone_get_truths_alone(tmp_path):
    """Scoring skips other columns for these: a reward of another kind must get all."""
    known = wanted_by(gr.load_recipe("default"))
    assert known.only_known
    assert list(known.among(["completion", "LAT", "tag", "solution", "picture_fault"])) == [
        "LAT",
        "solution",
        "picture_fault",
    ]
    judge = parse_recipe({"rewards": [{"name": "entity_recall"}, {"name": "haversine_decay"}]}, where="test")
    assert not wanted_by(gr.Recipe(judge)).only_known
    (tmp_path / "mine.py").write_text(
        "import geo_rewards as gr\n\n\nclass Mine(gr.Reward):\n    'One.'\n\n    name = 'mine'\n"
        "\n    def score(self, sample):\n        return 1.0\n"
    )
    entries = [{"name": f"{tmp_path}/mine.py:Mine", "as": "mine"}, {"name": "haversine_decay"}]
    other = wanted_by(gr.Recipe(parse_recipe({"rewards": entries}, where="test")), ["tag"])
    assert not other.only_known
    assert list(other.among(["completion", "lat"])) == ["lat", "tag"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet", "a.jsonl.gz"])
def test_a_file_without_rows_is_said_to_have_none(run, tmp_path, name):
    empty = {
        "a.json": b" [ ] ",
        "a.csv": b"completion,lat,lon\n",
        "a.parquet": b"",
        "a.jsonl.gz": gzip.compress(b"\n\n"),
    }
    content = empty.get(name, b"")
    if name == "a.parquet":
        pq.write_table(pa.table({"completion": pa.array([], pa.string())}), tmp_path / name)
    else:
        (tmp_path / name).write_bytes(content)
    ran = run("score", tmp_path / name, "--recipe", "geoguessr", "-o", "-")
    assert (ran.code, ran.out) == (1, "")
    assert "has no rows" in ran.err

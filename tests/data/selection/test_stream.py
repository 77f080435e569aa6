"""Rows that are read while they are trained on."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from geo_rewards.data import Source
from geo_rewards.data.selection import stream as stream_module
from geo_rewards.data.selection.sampling import parse_sampling
from geo_rewards.data.selection.stream import RowStream, interleaved, shuffled
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TURNS = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "1, 2"}]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    rows = [{"conversations": TURNS, **row} for row in rows]
    text = json.dumps(rows) if path.suffix == ".json" else "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text)
    return path


def numbered(path: Path, count: int) -> Source:
    return Source(write(path, [{"id": number} for number in range(count)]), path.parent)


def ids(rows) -> list[int]:
    return [row.columns["id"] for row in rows]


def test_rows_come_in_the_same_order_at_every_pass(tmp_path):
    stream = RowStream((numbered(tmp_path / "a.jsonl", 50), numbered(tmp_path / "b.jsonl", 50)), seed=3)
    assert ids(stream.rows()) == ids(stream.rows())
    assert ids(stream.rows()) != ids(replace(stream, seed=4).rows())


def test_every_epoch_is_shuffled_differently_and_the_same_again(tmp_path):
    stream = RowStream((numbered(tmp_path / "a.jsonl", 50),), seed=3, buffer_rows=20)
    first, second = ids(stream.shuffled(0)), ids(stream.shuffled(1))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second != list(range(50))
    assert ids(stream.shuffled(1)) == second


def test_a_stream_mixes_files_by_what_is_taken_of_them(tmp_path):
    write(tmp_path / "large.jsonl", [{"file": "large"}] * 10_000)
    write(tmp_path / "small.jsonl", [{"file": "small"}] * 100)
    large = Source(tmp_path / "large.jsonl", tmp_path, parse_sampling("first:100"))
    stream = RowStream((large, Source(tmp_path / "small.jsonl", tmp_path)), seed=1)
    names = [row.columns["file"] for row in stream.rows()]
    assert len(names) == 200
    assert 30 < names[:100].count("small") < 70


def test_rows_that_share_one_line_of_a_json_file_are_held_out_like_others(tmp_path):
    source = replace(numbered(tmp_path / "rows.json", 80), weight=2.0)
    stream = RowStream((source,), seed=1, held_out_ratio=0.25)
    trained, held_out = ids(stream.rows()), ids(replace(stream, part="validation").rows())
    assert len(trained) + len(held_out) == 160
    assert 20 < len(held_out) < 60
    assert not set(trained) & set(held_out)


def test_without_a_row_there_is_nothing_to_train_on(tmp_path):
    stream = RowStream((numbered(tmp_path / "a.jsonl", 1),), seed=1, held_out_ratio=0.01, part="validation")
    with pytest.raises(DataError, match="no good rows for validation"):
        next(stream.rows())


def test_the_first_bad_row_ends_a_stream_or_is_left_out(tmp_path, caplog):
    rows = [{"id": number, **({"lat": 95.0, "lon": 1.0} if number == 2 else {})} for number in range(5)]
    stream = RowStream((Source(write(tmp_path / "a.jsonl", rows), tmp_path),))
    good = stream.rows()
    assert ids(islice(good, 2)) == [0, 1]
    with pytest.raises(DataError, match=r"a\.jsonl, line 3: latitude 95\.0 .*--bad_rows skip"):
        next(good)
    caplog.set_level("INFO")
    assert ids(replace(stream, bad_rows="skip").rows()) == [0, 1, 3, 4]
    assert "left out 1 bad rows so far; the last: " in caplog.text


def test_a_column_with_a_reserved_name_is_refused(tmp_path):
    source = Source(write(tmp_path / "a.jsonl", [{"id": 0}, {"prompts": 1}]), tmp_path)
    stream = RowStream((source,), reserved=frozenset({"prompts"}))
    with pytest.raises(DataError, match="line 2: the trainer uses the name 'prompts' itself"):
        list(stream.rows())
    assert len(list(replace(stream, reserved=frozenset()).rows())) == 2


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.jsonl"):
        list(RowStream((Source(tmp_path / "none.jsonl", tmp_path),)).rows())


def test_streams_are_interleaved_until_all_have_ended():
    parts = [iter(range(30)), iter(range(100, 110))]
    mixed = list(interleaved(parts, [3.0, 1.0], seed=0))
    assert sorted(mixed) == [*range(30), *range(100, 110)]
    assert [number for number in mixed if number < 100] == list(range(30))
    assert mixed[30:] != list(range(100, 110))


def test_a_buffer_of_one_row_keeps_the_order():
    assert list(shuffled(range(5), 1, seed="0")) == list(range(5))
    assert sorted(shuffled(range(5), 100, seed="0")) == list(range(5))


def test_a_file_that_changes_between_two_passes_or_within_one_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(stream_module, "_CHECKED_ROWS", 10)
    stream = RowStream((numbered(tmp_path / "a.jsonl", 500),))
    rows = stream.rows()
    next(rows)
    numbered(tmp_path / "a.jsonl", 400)
    with pytest.raises(DataError, match="changed while being read"):
        list(islice(rows, 20))  # long before the end
    with pytest.raises(DataError, match="changed while being read"):
        next(stream.rows())
    with pytest.raises(DataError, match="changed while being read"):
        next(replace(stream, part="validation", held_out_ratio=0.5).rows())
    assert len(list(RowStream(stream.sources).rows())) == 400

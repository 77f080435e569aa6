"""Scoring in one pass: rows of two versions of a file are never mixed."""

import json
import os
import shutil
from contextlib import contextmanager
from typing import ClassVar

import pytest

import geo_rewards as gr
from geo_rewards.data.reading import chunks as reading
from geo_rewards.errors import DataError
from geo_rewards.results.score_file import score_file
from geo_rewards.testing import temporary_plugin

RIGHT = "<think>a tower</think><answer>(48.86, 2.35)</answer>"
ROW = {"completion": RIGHT, "lat": 48.8584, "lon": 2.2945}


@contextmanager
def silent(_total):
    yield lambda _count: None


@pytest.fixture
def score(tmp_path):
    def score_lines(*lines, recipe="geoguessr"):
        file, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
        file.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
        chosen = gr.load_recipe(recipe) if isinstance(recipe, str) else recipe
        score_file(file, chosen, out=out, progress=silent)
        return out.read_text().splitlines()

    return score_lines


def test_a_line_stays_as_it_was_written_and_is_added_to(score):
    line = '{ "id":1.50,  "name":"\\u00cele %s", "completion": ' + json.dumps(RIGHT) + ', "lat":48,"lon":2 }'
    (scored,) = score(line)
    assert scored.startswith(line[:-2] + ", ")
    assert json.loads(scored) == {
        **json.loads(line),
        **{key: json.loads(scored)[key] for key in saved_added()},
    }


def saved_added():
    return ("rewards", "reward", "parsed", "problems", "distance_km")


def test_cells_of_an_earlier_scoring_are_replaced_not_duplicated(score):
    first = score(ROW, {**ROW, "completion": "no idea"})
    assert score(*first) == [json.dumps(json.loads(line), ensure_ascii=False) for line in first]
    assert first[0].count('"rewards"') == 1


def test_the_added_cells_say_what_was_read_and_what_was_refused(score):
    named = '<think>x</think><answer>Country: C\\u00f4te d\'Ivoire, City: "%s"</answer>'
    rows = [
        json.loads(line) for line in score(ROW, {**ROW, "completion": "400, 2"}, {**ROW, "completion": named})
    ]
    assert rows[0]["parsed"] == {"lat": 48.86, "lon": 2.35, "country": None, "region": None, "city": None}
    assert rows[0]["distance_km"] == pytest.approx(4.06, abs=0.05)
    assert rows[1]["problems"][0].startswith("out of range: ")
    assert rows[1]["distance_km"] is None
    assert rows[2]["parsed"]["city"] == "%s"


def test_a_number_beyond_floats_is_refused_however_deep(score):
    with pytest.raises(DataError, match=r"line 1: the number 1e999 is beyond the range of floating point"):
        score(json.dumps(ROW)[:-1] + ', "deep": {"big": [1e999]}}')


@pytest.mark.parametrize(
    "bad", ["{not json", '{"completion": "x", "lat": 91, "lon": 0}', '{"compleiton": "x"}']
)
def test_a_bad_line_after_scored_ones_leaves_the_older_output(score, tmp_path, monkeypatch, bad):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1)
    (tmp_path / "out.jsonl").write_text("precious")
    with pytest.raises(DataError, match=r"2 bad lines.*\n.*line 3:.*\n.*line 5:"):
        score(ROW, ROW, bad, ROW, bad, ROW)
    assert (tmp_path / "out.jsonl").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "rows.jsonl"]


class Reader(gr.Reward):
    """Returns the extra cell; fails if it is `fail`."""

    name = "reader"

    def score(self, sample):
        if sample.row["extra"] == "fail":
            raise ValueError("told to")
        return sample.row["extra"]


@pytest.fixture
def reader(plugin_of):
    with temporary_plugin(plugin_of(Reader)):
        yield gr.Recipe(gr.load_recipe("geoguessr").file.model_validate({"rewards": [{"name": "reader"}]}))


def test_a_column_that_first_appears_later_is_none_before(score, reader, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1)
    lines = score(ROW, {**ROW, "extra": 1.0}, ROW, recipe=reader)
    assert [json.loads(line)["rewards"]["reader"] for line in lines] == [None, 1.0, None]


def test_bad_lines_are_counted_before_a_reward_that_fails_is_blamed(score, reader, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1)
    with pytest.raises(DataError, match="1 bad line"):
        score({**ROW, "extra": "fail"}, {**ROW, "extra": 1.0}, "{", recipe=reader)


def test_the_file_is_opened_once(score, monkeypatch):
    opened = []
    real = reading.open_file
    monkeypatch.setattr(reading, "open_file", lambda path: opened.append(path.name) or real(path))
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1)
    score(ROW, {**ROW, "late": 1}, {**ROW, "rewards": {}}, ROW)
    assert opened == ["rows.jsonl"]


def appended(file):
    with file.open("a") as rows:
        rows.write(json.dumps(ROW) + "\n")


def truncated(file):
    os.truncate(file, file.stat().st_size - 30)


def emptied(file):
    file.write_text("")


def replaced(file):
    other = file.with_name("other")
    shutil.copy2(file, other)
    other.replace(file)


def rewritten(file):
    """Write other rows of the same size in place, and set the time back."""
    before = file.stat()
    with file.open("r+") as rows:
        rows.write(file.read_text().replace("48.86", "12.34"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def removed(file):
    file.unlink()


CHANGES = [appended, truncated, emptied, replaced, rewritten, removed]


class Meddler(gr.Reward):
    """Changes the file while the row that is told to is scored."""

    name = "meddler"
    change: ClassVar = None
    file: ClassVar = None

    def score(self, sample):
        if sample.row["extra"] == "now" and self.change is not None:
            type(self).change(self.file)
        if sample.row["extra"] == "fail":
            raise ValueError("told to")
        return 1.0


@pytest.fixture
def meddler(plugin_of, tmp_path, monkeypatch):
    monkeypatch.setattr(Meddler, "file", tmp_path / "rows.jsonl")
    with temporary_plugin(plugin_of(Meddler)):
        yield gr.Recipe(gr.load_recipe("geoguessr").file.model_validate({"rewards": [{"name": "meddler"}]}))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "rest",
    [
        pytest.param([{**ROW, "extra": "later"}], id="good"),
        pytest.param(["{bad"], id="bad lines"),
        pytest.param([{**ROW, "extra": "fail"}], id="failing reward"),
        pytest.param([{**ROW, "extra": "x", "late": 1}], id="late column"),
    ],
)
def test_a_file_that_changes_while_it_is_scored_is_not_scored(
    score, meddler, tmp_path, monkeypatch, change, rest
):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1)
    monkeypatch.setattr(Meddler, "change", staticmethod(change))
    (tmp_path / "out.jsonl").write_text("precious")
    with pytest.raises(DataError, match=r"rows\.jsonl changed while being read"):
        score({**ROW, "extra": "now"}, {**ROW, "extra": "x"}, *rest, recipe=meddler)
    assert (tmp_path / "out.jsonl").read_text() == "precious"
    assert not list(tmp_path.glob(".*"))


def test_a_shard_that_changes_after_it_was_read_is_noticed(meddler, tmp_path, monkeypatch):
    folder = tmp_path / "shards"
    folder.mkdir()
    for name, extra in (("a", "x"), ("b", "now")):
        (folder / f"{name}.jsonl").write_text(json.dumps({**ROW, "extra": extra}) + "\n")
    monkeypatch.setattr(Meddler, "file", folder / "a.jsonl")
    for change, message in (
        (appended, r"a\.jsonl changed"),
        (lambda _: emptied(folder / "c.jsonl"), "c.jsonl was added"),
    ):
        monkeypatch.setattr(Meddler, "change", staticmethod(change))
        with pytest.raises(DataError, match=message):
            score_file(folder, meddler, out=tmp_path / "out.jsonl", progress=silent)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_reward_that_fails_for_want_of_a_late_column_is_not_blamed(score, reader, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1)
    assert len(score(ROW, ROW, {**ROW, "extra": 0.5}, recipe=reader)) == 3


def test_cells_that_scoring_adds_replace_those_of_the_same_name(score, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    escaped = json.dumps({**ROW, "tag": "é"})
    lines = score(escaped, {**ROW, "reward": 7, "problems": {"x": 1}}, ROW, {**ROW, "tag": 1})
    assert lines[0].startswith(escaped[:-1])
    for line in lines:
        assert json.loads(line)["reward"] == json.loads(lines[0])["reward"]
        assert line.count('"reward": ') == line.count('"problems": ') == 1

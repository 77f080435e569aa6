"""Scoring in one pass: the only visible effect is the time saved."""

import json
from contextlib import contextmanager

import pytest

import geo_rewards as gr
from geo_rewards.errors import DataError
from geo_rewards.results import rows as saved_rows
from geo_rewards.results.rows import Contents, LateColumnError, SavedRow, checked_chunks
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


def test_a_number_beyond_floats_becomes_null_as_everywhere(score):
    (line,) = score(json.dumps(ROW)[:-1] + ', "deep": {"big": [1e999]}}')
    assert json.loads(line)["deep"] == {"big": [None]}


@pytest.mark.parametrize(
    "bad", ["{not json", '{"completion": "x", "lat": 91, "lon": 0}', '{"compleiton": "x"}']
)
def test_a_bad_line_after_scored_ones_leaves_the_older_output(score, tmp_path, monkeypatch, bad):
    monkeypatch.setattr(saved_rows, "CHUNK_ROWS", 1)
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
    monkeypatch.setattr(saved_rows, "CHUNK_ROWS", 1)
    lines = score(ROW, {**ROW, "extra": 1.0}, ROW, recipe=reader)
    assert [json.loads(line)["rewards"]["reader"] for line in lines] == [None, 1.0, None]


def test_bad_lines_are_counted_before_a_reward_that_fails_is_blamed(score, reader, monkeypatch):
    monkeypatch.setattr(saved_rows, "CHUNK_ROWS", 1)
    with pytest.raises(DataError, match="1 bad line"):
        score({**ROW, "extra": "fail"}, {**ROW, "extra": 1.0}, "{", recipe=reader)


def test_checked_chunks_refuse_a_late_column(tmp_path, monkeypatch):
    monkeypatch.setattr(saved_rows, "CHUNK_ROWS", 1)
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(ROW) + "\n" + json.dumps({**ROW, "extra": 1}) + "\n")
    chunks = checked_chunks(file, recipe=gr.load_recipe("geoguessr"), contents=Contents())
    assert next(chunks) == [SavedRow(1, ROW, json.dumps(ROW))]
    with pytest.raises(LateColumnError):
        next(chunks)

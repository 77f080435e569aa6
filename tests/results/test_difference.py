import json

import pyarrow.parquet as pq
import pytest

from geo_rewards.data.reading import chunks as reading

PARIS = {"lat": 48.8584, "lon": 2.2945}


def answer(text):
    return f"<think>a tower</think><answer>{text}</answer>"


ROWS = [{"completion": answer(text), **PARIS} for text in ("48.86, 2.35", "(40.4, -3.7)", "no idea")]


@pytest.fixture
def score(run, write_rows, tmp_path):
    """Score the rows, and return the run and the output path."""

    def score_rows(*options, rows=ROWS, recipe="geoguessr", out="new.jsonl"):
        path = tmp_path / out
        return run("score", write_rows(rows), "--recipe", recipe, "-o", path, *options), path

    return score_rows


def test_nothing_has_changed_when_nothing_has_changed(score):
    _, old = score(out="old.jsonl")
    ran, _ = score("--diff", old)
    assert ran.code == 0
    assert ran.err.splitlines()[-1] == f"changed since {old}: 0 of 3 rows"


def test_changed_rows_are_counted_and_explained(score):
    _, old = score(out="old.jsonl")
    ran, _ = score("--diff", old, "--set", "distance.scale_km=100")
    assert f"changed since {old}: 2 of 3 rows\n  reward on 2\n  distance on 2\n" in ran.err
    second = ran.err.split("rows.jsonl, line 2: ")[1]
    assert second.splitlines()[0].startswith("reward 0.994")
    assert "distance 0.494" in second.splitlines()[0]
    assert "reward     distance: 0.0000 of [0, 1], weight 1" in second
    assert "reward     format" not in second  # it has not changed
    assert "line 3: " not in ran.err.split("changed since")[1]


def test_another_weight_changes_only_the_total(score):
    _, old = score(out="old.jsonl")
    ran, _ = score("--diff", old, "--set", "format.weight=2")
    assert "  reward on 3\n" in ran.err
    assert "format on" not in ran.err
    assert "line 3: reward 0.5 -> 2\n" in ran.err


def test_what_is_read_differently_is_reported(score, tmp_path):
    """As if an older version of the parser had written the earlier file."""
    _, old = score(out="old.jsonl")
    rows = [json.loads(line) for line in old.read_text().splitlines()]
    rows[0]["parsed"]["lat"] = 2.35
    rows[0]["problems"] = ["axes: twice"]
    rows[0]["rewards"]["distance"] = rows[0]["reward"] = None
    old.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran, _ = score("--diff", old)
    assert "line 1: reward none -> 1.49728, distance none -> 0.997281\n" in ran.err
    assert "read       lat 2.35 -> 48.86, problems 'axes: twice' -> none\n" in ran.err


def test_labels_on_one_side_only_are_named_not_compared(score):
    _, old = score(out="old.jsonl", recipe="default")
    ran, _ = score("--diff", old)
    assert f"not compared, only in {old}: place, consistency" in ran.err
    ran, _ = score("--diff", score(out="old.jsonl")[1], recipe="default", out="other.jsonl")
    assert "not compared, only in this recipe: place, consistency" in ran.err


def test_only_the_first_changes_are_shown(score):
    _, old = score(rows=ROWS[:1] * 15, out="old.jsonl")
    ran, _ = score("--diff", old, "--set", "distance.scale_km=100", rows=ROWS[:1] * 15)
    assert "15 of 15 rows" in ran.err
    assert ran.err.count("rows.jsonl, line") == 10
    assert ran.err.endswith("and 5 more\n")


def test_chunks_and_parquet_are_compared_like_one_jsonl(score, monkeypatch):
    ran, old = score(out="old.parquet")
    assert pq.read_table(old).num_rows == 3
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    ran, _ = score("--diff", old, "--workers", 2)
    assert f"changed since {old}: 0 of 3 rows" in ran.err
    ran, _ = score("--diff", old, "--set", "distance.scale_km=100")
    assert f"changed since {old}: 2 of 3 rows" in ran.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[:2], "old.jsonl has 2 rows but 3 are scored"),
        (lambda rows: [rows[1], rows[0], rows[2]], "old.jsonl, line 1: the completion is different"),
        (lambda rows: [*rows[:2], {"completion": "x"}], "old.jsonl, line 3: there are no `rewards`"),
        (lambda rows: [*rows[:2], {**rows[2], "completion": None}], "line 3: there is no completion"),
    ],
)
def test_a_file_that_is_not_an_earlier_scoring_is_refused_and_nothing_written(score, change, message):
    _, old = score(out="old.jsonl")
    rows = change([json.loads(line) for line in old.read_text().splitlines()])
    old.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran, new = score("--diff", old)
    assert ran.code == 1
    assert message in ran.err
    assert not new.exists()


def test_a_missing_earlier_file_is_wrong_usage(score):
    ran, _ = score("--diff", "absent.jsonl")
    assert (ran.code, "absent.jsonl" in ran.err) == (2, True)


def test_samples_are_explained_from_the_first_row_to_the_last(score, monkeypatch):
    rows = [{"completion": answer(f"{n}, {n}"), **PARIS} for n in range(9)]
    monkeypatch.setattr(reading, "CHUNK_ROWS", 4)
    ran, _ = score("--samples", 3, rows=rows)
    shown = [line for line in ran.err.splitlines() if ", line " in line]
    assert [line.rsplit(" ", 1)[1] for line in shown] == ["1:", "5:", "9:"]
    assert "  coordinate 4.0, 4.0  (bare: '4, 4')" in ran.err
    assert ran.err.count("  total ") == 3
    assert score("--samples", 20, rows=rows)[0].err.count("  total ") == 9
    assert score("--samples", 1, rows=rows)[0].err.count("  total ") == 1
    assert "  total " not in score(rows=rows)[0].err


def test_stdout_has_only_rows(run, write_rows, score):
    _, old = score(out="old.jsonl")
    ran = run("score", write_rows(ROWS), "--recipe", "geoguessr", "-o", "-", "--samples", 1, "--diff", old)
    assert len(ran.rows) == 3
    assert "changed since" in ran.err


def test_the_earlier_file_may_be_replaced_by_the_new_one(score):
    _, old = score(out="old.jsonl")
    ran, new = score("--diff", old, "--set", "distance.scale_km=100", out="old.jsonl")
    assert (ran.code, new) == (0, old)
    assert f"changed since {old}: 2 of 3 rows" in ran.err

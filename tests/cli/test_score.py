import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import geo_rewards as gr
from geo_rewards.cli.progress import progress_bar
from geo_rewards.data.reading import chunks as reading
from geo_rewards.results.chunks import Task, score_chunks
from geo_rewards.testing import temporary_plugin

PARIS = {"lat": 48.8584, "lon": 2.2945}


def answer(text):
    return f"<think>a tower</think><answer>{text}</answer>"


def seed_row(truth, completion, **columns):
    turns = [{"from": "human", "value": "<image>Where?"}, {"from": "gpt", "value": truth}]
    return {"conversations": turns, "image": "absent.png", "completion": completion, **columns}


GOOD_ROWS = [
    {"id": "a", "completion": answer("48.86, 2.35"), **PARIS},
    {"id": "b", "completion": "no idea", **PARIS},
    {
        "id": "c",
        "completion": [{"role": "assistant", "content": answer("-33.9, 151.2")}],
        "solution": "-33.87, 151.2",
    },
    seed_row("48.8584, 2.2945", answer("48.86, 2.35"), id="d"),
    seed_row([48.8584, 2.2945], answer("Paris"), id="e", note={"deep": [1]}),
]


def test_rows_come_back_in_order_with_their_rewards(run, write_rows, tmp_path):
    out = tmp_path / "out.jsonl"
    ran = run("score", write_rows(GOOD_ROWS), "--recipe", "geoguessr", "-o", out)
    assert (ran.code, ran.out) == (0, "")
    scored = [json.loads(line) for line in out.read_text().splitlines()]
    added = ("rewards", "reward", "parsed", "problems", "distance_km")
    assert [{k: v for k, v in row.items() if k not in added} for row in scored] == GOOD_ROWS
    first, second = scored[:2]
    assert first["rewards"]["distance"] == pytest.approx(0.99728, abs=1e-5)
    assert first["reward"] == pytest.approx(1.49728, abs=1e-5)
    assert first["distance_km"] == pytest.approx(4.07, abs=0.1)
    assert first["parsed"]["lat"] == 48.86
    assert (second["reward"], second["distance_km"]) == (0.0, None)
    assert second["problems"]
    assert scored[3]["rewards"] == first["rewards"]
    assert [row["rewards"]["distance"] > 0.9 for row in scored] == [True, False, True, True, False]


def test_the_summary_shows_means_abstentions_and_parse_rate(run, write_rows, tmp_path):
    rows = [*GOOD_ROWS, {"completion": "Paris", "country": "France"}]
    ran = run("score", write_rows(rows), "--recipe", "geoguessr", "-o", tmp_path / "out.jsonl")
    summary = dict(line.split(maxsplit=1) for line in ran.err.splitlines()[1:])
    assert summary["rows"] == "6"
    assert summary["distance"].startswith("mean 0.5985")
    assert summary["distance"].endswith("weight 1, abstained on 1")
    assert "50.0%" in ran.err
    assert summary["median"].startswith("4.")
    assert summary["errors"] == "0"


def test_the_script_scores_to_stdout(script, write_rows):
    ran = script(
        "score", write_rows(GOOD_ROWS), "--recipe", "geo-r-code", "-o", "-", "--set", "format.weight=0"
    )
    assert ran.code == 0
    assert [row["id"] for row in ran.rows] == list("abcde")
    assert ran.rows[0]["reward"] == ran.rows[0]["rewards"]["distance"]


def test_the_parquet_of_trl_is_scored(run, tmp_path):
    """The columns that GRPOTrainer's log_completions writes: see its `log` method."""
    table = pa.table(
        {
            "step": [1, 1],
            "prompt": [[{"role": "user", "content": "Where?"}]] * 2,
            "completion": [
                [{"role": "assistant", "content": answer(text)}] for text in ("48.86, 2.35", "9, 9")
            ],
            "distance": [0.5, float("nan")],
            "lat": [48.8584, float("nan")],
            "lon": [2.2945, float("nan")],
            "advantage": [1.0, -1.0],
        }
    )
    pq.write_table(table, tmp_path / "completions_00001.parquet")
    ran = run("score", tmp_path / "completions_00001.parquet", "--recipe", "geoguessr", "-o", "-")
    assert ran.code == 0
    first, second = ran.rows
    assert first["rewards"]["distance"] == pytest.approx(0.99728, abs=1e-5)
    assert second["rewards"] == {"distance": None, "format": 1.0}
    assert second["lat"] is None
    assert first["prompt"] == [{"content": "Where?", "role": "user"}]
    assert first["advantage"] == 1.0


def test_parquet_output_equals_jsonl_and_can_be_scored_again(run, write_rows, tmp_path):
    mixed = [
        {**row, "tag": tag} for row, tag in zip(GOOD_ROWS, [1, "two", None, [4], {"five": {}}], strict=True)
    ]
    file, out, again = write_rows(mixed), tmp_path / "out.parquet", tmp_path / "again.parquet"
    assert run("score", file, "--recipe", "geoguessr", "-o", out).code == 0
    lines = run("score", file, "--recipe", "geoguessr", "-o", "-").rows
    rows = pq.read_table(out).to_pylist()
    for name in ("rewards", "reward", "parsed", "problems", "distance_km"):
        assert [row[name] for row in rows] == [row[name] for row in lines]
    assert [row["tag"] for row in rows] == ["1", '"two"', None, "[4]", '{"five": {}}']
    assert run("score", out, "--recipe", "geoguessr", "-o", again).code == 0
    assert pq.read_table(again).to_pylist() == rows


def test_workers_give_the_same_output(run, write_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 3)
    rows = [{"n": n, "completion": answer(f"{n}, {n}"), "lat": n + 1, "lon": n} for n in range(20)]
    file = write_rows(rows)
    for workers in (1, 2):
        out = tmp_path / f"out{workers}.jsonl"
        ran = run("score", file, "--recipe", "geoguessr", "-o", out, "--workers", workers)
        assert (ran.code, ran.out) == (0, "")
    assert (tmp_path / "out1.jsonl").read_bytes() == (tmp_path / "out2.jsonl").read_bytes()


def test_all_bad_lines_are_counted_and_nothing_is_written(run, write_rows, tmp_path):
    file = write_rows(
        [
            GOOD_ROWS[0],
            "{not json",
            {"completion": answer("1, 2"), "lat": 91, "lon": 0},
            {"compleiton": "x", **PARIS},
            [1],
            {"completion": 7, **PARIS},
            {"completion": "x", "conversations": [{"from": "nobody", "value": "x"}]},
        ]
    )
    out = tmp_path / "out.jsonl"
    out.write_text("precious\n")
    ran = run("score", file, "--recipe", "geoguessr", "-o", out)
    assert ran.code == 1
    assert "6 bad lines" in ran.err
    for line, what in (
        (2, "JSON"),
        (3, "latitude 91"),
        (4, "'compleiton'"),
        (5, "list"),
        (6, "not 7"),
        (7, "from"),
    ):
        assert any(f"{file}, line {line}:" in text and what in text for text in ran.err.splitlines()), (
            line,
            ran.err,
        )
    assert out.read_text() == "precious\n"
    assert {path.name for path in tmp_path.iterdir()} == {"rows.jsonl", "out.jsonl"}


def test_a_bad_row_of_parquet_is_named(run, tmp_path):
    file = tmp_path / "bad.parquet"
    pq.write_table(pa.table({"completion": ["x", None], "lat": [1.0, 2.0], "lon": [1.0, 2.0]}), file)
    ran = run("score", file, "--recipe", "geoguessr", "-o", "-")
    assert (ran.code, ran.out) == (1, "")
    assert "bad.parquet, row 2: there is no completion" in ran.err
    file.write_bytes(b"PAR1 nonsense")
    assert "cannot be read as parquet" in run("score", file, "--recipe", "geoguessr", "-o", "-").err


def test_an_empty_file_is_bad_data(run, write_rows):
    ran = run("score", write_rows([]), "--recipe", "geoguessr", "-o", "-")
    assert (ran.code, "has no rows" in ran.err) == (1, True)


class Reader(gr.Reward):
    """1 if the extra cell says so; fails where it is `fail`."""

    name = "reader"

    def score(self, sample):
        if sample.row["extra"] == "fail":
            raise ValueError("told to")
        return None if sample.row["extra"] is None else float(sample.row["extra"])


@pytest.fixture
def reader(plugin_of):
    with temporary_plugin(plugin_of(Reader)):
        yield


@pytest.fixture
def recipe(tmp_path):
    def write(text):
        path = tmp_path / "recipe.yaml"
        path.write_text(text)
        return path

    return write


def test_extra_columns_reach_the_rewards_and_missing_cells_are_none(run, reader, write_rows, recipe):
    file = write_rows([{"completion": "x"}, {"completion": "x", "extra": 1}, {"completion": "x", "extra": 0}])
    ran = run("score", file, "--recipe", recipe("rewards: [{name: reader}]"), "-o", "-")
    assert [row["rewards"]["reader"] for row in ran.rows] == [None, 1.0, 0.0]
    assert [row["reward"] for row in ran.rows] == [None, 1.0, 0.0]


def test_a_cell_that_only_a_later_chunk_has_is_none_in_the_first(
    run, reader, write_rows, recipe, monkeypatch
):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1)
    file = write_rows([{"completion": "x"}, {"completion": "x", "extra": 1}])
    ran = run("score", file, "--recipe", recipe("rewards: [{name: reader}]"), "-o", "-")
    assert [row["rewards"]["reader"] for row in ran.rows] == [None, 1.0]


def test_a_reward_that_fails_names_file_and_line(run, reader, write_rows, recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    rows = [{"completion": "x", "extra": extra} for extra in (1, 1, 1, "fail")]
    file, out = write_rows(rows), tmp_path / "out.jsonl"
    mine = recipe("rewards: [{name: reader, as: mine}]")
    ran = run("score", file, "--recipe", mine, "-o", out)
    assert ran.code == 1
    assert f"{file}, line 4: reward 'mine'" in ran.err
    assert "ValueError: told to" in ran.err
    assert ", row " not in ran.err
    assert not out.exists()
    assert "in score" in run("score", file, "--recipe", mine, "-o", out, "--debug").err


FILE_REWARD = '''
import geo_rewards as gr


class Fragile(gr.Reward):
    """Fails where the extra cell says so."""

    name = "fragile"

    def score(self, sample: gr.Sample) -> float | None:
        if sample.row["extra"] == "fail":
            raise ValueError("told to")
        return float(sample.row["extra"])
'''


@pytest.fixture
def fragile(recipe, tmp_path):
    """Write a recipe with a reward of a file, which spawned workers can load."""
    (tmp_path / "fragile.py").write_text(FILE_REWARD)
    return lambda keys="": recipe(f"rewards: [{{name: './fragile.py:Fragile', as: mine{keys}}}]")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_reward_that_fails_in_a_worker_names_file_and_line(
    run, fragile, write_rows, tmp_path, monkeypatch, workers
):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    file = write_rows([{"completion": "x", "extra": extra} for extra in (1, 0, 1, 1, "fail", 1)])
    out = tmp_path / "out.jsonl"
    ran = run("score", file, "--recipe", fragile(), "-o", out, "--workers", workers)
    assert ran.code == 1
    assert ran.err == f"error: {file}, line 5: reward 'mine': reward 'fragile': ValueError: told to\n"
    assert not out.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_in_a_worker_that_may_abstain_is_counted(
    run, fragile, write_rows, tmp_path, monkeypatch, workers
):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    file = write_rows([{"completion": "x", "extra": extra} for extra in (1, 0, 1, "fail", "fail", 1)])
    out = tmp_path / "out.jsonl"
    ran = run("score", file, "--recipe", fragile(", on_error: abstain"), "-o", out, "--workers", workers)
    assert ran.code == 0
    assert [json.loads(line)["reward"] for line in out.read_text().splitlines()] == [1, 0, 1, None, None, 1]
    assert "failed on 2" in ran.err
    assert f"first of mine: {file}, line 4: " in ran.err


def test_rows_of_the_training_format_are_scored_whatever_their_shape(run, write_rows):
    question = {"from": "human", "value": "<image>Where?"}
    ask, tell = (
        [{"from": "system", "value": "Be brief."}, question],
        {"from": "gpt", "value": "48.8584, 2.2945"},
    )
    shapes = [
        {"conversations": [question, tell], "image": ["absent.png"]},
        {"conversations": [*ask, {"from": "gpt", "value": "Where else?"}, question, tell]},
        {"conversations": [question, {"from": "gpt", "value": [48.8584, 2.2945]}]},
        {"conversations": [question, {"from": "gpt", "value": {"LOC": [48.8584, 2.2945]}}]},
        {
            "conversations": [
                question,
                {"from": "gpt", "value": "<think>x</think><answer>48.8584, 2.2945</answer>"},
            ]
        },
        {"conversations": [question, {"from": "gpt", "value": None}], **PARIS},
        {"conversations": [question], **PARIS},
        {
            "messages": [
                {"role": "user", "content": [{"type": "image"}]},
                {"role": "assistant", "content": "48.8584, 2.2945"},
            ]
        },
        {"conversations": [question, tell], "solution": "48.8584, 2.2945"},
    ]
    rows = [{"id": n, "completion": answer("48.86, 2.35"), **shape} for n, shape in enumerate(shapes)]
    ran = run("score", write_rows(rows), "--recipe", "geoguessr", "-o", "-")
    assert [row["rewards"]["distance"] for row in ran.rows] == pytest.approx([0.99728] * len(rows), abs=1e-5)


def test_a_text_answer_of_the_training_format_makes_place_rewards_abstain(run, write_rows):
    rows = [seed_row("3", answer("3")), seed_row("48.8584, 2.2945", answer("48.86, 2.35"))]
    ran = run("score", write_rows(rows), "--recipe", "geoguessr", "-o", "-")
    assert [row["rewards"]["distance"] for row in ran.rows] == [None, pytest.approx(0.99728, abs=1e-5)]
    assert ran.rows[0]["rewards"]["format"] == 1.0


def test_training_data_without_completions_is_sent_to_validate(run, write_rows):
    row = {key: value for key, value in seed_row("1, 2", "").items() if key != "completion"}
    ran = run("score", write_rows([row]), "--recipe", "geoguessr", "-o", "-")
    assert ran.code == 1
    assert "`geo-rewards validate` checks" in ran.err
    assert "did you mean" not in ran.err
    ran = run("score", write_rows([{**row, "completions": "x"}]), "--recipe", "geoguessr", "-o", "-")
    assert "did you mean 'completions'" in ran.err


def test_a_logged_truth_that_is_not_an_object_names_its_row(run, write_rows):
    row = {"completion": "x", "advantage": 0.0, "truth": "[1, 2]"}
    ran = run("score", write_rows([row]), "--recipe", "geoguessr", "-o", "-")
    assert (ran.code, "line 1: the logged truth is not a JSON object but [1, 2]" in ran.err) == (1, True)


def test_a_failure_that_may_abstain_is_counted(run, reader, write_rows, recipe):
    rows = [{"completion": "x", "extra": extra} for extra in (1, "fail")]
    mine = recipe("rewards: [{name: reader, on_error: abstain}]")
    ran = run("score", write_rows(rows), "--recipe", mine, "-o", "-")
    assert ran.code == 0
    assert [row["reward"] for row in ran.rows] == [1.0, None]
    assert "failed on 1" in ran.err
    assert "line 2: reward 'reader'" in ran.err


def test_a_weighted_reward_that_always_abstains_is_an_error(run, write_rows, tmp_path):
    rows = [{"completion": answer("1, 2"), "country": "FR", "colour": "red"}]
    out = tmp_path / "out.jsonl"
    ran = run("score", write_rows(rows), "--recipe", "geoguessr", "-o", out)
    assert ran.code == 1
    for part in ("'distance'", "haversine_decay", "needs coordinate", "completion, country, colour"):
        assert part in ran.err
    assert not out.exists()


def test_columns_of_the_recipe_are_read(run, write_rows, recipe):
    mine = recipe("rewards: [{name: haversine_decay}]\ncolumns: {lat: breite, lon: laenge}")
    row = {"completion": answer("48.86, 2.35"), "breite": 48.8584, "laenge": 2.2945}
    ran = run("score", write_rows([row]), "--recipe", mine, "-o", "-")
    assert ran.rows[0]["reward"] == pytest.approx(0.99728, abs=1e-5)


def test_a_column_of_the_recipe_that_no_row_has_is_named_with_the_nearest(run, write_rows, recipe):
    mine = recipe("rewards: [{name: haversine_decay}]\ncolumns: {lat: breite, lon: laenge}")
    ran = run(
        "score", write_rows([{"completion": "x", "breit": 1, "laenge": 2}]), "--recipe", mine, "-o", "-"
    )
    assert (ran.code, ran.out) == (1, "")
    assert "column 'breite'" in ran.err
    assert "'breit'" in ran.err


def test_a_bad_truth_in_a_column_of_the_recipe_names_its_line(run, write_rows, recipe):
    mine = recipe("rewards: [{name: haversine_decay}]\ncolumns: {lat: breite, lon: laenge}")
    row = {"completion": answer("48.86, 2.35"), "breite": 91, "laenge": 2.2945}
    ran = run("score", write_rows([row]), "--recipe", mine, "-o", "-")
    assert (ran.code, ran.out) == (1, "")
    assert "line 1: latitude 91" in ran.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--recipe", "geogueser", "-o", "x.jsonl"], "'geoguessr'"),
        (["--recipe", "none.yaml", "-o", "x.jsonl"], "none.yaml"),
        (["--recipe", "default", "-o", "x.csv"], ".jsonl or .parquet"),
        (["--recipe", "default", "-o", "no/such/x.jsonl"], "no/such"),
        (["--recipe", "default", "-o", "-", "--workers", "0"], "--workers"),
        (["--recipe", "default", "-o", "-", "--set", "distance.scal_km=1"], "'scale_km'"),
        (["--recipe", "default", "-o", "-", "--set", "scale_km=1"], "label.parameter"),
        (["--recipe", "default", "-o", "-", "--set", "distance.weight=heavy"], "weight"),
    ],
)
def test_bad_options_are_wrong_usage(run, write_rows, options, message):
    ran = run("score", write_rows(GOOD_ROWS), *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_missing_file_is_wrong_usage(run):
    ran = run("score", "absent.jsonl", "--recipe", "default", "-o", "-")
    assert ran.code == 2
    assert "absent.jsonl" in ran.err


def test_the_file_itself_is_not_overwritten(run, write_rows):
    file = write_rows(GOOD_ROWS)
    before = file.read_text()
    assert run("score", file, "--recipe", "geoguessr", "-o", file).code == 2
    assert file.read_text() == before


def test_an_older_output_is_replaced_and_a_link_stays_a_link(run, write_rows, tmp_path):
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    real.write_text("old")
    link.symlink_to(real)
    assert run("score", write_rows(GOOD_ROWS), "--recipe", "geoguessr", "-o", link).code == 0
    assert link.is_symlink()
    assert len(real.read_text().splitlines()) == len(GOOD_ROWS)


def test_text_of_all_scripts_survives(run, write_rows):
    rows = [{"completion": "巴黎 – Île 😀", **PARIS, "tag": "Ωмега"}]
    ran = run("score", write_rows(rows), "--recipe", "geoguessr", "-o", "-")
    assert (ran.rows[0]["completion"], ran.rows[0]["tag"]) == ("巴黎 – Île 😀", "Ωмега")


def test_a_number_that_would_become_infinite_is_named(run, write_rows):
    row = '{"completion": "x", "lat": 1, "lon": 1, "big": 1e999}'
    ran = run("score", write_rows([row]), "--recipe", "geoguessr", "-o", "-")
    assert (ran.code, ran.out) == (1, "")
    assert "rows.jsonl, line 1: the number of 'big' is beyond the range of floating point" in ran.err


def test_the_progress_bar_is_for_terminals_only(monkeypatch, capsys):
    with progress_bar("scoring", total=10, shown=True) as advance:
        advance(10)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar("scoring", total=10, shown=True) as advance:
        advance(10)
    assert "scoring" in capsys.readouterr().err


@pytest.mark.parametrize(("workers", "ahead"), [(1, 1), (2, 4)])
def test_no_more_than_a_few_chunks_are_in_memory(workers, ahead):
    task = Task(gr.load_recipe("geo-r"), as_columns=True)
    taken = []

    def chunks():
        for number in range(1, 21):
            taken.append(number)
            row = {"completion": "(48.86, 2.35)", **PARIS}
            yield reading.RowChunk(Path("rows.jsonl"), [number], [row])

    for done, (chunk, result) in enumerate(score_chunks(task, chunks(), workers=workers), start=1):
        assert chunk.numbers == [done]
        assert result.added.rewards["format"] == [1.0]
        assert len(taken) - done < ahead
    assert done == 20

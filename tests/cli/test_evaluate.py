import json

import pytest


@pytest.fixture
def answers(write_rows):
    """Return two files about the same 40 photos: the second's answers are nearer."""
    truths = [(40.0 + i / 4, -5.0 + i / 2) for i in range(40)]

    def write(name, off):
        rows = [
            {
                "id": i,
                "completion": f"<think>x</think><answer>{lat + off:.4f}, {lon:.4f}</answer>",
                "lat": lat,
                "lon": lon,
                "season": "wet" if i % 2 else "dry",
            }
            for i, (lat, lon) in enumerate(truths)
        ]
        rows[0]["completion"] = "I cannot tell"
        return write_rows(rows, name)

    return write("far.jsonl", 3.0), write("near.jsonl", 0.1)


def test_figures_are_printed_with_intervals_groups_and_problems(run, answers):
    _, near = answers
    told = run("evaluate", str(near), "--by", "season", "--by", "continent")
    assert told.code == 0
    assert "near.jsonl: 40 answers" in told.out
    assert "within 25 km" in told.out
    assert "97.5%  (92.5% to 100.0%)" in told.out
    assert "1  nothing read, such as 'I cannot tell'" in told.out
    assert "wet" in told.out
    assert "Europe" in told.out


def test_the_same_as_json(run, answers):
    told = json.loads(run("evaluate", str(answers[0]), "--by", "country", "--json").out)
    assert told["figures"]["within_25_km"]["value"] == 0.0
    assert told["figures"]["within_750_km"]["value"] == 39 / 40
    assert sum(group["rows"] for group in told["by"]["country"].values()) == 40


def test_two_files_are_compared_by_picture(run, answers):
    told = run("compare", *map(str, answers))
    assert "40 pictures that both have, paired" in told.out
    line = next(line for line in told.out.splitlines() if line.startswith("median distance"))
    assert line.endswith("better")
    same = run("compare", str(answers[0]), str(answers[0]))
    assert "may be noise" in same.out
    assert "better" not in same.out
    figures = json.loads(run("compare", *map(str, answers), "--json").out)["figures"]
    assert figures["score"]["change"] > 0
    assert not figures["score"]["noise"]


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--by", "seson"], 2, "there is no column 'seson'; did you mean 'season'"),
        (["--unparsed", "zero"], 2, "unparsed 'zero' is unknown"),
        (["--key", "nr"], 2, "there is no column 'nr'"),
    ],
)
def test_wrong_usage_is_told(run, answers, flags, code, message):
    told = run("evaluate", str(answers[0]), *flags)
    assert (told.code, told.out) == (code, "")
    assert message in told.err


def test_bad_rows_are_listed(run, write_rows):
    file = write_rows([{"completion": "x", "lat": 400, "lon": 3}])
    told = run("evaluate", str(file))
    assert told.code == 1
    assert "line 1: latitude 400" in told.err

"""Rows that are read, rehearsed and reported before a run."""

from functools import partial

import geo_rewards as gr
from geo_rewards.errors import DataError
from geo_rewards.runs.rehearsed_rows import choose_numbers, describe_recipe, describe_rehearsal, read_chosen
from geo_rewards.runs.report import Report
from geo_rewards.scoring.file import parse_recipe

DISTANCE = {"name": "haversine_decay", "as": "distance"}


def recipe(*entries):
    return gr.Recipe(parse_recipe({"rewards": list(entries)}, where="test"), origin="mine.yaml")


def row(**columns):
    return {"prompt": "Where?", "lat": 48.5, "lon": 2.25, **columns}


def fail(error):
    raise error


def test_numbers_are_chosen_by_the_seed_and_some_always():
    chosen = choose_numbers(1000, always=[999], seed=1)
    assert 32 <= len(chosen) <= 33
    assert chosen == sorted(chosen) == choose_numbers(1000, always=[999], seed=1)
    assert chosen != choose_numbers(1000, always=[999], seed=2)
    assert chosen[-1] == 999
    assert choose_numbers(3, always=[], seed=1) == [0, 1, 2]


def test_a_row_that_cannot_be_read_is_an_error_and_the_others_are_used():
    report = Report()
    rows = [
        ("a.jsonl, line 1", partial(row, tag="x")),
        ("a.jsonl, line 2", partial(fail, DataError("a.jsonl, line 2: picture b.png is empty"))),
        ("a.jsonl, line 3", partial(fail, OSError("disk is gone"))),
        ("a.jsonl, line 4", partial(row, tag="y")),
    ]
    chosen = read_chosen(report, rows, recipe(DISTANCE))
    assert report.errors == ["a.jsonl, line 2: picture b.png is empty", "a.jsonl, line 3: disk is gone"]
    assert chosen.places == ["a.jsonl, line 1", "a.jsonl, line 4"]
    assert chosen.columns["tag"] == ["x", "y"]
    assert all("48.5" in text for text in chosen.ideal_completions)
    assert chosen.only([1]).places == ["a.jsonl, line 4"]
    assert read_chosen(report, rows[1:2], recipe(DISTANCE)) is None


def rehearse(mine, *rows):
    report = Report()
    places = [(f"a.jsonl, line {number}", partial(dict, read)) for number, read in enumerate(rows, start=1)]
    describe_rehearsal(report, mine, read_chosen(report, places, mine), seed=7)
    return report


def test_a_good_rehearsal_says_so():
    report = rehearse(recipe(DISTANCE), row(), row(lat=-10.0))
    assert "2 rows (--seed 7), pictures opened: right answers earn the most" in report.text()
    assert (report.errors, report.warnings) == ([], [])


def test_what_a_rehearsal_finds_is_an_error_with_the_place():
    wrong = row(lat=40.4168, lon=-3.7038, country="France")
    report = rehearse(gr.load_recipe("default"), row(country="France"), wrong)
    assert report.errors
    assert all(error.startswith("a.jsonl, line 2: ") for error in report.errors)
    assert "1 row fails" in report.text()


def test_rewards_that_abstain_and_broken_pictures_are_warnings():
    report = rehearse(recipe(DISTANCE), row(lat=None, lon=None, picture_fault="a.png is empty"))
    assert report.warnings == [
        "reward 'distance' abstains on all 1 rows: it can hardly teach anything",
        "a.jsonl, line 1: a.png is empty; --bad_rows skip makes all rewards abstain on it",
    ]


def test_a_recipe_is_spelled_out_with_parameters_and_gates():
    report = Report()
    gate = {"reward": "format", "at_least": 1.0, "otherwise": 0.0}
    describe_recipe(report, recipe({"name": "coordinate_format", "as": "format"}, {**DISTANCE, "gate": gate}))
    text = report.text()
    assert "mine.yaml: a row earns 0 to 2" in text
    assert "weight 1, haversine_decay (geo-rewards " in text
    assert "if format is at least 1, else 0.0" in text
    assert "scale_km=" in text

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geo_rewards.data import Row, RowProblem, check_truths


def row(solution: str | None = None, **columns: Any) -> Row:
    return Row(Path("a.jsonl"), 7, [], solution, [], columns)


@pytest.mark.parametrize(
    "good",
    [
        row("48.8584, 2.2945"),
        row("[48.8584, 2.2945]"),
        row("three balls"),
        row(lat=48.8584, lon=2.2945, country="FR"),
        row(latitude="48.8584", longitude="2.2945"),
        row(),
        row(lat=None, lon=None),
    ],
)
def test_a_good_truth_passes(good):
    assert list(check_truths([good])) == [good]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (row("98.8584, 2.2945"), "latitude"),
        (row(lat=48.0, lon=192.0), "longitude"),
        (row(lat=48.0), "lon"),
        (row(lat="north", lon=2.0), "north"),
        (row(lat=1.0, latitude=2.0, lon=0.0), "contradict"),
        (row(country="Atlantis"), "Atlantis"),
    ],
)
def test_a_bad_truth_is_a_problem_of_its_line(bad, words):
    (problem,) = check_truths([bad])
    assert isinstance(problem, RowProblem)
    assert (problem.file, problem.line, problem.cause) == (Path("a.jsonl"), 7, "truth")
    assert words in problem.message


def test_problems_pass_through():
    problem = RowProblem(Path("a.jsonl"), 1, "json", "invalid")
    assert list(check_truths([problem])) == [problem]


def test_mapped_columns_are_checked_under_their_own_names():
    mapping = {"lat": "y", "lon": "x"}
    good, bad = check_truths([row(y=1.0, x=2.0), row(y=1.0, x=200.0)], columns=mapping)
    assert isinstance(good, Row)
    assert isinstance(bad, RowProblem)
    assert "longitude" in bad.message


@pytest.mark.parametrize(
    ("lat", "lon"), [("Gt_Lat", "gT_LON"), ("LATITUDE", "Lng"), ("latitude", "longitude")]
)
def test_coordinate_columns_are_checked_in_any_case(lat, lon):
    (problem,) = check_truths([row(**{lat: 91.0, lon: 2.0})])
    assert "latitude 91" in str(problem)

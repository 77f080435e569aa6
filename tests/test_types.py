import copy
import json
import pickle

import pytest

from geo_rewards.parse import parse_completion
from geo_rewards.types import Coordinate, Problem, ProblemFamily, ProblemKind


@pytest.mark.parametrize("again", [copy.deepcopy, lambda problem: pickle.loads(pickle.dumps(problem))])
def test_a_problem_is_a_text_that_keeps_its_kind(again):
    problem = again(Problem(ProblemKind.AXES, "two latitudes: 1 and 2"))
    assert problem == "axes: two latitudes: 1 and 2"
    assert problem.kind is ProblemKind.AXES
    assert json.loads(json.dumps([problem])) == ["axes: two latitudes: 1 and 2"]


def test_the_parser_gives_the_kind_of_what_it_refuses():
    (problem,) = parse_completion("<think>x</think><answer>400, 2.2945</answer>").problems
    assert problem.kind is ProblemKind.OUT_OF_RANGE
    assert problem.kind.family is ProblemFamily.OUT_OF_RANGE


def test_every_kind_has_a_family_and_every_family_a_kind():
    assert {kind.family for kind in ProblemKind} == set(ProblemFamily)
    assert ProblemKind.SIGN.family is ProblemFamily.MALFORMED


@pytest.mark.parametrize("pair", [(1e-05, -2e-07), (48.8584, 2.2945), (0.0, -180.0), (-1e-300, 5e-324)])
def test_a_coordinate_writes_itself_as_the_parser_reads_it(pair):
    text = str(Coordinate(*pair))
    assert "e" not in text
    assert tuple(map(float, text.split(", "))) == pair
    if len(text) < 40:  # the parser refuses numbers of more than 20 digits
        assert tuple(parse_completion(f"({text})").coordinate) == pair

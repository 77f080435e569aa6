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


@pytest.mark.parametrize("pair", [("48.8", "2.3"), (None, 2.3), (48.8, [2.3])])
def test_a_coordinate_needs_numbers(pair):
    with pytest.raises(TypeError, match="two numbers of degrees, not"):
        Coordinate(*pair)

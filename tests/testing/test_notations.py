"""Notations that must not be refused: the parser reads all of them, and a reward that does not is found."""

import re

import pytest

import geo_rewards as gr
from geo_rewards.testing import find_holes
from geo_rewards.testing.cases import build_cases
from geo_rewards.testing.notations import coordinate_notations, place_notations

CASES = build_cases((), None, ideal=None, wrong=None)
PAIR = re.compile(r"\((-?\d+\.\d+), (-?\d+\.\d+)\)")


class OnlyParentheses(gr.Reward):
    """1 for the true coordinate in parentheses."""

    name = "only_parentheses"
    needs = ("coordinate",)

    def score(self, sample):
        match = PAIR.fullmatch(sample.answer.answer or "")
        return 1.0 if match and gr.Coordinate(*map(float, match.groups())) == sample.truth.coordinate else 0.0


class OnlyLines(gr.Reward):
    """1 for the true city in a line of its own."""

    name = "only_lines"
    needs = ("city",)

    def score(self, sample):
        return 1.0 if f"City: {sample.truth.city}" in (sample.answer.answer or "").split("\n") else 0.0


@pytest.mark.parametrize("case", CASES, ids=["Paris", "Curitiba"])
def test_the_parser_reads_every_notation(case):
    for notation in coordinate_notations(case):
        assert (
            gr.parse_completion(f"<think>x</think><answer>{notation}</answer>").coordinate == case.coordinate
        )
    for notation in place_notations(case):
        answer = gr.parse_completion(f"<think>x</think><answer>{notation}</answer>")
        assert {"country": answer.country, "region": answer.region, "city": answer.city} == case.place, (
            notation
        )


def test_there_are_many_notations():
    assert len(set(coordinate_notations(CASES[1]))) >= 55
    assert len(set(place_notations(CASES[1]))) >= 12


def test_notations_need_what_they_write():
    (case,) = build_cases((), {"country": "FR"}, ideal=None, wrong=None)
    assert coordinate_notations(case) == place_notations(case) == []


def test_a_reward_that_reads_one_notation_of_coordinates_is_found():
    (finding,) = find_holes(OnlyParentheses(), only=["notations"])
    assert finding.name == "refuses_notation"
    assert re.match(r"\d\d of 57 notations earn less than 1.0", finding.detail)


def test_a_reward_that_reads_one_notation_of_names_is_found():
    (finding,) = find_holes(OnlyLines(), only=["notations"])
    assert re.match(r"\d+ of 11 notations earn less than 1.0", finding.detail)


@pytest.mark.parametrize("name", ["think_answer_format", "overlong_penalty", "place_consistency"])
def test_a_reward_that_does_not_pay_for_a_coordinate_or_place_alone_is_not_asked(name):
    assert find_holes(gr.get_reward(name), only=["notations"]) == []

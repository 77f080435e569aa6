"""Public cases for place names: every line of answers.jsonl of a kind that `geo` handles.

Some of the peers' answers are opinions. country_converter and we say that `Papua` and `Guiana` are not
countries; others read Papua New Guinea and Guyana. ISO 3166-1 makes `Taiwan, Province of China` TW, not CN,
and gives the name `Saint Martin` alone to the French part (MF).
"""

import json
from pathlib import Path

import pytest

import geo_rewards as gr
from geo_rewards.geo import country_code, get_builtin_gazetteer

CASES = Path(__file__).with_name("answers.jsonl")
KINDS = (
    "K19 ",
    "K20 ",
    "K24 ",
    "K25 ",
    "K26 ",
    "K28 ",
    "T peer table country_converter",
    "T peer table vincentarelbundock/countrycode",
)


def cases():
    lines = CASES.read_text(encoding="utf-8").splitlines()
    return [case for case in map(json.loads, lines) if case["kind"].startswith(KINDS)]


def answered(call, given):
    if call == "country_code(input)":
        return country_code(given)
    if call == "get_builtin_gazetteer().lookup(lat, lon)[0].country":
        return get_builtin_gazetteer().lookup([given["lat"]], [given["lon"]])[0].country
    truth = {name: [value] for name, value in given["truth"].items()}
    return gr.get_reward(call)([f"<think>x</think><answer>{given['answer']}</answer>"], **truth)[0]


def test_all_kinds_are_present():
    assert {kind for kind in KINDS if any(case["kind"].startswith(kind) for case in cases())} == set(KINDS)
    assert len(cases()) > 160


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['kind'][:3]} {case['input']}"[:90])
def test_a_public_case_is_answered_as_expected(case):
    assert answered(case["call"], case["input"]) == case["expected"]

"""The public cases for texts and truths, one test each; those for names are in `test_names`."""

import json
from pathlib import Path

import pytest

import geo_rewards as gr
from geo_rewards.batch.truths import read_truth
from geo_rewards.errors import TruthError
from geo_rewards.parse import parse_completion

CASES = [
    json.loads(line) for line in Path(__file__).with_name("answers.jsonl").read_text("utf-8").splitlines()
]
DEGREES = 2e-4  # the cases round to four decimals and more
# Four numbers without a letter may be two halves in minutes or one pair repeated: the cases of kind K18 want
# them refused, those from two peers' tables want the halves, partly for the same text: nothing is read.
UNSURE = {
    "45 45.756, 45 45.756",
    "45 45.756 45 45.756",
    "-45 45.756, -45 45.756",
    "-45 45.756 -45 45.756",
    "-0 7.2, -0 7.2",
}
# The cases of kind K22 wanted an error when these could not be read; kinds K05 and K08 want them read.
READABLE_TRUTHS = {
    "40 26' 46\" N, 79 58' 56\" W": [40.446111, -79.982222],
    "48.8584 lat, 2.2945 lon": [48.8584, 2.2945],
}


def named(*starts):
    return [
        pytest.param(case, id=f"{case['kind'][:3]}-{index}")
        for index, case in enumerate(CASES)
        if case["call"].startswith(starts)
    ]


def assert_same_place(found, expected):
    assert (found is None) == (expected is None)
    if found is not None:
        assert list(found) == pytest.approx(expected, abs=DEGREES)


@pytest.mark.parametrize("case", named("parse_completion"))
def test_a_completion_says_what_the_case_expects(case):
    field = case["call"].rpartition(".")[2]
    found = getattr(parse_completion(case["input"]), field)
    if field == "coordinate":
        assert_same_place(found, None if case["input"] in UNSURE else case["expected"])
    else:
        assert found == case["expected"]


@pytest.mark.parametrize("case", named("read_truth"))
def test_a_truth_says_what_the_case_expects(case):
    cells, expected = case["input"], case["expected"]
    solution = cells.get("solution")
    if isinstance(solution, str) and solution in READABLE_TRUTHS:
        expected = {"coordinate": READABLE_TRUTHS[solution]}
    if expected == "error":
        with pytest.raises(TruthError):
            read_truth(cells)
    elif expected == "error or missing":
        truth = read_truth(cells)
        assert (truth.coordinate, truth.region, truth.city, truth.text) == (None, None, None, None)
        assert truth.country in (None, "US")
    else:
        assert_same_place(read_truth(cells).coordinate, expected["coordinate"])


# The other kinds of names are tested by `test_names`.
@pytest.mark.parametrize(
    "case", [case for case in named("city_match", "region_match") if case.id.startswith(("K25", "K27"))]
)
def test_a_reward_reads_the_name_of_the_answer(case):
    answer, truth = case["input"]["answer"], case["input"]["truth"]
    completion = f"<think>x</think><answer>{answer}</answer>"
    reward = gr.get_reward(case["call"])
    assert reward([completion], **{name: [value] for name, value in truth.items()}) == [case["expected"]]

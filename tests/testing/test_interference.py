"""Injected faults: that rewards meet them, and that they come out."""

import sys

import pytest

import geo_rewards as gr
from geo_rewards.errors import RewardError
from geo_rewards.testing import find_holes
from geo_rewards.testing.interference import FaultyBatch, InjectedFault

READS_NO_TEXT = {"cost_factor"}
BUILT_IN = [info.name for info in gr.list_rewards() if info.plugin == "geo-rewards"]
ROW = {"lat": [48.8], "lon": [2.3], "entities": [["a tower"]]}


class Constant(gr.Reward):
    """1, whatever happens."""

    name = "constant"

    def score(self, sample):
        return 1.0


class Careful(gr.Reward):
    """1 if the answer is a number; another text is what it expects."""

    name = "careful"

    def score(self, sample):
        try:
            return 1.0 if float(sample.answer.answer or "") else 0.0
        except ValueError:
            return 0.0


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name not in READS_NO_TEXT])
def test_a_built_in_reward_meets_the_fault_and_reports_it(name):
    batch = FaultyBatch(["<think>x</think><answer>48.8, 2.3</answer>"], ROW)
    (outcome,) = gr.get_reward(name).outcomes(batch)
    assert batch.was_read.is_set()
    assert isinstance(outcome, RewardError)
    assert isinstance(outcome.__cause__, InjectedFault)


@pytest.mark.parametrize("reward", [Constant(), Careful()], ids=lambda reward: reward.name)
def test_a_reward_that_reads_nothing_or_expects_something_else_is_not_a_finding(reward):
    assert find_holes(reward, only=["faults"]) == []


def test_tracing_is_restored():
    before = sys.gettrace()
    find_holes(gr.get_reward("country_match"), only=["threads"])
    assert sys.gettrace() is before

"""The pytest plugin, in a separate pytest run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from geo_rewards.testing import CHECKS

pytest_plugins = ["pytester"]

GUIDE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")

REWARDS = """
import geo_rewards as gr
import pytest

class Same(gr.Reward):
    "1 if the country is the true one."
    name = "same"
    needs = ("country",)
    level: int = 1
    def score(self, sample):
        return 1.0 if sample.answer_place.country == sample.truth.country else 0.0

class Contained(Same):
    "1 if the city occurs somewhere in the answer."
    name = "contained"
    needs = ("city",)
    def score(self, sample):
        return 1.0 if sample.truth.city in (sample.answer.answer or "") else 0.0
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run a module of tests with the plugin, whether or not the installed one is declared."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run_module(code, *arguments, before=REWARDS):
        pytester.makepyfile(test_rewards=before + code)
        return pytester.runpytest_inprocess(
            "-p", "geo_rewards.testing.pytest_plugin", "--strict-markers", *arguments
        )

    return run_module


MARKED = """
@pytest.mark.geo_reward_checks({arguments})
def test_contract(reward_check):
    reward_check()
"""


def test_there_is_a_test_for_each_check_of_each_reward(run):
    result = run(MARKED.format(arguments="Same(), Same(level=2)"), "-v")
    result.assert_outcomes(passed=2 * len(CHECKS))
    result.stdout.fnmatch_lines(["*test_contract*same(level=2)-threads* PASSED*"])


def test_a_hole_fails_its_check_and_says_what_a_model_would_learn(run):
    result = run(MARKED.format(arguments="Contained(), skip=['time']"))
    result.assert_outcomes(passed=len(CHECKS) - 2, failed=1)
    result.stdout.fnmatch_lines(["*contained*answer_hacks*", "*list_of_places: 1 instead of 0 for*"])
    result.stdout.fnmatch_lines(["*A model learns to list every likely place instead of deciding on one.*"])


def test_options_and_names_of_installed_rewards_are_understood(run):
    result = run(
        MARKED.format(arguments="'country_match', only=['labels', 'order'], columns={'country': 'JP'}")
    )
    result.assert_outcomes(passed=2)


def test_an_intended_finding_is_skipped(run):
    meant = ["list_of_places", "truth_inside_other_text", "several_answers", "denied_answer"]
    result = run(MARKED.format(arguments=f"Contained(), only=['answer_hacks'], skip={meant}"))
    result.assert_outcomes(passed=1)


def test_the_guides_test_passes(run, pytester):
    module, marked = (
        next(block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if words in block)
        for words in ("def register_rewards", "geo_reward_checks")
    )
    pytester.makepyfile(geo_rewards_short=module)
    run(marked, before="").assert_outcomes(passed=2 * (len(CHECKS) - 1))


def test_a_test_without_the_marker_is_an_error_with_the_fix(run):
    result = run("def test_contract(reward_check): reward_check()")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*mark it with @pytest.mark.geo_reward_checks(MyReward())*"])


def test_the_kit_works_without_pytest():
    code = "import sys, geo_rewards.testing; print('pytest' in sys.modules, '_pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"

"""The graders keep the contract and cannot be cheated, according to the kit that all authors get."""

from __future__ import annotations

import pytest
from geo_rewards_vqa import VqaAuto, VqaChoice, VqaExact, VqaFuzzy, VqaNumeric, VqaYesNo

from geo_rewards.testing import check_reward


@pytest.mark.parametrize(
    ("reward", "truth"),
    [
        (VqaAuto(), "7"),
        (VqaAuto(), "yes"),
        (VqaChoice(), "B"),
        (VqaExact(), "a red bus"),
        (VqaFuzzy(), "a red bus"),
        (VqaFuzzy(), "the Golden Gate Bridge in San Francisco"),
        (VqaAuto(method="fuzzy"), "Main Street"),
        (VqaNumeric(), "7"),
        (VqaYesNo(), "yes"),
    ],
)
def test_a_grader_has_no_holes(reward, truth):
    check_reward(reward, columns={"solution": truth})

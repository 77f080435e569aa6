"""Answer graders for rows that are not about places: a plugin of geo-rewards.

A row's truth is its `solution` as plain text. Graders judge the entire answer block of a strictly
formatted completion; an answer that merely contains the truth earns nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo_rewards import hookimpl
from geo_rewards_vqa.auto import VqaAuto
from geo_rewards_vqa.graders import VqaChoice, VqaExact, VqaFuzzy, VqaNumeric, VqaYesNo

if TYPE_CHECKING:
    from geo_rewards.contract.hookspecs import RegisterReward

__all__ = ["VqaAuto", "VqaChoice", "VqaExact", "VqaFuzzy", "VqaNumeric", "VqaYesNo", "register_rewards"]


@hookimpl
def register_rewards(register: RegisterReward) -> None:
    """Register the graders."""
    for grader in (VqaExact, VqaNumeric, VqaChoice, VqaYesNo, VqaFuzzy, VqaAuto):
        register(grader)

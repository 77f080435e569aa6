"""Tools for testing rewards: a sample in one line, a temporary plugin, all checks of a reward."""

from geo_rewards.testing.checks import CHECKS, check_reward, find_holes
from geo_rewards.testing.findings import LESSONS, Finding, HolesFoundError
from geo_rewards.testing.plugins import temporary_plugin
from geo_rewards.testing.recipes import RECIPE_CHECKS, check_recipe
from geo_rewards.testing.samples import sample, tagged

__all__ = [
    "CHECKS",
    "LESSONS",
    "RECIPE_CHECKS",
    "Finding",
    "HolesFoundError",
    "check_recipe",
    "check_reward",
    "find_holes",
    "sample",
    "tagged",
    "temporary_plugin",
]

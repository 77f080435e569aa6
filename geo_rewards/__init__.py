"""Reward functions for reinforcement learning of vision-language models on image geolocalization.

>>> import geo_rewards as gr
>>> reward = gr.get_reward("haversine_decay", curve="exponential", scale_km=1492.7)
>>> completion = "<think>an iron tower</think><answer>48.86, 2.35</answer>"
>>> [round(value, 3) for value in reward([completion], lat=[48.8584], lon=[2.2945])]
[0.997]
"""

from geo_rewards.batch.batch import Batch, Sample
from geo_rewards.contract.hookspecs import hookimpl
from geo_rewards.contract.reward import Reward
from geo_rewards.errors import GeoRewardsError
from geo_rewards.geo import Gazetteer, great_circle_km
from geo_rewards.parse import parse_completion
from geo_rewards.registry.registry import RewardInfo, get_gazetteer, list_rewards
from geo_rewards.scoring.recipe import Recipe, get_reward, load_recipe
from geo_rewards.scoring.scores import Scores
from geo_rewards.types import Answer, Coordinate, GroundTruth, Place

__all__ = [
    "Answer",
    "Batch",
    "Coordinate",
    "Gazetteer",
    "GeoRewardsError",
    "GroundTruth",
    "Place",
    "Recipe",
    "Reward",
    "RewardInfo",
    "Sample",
    "Scores",
    "get_gazetteer",
    "get_reward",
    "great_circle_km",
    "hookimpl",
    "list_rewards",
    "load_recipe",
    "parse_completion",
]

"""The built-in rewards, recipes and gazetteers: a plugin like any other."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from geo_rewards.contract.hookspecs import hookimpl
from geo_rewards.geo import BUILTIN_GAZETTEERS
from geo_rewards.rewards.cost import CostFactor
from geo_rewards.rewards.decay import HaversineDecay
from geo_rewards.rewards.format import CoordinateFormat, FieldFormat, ThinkAnswerFormat
from geo_rewards.rewards.hierarchy import PlaceConsistency, PlaceHierarchy
from geo_rewards.rewards.penalties import OverlongPenalty, RepetitionPenalty
from geo_rewards.rewards.place_match import CityMatch, CountryMatch, RegionMatch
from geo_rewards.rewards.precision import PrecisionBonus
from geo_rewards.rewards.reasoning import EntityRecall, ThinkLength

if TYPE_CHECKING:
    from geo_rewards.contract.hookspecs import RegisterGazetteer, RegisterRecipe, RegisterReward

REWARDS = (
    ThinkAnswerFormat,
    CoordinateFormat,
    FieldFormat,
    HaversineDecay,
    PrecisionBonus,
    CountryMatch,
    RegionMatch,
    CityMatch,
    PlaceHierarchy,
    PlaceConsistency,
    EntityRecall,
    ThinkLength,
    CostFactor,
    OverlongPenalty,
    RepetitionPenalty,
)


@hookimpl
def register_rewards(register: RegisterReward) -> None:
    """Register the built-in rewards."""
    for reward in REWARDS:
        register(reward)


@hookimpl
def register_recipes(register: RegisterRecipe) -> None:
    """Register the recipes that are shipped as YAML."""
    for file in (files("geo_rewards") / "recipes").iterdir():
        if file.name.endswith(".yaml"):
            register(file.name.removesuffix(".yaml"), file)


@hookimpl
def register_gazetteers(register: RegisterGazetteer) -> None:
    """Register the built-in gazetteers."""
    for name, factory in BUILTIN_GAZETTEERS.items():
        register(name, factory)

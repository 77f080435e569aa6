"""Reward functions for reinforcement learning of vision-language models on image geolocalization.

>>> import geo_rewards as gr
>>> reward = gr.get_reward("haversine_decay", curve="exponential", scale_km=1492.7)
>>> completion = "<think>an iron tower</think><answer>48.86, 2.35</answer>"
>>> [round(value, 3) for value in reward([completion], lat=[48.8584], lon=[2.2945])]
[0.997]
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    from geo_rewards.batch.batch import Batch, Sample
    from geo_rewards.contract.hookspecs import hookimpl
    from geo_rewards.contract.reward import Reward
    from geo_rewards.errors import GeoRewardsError
    from geo_rewards.geo import Gazetteer, great_circle_km
    from geo_rewards.parse import parse_completion
    from geo_rewards.registry.registry import RewardInfo, get_gazetteer, list_rewards
    from geo_rewards.results.evaluation.files import evaluate
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
    "evaluate",
    "get_gazetteer",
    "get_reward",
    "great_circle_km",
    "hookimpl",
    "list_rewards",
    "load_recipe",
    "parse_completion",
]

# Imported when first asked for: all of them take longer than numpy and pydantic together, and a plugin, a
# command or a parser of answers needs few.
_MODULES = {
    "Answer": "types",
    "Batch": "batch.batch",
    "Coordinate": "types",
    "Gazetteer": "geo",
    "GeoRewardsError": "errors",
    "GroundTruth": "types",
    "Place": "types",
    "Recipe": "scoring.recipe",
    "Reward": "contract.reward",
    "RewardInfo": "registry.registry",
    "Sample": "batch.batch",
    "Scores": "scoring.scores",
    "evaluate": "results.evaluation.files",
    "get_gazetteer": "registry.registry",
    "get_reward": "scoring.recipe",
    "great_circle_km": "geo",
    "hookimpl": "contract.hookspecs",
    "list_rewards": "registry.registry",
    "load_recipe": "scoring.recipe",
    "parse_completion": "parse",
}
_PACKAGES = frozenset(
    {"batch", "contract", "errors", "geo", "parse", "registry", "scoring", "testing", "types"}
)
"""Available as attributes after `import geo_rewards` alone."""


def __getattr__(name: str) -> object:
    if name == "__version__":
        return _version()
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")  # which sets the attribute
    if name not in _MODULES:
        # With these, Python adds the nearest name to the traceback.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=_module())
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    special = {name for name in globals() if name.startswith("__") and name != "__warningregistry__"}
    return sorted({*special, *__all__, *_PACKAGES, "__version__"})


def _module() -> object:
    import sys

    return sys.modules[__name__]


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("geo-rewards")
    except PackageNotFoundError:  # a folder on the path, not an installation
        return "0+unknown"

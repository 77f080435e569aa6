"""What the shipped recipes pay for answers that are partly right, by the formulas of their sources."""

import math

import geopy.distance
import pytest

import geo_rewards as gr
from geo_rewards.registry.registry import get_registry

TRUTH = (48.8584, 2.2945)
LYON = (45.764, 4.8357)  # the right country only
VERSAILLES = (48.8049, 2.1204)  # the right region too


def answer(region: str, city: str, pair: tuple[float, float]) -> str:
    named = f"Country: France\nRegion: {region}\nCity: {city}\nCoordinates: ({pair[0]}, {pair[1]})"
    return f"<think>x</think><answer>{named}</answer>"


def total(recipe: str, completion: str) -> float | None:
    override = {"distance.scale_km": 1000} if recipe == "gre" else None
    scores = gr.load_recipe(recipe, override=override).score([completion], lat=[TRUTH[0]], lon=[TRUTH[1]])
    return scores.total[0]


FAR_KM = geopy.distance.great_circle(TRUTH, LYON).km
NEAR_KM = geopy.distance.great_circle(TRUTH, VERSAILLES).km
FAR = answer("Auvergne-Rhône-Alpes", "Lyon", LYON)
NEAR = answer("Île-de-France", "Versailles", VERSAILLES)


def geoscore(km: float) -> float:
    return math.exp(-km / 1492.7)


EXPECTED = {
    "default": (0.2 + geoscore(FAR_KM) + 0.125 + 0.1, 0.2 + geoscore(NEAR_KM) + 0.25 + 0.1),
    "geo-r": (1 - 0.5 * FAR_KM / 750, 1 - 0.5 * NEAR_KM / 750),
    "geo-r-code": (1 + 1 - 0.5 * FAR_KM / 750, 1 + 1 - 0.5 * NEAR_KM / 750),
    "geoagent": (1.5 * math.exp(-FAR_KM / 200), 1.5 * math.exp(-NEAR_KM / 200)),
    "geoguessr": (0.5 + geoscore(FAR_KM), 0.5 + geoscore(NEAR_KM)),
    "geovista": (1 / 4, 2 / 4),
    "globe": (0.2 + 1, 0.2 + 1),
    "gre": (2 / (1 + math.exp(FAR_KM / 1000)), 2 / (1 + math.exp(NEAR_KM / 1000))),
    "seekworld": (0.5, 0.5 + 1),
    "thinking-with-map": (0.1, 0.4),
}


def test_every_shipped_recipe_is_checked():
    assert set(EXPECTED) == {claim.name for claim in get_registry().recipes if claim.source.is_built_in}


@pytest.mark.parametrize("recipe", EXPECTED)
def test_a_right_country_and_a_right_region_earn_what_the_source_says(recipe):
    far, near = EXPECTED[recipe]
    assert total(recipe, FAR) == pytest.approx(far, abs=1e-4)
    assert total(recipe, NEAR) == pytest.approx(near, abs=1e-4)


@pytest.mark.parametrize("recipe", ["geovista", "globe", "seekworld"])
def test_a_place_that_is_not_named_is_where_the_coordinate_lies(recipe):
    bare = f"<think>x</think><answer>{VERSAILLES[0]}, {VERSAILLES[1]}</answer>"
    assert total(recipe, bare) == pytest.approx(EXPECTED[recipe][1])

"""What the shipped recipes pay, by the formulas of their sources, which are written out here again."""

import itertools
import math
from dataclasses import dataclass, field

import geopy.distance
import pytest

import geo_rewards as gr
from geo_rewards.geo import geodesic_km
from geo_rewards.registry.registry import get_registry

TRUTH = (48.8584, 2.2945)
TEN_METRES_AWAY = (48.8585, 2.2945)
VERSAILLES = (48.8049, 2.1204)  # 14 km: the right region
LYON = (45.764, 4.8357)  # 392 km: the right country
NEW_YORK = (40.7128, -74.006)  # 5,800 km
THOUGHT = "An iron tower above the Seine."


@dataclass(frozen=True)
class Case:
    """A completion, and what a person sees in it."""

    text: str
    pair: tuple[float, float] | None = None
    in_parentheses: bool = False
    country: bool = False
    region: bool = False
    city: bool = False
    well_formed: bool = True
    consistent: bool = False
    fields: bool = False
    think_characters: int = len(THOUGHT)
    entities_found: float = 0.5  # the Seine, and no boulangerie
    cost: float | None = None
    columns: dict = field(default_factory=dict)

    @property
    def km(self) -> float:
        return math.inf if self.pair is None else geopy.distance.great_circle(TRUTH, self.pair).km

    @property
    def geodesic_km(self) -> float:
        return math.inf if self.pair is None else geopy.distance.geodesic(TRUTH, self.pair).km


def tagged(answer: str, thought: str = THOUGHT) -> str:
    return f"<think>{thought}</think><answer>{answer}</answer>"


def named(country: str, region: str, city: str, pair: tuple[float, float]) -> str:
    return f"Country: {country}\nRegion: {region}\nCity: {city}\nCoordinates: ({pair[0]}, {pair[1]})"


ALL_RIGHT = {"country": True, "region": True, "city": True, "consistent": True, "in_parentheses": True}
CASES = {
    "right": Case(tagged(named("France", "Île-de-France", "Paris", TRUTH)), TRUTH, **ALL_RIGHT),
    "ten metres away": Case(
        tagged(named("France", "Île-de-France", "Paris", TEN_METRES_AWAY)), TEN_METRES_AWAY, **ALL_RIGHT
    ),
    "right region": Case(
        tagged(named("France", "Île-de-France", "Versailles", VERSAILLES)),
        VERSAILLES,
        **(ALL_RIGHT | {"city": False}),
    ),
    "right country": Case(
        tagged(named("France", "Auvergne-Rhône-Alpes", "Lyon", LYON)),
        LYON,
        **(ALL_RIGHT | {"region": False, "city": False}),
    ),
    "right city in a wrong region": Case(
        tagged(named("France", "Brittany", "Paris", TRUTH)), TRUTH, **(ALL_RIGHT | {"region": False})
    ),
    "right city in a wrong country": Case(
        tagged(named("Spain", "Île-de-France", "Paris", TRUTH)), TRUTH, in_parentheses=True
    ),
    "far away": Case(
        tagged(named("United States", "New York", "New York", NEW_YORK)),
        NEW_YORK,
        in_parentheses=True,
        consistent=True,
    ),
    "fields and a pair": Case(
        tagged(f"France; Île-de-France; Paris ({TRUTH[0]}, {TRUTH[1]})"), TRUTH, **ALL_RIGHT, fields=True
    ),
    "fields alone": Case(
        tagged("France; Île-de-France; Paris"), country=True, region=True, city=True, fields=True
    ),
    "country and region between dollars": Case(tagged("$France, Île-de-France$"), country=True, region=True),
    "no tags": Case(
        f"({TRUTH[0]}, {TRUTH[1]})",
        TRUTH,
        **(ALL_RIGHT | {"consistent": False}),
        well_formed=False,
        think_characters=0,
        entities_found=0.0,
    ),
    "junk after long thought": Case(
        tagged("I do not know.", "word " * 300), think_characters=1499, entities_found=0.0
    ),
    "a costly answer": Case(
        tagged(f"{LYON[0]}, {LYON[1]}"), LYON, country=True, cost=0.07, columns={"cost": [0.07]}
    ),
    "a very costly answer": Case(
        tagged(f"{LYON[0]}, {LYON[1]}"), LYON, country=True, cost=7.0, columns={"cost": [7]}
    ),
}


def geoscore(km: float) -> float:
    return math.exp(-km / 1492.7)


def chain(case: Case, *values: float) -> float:
    """Return the value of the last level that is right before the first wrong one."""
    earned = 0.0
    for right, value in zip((case.country, case.region, case.city), values, strict=True):
        if not right:
            break
        earned = value
    return earned


def deepest(case: Case) -> int:
    return case.country and (4 if case.city else 2 if case.region else 1)


def geo_r(km: float, middle: float) -> float:
    if km <= 750:
        return 1 - 0.5 * km / 750
    if km <= middle:
        return 0.5 - 0.3 * (km - 750) / (middle - 750)
    return max(0.0, 0.2 - 0.2 * (km - middle) / (20000 - middle))


def ladder(km: float) -> float:
    for limit, value in ((0.5, 1.0), (2, 0.8), (10, 0.6), (25, 0.4), (200, 0.2), (750, 0.1)):
        if km < limit:
            return value
    return 0.0


def reverse(km: float) -> float:
    knots = ((1, 1.0), (25, 0.8), (200, 0.6), (750, 0.4), (2500, 0.2))
    if km <= 1:
        return 1.0
    for (near, more), (far, less) in itertools.pairwise(knots):
        if km <= far:
            return more + (less - more) * (km - near) / (far - near)
    return 0.0


def recommended(case: Case) -> float:
    place = chain(case, 0.25, 0.5, 1)
    consistency = 0.1 * (case.consistent and place >= 0.25)
    return case.well_formed * (0.2 + geoscore(case.km) + 0.5 * place + consistency)


EXPECTED = {
    "default": recommended,
    "geo-r": lambda case: geo_r(case.km, 2500) * case.in_parentheses,
    "geo-r-code": lambda case: round(geo_r(case.km, 3000), 4) + case.well_formed,
    "geo-search-env": lambda case: geoscore(case.km) + 0.5 * (case.km < 25) + 0.5 * (case.km < 1),
    "geoagent": lambda case: (
        case.well_formed
        + case.fields
        + chain(case, 0.1, 0.1 + 0.6, 0.1 + 0.6 + 0.3)
        + 1.5 * math.exp(-case.km / 200) * (case.km < 2000)
    ),
    "geoguessr": lambda case: geoscore(case.km) + 0.5 * case.well_formed,
    "geospot": lambda case: -0.1 if case.pair is None else math.exp(-case.km / 25),
    "geovista": lambda case: deepest(case) / 4,
    "globe": lambda case: (
        (1 if case.country and case.city else 0.2 if case.country else 0)
        + 0.2 * case.entities_found
        + case.well_formed
    ),
    "gre": lambda case: (
        (0 if case.pair is None else 2 / (1 + math.exp(case.geodesic_km / 1000))) + case.well_formed
    ),
    "huggingenvs-geoguesser": lambda case: (
        (0.5 * math.exp(-case.km / 1492.7) + 0.5 * math.exp(-case.km / 5000)) * (1 - min(case.cost or 0, 0.2))
    ),
    "reverse": lambda case: 0.6 * reverse(case.km) + 0.1 * case.well_formed,
    "seekworld": lambda case: (
        0.5 * case.well_formed + (case.country and case.region) + min(1, 0.001 * case.think_characters)
    ),
    "thinking-with-map": lambda case: ladder(case.geodesic_km),
}


def total(recipe: str, case: Case) -> float | None:
    loaded = gr.load_recipe(recipe, override={"distance.scale_km": 1000} if recipe == "gre" else None)
    columns = {"lat": [TRUTH[0]], "lon": [TRUTH[1]], "entities": [["Seine", "boulangerie"]], **case.columns}
    return loaded.score([case.text], **columns).total[0]


def test_every_shipped_recipe_is_checked():
    assert set(EXPECTED) == {claim.name for claim in get_registry().recipes if claim.source.is_built_in}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("recipe", EXPECTED)
def test_a_recipe_pays_what_the_formula_of_its_source_says(recipe, case):
    # 1e-4: geopy's sphere is 9 m smaller than ours, and Geo-R's code rounds to four decimals
    assert total(recipe, CASES[case]) == pytest.approx(EXPECTED[recipe](CASES[case]), abs=1e-4)


@pytest.mark.parametrize("recipe", ["geovista", "globe", "seekworld"])
def test_a_place_that_is_not_named_is_where_the_coordinate_lies(recipe):
    bare = Case(tagged(f"{VERSAILLES[0]}, {VERSAILLES[1]}"), VERSAILLES, country=True, region=True)
    assert total(recipe, bare) == pytest.approx(EXPECTED[recipe](bare))


def test_geospots_scale_follows_the_training():
    recipe = gr.load_recipe("geospot")
    text = tagged(f"{LYON[0]}, {LYON[1]}")
    km = geopy.distance.great_circle(TRUTH, LYON).km
    for step, scale_km in ((0, 2000), (50, math.sqrt(2000 * 25)), (100, 25)):
        state = type("State", (), {"global_step": step, "max_steps": 100})
        found = recipe.score([text], lat=[TRUTH[0]], lon=[TRUTH[1]], trainer_state=state).total[0]
        assert found == pytest.approx(math.exp(-km / scale_km), abs=1e-4)


def test_globes_term_for_entities_abstains_in_a_row_without_them():
    scores = gr.load_recipe("globe").score([CASES["right"].text], lat=[TRUTH[0]], lon=[TRUTH[1]])
    assert scores.rewards["entities"] == [None]
    assert scores.total == [2.0]


def test_thinking_with_maps_limits_are_strict():
    km = float(geodesic_km(*TRUTH, *LYON))
    for limit_km, value in ((km, 0.0), (math.nextafter(km, math.inf), 1.0)):
        recipe = gr.load_recipe("thinking-with-map", override={"distance.steps": [[limit_km, 1.0]]})
        assert recipe.score([tagged(f"({LYON[0]}, {LYON[1]})")], lat=[TRUTH[0]], lon=[TRUTH[1]]).total == [
            value
        ]

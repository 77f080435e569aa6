import pytest

import geo_rewards as gr
from geo_rewards.batch.batch import Batch
from geo_rewards.rewards.place_match import CityMatch, CountryMatch, RegionMatch
from geo_rewards.types import Place

PARIS = {"lat": [48.8584], "lon": [2.2945]}


def score(name, answer, truth=PARIS, **params):
    return gr.get_reward(name, **params)([f"<think>x</think><answer>{answer}</answer>"], **truth)[0]


@pytest.mark.parametrize(
    ("answer", "source", "value"),
    [
        ("Country: France", "text", 1.0),
        ("Country: FRA", "text", 1.0),
        ("Country: 法国", "text", 1.0),
        ("Country: Frankreich\nCoordinates: (40.71, -74.0)", "either", 1.0),
        ("Country: Spain\nCoordinates: (48.85, 2.35)", "either", 0.0),
        ("Country: Atlantis\nCoordinates: (48.85, 2.35)", "either", 0.0),
        ("48.85, 2.35", "either", 1.0),
        ("48.85, 2.35", "coordinate", 1.0),
        ("48.85, 2.35", "text", 0.0),
        ("Country: Spain\nCoordinates: (48.85, 2.35)", "coordinate", 1.0),
        ("40.71, -74.0", "either", 0.0),
    ],
)
def test_the_country_is_read_from_text_or_coordinate(answer, source, value):
    assert score("country_match", answer, source=source) == value


@pytest.mark.parametrize(
    ("answer", "truth", "value"),
    [("Scotland", "GB", 1.0), ("Hong Kong", "CN", 0.0), ("Macau", "MO", 1.0), ("Kosovo", "RS", 0.0)],
)
def test_every_iso_code_is_a_country_of_its_own(answer, truth, value):
    assert score("country_match", f"Country: {answer}", {"country": [truth]}) == value


def test_the_region_must_lie_in_the_right_country():
    answer = "Country: {}\nRegion: Ile de France"
    assert score("region_match", answer.format("France")) == 1.0
    assert score("region_match", answer.format("Belgium")) == 0.0
    assert score("region_match", "Region: Bretagne\nCountry: France") == 0.0


def test_a_city_is_known_by_any_of_its_names():
    munich = {"country": ["DE"], "city": ["Munich"]}
    for name in ("München", "Munich", "Monaco di Baviera", "慕尼黑"):
        assert score("city_match", f"Country: Germany\nCity: {name}", munich) == 1.0, name
    assert score("city_match", "Country: Germany\nCity: Nürnberg", munich) == 0.0


def test_a_near_coordinate_counts_as_the_city_only_if_asked_for():
    answer = "Country: France City: Versailles Coordinates: (48.85, 2.30)"
    assert score("city_match", answer) == 0.0
    assert score("city_match", answer, within_km=5) == 1.0
    assert score("city_match", "Coordinates: (45.76, 4.84)", within_km=5) == 0.0


def test_a_city_without_a_country_or_coordinate_earns_nothing():
    assert score("city_match", "City: Paris") == 0.0


def test_a_reward_abstains_only_where_its_own_truth_is_missing():
    truth = {"country": ["FR"]}
    assert score("country_match", "Country: France", truth) == 1.0
    assert score("region_match", "Country: France", truth) is None
    assert score("city_match", "Country: France", truth) is None


class Neighbours:
    """Two places whose names could be confused, north and south of the equator, and nothing at sea."""

    name = "neighbours"

    def lookup(self, lats, lons):
        north, south = (
            Place("DE", "Rheinland-Pfalz", "Neustadt"),
            Place("DE", "Bayern", "Neustadt an der Donau"),
        )
        return [
            Place() if lon < 0 else north if lat > 0 else south for lat, lon in zip(lats, lons, strict=True)
        ]


@pytest.mark.parametrize("reward", [CountryMatch, RegionMatch, CityMatch])
def test_places_that_are_both_the_gazetteers_are_compared_as_it_calls_them(reward):
    texts = [
        f"<think>x</think><answer>{lat}, {lon}</answer>" for lat, lon in ((1, 1), (2, 2), (-1, 1), (1, -1))
    ]
    batch = Batch(texts, {"lat": [1.5] * 4, "lon": [1.5] * 4}, gazetteer=Neighbours())
    by_country = reward is CountryMatch
    for source in ("coordinate", "either"):
        assert reward(source=source).evaluate(batch) == [1.0, 1.0, 1.0 if by_country else 0.0, 0.0]


def test_a_row_earns_the_same_whatever_else_is_in_its_batch():
    answers = ["-1, 1", "City: Neustadt, Country: DE", "1, 1"]
    texts = [f"<think>x</think><answer>{answer}</answer>" for answer in answers]

    def values(texts):
        columns = {"lat": [1.5] * len(texts), "lon": [1.5] * len(texts)}
        return CityMatch().evaluate(Batch(texts, columns, gazetteer=Neighbours()))

    assert values(texts) == [values([text])[0] for text in texts] == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("answer", "truth", "value"),
    [
        ("Spain, Italy, France", "FR", 0.0),
        ("Spain, France", "FR", 0.0),
        ("Paris, France", "FR", 1.0),
        ("Georgia, USA", "US", 1.0),
        ("Lebanon, Oregon, USA", "US", 1.0),
        ("Mexico, Missouri, United States", "US", 1.0),
    ],
)
def test_a_list_of_countries_names_no_country(answer, truth, value):
    assert score("country_match", answer, {"country": [truth]}) == value

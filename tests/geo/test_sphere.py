"""Unit vectors and chords, against great-circle distances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_rewards.geo.distance import EARTH_RADIUS_KM, great_circle_km
from geo_rewards.geo.sphere import arc_of_chord, chord_of_arc, unit_vectors

LATS, LONS = st.floats(-90, 90), st.floats(-180, 180)


@given(LATS, LONS, LATS, LONS)
def test_the_arc_of_the_chord_between_two_points_is_their_distance(lat1, lon1, lat2, lon2):
    one, other = unit_vectors(np.array([lat1, lat2]), np.array([lon1, lon2]))
    assert np.linalg.norm(one) == pytest.approx(1.0)
    arc = arc_of_chord(np.linalg.norm(one - other, keepdims=True))[0]
    assert arc == pytest.approx(great_circle_km(lat1, lon1, lat2, lon2), abs=0.5)


@given(st.floats(0.001, 20_000.0))
def test_arcs_and_chords_are_each_others_inverse(arc_km):
    assert arc_of_chord(np.array([chord_of_arc(arc_km)]))[0] == pytest.approx(arc_km, rel=1e-6, abs=1e-3)


def test_no_chord_is_longer_than_the_diameter_and_no_neighbour_is_infinitely_far():
    assert chord_of_arc(math.pi * EARTH_RADIUS_KM) == chord_of_arc(1e9) == 2.0
    assert arc_of_chord(np.array([np.inf, 2.1])).tolist() == [math.inf, pytest.approx(20015.1, abs=0.1)]

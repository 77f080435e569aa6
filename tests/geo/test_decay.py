"""Curves against the published check values, and their invariants."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_rewards.errors import UnknownNameError
from geo_rewards.geo.decay import CURVES, decay

REVERSE = ((1, 1.0), (25, 0.8), (200, 0.6), (750, 0.4), (2500, 0.2))
NEEDED = {"logistic": {"scale_km": 1000.0}, "piecewise": {"knots": REVERSE}}
DISTANCES_KM = [0, 1, 25, 200, 750, 2500, 10000]
CURVE_NAMES = sorted(CURVES)


def value(distance_km, curve, **constants):
    return decay(distance_km, curve=curve, **(constants or NEEDED.get(curve, {})))


def test_every_curve_of_the_catalogue_exists():
    assert set(CURVES) == {
        "exponential", "geo_r", "geo_r_code", "logistic", "linear", "mixture",
        "piecewise", "steps", "truncated_exponential", "thresholds",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ("geo_r_code", [1, 0.9993, 0.9833, 0.8667, 0.5, 0.2667, 0.1176]),
        ("exponential", [1, 0.9993, 0.9834, 0.8746, 0.6051, 0.1873, 0.0012]),
        ("linear", [1, 0.99995, 0.99875, 0.99, 0.9625, 0.875, 0.5]),
        ("steps", [1, 0.8, 0.4, 0.2, 0.1, 0, 0]),
        ("thresholds", [1, 1, 0.8, 0.6, 0.4, 0.2, 0]),
        ("truncated_exponential", [1, 0.99501, 0.8825, 0.36788, 0.02352, 0, 0]),
        ("piecewise", [1, 1, 0.8, 0.6, 0.4, 0.2, 0]),
        ("mixture", [1, 0.99957, 0.9892, 0.9177, 0.73288, 0.39694, 0.06828]),
    ],
)
def test_published_check_values(curve, expected):
    np.testing.assert_allclose(value(DISTANCES_KM, curve), expected, atol=6e-5)


def test_geo_r_of_the_paper():
    expected = [1.0, 0.75, 0.5, 0.3714, 0.2, 0.1943, 0.1143, 0.0, 0.0]
    found = value([0, 375, 750, 1500, 2500, 3000, 10000, 20000, 20015.1], "geo_r")
    np.testing.assert_allclose(found, expected, atol=6e-5)


def test_geo_r_code_has_four_decimals():
    found = value(np.linspace(0, 20015, 999), "geo_r_code")
    assert (found == found.round(4)).all()


def test_logistic_is_half_of_its_formula_at_its_scale_and_never_overflows():
    assert value(1000.0, "logistic") == pytest.approx(2 / (1 + math.e))
    assert value(20015.0, "logistic", scale_km=0.001) == 0.0


def test_a_limit_counts_as_within():
    assert value([0.5, 0.5001, 750, 750.1], "steps").tolist() == [1.0, 0.8, 0.1, 0.0]
    assert value([1, 1.01, 2500, 2500.1], "thresholds").round(1).tolist() == [1.0, 0.8, 0.2, 0.0]


def test_a_strict_limit_counts_as_beyond():
    assert value([0.4999, 0.5, 750], "steps", limits="strict").tolist() == [1.0, 0.8, 0.0]
    assert value([0.999, 1, 2500], "thresholds", limits="strict").round(1).tolist() == [1.0, 0.8, 0.0]
    assert np.isnan(value(math.nan, "steps", limits="strict"))


def test_a_truncated_exponential_is_0_from_its_limit_on():
    found = value([1999.9, 2000, 2000.1], "truncated_exponential").tolist()
    assert found == [pytest.approx(math.exp(-9.9995)), 0.0, 0.0]


def test_a_piecewise_curve_is_flat_before_its_first_knot_and_0_beyond_its_last():
    found = value([0, 0.9, 1, 13, 112.5, 1625, 2500, 2500.1, 20015], "piecewise")
    np.testing.assert_allclose(found, [1, 1, 1, 0.9, 0.7, 0.3, 0.2, 0, 0], atol=1e-12)


def test_geo_rs_curves_are_piecewise_curves():
    distances = np.linspace(0, 20015, 5001)
    paper = ((0, 1), (750, 0.5), (2500, 0.2), (20000, 0))
    code = ((0, 1), (750, 0.5), (3000, 0.2), (20000, 0))
    assert (value(distances, "geo_r") == value(distances, "piecewise", knots=paper)).all()
    assert (value(distances, "geo_r_code") == value(distances, "piecewise", knots=code).round(4)).all()


def test_a_mixture_of_one_term_is_an_exponential():
    distances = np.linspace(0, 20015, 999)
    found = value(distances, "mixture", terms=((2.0, 300.0),))
    np.testing.assert_allclose(found, 2 * value(distances, "exponential", scale_km=300))
    assert CURVES["mixture"].bounds(terms=((2.0, 300.0), (1.0, 5.0))) == (0.0, 3.0)


@pytest.mark.parametrize("curve", CURVE_NAMES)
@given(st.lists(st.floats(0, 20015.2), min_size=2, max_size=30))
def test_no_curve_rises_or_leaves_its_bounds(curve, distances):
    lowest, highest = CURVES[curve].bounds(**NEEDED.get(curve, {}))
    found = value(sorted(distances), curve)
    assert (np.diff(found) <= 0).all()
    assert ((found >= lowest) & (found <= highest)).all()


@pytest.mark.parametrize("curve", CURVE_NAMES)
def test_the_truth_earns_the_highest_value(curve):
    assert value(0.0, curve) == CURVES[curve].bounds(**NEEDED.get(curve, {}))[1]


@pytest.mark.parametrize("curve", CURVE_NAMES)
def test_nan_stays_nan_and_shapes_stay(curve):
    found = value([[math.nan, 0.0], [1.0, math.nan]], curve)
    assert np.isnan(found).tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize("curve", CURVE_NAMES)
def test_every_curve_says_what_it_is(curve):
    assert CURVES[curve].name == curve
    assert CURVES[curve].formula
    assert CURVES[curve].source


def test_own_constants_are_used():
    assert value(300.0, "exponential", scale_km=300) == pytest.approx(1 / math.e)
    assert value([5, 11], "steps", steps=[[10, 0.5]]).tolist() == [0.5, 0.0]
    assert CURVES["steps"].bounds(steps=[[10, 0.5]]) == (0.0, 0.5)
    assert value(30.0, "thresholds", thresholds_km=(10, 100)) == 0.5


def test_none_means_the_default_of_the_curve():
    unset = {"scale_km": None, "limit_km": None, "steps": None, "thresholds_km": None}
    assert decay(750.0, curve="exponential", **unset) == decay(750.0, curve="exponential")


def test_an_ignored_constant_is_an_error_that_names_the_right_ones():
    with pytest.raises(ValueError, match=r"'linear' does not take scale_km: it takes only limit_km"):
        decay(1.0, curve="linear", scale_km=100)
    with pytest.raises(ValueError, match=r"'geo_r' does not take scale_km: it takes no constants"):
        decay(1.0, curve="geo_r", scale_km=100)


def test_a_missing_constant_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="'logistic' has no default scale_km"):
        decay(1.0, curve="logistic")


@pytest.mark.parametrize("scale", [0, -1, math.nan, math.inf, True, "5"])
def test_a_scale_that_is_not_a_positive_number_is_an_error(scale):
    with pytest.raises(ValueError, match="scale_km must be"):
        decay(1.0, curve="exponential", scale_km=scale)


@pytest.mark.parametrize(
    "steps",
    [[], 3, "ab", [1, 2], [(10, 1), (5, 0.5)], [(1, 0.5), (10, 1)], [(1, -0.1)], [(1, math.nan)], [(0, 1)]],
)
def test_steps_must_ascend_and_their_values_must_not_increase(steps):
    with pytest.raises(ValueError, match="steps must"):
        decay(1.0, curve="steps", steps=steps)


@pytest.mark.parametrize("thresholds", [(), (25, 1), (1, 1), (0, 1), 25])
def test_thresholds_must_ascend(thresholds):
    with pytest.raises(ValueError, match="thresholds_km must"):
        decay(1.0, curve="thresholds", thresholds_km=thresholds)


@pytest.mark.parametrize(
    "knots", [[], 3, [1, 2], [(10, 1), (5, 0.5)], [(1, 0.5), (10, 1)], [(1, -0.1)], [(-1, 1)], [(1, True)]]
)
def test_knots_must_ascend_and_their_values_must_not_increase(knots):
    with pytest.raises(ValueError, match="knots must"):
        decay(1.0, curve="piecewise", knots=knots)


@pytest.mark.parametrize(
    "terms", [[], 3, [1, 2], [(0, 5)], [(1, 0)], [(-1, 5)], [("1", 5)], [(1e308, 1), (1e308, 2)]]
)
def test_terms_must_have_positive_weights_and_scales(terms):
    with pytest.raises(ValueError, match="terms must"):
        decay(1.0, curve="mixture", terms=terms)


def test_limits_are_closed_or_strict():
    with pytest.raises(ValueError, match="limits must be closed or strict, not 'open'"):
        decay(1.0, curve="steps", limits="open")


def test_a_negative_distance_is_an_error():
    with pytest.raises(ValueError, match=r"distance_km -1\.0 is negative"):
        decay([1.0, -1.0], curve="linear")


def test_an_unknown_curve_is_an_error_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="did you mean 'exponential'"):
        decay(1.0, curve="exponental")

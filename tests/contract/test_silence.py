"""Where nothing can be judged, a warning names the columns and the likely one, once."""

import logging

import pytest

import geo_rewards as gr
from geo_rewards.contract.time_limit import warn_once

GOOD = "<think>a tower</think><answer>(48.8584, 2.2945)</answer>"


@pytest.fixture
def warnings(caplog):
    warn_once.cache_clear()
    caplog.set_level(logging.WARNING, logger="geo_rewards")
    return caplog


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"gps_lat": [1.0], "gps_lng": [2.0]}, "columns: {lat: gps_lat, lon: gps_lng}"),
        ({"GPSLatitude": [1.0], "GPSLongitude": [2.0]}, "columns: {lat: GPSLatitude, lon: GPSLongitude}"),
        ({"answer": ["48, 2"]}, "columns: {solution: answer}"),
        ({"image": ["a.png"], "state": ["x"]}, "Columns: 'image', 'state'; none of them is a truth"),
        ({"lat": [None], "lon": [None]}, "what is needed is not in 'lat' and 'lon'"),
        ({}, "No columns were given"),
    ],
)
@pytest.mark.parametrize("call", ["recipe", "training", "reward"])
def test_the_likely_column_is_named(warnings, columns, message, call):
    for _ in range(2):
        if call == "recipe":
            assert gr.load_recipe("geo-r").score([GOOD], **columns).total == [None]
        elif call == "training":
            assert gr.load_recipe("geo-r").score_in_training([GOOD], columns).total == [None]
        else:
            assert gr.get_reward("haversine_decay")([GOOD], **columns) == [None]
    (record,) = warnings.records
    assert message in record.getMessage()
    assert "on every row: no row has the true coordinate" in record.getMessage()


def test_a_recipe_that_still_pays_for_the_format_warns_too(warnings):
    (total,) = gr.load_recipe("default").score([GOOD], Country_name=["France"]).total
    assert total is not None
    assert "columns: {country: Country_name}" in warnings.text


@pytest.mark.parametrize(
    ("completions", "columns"),
    [
        ([], {}),
        ([GOOD, GOOD], {"lat": [1.0, None], "lon": [2.0, None]}),
        ([GOOD], {"solution": ["1.5, 2.5"]}),
    ],
)
def test_a_batch_in_which_a_row_is_judged_is_silent(warnings, completions, columns):
    gr.load_recipe("geo-r").score(completions, **columns)
    gr.get_reward("think_answer_format")(completions)
    assert not warnings.records

import pickle

import pytest

from geo_rewards.errors import (
    DataError,
    InputError,
    MissingParameterError,
    PluginError,
    RecipeError,
    RewardError,
    TruthError,
    UnknownNameError,
    nearest_names,
)


@pytest.mark.parametrize(
    "error",
    [
        RewardError("is broken", reward="judge", row=3),
        TruthError("is off the globe", row=7),
        UnknownNameError("reward", "citty_match", ["city_match"]),
        RecipeError("no"),
        PluginError("no"),
        DataError("no"),
        InputError("no"),
        MissingParameterError("is missing", ["scale_km"], label="distance"),
    ],
)
def test_errors_survive_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.__dict__) == (type(error), str(error), error.__dict__)


def test_an_unknown_name_offers_the_nearest_one():
    assert str(UnknownNameError("reward", "citty_match", ["city_match", "x"], where="a.yaml")) == (
        "a.yaml: unknown reward 'citty_match'; did you mean 'city_match'?"
    )


KNOWN = ["haversine_decay", "country_match", "overlong_penalty", "geo-r", "gre", "scale_km", "params", "lat"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("haversin_decay", "haversine_decay"),
        ("haversien_deacy", "haversine_decay"),
        ("HaversineDecay", "haversine_decay"),
        ("haversine", "haversine_decay"),
        ("match_country", "country_match"),
        ("geo_r", "geo-r"),
        ("scale", "scale_km"),
        ("parameters", "params"),
        ("latitude", "lat"),
    ],
)
def test_what_a_name_was_meant_for_is_offered_first(written, meant):
    assert nearest_names(written, KNOWN)[0] == meant


@pytest.mark.parametrize("written", ["exponential", "judge", "score", "accuracy", "baseline", "", "?", "iou"])
def test_far_fetched_names_are_not_offered(written):
    assert nearest_names(written, KNOWN) == []

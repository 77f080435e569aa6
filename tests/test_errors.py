import pickle

import pytest

from geo_rewards.errors import DataError, PluginError, RecipeError, RewardError, TruthError, UnknownNameError


@pytest.mark.parametrize(
    "error",
    [
        RewardError("is broken", reward="judge", row=3),
        TruthError("is off the globe", row=7),
        UnknownNameError("reward", "citty_match", ["city_match"]),
        RecipeError("no"),
        PluginError("no"),
        DataError("no"),
    ],
)
def test_errors_survive_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.__dict__) == (type(error), str(error), error.__dict__)


def test_an_unknown_name_offers_the_nearest_one():
    assert str(UnknownNameError("reward", "citty_match", ["city_match", "x"], where="a.yaml")) == (
        "a.yaml: unknown reward 'citty_match'; did you mean 'city_match'?"
    )

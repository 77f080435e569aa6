"""A class that would fail, or be ignored, at the first batch is refused when it is defined."""

import pytest

import geo_rewards as gr
from geo_rewards.rewards.decay import HaversineDecay


def define(base=gr.Reward, **members):
    members = {"name": "made", "__module__": __name__, "__qualname__": "Made", **members}
    return type(base)("Made", (base,), members)


def method(self, sample):
    return 1.0


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("scores", "score"),
        ("Score", "score"),
        ("socre", "score"),
        ("scor", "score"),
        ("sxore", "score"),
        ("score_batches", "score_batch"),
        ("scoreBatch", "score_batch"),
        ("score_bacth", "score_batch"),
    ],
)
def test_a_misspelt_method_is_refused(name, meant):
    with pytest.raises(TypeError, match=rf"Made\.{name} is never called: did you mean `{meant}`"):
        define(**{name: method})


@pytest.mark.parametrize("name", ["scores", "Score", "socre", "score_batches"])
def test_a_misspelt_override_is_refused(name):
    with pytest.raises(TypeError, match="is never called"):
        define(HaversineDecay, **{name: method})


@pytest.mark.parametrize("name", ["store", "core", "score_row", "_scores", "reasons", "compute"])
def test_a_helper_is_not_a_misspelt_method(name):
    assert define(HaversineDecay, **{name: method})
    assert define(score=method, **{name: method})


def test_a_mixin_may_score():
    mixin = type("Scoring", (), {"score": method})
    members = {"name": "mixed", "spore": method, "__module__": __name__, "__qualname__": "Mixed"}
    mixed = type(gr.Reward)("Mixed", (mixin, gr.Reward), members)
    assert mixed()(["x"]) == [1.0]
    assert define(store=method, core=method)


def test_a_helper_may_resemble_a_method_that_is_there():
    assert define(score=method, scores=method)
    with pytest.raises(TypeError, match="score_batches is never called"):
        define(score=method, score_batches=method)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"score": lambda self: 1.0}, r"write `def score\(self, sample\)`"),
        ({"score": lambda self, sample, truth: 1.0}, r"write `def score\(self, sample\)`"),
        ({"score_batch": lambda self: []}, r"write `def score_batch\(self, batch\)`"),
        ({"score": 0.5}, r"Made\.score is 0.5; it must be a method"),
        ({"rnage": (0.0, 2.0)}, "rnage has no type: .*did you mean 'range'"),
        ({"need": ("country",)}, "need has no type: .*did you mean 'needs'"),
        ({"length": 3}, "length has no type: a parameter is written `length: int = 3`"),
    ],
)
def test_what_could_not_work_is_said_in_plain_words(members, message):
    with pytest.raises(TypeError, match=message):
        define(**members)


def test_a_parameter_of_a_base_class_needs_its_type():
    with pytest.raises(TypeError, match="scale_km has no type"):
        define(HaversineDecay, scale_km=500.0)


def test_further_arguments_with_defaults_are_allowed():
    assert define(score=lambda self, sample, strict=True: 1.0)
    assert define(score=staticmethod(lambda sample: 1.0))().score(None) == 1.0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scale_km": True}, "scale_km: true and false are not numbers"),
        ({"curve": "thresholds", "thresholds_km": [True, 25]}, "thresholds_km: true and false are not"),
        ({"scale_km": float("inf")}, "scale_km"),
        (
            {"curve": "thresholds", "thresholds_km": [1, float("inf")]},
            r"thresholds_km must be .*finite",
        ),
    ],
)
def test_a_parameter_is_not_read_as_what_it_is_not(params, message):
    with pytest.raises(gr.GeoRewardsError, match=message):
        gr.get_reward("haversine_decay", **params)


def test_a_number_may_be_a_text_and_an_infinite_default_stays_infinite():
    assert gr.get_reward("haversine_decay", scale_km="500").scale_km == 500.0

    class Endless(gr.Reward):
        """1."""

        name = "endless"
        limit_km: float = float("inf")
        exact: bool = False

        def score(self, sample: gr.Sample) -> float | None:
            return 1.0

    assert Endless(limit_km=float("inf"), exact=True).exact

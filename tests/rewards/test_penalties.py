import pytest

import geo_rewards as gr


@pytest.mark.parametrize(
    ("length", "value"),
    [(0, 0.0), (60, 0.0), (61, -0.025), (80, -0.5), (99, -0.975), (100, -1.0), (9999, -1.0)],
)
def test_length_is_free_up_to_the_buffer_then_falls_linearly(length, value):
    reward = gr.get_reward("overlong_penalty", max_length=100, buffer=40)
    assert reward(["x" * length]) == [pytest.approx(value)]


def test_tokens_are_those_of_the_trainer():
    reward = gr.get_reward("overlong_penalty", max_length=10, buffer=4, unit="tokens")
    long_text = "x" * 10_000
    assert reward([long_text, "x"], completion_ids=[[7] * 6, [7] * 8]) == [0.0, -0.5]


def test_tokens_without_a_trainer_are_an_error_that_says_what_to_do():
    reward = gr.get_reward("overlong_penalty", unit="tokens")
    with pytest.raises(gr.GeoRewardsError, match="use unit characters"):
        reward(["x", "y"])


def test_a_buffer_of_nothing_is_a_step():
    reward = gr.get_reward("overlong_penalty", max_length=3, buffer=0)
    assert reward(["xx", "xxx"]) == [0.0, -1.0]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_length": 10, "buffer": 11}, "must be at most max_length 10"),
        ({"max_length": 0}, "max_length"),
        ({"buffer": -1}, "buffer"),
        ({"unit": "words"}, "unit"),
    ],
)
def test_wrong_lengths_are_errors_when_the_reward_is_made(params, message):
    with pytest.raises(gr.GeoRewardsError, match=message):
        gr.get_reward("overlong_penalty", **params)


@pytest.mark.parametrize(
    ("text", "n", "value"),
    [
        ("", 3, 0.0),
        ("two words", 3, 0.0),
        ("one two three", 3, 0.0),
        ("a b c a b c", 3, 3 / 4 - 1),
        ("A b C a B c", 3, 3 / 4 - 1),
        ("no no no no", 1, 1 / 4 - 1),
        ("no  no\nno\tno", 2, 1 / 3 - 1),
    ],
)
def test_the_share_of_repeated_ngrams_is_lost(text, n, value):
    assert gr.get_reward("repetition_penalty", n=n)([text]) == [pytest.approx(value)]


def test_the_scale_stretches_penalty_and_bounds():
    reward = gr.get_reward("repetition_penalty", n=1, scale=2.0)
    assert reward.bounds == (-2.0, 0.0)
    assert reward(["no no no no"]) == [-1.5]


@pytest.mark.parametrize("unit", ["<answer>", "1", "好", "地球は丸い。"])
def test_repetition_without_spaces_is_seen(unit):
    (value,) = gr.get_reward("repetition_penalty")([unit * 5_000])
    assert value < -0.9


@pytest.mark.parametrize("params", [{"n": 0}, {"n": 1000}, {"scale": 0}, {"scale": float("nan")}])
def test_wrong_parameters_are_errors_when_the_reward_is_made(params):
    with pytest.raises(gr.GeoRewardsError, match=next(iter(params))):
        gr.get_reward("repetition_penalty", **params)

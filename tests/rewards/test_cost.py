import pytest

import geo_rewards as gr


@pytest.mark.parametrize(
    ("cost", "value"),
    [(0, 1.0), (0.05, 0.95), (0.2, 0.8), (0.3, 0.8), (float("inf"), 0.8), (-1, 1.0), (None, None)],
)
def test_a_cost_takes_its_share_up_to_the_cap(cost, value):
    assert gr.get_reward("cost_factor")([""], cost=[cost]) == [value]


def test_a_row_without_a_cost_abstains_unless_told_what_it_costs():
    assert gr.get_reward("cost_factor")(["", ""]) == [None, None]
    assert gr.get_reward("cost_factor", missing=0.1)(["", ""], cost=[None, 0]) == [0.9, 1.0]


def test_column_and_cap_are_parameters():
    reward = gr.get_reward("cost_factor", column="calls", cap=0.5)
    assert reward.bounds == (0.5, 1.0)
    assert reward(["", ""], calls=[0.4, 7]) == [0.6, 0.5]


@pytest.mark.parametrize("cost", ["0.1", True, float("nan"), [0.1]])
def test_a_cost_that_is_not_a_number_is_an_error_that_names_the_column(cost):
    with pytest.raises(gr.GeoRewardsError, match="column 'cost' must be a number in each row"):
        gr.get_reward("cost_factor")([""], cost=[cost])


@pytest.mark.parametrize("params", [{"cap": 1.1}, {"cap": -0.1}, {"missing": -1}, {"column": ""}])
def test_wrong_parameters_are_errors_when_the_reward_is_made(params):
    with pytest.raises(gr.GeoRewardsError, match=next(iter(params))):
        gr.get_reward("cost_factor", **params)

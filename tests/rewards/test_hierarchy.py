import pytest

import geo_rewards as gr
from geo_rewards.scoring.rehearsal import rehearse

PARIS = {"lat": [48.8584], "lon": [2.2945]}
NAMED = "Country: {}\nRegion: {}\nCity: {}"
RIGHT = NAMED.format("France", "Ile de France", "Paris")


def score(name, answer, truth=PARIS, **params):
    return gr.get_reward(name, **params)([f"<think>x</think><answer>{answer}</answer>"], **truth)[0]


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (RIGHT, 1.0),
        (NAMED.format("France", "Ile de France", "Lyon"), 0.5),
        (NAMED.format("France", "Brittany", "Rennes"), 0.25),
        (NAMED.format("France", "Brittany", "Paris"), 0.25),
        (NAMED.format("Spain", "Ile de France", "Paris"), 0.0),
        ("Region: Ile de France\nCity: Paris", 0.0),
        ("Country: France", 0.25),
        ("48.85, 2.35", 1.0),
        ("nowhere", 0.0),
    ],
)
def test_a_level_counts_only_if_all_above_it_are_right(answer, value):
    assert score("place_hierarchy", answer) == value


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (RIGHT, 1.0),
        (NAMED.format("France", "Ile de France", "Lyon"), 0.5),
        (NAMED.format("France", "Brittany", "Rennes"), 0.25),
        (NAMED.format("France", "Brittany", "Paris"), 1.0),
        (NAMED.format("Spain", "Ile de France", "Paris"), 0.0),
        ("Country: France\nCity: Paris", 1.0),
        ("Country: France", 0.25),
        ("48.85, 2.35", 1.0),
        ("nowhere", 0.0),
    ],
)
def test_in_the_deepest_mode_a_level_counts_whatever_the_one_above_it(answer, value):
    assert score("place_hierarchy", answer, mode="deepest") == value


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("Country: France", 0.25),
        ("Country: France\nRegion: Brittany", 1.0),
        (NAMED.format("France", "Brittany", "Paris"), 1.0),
    ],
)
def test_in_the_deepest_mode_too_a_truth_is_complete_at_the_levels_that_it_has(answer, value):
    truth = {"country": ["FR"], "region": ["Bretagne"]}
    assert score("place_hierarchy", answer, truth, mode="deepest") == value


def test_the_account_of_the_deepest_mode_names_the_levels_that_count():
    def account(answer):
        reward = gr.get_reward("place_hierarchy", mode="deepest")
        batch = gr.Batch([f"<think>x</think><answer>{answer}</answer>"], PARIS)
        return reward.reasons(batch, 0)

    assert account(NAMED.format("France", "Brittany", "Paris")) == [
        "right at the deepest level that the truth has: city"
    ]
    (reason,) = account(NAMED.format("France", "Brittany", "Rennes"))
    assert reason.startswith("stopped at region: the truth is 'Île-de-France', the answer is 'Brittany'")
    (reason,) = account(NAMED.format("France", "Ile de France", "Rennes"))
    assert reason.startswith("stopped at city")


def test_a_level_that_is_switched_off_is_no_gap():
    globe = {"country": 0.2, "region": None, "city": 1.0}
    assert score("place_hierarchy", NAMED.format("France", "Brittany", "Paris"), **globe) == 1.0
    assert score("place_hierarchy", NAMED.format("France", "Ile de France", "Lyon"), **globe) == 0.2
    assert gr.get_reward("place_hierarchy", region=None, city=None).bounds == (0.0, 0.25)


def test_a_level_that_the_truth_does_not_name_is_no_gap():
    assert score("place_hierarchy", RIGHT, {"country": ["FR"], "city": ["Paris"]}) == 1.0
    assert (
        score("place_hierarchy", NAMED.format("France", "", "Lyon"), {"country": ["FR"], "city": ["Paris"]})
        == 0.25
    )
    assert score("place_hierarchy", RIGHT, {"city": ["Paris"]}) is None


@pytest.mark.parametrize(
    ("truth", "answer", "value"),
    [
        ({"country": ["FR"]}, "Country: France", 1.0),
        ({"country": ["FR"]}, RIGHT, 1.0),
        ({"country": ["FR"]}, "Country: Spain", 0.0),
        ({"country": ["FR"], "region": ["Bretagne"]}, "Country: France\nRegion: Brittany", 1.0),
        ({"country": ["FR"], "region": ["Bretagne"]}, NAMED.format("FR", "Brittany", "Rennes"), 1.0),
        ({"country": ["FR"], "region": ["Bretagne"]}, RIGHT, 0.25),
        ({"country": ["FR"], "region": ["Bretagne"]}, "Country: France", 0.25),
        ({"lat": [-82.9], "lon": [135.0]}, "-83.0, 134.0", 1.0),
        ({"lat": [-82.9], "lon": [135.0]}, "Country: Antarctica", 1.0),
        ({"lat": [-82.9], "lon": [135.0]}, RIGHT, 0.0),
        ({"lat": [0.0], "lon": [-30.0]}, "0.0, -30.0", None),
    ],
)
def test_a_truth_is_complete_at_the_levels_that_it_has(truth, answer, value):
    assert score("place_hierarchy", answer, truth) == value


def test_a_truth_without_a_city_pays_the_value_of_the_deepest_level_that_is_switched_on():
    truth = {"country": ["FR"], "region": ["Bretagne"]}
    assert score("place_hierarchy", "Country: France", truth, country=0.2, region=None) == 1.0
    assert score("place_hierarchy", "Country: France\nRegion: Brittany", truth, city=None) == 0.5


REMOTE = {
    "a country alone": {"country": ["Japan"]},
    "country and region": {"country": ["Japan"], "region": ["Hokkaido"]},
    "names alone": {"country": ["Japan"], "region": ["Hokkaido"], "city": ["Sapporo"]},
    "Antarctica": {"lat": [-82.9], "lon": [135.0]},
    "the Atlantic": {"lat": [0.0], "lon": [-30.0]},
    "Pitcairn": {"lat": [-24.37], "lon": [-128.32]},
    "Greenland's ice": {"lat": [75.0], "lon": [-40.0]},
    "a country and a point off its coast": {"country": ["US"], "lat": [25.0], "lon": [-160.0]},
}


@pytest.mark.parametrize("truth", REMOTE.values(), ids=REMOTE)
def test_an_ideal_answer_earns_all_that_the_default_recipe_can_pay_on_its_row(truth):
    recipe = gr.load_recipe("default")
    result = rehearse(recipe, truth, 1)
    assert [shortfall.message for shortfall in result.shortfalls] == []
    assert result.answered["format"] == 1


@pytest.mark.parametrize("truth", REMOTE.values(), ids=REMOTE)
def test_a_wrong_answer_does_not_earn_it(truth):
    wrong = "<think>x</think><answer>Country: Peru\nRegion: Cusco\nCity: Cusco ({}, {})</answer>"
    columns = gr.load_recipe("default").score([wrong.format(-13.5, -71.9)], **truth).rewards
    assert columns["place"] in ([0.0], [None])
    assert columns["consistency"] in ([0.0], [None])
    assert columns["distance"][0] is None or columns["distance"][0] < 0.05


def test_the_account_of_a_row_says_where_the_chain_stopped_and_why():
    def account(answer, truth):
        texts = [f"<think>x</think><answer>{answer}</answer>"]
        return gr.load_recipe("default").score(texts, **truth).explain(0)

    japan = {"country": ["JP"], "region": ["Hokkaido"]}
    assert "stopped at region: the truth is 'Hokkaido', the answer is 'Nara'" in account(
        "Country: Japan\nRegion: Nara", japan
    )
    assert "stopped at region: the truth is 'Hokkaido', the answer gives no region" in account(
        "Country: Japan", japan
    )
    assert "right at every level that the truth has: country, region" in account(
        "Country: Japan\nRegion: Hokkaido", japan
    )
    assert "the truth has no coordinate" in account("Country: Japan", japan)
    at_sea = {"country": ["JP"], "lat": [0.0], "lon": [-30.0]}
    assert "the truth's coordinate lies in no known country" in account("Country: Japan", at_sea)


def test_the_decay_comes_on_top_of_a_place_that_is_right_to_the_last_level():
    near = {"decay": {"curve": "linear", "limit_km": 100}, "decay_weight": 0.5}
    at_truth = f"{RIGHT}\nCoordinates: (48.8584, 2.2945)"
    assert score("place_hierarchy", at_truth, **near) == 1.5
    assert score("place_hierarchy", at_truth.replace("Paris", "Lyon"), **near) == 0.5
    assert score("place_hierarchy", RIGHT, **near) == 1.0
    assert score("place_hierarchy", at_truth, {"country": ["FR"], "city": ["Paris"]}, **near) == 1.5
    assert score("place_hierarchy", "Country: Spain", {"country": ["FR"], "city": ["Paris"]}, **near) == 0.0
    half_way = f"{RIGHT}\nCoordinates: ({48.8584 + 50 / 111.1949}, 2.2945)"
    assert score("place_hierarchy", half_way, **near) == pytest.approx(1.25, abs=1e-4)


def test_bounds_follow_the_values_and_the_decay():
    assert gr.get_reward("place_hierarchy", country=1, region=2, city=4).bounds == (0.0, 4.0)
    decay = {"curve": "steps", "steps": [[10, 0.5]]}
    reward = gr.get_reward("place_hierarchy", decay=decay)
    assert reward.bounds == (0.0, 1.5)
    assert reward.decay_weight == 1.0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"country": 0.5, "region": 0.25}, "must not decrease"),
        ({"country": 0.5, "region": None, "city": 0.25}, "must not decrease"),
        ({"country": -1}, "country"),
        ({"country": None}, "country"),
        ({"city": float("inf")}, "city"),
        ({"decay_weight": 1.0}, "needs a decay"),
        ({"decay": {"curve": "geo_r", "scale_km": 3}}, "does not take scale_km"),
        ({"decay": {"curv": "geo_r"}}, "unknown key 'decay.curv'"),
    ],
)
def test_wrong_values_are_errors_when_the_reward_is_made(params, message):
    with pytest.raises(gr.GeoRewardsError, match=message):
        gr.get_reward("place_hierarchy", **params)


@pytest.mark.parametrize(
    ("answer", "level", "value"),
    [
        ("Country: France (48.85, 2.35)", "country", 1.0),
        ("Country: 法国 (48.85, 2.35)", "country", 1.0),
        ("Country: Spain (48.85, 2.35)", "country", 0.0),
        ("Country: Atlantis (48.85, 2.35)", "country", 0.0),
        ("Country: France or Spain (48.85, 2.35)", "country", 0.0),
        ("Country: France", "country", 0.0),
        ("48.85, 2.35", "country", 0.0),
        ("", "country", 0.0),
        ("Country: France (48.85, 2.35)", "region", 0.0),
        ("Country: France Region: Ile de France (48.85, 2.35)", "region", 1.0),
        ("Country: France Region: Brittany (48.85, 2.35)", "region", 0.0),
        ("Country: Spain Region: Ile de France (48.85, 2.35)", "region", 0.0),
        ("Country: France (0.0, -30.0)", "country", 0.0),
    ],
)
def test_an_answer_is_consistent_if_its_coordinate_lies_where_it_says(answer, level, value):
    assert score("place_consistency", answer, level=level) == value


def test_consistency_asks_only_whether_the_truth_could_be_consistent():
    answer = "Country: France (48.85, 2.35)"
    assert score("place_consistency", answer, {}) == 1.0
    assert score("place_consistency", answer, {"lat": [-33.9], "lon": [151.2]}) == 1.0
    for level in ("country", "region"):
        assert score("place_consistency", answer, {"country": ["FR"]}, level=level) is None
        assert score("place_consistency", answer, {"lat": [0.0], "lon": [-30.0]}, level=level) is None
    in_antarctica = {"lat": [-82.9], "lon": [135.0]}
    assert score("place_consistency", answer, in_antarctica) == 1.0
    assert score("place_consistency", answer, in_antarctica, level="region") is None
    assert score("place_consistency", "nowhere", {"solution": ["three balls"]}) == 0.0

import math

from geo_rewards.runs.completions_sample import describe_completions, spread_by_advantage

TABLE = {
    "advantages": [0.5, -1.25, 0.0],
    "completion": ["<answer>1, 2</answer>", [{"role": "assistant", "content": "no\nidea"}], "x" * 5000],
    "rewards": {"distance": [1.0, None, math.nan], "format": [1.0, 0.0, 0.25]},
    "extra": {"distance_km": [1234.56, None, None], "problems": ["", "no answer", ""]},
}


def test_each_completion_is_shown_with_its_rewards_distance_and_problems():
    lines = describe_completions(TABLE, [0, 1]).splitlines()
    assert lines == [
        "  advantage +0.5; distance 1, format 1; 1,234.6 km",
        "    <answer>1, 2</answer>",
        "  advantage -1.25; distance abstains, format 0; no answer",
        "    no idea",
    ]


def test_a_long_completion_loses_its_middle_and_extra_columns_may_be_missing():
    first, second = describe_completions({**TABLE, "extra": {}}, [2]).splitlines()
    assert first == "  advantage +0; distance abstains, format 0.25"
    assert "4,400 characters left out" in second


def test_the_best_comes_first_and_the_worst_last():
    assert spread_by_advantage([0.0, 3.0, 1.0, 2.0], 3) == [1, 2, 0]
    assert spread_by_advantage([0.0, 3.0], 5) == [1, 0]
    assert spread_by_advantage([], 2) == []

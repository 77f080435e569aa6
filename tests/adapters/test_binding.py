import json

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.binding import FaultWindow, bind_rewards, completion_columns, opens_think
from geo_rewards_trl.environment import differences

import geo_rewards as gr
from geo_rewards.errors import RecipeError, RewardError
from geo_rewards.recipe_file import parse_recipe
from geo_rewards.testing import temporary_plugin

GOOD = "<think>x</think><answer>48.8584, 2.2945</answer>"


def tagged(answer):
    return f"<think>x</think><answer>{answer}</answer>"


class AlwaysFails(gr.Reward):
    """A service that is down."""

    name = "always_fails"

    def score(self, sample: gr.Sample) -> float | None:
        raise ConnectionError("service is down")


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(AlwaysFails)


def recipe(*names):
    return gr.Recipe(parse_recipe({"rewards": [{"name": name} for name in names]}, where="test"))


def call(rewards, completions, **columns):
    logged, extra = {}, {}
    sinks = {"log_metric": logged.__setitem__, "log_extra": extra.__setitem__}
    values = [
        reward(completions=completions, prompts=[None] * len(completions), **columns, **sinks)
        for reward in rewards
    ]
    return values, logged, extra


def test_parse_rate_and_median_distance_are_logged():
    rewards = bind_rewards(recipe("haversine_decay", "coordinate_format"))
    truth = {"lat": [48.8584] * 3, "lon": [2.2945] * 3}
    values, logged, extra = call(rewards, [GOOD, GOOD.replace("48", "49"), "no idea"], **truth)
    assert values[1] == [1.0, 1.0, 0.0]
    assert logged["parse_rate"] == pytest.approx(2 / 3)
    assert logged["distance_km/median"] == pytest.approx(111.19 / 2, abs=0.1)
    assert extra == {}


def test_a_median_of_no_distance_is_left_out_of_the_log():
    _, logged, _ = call(bind_rewards(recipe("coordinate_format")), ["no idea"])
    assert "distance_km/median" not in logged


def test_logged_completions_get_answer_truth_and_distance_beside_them():
    rewards = bind_rewards(recipe("country_match"), log_completions=True)
    _, _, extra = call(rewards, [GOOD], lat=[48.8584], lon=[2.2945], country=["France"])
    assert extra["parsed"] == ["48.8584, 2.2945"]
    assert json.loads(extra["truth"][0]) == {"lat": 48.8584, "lon": 2.2945, "country": "FR"}
    assert extra["distance_km"] == [0.0]


def test_no_column_of_the_table_can_collide_with_a_label_of_a_shipped_recipe():
    scores = gr.load_recipe("default").score([GOOD], lat=[1.0], lon=[1.0])
    assert not set(completion_columns(scores)) & set(scores.rewards)


def test_the_think_tag_that_the_template_opened_is_restored():
    completion = [[{"role": "assistant", "content": "x</think><answer>48.8584, 2.2945</answer>"}]]
    (opened,), (closed,) = (
        call(bind_rewards(recipe("think_answer_format"), think_opened=opened), completion)[0]
        for opened in (True, False)
    )
    assert (opened, closed) == ([1.0], [0.0])


def test_the_table_says_that_the_template_opened_think_and_scores_the_same(tmp_path):
    import pandas as pd

    from geo_rewards.cli import main

    completion = "x</think><answer>48.8584, 2.2945</answer>"
    rewards = bind_rewards(recipe("think_answer_format"), think_opened=True, log_completions=True)
    values, _, extra = call(rewards, [completion], lat=[48.8584], lon=[2.2945])
    table, scored = tmp_path / "table.parquet", tmp_path / "scored.jsonl"
    columns = {"completion": [completion], "think_answer_format": values[0], "advantage": [0.0], **extra}
    pd.DataFrame(columns).to_parquet(table)
    (tmp_path / "r.yaml").write_text("rewards: [{name: think_answer_format}]")
    assert main(["score", str(table), "--recipe", str(tmp_path / "r.yaml"), "-o", str(scored)]) == 0
    assert json.loads(scored.read_text())["reward"] == values[0][0] == 1.0


def test_rows_about_text_parse_when_there_is_an_answer():
    _, logged, _ = call(
        bind_rewards(recipe("think_answer_format")), [tagged("two"), "<think>x"], solution=["2", "2"]
    )
    assert logged["parse_rate"] == 0.5


def test_a_think_tag_that_is_there_is_not_doubled():
    (reward,) = bind_rewards(recipe("think_answer_format"), think_opened=True)
    moved = [{"role": "assistant", "content": "<answer>y</answer>", "reasoning_content": "x"}]
    assert reward([GOOD, moved]) == [1.0, 1.0]


@pytest.mark.parametrize("label", ["advantage", "distance_km", "prompt"])
def test_a_label_that_is_a_column_of_the_table_is_refused(label):
    labelled = gr.Recipe(parse_recipe({"rewards": [{"name": "city_match", "as": label}]}, where="test"))
    with pytest.raises(RecipeError, match=f"label '{label}' is a column of the completions table"):
        bind_rewards(labelled)


def test_every_epoch_has_an_order_of_its_own_that_does_not_depend_on_the_past():
    from geo_rewards_trl.sampler import EpochSampler
    from trl.trainer.utils import RepeatSampler

    def order(*epochs):
        clock = iter(epochs)
        sampler = EpochSampler(RepeatSampler(range(50), 1, seed=3), epoch=lambda: next(clock))
        return [list(sampler) for _ in epochs]

    first, second = order(None, 1.0)
    assert first != second
    assert sorted(first) == sorted(second)
    assert order(1.0) == [second]
    assert order(1.4) == [second]


def test_a_template_that_opens_think_is_recognised(tiny_model):
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(tiny_model)
    assert not opens_think(processor)
    processor.chat_template += "{{ '<think>\n' }}"
    assert opens_think(processor)


def test_a_reward_that_always_fails_stops_the_run_after_20_faults():
    with temporary_plugin(Plugin):
        rewards = bind_rewards(recipe("always_fails", "coordinate_format"))
        values, logged, _ = call(rewards, [GOOD] * 16)
        assert values == [[None] * 16] * 2
        assert logged["reward_errors/always_fails"] == 16
        with pytest.raises(
            RewardError, match="'always_fails': failed on 32 of the last 32 samples of all ranks"
        ):
            call(rewards, [GOOD.replace("48", "47")] * 16)


def test_the_window_forgets_old_samples_and_allows_5_percent():
    window = FaultWindow()
    for _ in range(40):
        window.add(0, 50)
    assert window.samples == 1000
    window.add(50, 50)
    assert not window.is_too_full  # 50 of 1,000 are not more than 5 %
    window.add(1, 50)
    assert window.is_too_full
    for _ in range(20):
        window.add(0, 50)
    assert window.faulty == 0


def test_differences_name_the_path():
    before, after = {"a": [{"b": 1}], "c": 2}, {"a": [{"b": 3}], "d": 4}
    assert differences(before, after) == ["a[0].b: 1 -> 3", "c: 2 -> None", "d: None -> 4"]
    assert differences(before, before) == []

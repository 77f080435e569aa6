"""Scoring for a trainer on one rank: what is logged, and when the run stops."""

import json
import math
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import geo_rewards as gr
from geo_rewards.errors import DataError, RecipeError, RewardError
from geo_rewards.runs.logged_scoring import LoggedScoring
from geo_rewards.runs.run_log import Phase
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.testing import temporary_plugin

GOOD = "<think>x</think><answer>48.8584, 2.2945</answer>"


def tagged(answer):
    return f"<think>x</think><answer>{answer}</answer>"


class AlwaysFails(gr.Reward):
    """A service that is down."""

    name = "always_fails"

    def score(self, sample: gr.Sample) -> float | None:
        raise ConnectionError("service is down")


class Slow(gr.Reward):
    """1, after a moment."""

    name = "slow"

    def score_batch(self, batch: gr.Batch) -> list[float]:
        CALLS.append(len(batch))
        threading.Event().wait(0.02)
        return [1.0] * len(batch)


CALLS: list[int] = []


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(AlwaysFails)
        register(Slow)


def recipe(*names):
    return gr.Recipe(parse_recipe({"rewards": [{"name": name} for name in names]}, where="test"))


def alone(value):
    """Gather from a single rank."""
    return [value]


def bind(mine, **options):
    return LoggedScoring(mine, gather=alone, **options).named_rewards()


def call(rewards, completions, **columns):
    logged, extra = {}, {}
    sinks = {"log_metric": logged.__setitem__, "log_extra": extra.__setitem__}
    values = [
        reward(completions=completions, prompts=[None] * len(completions), **columns, **sinks)
        for reward in rewards
    ]
    return values, logged, extra


def test_parse_rate_and_distances_are_logged():
    rewards = bind(recipe("haversine_decay", "coordinate_format"))
    truth = {"lat": [48.8584] * 3, "lon": [2.2945] * 3}
    values, logged, extra = call(rewards, [GOOD, GOOD.replace("48", "49"), "no idea"], **truth)
    assert values[1] == [1.0, 1.0, 0.0]
    assert logged["parse_rate"] == pytest.approx(2 / 3)
    assert logged["distance_km/p50"] == pytest.approx(111.19 / 2, abs=0.1)
    assert logged["distance_km/share"] == pytest.approx(2 / 3)
    assert extra == {}


def test_a_key_that_was_logged_once_stays_as_nan_where_there_is_nothing_to_say():
    rewards = bind(recipe("coordinate_format"))
    _, first, _ = call(rewards, ["no idea"], solution=["2"])
    assert "distance_km/p50" not in first  # nor ever, in a run without true coordinates
    _, second, _ = call(rewards, [GOOD], lat=[48.8584], lon=[2.2945])
    _, third, _ = call(rewards, ["no idea again"], solution=["2"])
    assert second["accuracy/1km"] == 1.0
    assert second.keys() == third.keys()
    assert math.isnan(third["distance_km/p50"])


def test_logged_completions_get_answer_truth_and_distance_beside_them():
    rewards = bind(recipe("country_match"), log_completions=True)
    _, _, extra = call(rewards, [GOOD], lat=[48.8584], lon=[2.2945], country=["France"])
    assert extra["parsed"] == ["48.8584, 2.2945"]
    assert json.loads(extra["truth"][0]) == {"lat": 48.8584, "lon": 2.2945, "country": "FR"}
    assert extra["distance_km"] == [0.0]


def test_the_think_tag_that_the_template_opened_is_restored():
    completion = [[{"role": "assistant", "content": "x</think><answer>48.8584, 2.2945</answer>"}]]
    (opened,), (closed,) = (
        call(bind(recipe("think_answer_format"), think_opened=opened), completion)[0]
        for opened in (True, False)
    )
    assert (opened, closed) == ([1.0], [0.0])


def test_the_table_says_that_the_template_opened_think_and_scores_the_same(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from geo_rewards.cli import main

    completion = "x</think><answer>48.8584, 2.2945</answer>"
    rewards = bind(recipe("think_answer_format"), think_opened=True, log_completions=True)
    values, _, extra = call(rewards, [completion], lat=[48.8584], lon=[2.2945])
    table, scored = tmp_path / "table.parquet", tmp_path / "scored.jsonl"
    columns = {"completion": [completion], "think_answer_format": values[0], "advantage": [0.0], **extra}
    pq.write_table(pa.table(columns), table)
    (tmp_path / "r.yaml").write_text("rewards: [{name: think_answer_format}]")
    assert main(["score", str(table), "--recipe", str(tmp_path / "r.yaml"), "-o", str(scored)]) == 0
    assert json.loads(scored.read_text())["reward"] == values[0][0] == 1.0


def test_rows_about_text_parse_when_there_is_an_answer():
    _, logged, _ = call(bind(recipe("think_answer_format")), [tagged("two"), "<think>x"], solution=["2", "2"])
    assert logged["parse_rate"] == 0.5


def test_a_think_tag_that_is_there_is_not_doubled():
    (reward,) = bind(recipe("think_answer_format"), think_opened=True)
    moved = [{"role": "assistant", "content": "<answer>y</answer>", "reasoning_content": "x"}]
    assert reward([GOOD, moved]) == [1.0, 1.0]


@pytest.mark.parametrize("label", ["advantage", "distance_km", "prompt"])
def test_a_label_that_is_a_column_of_the_table_is_refused(label):
    labelled = gr.Recipe(parse_recipe({"rewards": [{"name": "city_match", "as": label}]}, where="test"))
    with pytest.raises(RecipeError, match=f"label '{label}' is a column of the completions table"):
        bind(labelled)


def test_a_reward_that_always_fails_stops_the_run_after_20_faults():
    with temporary_plugin(Plugin):
        rewards = bind(recipe("always_fails", "coordinate_format"))
        values, logged, _ = call(rewards, [GOOD] * 16)
        assert values == [[None] * 16] * 2
        assert logged["reward_errors/always_fails"] == 16
        with pytest.raises(
            RewardError, match="'always_fails': failed on 32 of the last 32 samples of all ranks"
        ):
            call(rewards, [GOOD.replace("48", "47")] * 16)


def test_pictures_that_cannot_be_read_stop_the_run_with_a_sentence_of_their_own():
    rewards = bind(recipe("coordinate_format"))
    columns = {"picture_fault": ["b.jsonl, line 3: a.png is truncated"] * 19 + [None]}
    values, logged, _ = call(rewards, [GOOD] * 20, **columns)
    assert values == [[None] * 19 + [1.0]]
    assert logged["picture_faults"] == 19
    message = "38 of the last 40 samples of all ranks had a picture that could not be read; stopping"
    with pytest.raises(DataError, match=message):
        call(rewards, [GOOD.replace("48", "47")] * 20, **columns)


def test_rewards_and_pictures_that_fail_are_both_named():
    with temporary_plugin(Plugin):
        rewards = bind(recipe("always_fails", "coordinate_format"))
        with pytest.raises(
            RewardError, match=r"failed on 12 of the last 20 .*, and 8 had a picture"
        ) as error:
            call(rewards, [GOOD] * 20, picture_fault=["gone"] * 8 + [None] * 12)
    assert error.value.reward == "always_fails"


def test_threads_that_score_the_same_batch_share_one_scoring():
    CALLS.clear()
    with temporary_plugin(Plugin), ThreadPoolExecutor(4) as pool:
        rewards = pickle.loads(pickle.dumps(bind(recipe("slow", "coordinate_format"))))
        for number in range(5):
            batch = [GOOD, f"batch {number}"]
            found = [pool.submit(reward, completions=batch) for reward in rewards]
            assert [future.result() for future in found] == [[1.0, 1.0], [1.0, 0.0]]
    assert CALLS == [2] * 5


def test_an_evaluation_is_logged_over_all_its_rows_and_starts_over():
    rewards = bind(recipe("coordinate_format"))
    log = rewards[0].shared.run_log
    log.phase = lambda: Phase(evaluating=True, generations=2)
    for answers in ([GOOD, GOOD], ["junk", "junk"], [GOOD, "junk"]):
        _, logged, _ = call(rewards, answers, lat=[48.8584] * 2, lon=[2.2945] * 2)
        assert logged == {}
    found = log.end_evaluation()
    assert found["accuracy/1km"] == pytest.approx(1 / 2)
    assert found["zero_spread_groups"] == pytest.approx(2 / 3)
    assert log.end_evaluation() == {}
    call(rewards, ["no"], solution=["2"])
    assert log.end_evaluation()["distance_km/p50"] is None


def test_figures_and_faults_are_those_of_all_ranks():
    def twice(summary):
        return [summary, summary]

    (reward,) = LoggedScoring(recipe("coordinate_format"), gather=twice).named_rewards()
    faults = ["b.jsonl, line 3: a.png is truncated"] * 10
    (values,), logged, _ = call([reward], [GOOD] * 9, picture_fault=faults[:9])
    assert values == [None] * 9
    assert logged["picture_faults"] == 18
    with pytest.raises(DataError, match="38 of the last 38 samples of all ranks"):
        call([reward], [GOOD.replace("48", "47")] * 10, picture_fault=faults)

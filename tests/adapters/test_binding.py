import json
import math
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.binding import bind_rewards, opens_think
from geo_rewards_trl.logs.run_log import Phase

import geo_rewards as gr
from geo_rewards.errors import DataError, RecipeError, RewardError
from geo_rewards.runs.completions_table import TABLE_COLUMNS, CompletionColumns
from geo_rewards.runs.fault_window import BatchFaults, FaultWindow
from geo_rewards.runs.manifest import differences
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


def call(rewards, completions, **columns):
    logged, extra = {}, {}
    sinks = {"log_metric": logged.__setitem__, "log_extra": extra.__setitem__}
    values = [
        reward(completions=completions, prompts=[None] * len(completions), **columns, **sinks)
        for reward in rewards
    ]
    return values, logged, extra


def test_parse_rate_and_distances_are_logged():
    rewards = bind_rewards(recipe("haversine_decay", "coordinate_format"))
    truth = {"lat": [48.8584] * 3, "lon": [2.2945] * 3}
    values, logged, extra = call(rewards, [GOOD, GOOD.replace("48", "49"), "no idea"], **truth)
    assert values[1] == [1.0, 1.0, 0.0]
    assert logged["parse_rate"] == pytest.approx(2 / 3)
    assert logged["distance_km/p50"] == pytest.approx(111.19 / 2, abs=0.1)
    assert logged["distance_km/share"] == pytest.approx(2 / 3)
    assert extra == {}


def test_a_key_that_was_logged_once_stays_as_nan_where_there_is_nothing_to_say():
    rewards = bind_rewards(recipe("coordinate_format"))
    _, first, _ = call(rewards, ["no idea"], solution=["2"])
    assert "distance_km/p50" not in first  # nor ever, in a run without true coordinates
    _, second, _ = call(rewards, [GOOD], lat=[48.8584], lon=[2.2945])
    _, third, _ = call(rewards, ["no idea again"], solution=["2"])
    assert second["accuracy/1km"] == 1.0
    assert second.keys() == third.keys()
    assert math.isnan(third["distance_km/p50"])


def test_logged_completions_get_answer_truth_and_distance_beside_them():
    rewards = bind_rewards(recipe("country_match"), log_completions=True)
    _, _, extra = call(rewards, [GOOD], lat=[48.8584], lon=[2.2945], country=["France"])
    assert extra["parsed"] == ["48.8584, 2.2945"]
    assert json.loads(extra["truth"][0]) == {"lat": 48.8584, "lon": 2.2945, "country": "FR"}
    assert extra["distance_km"] == [0.0]


def test_no_column_of_the_table_can_collide_with_a_label_of_a_shipped_recipe():
    scores = gr.load_recipe("default").score([GOOD], lat=[1.0], lon=[1.0])
    columns = set(CompletionColumns()(scores))
    assert columns < TABLE_COLUMNS
    assert not columns & set(scores.rewards)


def test_the_table_holds_the_other_columns_of_a_row_and_says_what_it_leaves_out(caplog):
    scores = gr.load_recipe("geoguessr").score(
        [GOOD] * 2, lat=[1.0] * 2, lon=[1.0] * 2, tag=["é", None], boxes=[[[0.1, 2]], [{"a": 1}]],
        essay=["x" * 10_000, "short"], images=[object(), object()], shape=[{1, 2}, {3}],
    )  # fmt: skip
    make = CompletionColumns()
    rows = [json.loads(row) for row in make(scores)["row"]]
    assert rows == [{"tag": "é", "boxes": [[0.1, 2]]}, {"tag": None, "boxes": [{"a": 1}], "essay": "short"}]
    make(scores)
    assert [record.args[0] for record in caplog.records] == ["essay", "shape"]  # each once
    assert "cannot be scored again from the table" in caplog.text


def test_the_table_tells_of_a_picture_only_where_it_could_not_be_read():
    faults = [None, "a.jsonl, line 2: picture a.png is truncated"]
    scores = gr.load_recipe("default").score(
        [GOOD] * 2, lat=[1.0] * 2, lon=[1.0] * 2, id=[1, 2], picture_fault=faults
    )
    rows = [json.loads(row) for row in CompletionColumns()(scores)["row"]]
    assert rows == [{"id": 1}, {"id": 2, "picture_fault": faults[1]}]


def test_a_saved_row_wins_over_the_reward_of_the_same_name(tmp_path):
    from geo_rewards.results.rows import scoring_cells

    table = {"completion": GOOD, "advantage": 0.0, "truth": '{"lat": 1.0, "lon": 2.0}', "country": 1.0}
    row = '{"country_hint": "FR", "step": 3}'
    cells = scoring_cells({**table, "row": row, "step": 9, "prompt": "Where?"})
    assert cells["country_hint"] == "FR"
    assert cells["step"] == 3
    assert cells["prompts"] == "Where?"
    assert "country" not in cells
    assert (cells["lat"], cells["lon"]) == (1.0, 2.0)


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
        window.add(BatchFaults(50))
    assert window.samples == 1000
    window.add(BatchFaults(50, failed=25, pictures=25))
    assert not window.is_too_full  # 50 of 1,000 are not more than 5 %
    window.add(BatchFaults(50, failed=1))
    assert window.is_too_full
    for _ in range(20):
        window.add(BatchFaults(50))
    assert window.faulty == 0


def test_pictures_that_cannot_be_read_stop_the_run_with_a_sentence_of_their_own():
    rewards = bind_rewards(recipe("coordinate_format"))
    columns = {"picture_fault": ["b.jsonl, line 3: a.png is truncated"] * 19 + [None]}
    values, logged, _ = call(rewards, [GOOD] * 20, **columns)
    assert values == [[None] * 19 + [1.0]]
    assert logged["picture_faults"] == 19
    message = "38 of the last 40 samples of all ranks had a picture that could not be read; the run stops"
    with pytest.raises(DataError, match=message):
        call(rewards, [GOOD.replace("48", "47")] * 20, **columns)


def test_rewards_and_pictures_that_fail_are_both_named():
    with temporary_plugin(Plugin):
        rewards = bind_rewards(recipe("always_fails", "coordinate_format"))
        with pytest.raises(
            RewardError, match=r"failed on 12 of the last 20 .*, and 8 had a picture"
        ) as error:
            call(rewards, [GOOD] * 20, picture_fault=["gone"] * 8 + [None] * 12)
    assert error.value.reward == "always_fails"


def test_threads_that_score_the_same_batch_share_one_scoring():
    CALLS.clear()
    with temporary_plugin(Plugin), ThreadPoolExecutor(4) as pool:
        rewards = pickle.loads(pickle.dumps(bind_rewards(recipe("slow", "coordinate_format"))))
        for number in range(5):
            batch = [GOOD, f"batch {number}"]
            found = [pool.submit(reward, completions=batch) for reward in rewards]
            assert [future.result() for future in found] == [[1.0, 1.0], [1.0, 0.0]]
    assert CALLS == [2] * 5


def test_an_evaluation_is_logged_as_a_whole_and_begins_anew():
    rewards = bind_rewards(recipe("coordinate_format"))
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


def test_differences_name_the_path():
    before, after = {"a": [{"b": 1}], "c": 2}, {"a": [{"b": 3}], "d": 4}
    assert differences(before, after) == ["a[0].b: 1 -> 3", "c: 2 -> None", "d: None -> 4"]
    assert differences(before, before) == []

import pickle
import types

import numpy as np
import pytest

import geo_rewards as gr
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.testing import temporary_plugin

GOOD = "<think>x</think><answer>48.8584, 2.2945</answer>"
COLUMNS = {"lat": [48.8584], "lon": [2.2945]}
CALLS = []


class Counting(gr.Reward):
    """1, and remembers that it was asked."""

    name = "counting"

    def score_batch(self, batch: gr.Batch) -> list[float]:
        CALLS.append(len(batch))
        return [1.0] * len(batch)


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Counting)


@pytest.fixture
def rewards():
    CALLS.clear()
    entries = [
        {"name": "counting"},
        {"name": "coordinate_format"},
        {"name": "think_answer_format", "weight": 0},
    ]
    with temporary_plugin(Plugin):
        yield gr.Recipe(parse_recipe({"rewards": entries}, where="test")).trl_rewards()


def test_the_callables_are_named_by_label_without_those_of_weight_0(rewards):
    assert [reward.__name__ for reward in rewards] == ["counting", "coordinate_format"]


def test_one_batch_is_scored_once_for_all_rewards(rewards):
    assert [reward([GOOD], **COLUMNS) for reward in rewards] == [[1.0], [1.0]]
    assert CALLS == [1]


def test_equal_values_in_other_lists_are_the_same_batch(rewards):
    rewards[0]([GOOD], lat=[48.8584], lon=[2.2945])
    rewards[1](["".join(GOOD)], lat=[48.8584], lon=[2.2945])
    assert CALLS == [1]


def test_lists_that_were_changed_in_place_are_another_batch(rewards):
    completions, lat = [GOOD], [48.8584]
    rewards[0](completions, lat=lat, lon=[2.2945])
    lat[0] = 40.0
    rewards[0](completions, lat=lat, lon=[2.2945])
    completions[0] = "nothing"
    assert rewards[1](completions, lat=lat, lon=[2.2945]) == [0.0]
    assert CALLS == [1, 1, 1]


def test_the_same_batch_at_another_step_is_scored_again(rewards):
    for step in (1, 1, 2):
        rewards[0]([GOOD], **COLUMNS, trainer_state=types.SimpleNamespace(global_step=step, max_steps=9))
    assert CALLS == [1, 1]


def test_arrays_of_other_values_are_another_batch(rewards):
    rewards[0]([GOOD], lat=np.array([48.8584]), lon=np.array([2.2945]))
    rewards[1]([GOOD], lat=np.array([48.8584]), lon=np.array([2.2945]))
    assert CALLS == [1]
    rewards[0]([GOOD], lat=np.array([0.0]), lon=np.array([0.0]))
    assert CALLS == [1, 1]


def test_messages_that_were_changed_in_place_are_another_batch(rewards):
    completions = [[{"role": "assistant", "content": GOOD}]]
    assert rewards[1](completions, **COLUMNS) == [1.0]
    completions[0][0]["content"] = "nothing"
    assert rewards[1](completions, **COLUMNS) == [0.0]


def test_notes_are_logged_as_means_under_the_label(rewards):
    class Noting(gr.Reward):
        """1, and notes a figure."""

        name = "noting"

        def score(self, sample: gr.Sample) -> float | None:
            sample.note("figure", float("nan") if sample.index == 2 else sample.index)
            return 1.0

    class NotingPlugin:
        @staticmethod
        @gr.hookimpl
        def register_rewards(register):
            register(Noting)

    logged = {}
    with temporary_plugin(NotingPlugin):
        (reward,) = gr.Recipe(
            parse_recipe({"rewards": [{"name": "noting", "as": "n"}]}, where="test")
        ).trl_rewards()
        reward([GOOD] * 3, log_metric=logged.__setitem__)
    assert logged == {"reward_errors/n": 0.0, "n/figure": 0.5}


def test_pickling_drops_the_memo_and_keeps_rewards_together(rewards):
    rewards[0]([GOOD], **COLUMNS)
    again = pickle.loads(pickle.dumps(rewards))
    assert [reward.__name__ for reward in again] == ["counting", "coordinate_format"]
    assert again[0].shared is again[1].shared
    again[0]([GOOD], **COLUMNS)
    assert CALLS == [1, 1]


def test_errors_are_logged_under_constant_names_by_the_first_callable_only(rewards):
    logged = []
    for reward in rewards:
        reward([GOOD], **COLUMNS, log_metric=lambda name, value: logged.append((name, value)))
    assert sorted(logged) == [
        ("reward_errors/coordinate_format", 0.0),
        ("reward_errors/counting", 0.0),
        ("reward_errors/think_answer_format", 0.0),
    ]

import pickle

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.binding import bind_rewards, opens_think

import geo_rewards as gr
from geo_rewards.errors import RecipeError
from geo_rewards.scoring.file import parse_recipe

GOOD = "<think>x</think><answer>48.8584, 2.2945</answer>"


def recipe(*entries):
    return gr.Recipe(parse_recipe({"rewards": list(entries)}, where="test"))


def test_bound_rewards_log_in_one_process_and_survive_pickling():
    rewards = bind_rewards(recipe({"name": "haversine_decay"}, {"name": "coordinate_format", "weight": 2}))
    for bound in (rewards, pickle.loads(pickle.dumps(rewards))):
        logged = {}
        columns = {"lat": [48.8584] * 2, "lon": [2.2945] * 2, "log_metric": logged.__setitem__}
        values = [reward(completions=[GOOD, "no idea"], prompts=[None] * 2, **columns) for reward in bound]
        assert [reward.__name__ for reward in bound] == ["haversine_decay", "coordinate_format"]
        assert values == [[1.0, 0.0], [1.0, 0.0]]
        assert logged["parse_rate"] == 0.5


def test_a_label_that_is_a_column_of_the_table_is_refused():
    with pytest.raises(RecipeError, match="label 'advantage' is a column of the completions table"):
        bind_rewards(recipe({"name": "city_match", "as": "advantage"}))


def test_a_template_that_opens_think_is_recognised(tiny_model):
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(tiny_model)
    assert not opens_think(processor)
    processor.chat_template += "{{ '<think>\n' }}"
    assert opens_think(processor)

"""What a name stands for where a recipe is asked for."""

import pytest

import geo_rewards as gr
from geo_rewards.errors import InputError, RecipeError, UnknownNameError

CONTENT = {"rewards": [{"name": "haversine_decay", "as": "distance", "weight": 2}]}


def test_a_recipe_can_be_a_dict():
    assert gr.load_recipe(CONTENT).weights == [2.0]
    assert gr.Recipe(CONTENT).weights == [2.0]
    assert gr.load_recipe(CONTENT, override={"distance.weight": 3}).weights == [3.0]
    with pytest.raises(
        RecipeError, match="recipe: key 'rewards' is missing; unknown key 'reward'; did you mean"
    ):
        gr.load_recipe({"reward": []})


def test_a_rewards_name_is_a_recipe_of_that_reward():
    recipe = gr.load_recipe("haversine_decay")
    assert recipe.weights == [1.0]
    assert list(recipe.rewards) == ["haversine_decay"]


def test_a_class_of_a_file_is_a_recipe_too(tmp_path):
    file = tmp_path / "mine.py"
    source = "import geo_rewards as gr\nclass Mine(gr.Reward):\n    '''1.'''\n    name = 'mine'\n"
    file.write_text(source + "    def score(self, sample):\n        return 1.0\n", encoding="utf-8")
    assert gr.load_recipe(f"{file}:Mine").score(["x"]).total == [1.0]


def test_a_misspelt_name_is_answered_with_the_nearest_of_both():
    with pytest.raises(
        UnknownNameError, match="unknown recipe 'haversine_deca'; did you mean 'haversine_decay'"
    ):
        gr.load_recipe("haversine_deca")
    with pytest.raises(UnknownNameError, match="unknown recipe 'geoguesser'; did you mean 'geoguessr'"):
        gr.load_recipe("geoguesser")
    with pytest.raises(UnknownNameError, match=r"unknown recipe 'exponential'$"):
        gr.load_recipe("exponential")


@pytest.mark.parametrize("source", [3, None, ["default"], b"default"])
def test_nothing_else_can_be_a_recipe(source):
    with pytest.raises(InputError, match="a recipe must be a name, a path or a dict, not"):
        gr.load_recipe(source)


def test_a_recipe_may_be_json(tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text('{"rewards": [{"name": "haversine_decay", "weight": 2}]}', encoding="utf-8")
    assert gr.load_recipe(file).weights == [2.0]

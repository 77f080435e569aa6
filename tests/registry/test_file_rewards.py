import multiprocessing
import pickle
import re
import shutil
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
import yaml

import geo_rewards as gr
from geo_rewards.errors import GeoRewardsError, PluginError, RecipeError, UnknownNameError
from geo_rewards.registry.file_rewards import load_file_reward, names_a_file
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.scoring.recipe import recipe_of_rewards

SOURCE = '''
from enum import Enum

import geo_rewards as gr


class Mode(Enum):
    SHORT = "short"
    LONG = "long"


class Length(gr.Reward):
    """1 if the answer is as long as `mode` says."""

    name = "length"
    limit: int = 5
    mode: Mode = Mode.SHORT

    def score(self, sample: gr.Sample) -> float | None:
        short = len(sample.answer.answer or "") <= self.limit
        return float(short == (self.mode is Mode.SHORT))


class Nameless(gr.Reward):
    """Has no name."""

    def score(self, sample: gr.Sample) -> float | None:
        return 1.0


class Shorter(Length):
    """Has its own name, not that of its base class."""


class NoReward:
    name = "no_reward"
'''
RECIPE = "rewards: [{name: './rewards/length.py:Length', params: {mode: long}}]\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rewards").mkdir()
    (tmp_path / "rewards" / "length.py").write_text(SOURCE)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


@pytest.fixture
def file(folder):
    return folder / "rewards" / "length.py"


def test_a_reward_of_a_file_is_asked_for_by_path_and_class(file, monkeypatch):
    reward = gr.get_reward(f"{file}:Length", limit=3)
    assert (reward.__name__, reward(["ab", "abcd"])) == ("length", [1.0, 0.0])
    monkeypatch.chdir(file.parent)
    assert gr.get_reward("./length.py:Length", limit=3) == reward
    assert gr.get_reward("length.py:Length", limit=3) == reward
    assert gr.get_reward("../rewards/length.py:Length", limit=3) == reward


def test_file_names_and_registered_names_are_distinguished():
    names = ["./a.py:A", "/x/a.py:A", "C:\\x\\a.py:A", "./a.py", "haversine_decay", "my.reward", "a:b"]
    assert [names_a_file(name) for name in names] == [True, True, True, True, False, False, False]


def test_a_path_is_relative_to_the_recipes_file_not_to_the_working_directory(folder, monkeypatch):
    for place in (folder, folder / "rewards"):
        monkeypatch.chdir(place)
        path = "recipe.yaml" if place == folder else "../recipe.yaml"
        assert gr.load_recipe(path).score(["ab", "abcdefgh"]).rewards == {"length": [0.0, 1.0]}
        assert gr.load_recipe(folder / "recipe.yaml").score(["ab"]).total == [0.0]


def test_the_label_is_the_rewards_name_and_can_be_overridden(folder):
    recipe = gr.load_recipe(folder / "recipe.yaml", override={"length.limit": 20})
    assert recipe.score(["abcdefgh"]).rewards == {"length": [0.0]}


def test_reward_functions_of_the_trainer_may_be_files(file):
    recipe = recipe_of_rewards([f"{file}:Length", "coordinate_format"], weights=[2, 1])
    assert [reward.__name__ for reward in recipe.trl_rewards()] == ["length", "coordinate_format"]
    assert recipe.score(["ab"]).total == [2.0]


def test_the_hash_of_the_file_is_its_provenance(folder, file):
    import hashlib

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    recipe = gr.load_recipe(folder / "recipe.yaml")
    assert recipe.provenance() == {"length": f"length.py sha256:{digest}"}
    assert recipe.resolved()["rewards"][0]["sha256"] == digest


def test_a_resolved_recipe_loads_from_another_folder(folder, tmp_path_factory, monkeypatch):
    recipe = gr.load_recipe(folder / "recipe.yaml")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "saved.yaml").write_text(yaml.safe_dump(recipe.resolved()))
    monkeypatch.chdir(elsewhere)
    again = gr.load_recipe("saved.yaml")
    assert again.resolved() == recipe.resolved()
    assert again.rewards == recipe.rewards
    assert again.provenance() == recipe.provenance()


def test_a_resolved_recipe_refuses_a_file_that_has_changed(folder, file):
    recipe = gr.load_recipe(folder / "recipe.yaml")
    file.write_text(SOURCE + "\n# another\n")
    with pytest.raises(RecipeError, match=r"length\.py has changed"):
        gr.Recipe(parse_recipe(recipe.resolved(), where="saved"))
    assert gr.load_recipe(folder / "recipe.yaml").provenance() != recipe.provenance()


def test_provenance_is_of_what_was_loaded_not_of_what_the_file_has_become(folder, file):
    recipe = gr.load_recipe(folder / "recipe.yaml")
    before = recipe.provenance(), recipe.resolved()
    file.write_text(SOURCE + "\n# another\n")
    assert (recipe.provenance(), recipe.resolved()) == before


def test_a_hash_is_for_files_only():
    with pytest.raises(RecipeError, match="'coordinate_format' is not a file"):
        gr.Recipe(parse_recipe({"rewards": [{"name": "coordinate_format", "sha256": "00"}]}, where="test"))


def test_a_changed_file_is_reloaded(file):
    name = f"{file}:Length"
    assert gr.get_reward(name).limit == 5
    file.write_text(SOURCE.replace("limit: int = 5", "limit: int = 6"))
    assert gr.get_reward(name).limit == 6


def test_files_of_one_name_stay_apart(file):
    other = file.parent.parent / "length.py"
    other.write_text(SOURCE.replace("limit: int = 5", "limit: int = 7"))
    rewards = [gr.get_reward(f"{path}:Length") for path in (file, other, file)]
    assert [reward.limit for reward in rewards] == [5, 7, 5]


def test_nothing_is_written_beside_the_file(file):
    gr.get_reward(f"{file}:Length")
    assert [path.name for path in file.parent.iterdir()] == ["length.py"]


def test_recipes_and_rewards_travel_to_spawned_processes(folder):
    """With the parameters, whose values may be of classes of the file themselves."""
    recipe = gr.load_recipe(folder / "recipe.yaml")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        reward = recipe.rewards["length"]
        assert pool.submit(reward, ["ab", "abcdefgh"]).result() == [0.0, 1.0]
        assert pool.submit(recipe.trl_rewards()[0], ["ab"]).result() == [0.0]


def test_a_pickle_comes_back_equal(folder):
    recipe = gr.load_recipe(folder / "recipe.yaml")
    again = pickle.loads(pickle.dumps(recipe))
    assert again.rewards == recipe.rewards
    assert again.resolved() == recipe.resolved()


def test_a_pickle_refuses_a_file_that_has_changed(file):
    pickled = pickle.dumps(gr.get_reward(f"{file}:Length"))
    file.write_text(SOURCE + "\n# another\n")
    with pytest.raises(GeoRewardsError, match="has changed"):
        pickle.loads(pickled)
    file.unlink()
    with pytest.raises(UnknownNameError, match="unknown reward file"):
        pickle.loads(pickled)


def test_threads_get_one_class(file):
    ready = threading.Barrier(8)

    def load():
        ready.wait()
        return load_file_reward(f"{file}:Length").reward_class

    with ThreadPoolExecutor(8) as pool:
        assert len({future.result() for future in [pool.submit(load) for _ in range(8)]}) == 1


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("lenth.py:Length", UnknownNameError, r"unknown reward file .*lenth\.py.; did you mean .*length\.py"),
        ("length.py:Lenght", UnknownNameError, "unknown reward class 'Lenght'; did you mean 'Length'"),
        ("length.py:NoReward", PluginError, r"length\.py: NoReward is not a subclass of geo_rewards\.Reward"),
        ("length.py:Mode", PluginError, "Mode is not a subclass"),
        ("length.py", PluginError, "no class: write"),
        ("length.py:", UnknownNameError, "unknown reward class ''"),
    ],
)
def test_a_bad_name_is_an_error_with_the_reason(file, name, kind, message):
    with pytest.raises(kind, match=message):
        gr.get_reward(str(file.parent / name))
    with pytest.raises(RecipeError, match=f"^test: .*{message}"):
        gr.Recipe(parse_recipe({"rewards": [{"name": str(file.parent / name)}]}, where="test"), origin="test")


@pytest.mark.parametrize("source", ["import not_installed_anywhere", "1 / 0", "def (", "raise SystemExit(3)"])
def test_a_file_that_fails_is_the_cause(file, source):
    file.write_text(source)
    for _ in range(2):
        with pytest.raises(PluginError, match=re.escape(f"reward file {file} cannot be loaded")) as caught:
            gr.get_reward(f"{file}:Length")
        assert caught.value.__cause__ is not None
    with pytest.raises(RecipeError) as wrapped:
        recipe_of_rewards([f"{file}:Length"])
    assert isinstance(wrapped.value.__cause__, (ImportError, ArithmeticError, SyntaxError, SystemExit))


def test_a_wrong_parameter_names_recipe_and_label(folder):
    with pytest.raises(RecipeError, match="reward 'length': unknown key 'limt'; did you mean 'limit'"):
        gr.load_recipe(folder / "recipe.yaml", override={"length.limt": 3})


def test_a_moved_folder_works_with_its_own_recipe(folder, tmp_path_factory):
    moved = tmp_path_factory.mktemp("moved") / "here"
    shutil.move(folder, moved)
    assert gr.load_recipe(moved / "recipe.yaml").score(["ab"]).total == [0.0]


def test_a_class_without_a_name_is_called_like_the_class(file):
    for name in ("Nameless", "Shorter"):
        recipe = gr.load_recipe({"rewards": [{"name": f"{file}:{name}"}]})
        assert list(recipe.rewards) == [name]
        assert recipe.rewards[name].__name__ == name
        assert pickle.loads(pickle.dumps(recipe.rewards[name])).name == name
    assert gr.get_reward(f"{file}:Length").name == "length"

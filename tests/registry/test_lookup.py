import hashlib
import pickle

import pytest

import geo_rewards as gr
from geo_rewards.errors import GeoRewardsError, InputError, UnknownNameError
from geo_rewards.registry.file_rewards import RewardFileError
from geo_rewards.registry.lookup import find_reward
from geo_rewards.scoring.file import parse_recipe

# Rewrites itself each time it runs, so that whoever reads the file a second time reads other code.
CHANGING = '''
from pathlib import Path

import geo_rewards as gr

VALUE = {value}


class Changing(gr.Reward):
    """Earns a value that says which code runs."""

    name = "changing"

    def score(self, sample: gr.Sample) -> float | None:
        return VALUE


_text = Path(__file__).read_text()
Path(__file__).write_text(_text.replace(f"VALUE = {{VALUE}}", f"VALUE = {{VALUE + 0.125}}", 1))
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "changing.py"
    path.write_text(CHANGING.format(value=0.25))
    return path


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_installed_reward_is_found_with_its_distribution():
    found = find_reward("Haversine-Decay")
    assert (found.name, found.reward_class.name, found.sha256) == ("haversine_decay", "haversine_decay", None)
    assert found.source.distribution == "geo-rewards"


def test_the_hash_is_that_of_the_code_that_runs_when_the_file_changes_between_two_reads(file):
    before = sha256(file)
    recipe = gr.Recipe(parse_recipe({"rewards": [{"name": f"{file}:Changing"}]}, where="test"))
    assert sha256(file) != before
    assert recipe.score(["x"]).total == [0.25]
    assert recipe.provenance() == {"changing": f"changing.py sha256:{before}"}
    assert recipe.resolved()["rewards"][0]["sha256"] == before


def test_an_override_keeps_the_code_and_its_hash(file):
    before = sha256(file)
    recipe = gr.Recipe(parse_recipe({"rewards": [{"name": f"{file}:Changing"}]}, where="test"))
    changed = recipe.override({"changing.weight": 2, "changing.timeout_s": 5})
    assert changed.score(["x"]).total == [0.5]
    assert changed.resolved()["rewards"][0]["sha256"] == before


def test_an_entry_without_a_label_reads_its_file_once(file):
    values = set()
    for _ in range(3):
        recipe = gr.Recipe(parse_recipe({"rewards": [{"name": f"{file}:Changing"}]}, where="test"))
        values.add(recipe.score(["x"]).total[0])
    assert values == {0.25, 0.375, 0.5}


def test_a_found_class_is_pickled_as_path_and_hash(tmp_path):
    path = tmp_path / "steady.py"
    path.write_text(CHANGING.format(value=0.25).split("_text = ")[0])
    found = find_reward(f"{path}:Changing")
    assert pickle.loads(pickle.dumps(found)) == found
    sent = pickle.dumps(found)
    path.write_text(path.read_text() + "\n")
    with pytest.raises(GeoRewardsError, match="has changed"):
        pickle.loads(sent)


@pytest.mark.parametrize("name", ["haversin_decay", "./nothing_here.py:Reward"])
def test_a_name_that_does_not_exist_is_unknown(name):
    with pytest.raises(UnknownNameError):
        find_reward(name)


def test_a_broken_file_raises_its_own_error(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(RewardFileError, match="cannot be loaded: ZeroDivisionError"):
        find_reward(f"{tmp_path}/broken.py:Reward")


@pytest.mark.parametrize("name", [None, 3, ["haversine_decay"], b"haversine_decay"])
def test_a_name_must_be_a_text(name):
    with pytest.raises(InputError, match="a reward is looked up by its name"):
        find_reward(name)

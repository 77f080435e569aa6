"""TRL's own trainer and command line with our rewards: real trainings of the tiny model."""

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import mean

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

import geo_rewards_trl.recipes
import geo_rewards_trl.rewards
from geo_rewards_trl.binding import bind_rewards
from geo_rewards_trl.recipes import RecipeTotal

import geo_rewards as gr
from geo_rewards.errors import GeoRewardsError, RecipeError
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.testing import temporary_plugin

GOOD = "<think>x</think><answer>48.8584, 2.2945</answer>"

# What a user of stock TRL writes to set parameters; the last two make a random model's answers differ.
USER_MODULE = '''
import geo_rewards as gr


class Vowels(gr.Reward):
    """Share of vowels."""

    name = "vowels"

    def score(self, sample):
        return sum(sample.completion.count(vowel) for vowel in "aeiou") / max(1, len(sample.completion))


class Latitude(gr.Reward):
    """The truth's latitude over 90."""

    name = "latitude"

    def score(self, sample):
        return sample.truth.coordinate.lat / 90


distance = gr.get_reward("haversine_decay", scale_km=500)
vowels = Vowels()
latitude = Latitude()
'''


class Vowels(gr.Reward):
    """Share of vowels."""

    name = "vowels"

    def score(self, sample: gr.Sample) -> float | None:
        return sum(sample.completion.count(vowel) for vowel in "aeiou") / max(1, len(sample.completion))


class Labelled(gr.Reward):
    """`value` where the row has a city; abstains elsewhere."""

    name = "labelled"
    needs = ("city",)
    value: float

    def score(self, sample: gr.Sample) -> float | None:
        return self.value


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Vowels)
        register(Labelled)


def text_row(number):
    question = "Where is the Eiffel Tower?"
    city = None if number % 2 else "Paris"
    return {
        "prompt": [{"role": "user", "content": question}],
        "lat": 40.5 + number,
        "lon": 10.25,
        "city": city,
    }


def two_step_flags(common_flags):
    return [*common_flags, "--max_steps", "2", "--save_steps", "2"]


def logged_steps(output):
    """Return what the trainer logged at each step, from its checkpoint."""
    state = json.loads((output / "checkpoint-2" / "trainer_state.json").read_text())
    return [entry for entry in state["log_history"] if "loss" in entry]


@pytest.fixture(scope="module")
def photo_folder(tmp_path_factory):
    """Return a folder that `datasets` reads by itself: pictures and a `metadata.jsonl`."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    rows = []
    for number in range(8):
        Image.new("RGB", (56, 56), (20 * number, 90, 100)).save(folder / f"{number}.png")
        prompt = [{"role": "user", "content": "Where was this taken?"}]
        rows.append({"file_name": f"{number}.png", "prompt": prompt, "solution": f"{40 + number}.5, 10.25"})
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def train(tiny_model, common_flags, tmp_path_factory):
    """Return a function that has TRL's own trainer make two steps, and returns the trainer's log."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    def run(rewards, **options):
        output = tmp_path_factory.mktemp("run")
        config = GRPOConfig(
            output_dir=str(output),
            use_cpu=True,
            bf16=False,
            num_generations=2,
            per_device_train_batch_size=4,
            max_completion_length=12,
            learning_rate=1e-3,
            logging_steps=1,
            max_steps=2,
            report_to="none",
            seed=7,
            dataloader_pin_memory=False,
            save_strategy="no",
            **options,
        )
        rows = Dataset.from_list([text_row(number) for number in range(8)])
        trainer = GRPOTrainer(model=str(tiny_model), reward_funcs=rewards, args=config, train_dataset=rows)
        trainer.train()
        return [entry for entry in trainer.state.log_history if "loss" in entry]

    return run


def recipe(*entries):
    return gr.Recipe(parse_recipe({"rewards": list(entries)}, where="test"), origin="mine.yaml")


@pytest.mark.train
def test_trl_grpo_takes_rewards_by_dotted_path_and_hands_them_pictures_and_truths(
    tiny_model, photo_folder, common_flags, tmp_path
):
    (tmp_path / "my_rewards.py").write_text(USER_MODULE)
    paths = ["geo_rewards_trl.rewards.coordinate_format", "geo_rewards_trl.rewards.vqa_exact"]
    paths += ["my_rewards.distance", "my_rewards.vowels", "my_rewards.latitude"]
    command = [str(Path(sys.executable).with_name("trl")), "grpo", "--model_name_or_path", str(tiny_model)]
    command += ["--dataset_name", str(photo_folder), "--output_dir", "run", "--log_completions", "true"]
    command += ["--reward_funcs", *paths, "--reward_weights", "1", "1", "1", "2", "3"]
    done = subprocess.run(
        [*command, *two_step_flags(common_flags)],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    steps = logged_steps(tmp_path / "run")
    assert len(steps) == 2
    for number, entry in enumerate(steps, start=1):
        names = ["coordinate_format", "vqa_exact", "haversine_decay", "vowels", "latitude"]
        means = [entry[f"rewards/{name}/mean"] for name in names]
        assert means[:3] == [0.0, None, 0.0]  # the plugin's reward abstains: no row's truth is a text
        assert means[3] == pytest.approx(mean(vowel_shares(tmp_path / "run", step=number)), abs=1e-6)
        assert 40.5 / 90 < means[4] < 47.5 / 90
        assert entry["reward"] == pytest.approx(2 * means[3] + 3 * means[4])


def vowel_shares(output, *, step):
    """Return the share of vowels of each completion that TRL wrote down at a step."""
    import pyarrow.parquet as pq

    table = pq.read_table(output / "completions" / f"completions_{step:05d}.parquet").to_pylist()
    texts = ["".join(message["content"] for message in row["completion"]) for row in table]
    return [sum(text.count(vowel) for vowel in "aeiou") / max(1, len(text)) for text in texts]


@pytest.mark.train
def test_reward_objects_partials_and_a_recipes_rewards_train_side_by_side(train):
    labelled = Labelled(value=0.25)
    with temporary_plugin(Plugin):
        bound = recipe({"name": "vowels", "as": "sound", "weight": 2}, {"name": "haversine_decay"})
        rewards = [labelled, functools.partial(gr.get_reward("think_answer_format")), *bound.trl_rewards()]
        steps = train(rewards, reward_weights=[1.0, 0.5, *bound.weights])
    assert len(steps) == 2
    for entry in steps:
        names = {key.split("/")[1] for key in entry if key.startswith("rewards/")}
        assert names == {"labelled", "think_answer_format", "sound", "haversine_decay"}
        assert entry["rewards/labelled/mean"] == pytest.approx(0.25)  # over the rows with a city
        assert 0 < entry["rewards/sound/mean"] < 1
        assert entry["reward"] <= 0.25 + 2 * entry["rewards/sound/mean"] + 1e-6
        assert entry["reward"] >= 2 * entry["rewards/sound/mean"] - 1e-6
    assert any(entry["grad_norm"] > 0 for entry in steps)


@pytest.mark.train
def test_a_recipe_as_one_reward_trains_exactly_as_its_rewards_with_their_weights(train):
    with temporary_plugin(Plugin):
        mine = recipe(
            {"name": "vowels", "as": "sound", "weight": 2},
            {"name": "labelled", "weight": 0.5, "params": {"value": 0.5}},
            {"name": "coordinate_format", "as": "format", "weight": 0.1},
        )
        one_by_one = train(bind_rewards(mine), reward_weights=mine.weights)
        together = train([RecipeTotal(mine)])
    for apart, whole in zip(one_by_one, together, strict=True):
        assert whole.pop("rewards/mine/mean") == pytest.approx(apart["reward"])
        assert whole.pop("rewards/mine/std") > 0
        logged = {key for key in apart if "time" not in key and not key.startswith("profiling/")}
        assert {f"rewards/{label}/{what}" for label in mine.rewards for what in ("mean", "std")} <= logged
        for key in logged:
            expected = apart[key] if apart[key] is None else pytest.approx(apart[key], rel=1e-4, abs=1e-6)
            assert whole[key] == expected, key
    assert one_by_one[0]["rewards/sound/std"] > 0


def test_every_installed_reward_is_an_attribute_with_its_default_parameters():
    names = dir(geo_rewards_trl.rewards)
    assert {"haversine_decay", "vqa_auto"} <= set(names)
    for name in names:
        reward = getattr(geo_rewards_trl.rewards, name)
        assert reward == gr.get_reward(name)
        assert callable(reward)


def test_a_name_with_dashes_is_an_attribute_with_underscores():
    class Dashed(Vowels):
        """Share of vowels."""

        name = "vowels-and.more"

    class Module:
        @staticmethod
        @gr.hookimpl
        def register_rewards(register):
            register(Dashed)

    with temporary_plugin(Module):
        assert "vowels_and_more" in dir(geo_rewards_trl.rewards)
        assert geo_rewards_trl.rewards.vowels_and_more.__name__ == "vowels-and.more"


def test_an_unknown_reward_is_an_attribute_error_with_the_nearest_names():
    with pytest.raises(AttributeError, match=r"rewards\.haversin: unknown reward 'haversin'; did you"):
        geo_rewards_trl.rewards.haversin  # noqa: B018 - the access is what is tested
    assert not hasattr(geo_rewards_trl.rewards, "__path__")
    with pytest.raises(AttributeError, match=r"recipes\.geor: unknown recipe 'geor'; did you mean 'geo-r'"):
        geo_rewards_trl.recipes.geor  # noqa: B018 - the access is what is tested


def test_a_reward_that_needs_parameters_says_which():
    with temporary_plugin(Plugin), pytest.raises(AttributeError, match=r"rewards\.labelled: .*value"):
        geo_rewards_trl.rewards.labelled  # noqa: B018 - the access is what is tested


def test_a_broken_plugins_failure_is_the_cause():
    from importlib.metadata import EntryPoint

    from geo_rewards.registry.registry import build_registry, using_registry

    points = [EntryPoint("broken", "no_such_module_at_all", "geo_rewards")]
    points.append(EntryPoint("builtin", "geo_rewards.rewards", "geo_rewards"))
    with using_registry(build_registry(points)), pytest.raises(AttributeError) as raised:
        geo_rewards_trl.rewards.theirs  # noqa: B018 - the access is what is tested
    causes = [raised.value.__cause__, raised.value.__cause__.__cause__]
    assert isinstance(causes[0], GeoRewardsError)
    assert isinstance(causes[1], ModuleNotFoundError)


def test_every_named_recipe_is_an_attribute_that_gives_its_totals():
    names = set(dir(geo_rewards_trl.recipes)) - {"RecipeTotal"}
    assert {"default", "geo_r"} <= names
    for name in names - {"gre"}:
        total = getattr(geo_rewards_trl.recipes, name)
        by_hand = gr.load_recipe(name).score([GOOD, "junk"], lat=[48.0] * 2, lon=[2.0] * 2).total
        assert total([GOOD, "junk"], lat=[48.0] * 2, lon=[2.0] * 2) == pytest.approx(by_hand)
    with pytest.raises(AttributeError, match="no default scale_km, which must be given"):
        geo_rewards_trl.recipes.gre  # noqa: B018 - the access is what is tested


@pytest.mark.parametrize("page", ["training.md", "clusters.md"])
def test_what_the_guides_have_a_user_write_gives_rewards(page):
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (source,) = [block for block in blocks if "RecipeTotal" in block]
    module: dict = {}
    exec(compile(source, page, "exec"), module)
    rewards = module.get("reward_funcs") or [module["distance"], module["recipe"]]
    for reward in rewards:
        good, junk = reward([GOOD, "junk"], lat=[48.8584] * 2, lon=[2.2945] * 2)
        assert good >= 1 > junk == 0


def test_a_total_abstains_where_all_its_rewards_do_and_counts_those_that_do_not():
    with temporary_plugin(Plugin):
        entries = {"name": "labelled", "params": {"value": 0.5}}, {"name": "vowels", "weight": 0}
        total = RecipeTotal(recipe(*entries))
    assert total(["a", "b"], city=["Paris", None]) == [0.5, None]


def test_a_total_has_its_recipes_name_and_no_label_may_have_it():
    assert RecipeTotal(gr.load_recipe("geo-r")).__name__ == "geo-r"
    assert RecipeTotal(recipe({"name": "haversine_decay"})).__name__ == "mine"
    assert RecipeTotal(recipe({"name": "haversine_decay"}), name="all").__name__ == "all"
    with pytest.raises(RecipeError, match="label 'mine' is the name of the sum itself"):
        RecipeTotal(recipe({"name": "haversine_decay", "as": "mine"}))
    with pytest.raises(RecipeError, match="every weight is 0"):
        RecipeTotal(recipe({"name": "haversine_decay", "weight": 0}))

"""Rewards as TRL's asynchronous trainer uses them: pickled into a spawned process, called in threads."""

import asyncio
import math
import multiprocessing
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.binding import bind_rewards
from geo_rewards_trl.recipes import RecipeTotal

import geo_rewards as gr
from geo_rewards.parse.chat import completion_text
from geo_rewards.scoring.file import parse_recipe
from geo_rewards.testing import temporary_plugin

TEXTS = [
    "<think>iron tower</think><answer>Country: France City: Paris Coordinates: (48.86, 2.35)</answer>",
    "<think>no idea</think><answer>51.5, -0.12</answer>",
    "somewhere in the south",
    "<think>no</think><answer>yes</answer>",
]
ROW = {"lat": 48.8584, "lon": 2.2945, "country": "FR", "region": None, "city": "Paris"}
FILE_REWARD = '''
import geo_rewards as gr


class Short(gr.Reward):
    """1 if the completion has at most `limit` characters."""

    name = "short"
    limit: int = 20

    def score(self, sample):
        return float(len(sample.completion) <= self.limit)
'''


@pytest.fixture
def file_reward(tmp_path):
    (tmp_path / "short.py").write_text(FILE_REWARD)
    return gr.get_reward(f"{tmp_path / 'short.py'}:Short", limit=30)


def mine():
    """Return a recipe with a gate, weights and labels."""
    entries = [
        {"name": "think_answer_format", "as": "shape", "weight": 0.5},
        {"name": "haversine_decay", "as": "near", "weight": 2.0, "gate": {"reward": "shape", "at_least": 1}},
    ]
    return gr.Recipe(parse_recipe({"rewards": entries}, where="test"), origin="mine.yaml")


def every_kind(file_reward):
    """Return all installed rewards, of plugins too; one of a file; a bound recipe's; and a whole recipe."""
    installed = [gr.get_reward(info.name) for info in gr.list_rewards()]
    return [*installed, file_reward, *bind_rewards(mine()), RecipeTotal(mine())]


def call(reward, texts=TEXTS, row=ROW):
    return reward(completions=texts, **{name: [value] * len(texts) for name, value in row.items()})


@pytest.mark.train
def test_a_spawned_rollout_process_scores_as_this_one_does(tiny_model, file_reward, monkeypatch):
    import trl
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl.experimental.async_grpo import async_rollout_worker

    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from rollout_loop import CannedLoop

    rewards = every_kind(file_reward)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    # One that TRL knows how to parse: it moves the think block out of the message's content.
    tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen2_5.jinja").read_text()
    prompt = [{"role": "user", "content": "Where is the Eiffel Tower?"}]
    options = {
        "model_name": "tiny",
        "reward_funcs": rewards,
        "texts": TEXTS,
        "num_generations": len(TEXTS),
        "processing_class": tokenizer,
        "eos_token_ids": [0],
        "dataset": Dataset.from_list([{"prompt": prompt, **ROW}]),
    }
    pickle.dumps(options)  # what TRL itself tries first
    samples = run_child(async_rollout_worker, CannedLoop, options, count=2 * len(TEXTS))

    names = [reward.__name__ for reward in rewards]
    here = dict(zip(names, (dict(zip(TEXTS, call(reward), strict=True)) for reward in rewards), strict=True))
    assert {completion_text(sample.completion) for sample in samples} == set(TEXTS)
    thoughts = {sample.completion[0].get("reasoning_content") for sample in samples}  # in any order
    assert {"iron tower", "no idea", "no"} <= thoughts
    for sample in samples:
        text = completion_text(sample.completion)
        for name in names:
            there, expected = sample.metrics[f"rewards/{name}"], here[name][text]
            assert (None if math.isnan(there) else there) == pytest.approx(expected), (name, text)
    assert here["mine"][TEXTS[0]] > here["mine"][TEXTS[1]] > here["mine"][TEXTS[2]] == 0


def run_child(worker, loop, options, *, count):
    """Start TRL's child process as `AsyncRolloutWorker.start` does; return its first samples."""
    spawn = multiprocessing.get_context("spawn")
    samples, errors, metrics = spawn.Queue(), spawn.Queue(maxsize=1), spawn.Queue()
    version, beat = spawn.Value("i", 0), spawn.Value("d", 0.0)
    stop, ready, failed = spawn.Event(), spawn.Event(), spawn.Event()
    arguments = (loop, options, samples, version, stop, ready, beat, failed, errors, metrics)
    child = spawn.Process(target=worker._child_main, args=arguments, daemon=True)
    child.start()
    try:
        found = []
        deadline = time.monotonic() + 240
        while len(found) < count:
            assert not failed.is_set(), errors.get(timeout=5)
            assert child.is_alive() or not samples.empty(), f"the child ended with {child.exitcode}"
            assert time.monotonic() < deadline
            if ready.wait(timeout=1) and not samples.empty():
                found.append(samples.get())
        return found
    finally:
        stop.set()
        child.join(timeout=10)
        if child.is_alive():
            child.kill()


def python(script, argument):
    """Run a script in another interpreter."""
    command = [sys.executable, "-c", script, str(argument)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_fresh_interpreter_unpickles_every_kind_of_reward(file_reward, tmp_path):
    kinds = every_kind(file_reward)
    (tmp_path / "rewards.pickle").write_bytes(pickle.dumps(kinds))
    expected = [call(reward) for reward in kinds]
    (tmp_path / "call.pickle").write_bytes(pickle.dumps((TEXTS, ROW)))
    script = (
        "import pickle, sys; from pathlib import Path\n"
        "folder = Path(sys.argv[1])\n"
        "kinds = pickle.loads((folder / 'rewards.pickle').read_bytes())\n"
        "texts, row = pickle.loads((folder / 'call.pickle').read_bytes())\n"
        "columns = {name: [value] * len(texts) for name, value in row.items()}\n"
        "print([reward(completions=texts, **columns) for reward in kinds])\n"
    )
    done = python(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == repr(expected)


def test_a_file_reward_that_has_changed_is_refused_by_the_other_process(file_reward, tmp_path):
    pickled = pickle.dumps(file_reward)
    (tmp_path / "short.py").write_text(FILE_REWARD.replace("<=", "<"))
    (tmp_path / "short.pickle").write_bytes(pickled)
    script = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"
    done = python(script, tmp_path / "short.pickle")
    assert done.returncode == 1
    assert "short.py has changed" in done.stderr


BATCHES = 24
CALLS = []


class Slow(gr.Reward):
    """The row's number over 100; lets other threads run in between, and counts its batches."""

    name = "slow"

    def score_batch(self, batch: gr.Batch) -> list[float]:
        CALLS.append(len(batch))
        threading.Event().wait(0.002)
        return [sample.row["number"] / 100 for sample in batch.samples]


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Slow)


@pytest.mark.parametrize("make", [gr.Recipe.trl_rewards, bind_rewards], ids=["plain", "bound"])
def test_rewards_of_a_recipe_in_threads_share_one_scoring_and_never_mix_batches(make):
    CALLS.clear()
    entries = [{"name": "slow", "as": f"slow_{n}", "weight": n} for n in (1, 2, 3)]
    with temporary_plugin(Plugin):
        rewards = make(gr.Recipe(parse_recipe({"rewards": entries}, where="test")))

    async def score_group(number):
        """Call as `_score_group` of TRL does."""
        kwargs = {"completions": ["x", "y"], "prompts": ["p", "p"], "number": [number, number + 1]}
        return await asyncio.gather(*[asyncio.to_thread(reward, **kwargs) for reward in rewards])

    async def score_all():
        one_after_the_other = [await score_group(number) for number in range(BATCHES)]
        calls = len(CALLS)
        at_once = await asyncio.gather(*[score_group(number) for number in range(BATCHES)])
        return one_after_the_other, calls, at_once

    one_after_the_other, calls, at_once = asyncio.run(score_all())
    expected = [[[number / 100, (number + 1) / 100]] * 3 for number in range(BATCHES)]
    assert one_after_the_other == expected
    assert at_once == expected
    assert calls == 3 * BATCHES  # three entries of the recipe, each scored once, not once a call


def test_single_rewards_in_many_threads_give_the_same_values(file_reward):
    rewards = every_kind(file_reward)
    expected = [call(reward) for reward in rewards]
    start = threading.Barrier(8)

    def work(_):
        start.wait()
        return [call(reward) for reward in rewards]

    with ThreadPoolExecutor(8) as pool:
        assert all(values == expected for values in pool.map(work, range(8)))

"""What real trainings log: compared with their own completions, counted again by numpy.

The model is a random one whose vocabulary holds whole answers, each one token, so that sampling gives
coordinates, places and nonsense of every kind, other ones on every rank.
"""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import yaml

pytest.importorskip("trl", reason="needs the extra `train`")

import pandas as pd
from geo_rewards_trl.train import run_training

import geo_rewards as gr
from geo_rewards.cli import main
from geo_rewards.testing import temporary_plugin

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[3]
LAUNCHER = Path(__file__).parents[1] / "launch.py"

NEAR = [(40.5, 10.25), (41.5, 11.25), (40.7, 10.9)]
FAR = [(-33.9, 151.2), (90, 180), (43.5, 13.25)]
# The chat template opens <think>, so that completions begin within it.
ANSWERS = (
    *(f"sun</think><answer>{lat}, {lon}</answer>" for lat, lon in NEAR),
    *(f"sun</think><answer>({lat}, {lon})</answer>" for lat, lon in FAR),
    "sun</think><answer>Country: Italy Region: Lazio City: Rome Coordinates: (41.9, 12.5)</answer>",
    "sun</think><answer>Rome, Italy</answer>",
    "sun</think><answer>400, 2.35</answer>",
    "sun</think><answer>(48.85, 2.35) or (40.4, -3.7)</answer>",
    "sun</think><answer>a fountain</answer>",
    "sun</think><answer>90 S -2</answer>",
    "the sun is high",
)
BLANKS = tuple(blank * count for blank in " \t" for count in (3, 9, 27, 81))  # no two of them make a third

WEIGHTED = ("format", "distance", "country", "figured")

FIGURED = '''
import geo_rewards as gr

class Figured(gr.Reward):
    """The row's `figure`, over ten; notes it; fails where the row asks for it."""

    name = "figured"

    def score(self, sample: gr.Sample) -> float | None:
        if sample.row["fails"] and "Rome" in sample.completion:
            raise ConnectionError("service is down")
        sample.note("figure", sample.row["figure"]["value"])
        return sample.row["figure"]["value"] / 10 * min(1.0, len(sample.completion) / 80)
'''


def closed(otherwise):
    return {"reward": "format", "at_least": 1.0, "otherwise": otherwise}


def write_recipe(folder: Path) -> Path:
    """Return a recipe with gates, weights of 0, and the labels that are also names of truth columns."""
    (folder / "figured.py").write_text(FIGURED)
    entries = [
        {"name": "think_answer_format", "as": "format", "weight": 0.5},
        {"name": "haversine_decay", "as": "distance", "gate": closed(0.0)},
        {"name": "country_match", "as": "country", "weight": 0.3, "gate": closed("abstain")},
        {"name": "region_match", "as": "region", "weight": 0},
        {"name": "city_match", "as": "city", "weight": 0},
        {"name": "coordinate_format", "as": "pair", "weight": 0},
        {"name": "./figured.py:Figured", "as": "figured", "weight": 0.7, "on_error": "abstain"},
    ]
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({"rewards": entries}))
    return path


@pytest.fixture(scope="module")
def answering(tiny_model, tmp_path_factory):
    """Return a model that says one of the answers, and the flags that keep it to them."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    folder = tmp_path_factory.mktemp("answering")
    model = AutoModelForImageTextToText.from_pretrained(tiny_model)
    processor = AutoProcessor.from_pretrained(tiny_model)
    others = len(processor.tokenizer)
    processor.tokenizer.add_tokens([*ANSWERS, *BLANKS])
    processor.chat_template += "{% if add_generation_prompt %}{{ '<think>' }}{% endif %}"
    torch.manual_seed(3)
    model.resize_token_embeddings(len(processor.tokenizer))
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    end = processor.tokenizer.eos_token_id
    # Two tokens: an answer and a blank, two answers, an answer and the end, or no answer at all.
    generation = {
        "suppress_tokens": [token for token in range(others) if token != end],
        "sequence_bias": [[[end], 1.5]],
    }
    flags = ["--max_completion_length", "2", "--generation_kwargs", json.dumps(generation)]
    return ["--model_name_or_path", str(folder), *flags]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return write_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def mixed_rows(make_rows, tmp_path_factory):
    """Return rows of which every fourth asks for a text and every third may fail."""
    seed_row, write_rows = make_rows
    rows = [seed_row(n, figure={"value": n % 5 + 0.1}, fails=n % 3 == 0) for n in range(12)]
    for row in rows[3::4]:
        row["conversations"][1]["value"] = "a fountain"
    return write_rows(tmp_path_factory.mktemp("mixed"), rows)


@pytest.fixture(scope="module")
def two_ranks(answering, recipe, mixed_rows, common_flags, tmp_path_factory):
    """Return the log of two ranks, and the folder; a group of four lies on both of them."""
    records, output = tmp_path_factory.mktemp("records"), tmp_path_factory.mktemp("run")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "torch.distributed.run", "--nproc_per_node=2", "--nnodes=1", "--node_rank=0"]
    command += ["--master_addr=127.0.0.1", f"--master_port={port}", str(LAUNCHER), str(records)]
    flags = [*common_flags, *answering, "--output_dir", str(output), "--recipe", str(recipe)]
    flags += ["--data_file_paths", str(mixed_rows), "--image_folders", str(mixed_rows.parent)]
    flags += ["--max_steps", "3", "--num_generations", "4", "--per_device_train_batch_size", "10"]
    flags += ["--log_completions", "true", "--save_strategy", "no"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    options = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run([sys.executable, *command, *flags], env=environment, check=False, **options)
    assert done.returncode == 0, done.stderr[-9000:]
    logs = [json.loads((records / f"rank{rank}.json").read_text())["log"] for rank in (0, 1)]
    return [[entry for entry in log if "loss" in entry] for log in logs], output


@pytest.fixture(scope="module")
def tables(two_ranks):
    """Return the completions table of each step."""
    return [pd.read_parquet(path) for path in sorted((two_ranks[1] / "completions").glob("*.parquet"))]


@pytest.fixture(scope="module")
def rescored(two_ranks, tmp_path_factory):
    """Return what `geo-rewards score` makes of each table, by the recipe that the run has saved."""
    folder, scored = tmp_path_factory.mktemp("rescored"), []
    for path in sorted((two_ranks[1] / "completions").glob("*.parquet")):
        out = folder / f"{path.stem}.jsonl"
        assert main(["score", str(path), "--recipe", str(two_ranks[1] / "recipe.yaml"), "-o", str(out)]) == 0
        scored.append([json.loads(line) for line in out.read_text().splitlines()])
    return scored


def steps_of(two_ranks, tables):
    return list(zip(two_ranks[0][0], tables, strict=True))


def has_coordinate(truth: str) -> bool:
    return "lat" in json.loads(truth)


def cells(pairs):
    return [(min(int(np.floor(lat)), 89), -180 if lon == 180 else int(np.floor(lon))) for lat, lon in pairs]


def test_the_table_has_the_rows_of_all_ranks_and_they_differ(two_ranks, tables):
    assert [len(table) for table in tables] == [20] * 3
    counted = {"accuracy", "distance_km", "predictions", "gates_closed", "zero_spread_groups"}
    for first, second in zip(*two_ranks[0], strict=True):
        assert all(first[key] == second[key] for key in first if key.split("/")[0] in counted)
    first, second = (table["completion"].map(str) for table in (tables[0][:10], tables[0][10:]))
    assert list(first) != list(second)


def test_quantiles_and_accuracies_are_those_of_all_ranks_rows(two_ranks, tables):
    for entry, table in steps_of(two_ranks, tables):
        located = table[table["truth"].map(has_coordinate)]
        known = located["distance_km"].dropna()
        assert 0 < len(known) < len(located) < len(table)
        for percent in (10, 25, 50, 75, 90):
            assert entry[f"distance_km/p{percent}"] == pytest.approx(
                np.quantile(known, percent / 100), rel=1e-6
            )
        assert entry["distance_km/share"] == pytest.approx(len(known) / len(located))
        for limit in (1, 25, 200, 750, 2500):
            assert entry[f"accuracy/{limit}km"] == pytest.approx((known <= limit).sum() / len(located))


def test_cells_are_counted_over_all_ranks(two_ranks, tables):
    for entry, table in steps_of(two_ranks, tables):
        pairs = [map(float, pair.split(", ")) for pair in table["parsed"].dropna()]
        truths = [json.loads(truth) for truth in table["truth"] if has_coordinate(truth)]
        for name, found in (
            ("predictions", cells(pairs)),
            ("truths", cells((t["lat"], t["lon"]) for t in truths)),
        ):
            assert entry[f"{name}/cells"] == len(set(found))
            assert entry[f"{name}/cells_share"] == pytest.approx(len(set(found)) / len(found))
            assert entry[f"{name}/top_cell_share"] == pytest.approx(max(map(found.count, found)) / len(found))


def test_problems_are_counted_by_family_except_where_a_text_was_asked_for(two_ranks, tables):
    families = {
        "no_answer": ("no answer", "empty"),
        "several_answers": ("several", "nested"),
        "nothing_read": ("nothing read", "no pair", "long answer"),
        "out_of_range": ("out of range",),
    }
    seen = set()
    for entry, table in steps_of(two_ranks, tables):
        without = table["problems"].str.startswith(("no answer", "empty", "several answers", "nested"))
        counted = table[table["truth"].map(has_coordinate) | without]
        for family, starts in families.items():
            count = counted["problems"].map(lambda text, starts=starts: text.startswith(starts)).sum()
            assert entry[f"parse_problems/{family}"] == pytest.approx(count / len(table))
            seen |= {family} if count else set()
    assert seen == set(families)


def test_closed_gates_are_shares_of_the_rows_that_the_reward_has_a_value_for(two_ranks, tables, rescored):
    for (entry, table), rows in zip(steps_of(two_ranks, tables), rescored, strict=True):
        asked = table["truth"].map(has_coordinate)
        shut = asked & np.array([row["rewards"]["format"] < 1 for row in rows])
        assert 0 < shut.sum() < asked.sum()
        assert entry["gates_closed/distance"] == pytest.approx(shut.sum() / asked.sum())
        assert entry["gates_closed/country"] == entry["gates_closed/distance"]


def test_a_saved_table_scores_again_to_the_very_same_numbers(tables, rescored):
    for table, rows in zip(tables, rescored, strict=True):
        for logged, row in zip(table.to_dict("records"), rows, strict=True):
            if np.isnan([logged[label] for label in WEIGHTED]).all():
                assert row["reward"] is None
                continue
            for label in WEIGHTED:
                if np.isnan(logged[label]):
                    assert row["rewards"][label] is None
                else:
                    assert np.float32(row["rewards"][label]) == np.float32(logged[label])


def test_rewards_of_weight_0_are_logged_with_mean_and_spread_over_all_ranks(two_ranks, rescored):
    for entry, rows in zip(two_ranks[0][0], rescored, strict=True):
        for label in ("region", "city", "pair"):
            values = [row["rewards"][label] for row in rows if row["reward"] is not None]
            known = [value for value in values if value is not None]
            assert entry[f"rewards/{label}/mean"] == pytest.approx(np.mean(known), abs=1e-6)
            assert entry[f"rewards/{label}/std"] == pytest.approx(np.std(known, ddof=1), abs=1e-6)


def test_trls_own_mean_and_spread_of_a_reward_are_those_of_the_rows_that_have_it(two_ranks, tables):
    for entry, table in steps_of(two_ranks, tables):
        for label in WEIGHTED:
            assert entry[f"rewards/{label}/mean"] == pytest.approx(table[label].mean(), abs=1e-6)
            assert entry[f"rewards/{label}/std"] == pytest.approx(table[label].std(), abs=1e-6)
        assert table["country"].isna().any()


def test_notes_are_means_over_the_rows_of_all_ranks(two_ranks, tables):
    for entry, table in steps_of(two_ranks, tables):
        noted = [json.loads(row)["figure"]["value"] for row in table["row"][table["figured"].notna()]]
        assert entry["figured/figure"] == pytest.approx(np.mean(noted), rel=1e-6)


def test_a_failing_reward_is_counted_and_its_row_abstains(two_ranks, tables):
    failures = 0
    for entry, table in steps_of(two_ranks, tables):
        fails = table["row"].map(lambda row: json.loads(row)["fails"])
        rome = table["completion"].map(lambda messages: "Rome" in messages[0]["content"])
        assert entry["reward_errors/figured"] == (fails & rome).sum()
        assert table[fails & rome]["format"].isna().all()
        failures += (fails & rome).sum()
    assert failures


def test_zero_spread_groups_are_those_of_the_total_over_all_ranks(two_ranks, rescored):
    for entry, rows in zip(two_ranks[0][0], rescored, strict=True):
        totals = [
            [row["reward"] for row in rows[at : at + 4] if row["reward"] is not None]
            for at in range(0, 20, 4)
        ]
        flat = [len(group) < 2 or max(group) - min(group) < 1e-6 for group in totals]
        assert entry["zero_spread_groups"] == pytest.approx(np.mean(flat))


def test_truncated_completions_are_those_without_an_end(two_ranks, tables):
    for entry, table in steps_of(two_ranks, tables):
        # two tokens of text leave no room for the end
        ended = table["completion"].map(lambda messages: messages[0]["content"] in {*ANSWERS, *BLANKS, ""})
        assert entry["completions/clipped_ratio"] == pytest.approx(1 - ended.mean())
        assert 0 < ended.mean() < 1


def test_the_time_of_the_rewards_is_a_share_of_the_step(two_ranks):
    for entry in two_ranks[0][0]:
        assert 0 < entry["reward_time/seconds"] < 60
        assert 0 < entry["reward_time/share"] < 1


def documented_keys() -> list[re.Pattern[str]]:
    """Return a pattern for each key in the table of docs/training.md."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    section = text.split("## What is logged")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    keys = [key for row in rows for key in re.findall(r"`([^`]+)`", row)]
    return [re.compile(re.sub("<[a-z]+>", "[a-z]+", re.escape(key))) for key in keys]


class Answered(gr.Reward):
    """0.5, and remembers the coordinates and the truths that it was given."""

    name = "answered"
    seen: ClassVar[list] = []

    def score_batch(self, batch: gr.Batch) -> list[float]:
        self.seen.append((batch.answer_degrees, batch.truth_degrees))
        return [0.5] * len(batch)


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Answered)


@pytest.fixture(scope="module")
def evaluated(answering, recipe, mixed_rows, common_flags, tmp_path_factory):
    """Return the trainer of a run that evaluates after each of two steps, in three batches."""
    output = tmp_path_factory.mktemp("evaluated")
    (output / "in").mkdir()
    entries = yaml.safe_load(recipe.read_text())["rewards"]
    entries = [entry for entry in entries if entry["as"] != "figured"] + [{"name": "answered", "weight": 0}]
    (output / "in" / "recipe.yaml").write_text(yaml.safe_dump({"rewards": entries}))
    flags = [*common_flags, *answering, "--output_dir", str(output)]
    flags += ["--recipe", str(output / "in" / "recipe.yaml"), "--data_file_paths", str(mixed_rows)]
    flags += ["--image_folders", str(mixed_rows.parent), "--max_steps", "2", "--save_strategy", "no"]
    flags += ["--val_split_ratio", "0.4", "--eval_strategy", "steps", "--eval_steps", "1"]
    with temporary_plugin(Plugin):
        return run_training([*flags, "--per_device_eval_batch_size", "4"])


def test_an_evaluation_logs_the_figures_of_all_its_rows_not_means_of_batches(evaluated):
    from geo_rewards.geo import great_circle_km

    Answered.seen.clear()
    metrics = evaluated.evaluate()
    assert len(Answered.seen) == 3
    answers, truths = (np.concatenate(parts, axis=1) for parts in zip(*Answered.seen, strict=True))
    distances = great_circle_km(*answers, *truths)[~np.isnan(truths[0])]
    known = distances[~np.isnan(distances)]
    for percent in (10, 50, 90):
        assert metrics[f"eval_distance_km/p{percent}"] == pytest.approx(np.quantile(known, percent / 100))
    assert metrics["eval_accuracy/200km"] == pytest.approx((known <= 200).sum() / len(distances))
    found = cells(answers.T[~np.isnan(answers[0])].tolist())
    assert metrics["eval_predictions/cells"] == len(set(found))
    assert evaluated.state.log_history[-1]["eval_predictions/cells"] == len(set(found))


def test_every_key_that_a_run_logs_is_in_the_table_and_the_other_way_round(evaluated, two_ranks):
    from trl import GRPOTrainer

    def plain(completions, **_):
        return [float(len(completion[0]["content"])) for completion in completions]

    evaluated.args.reward_weights, evaluated.args.eval_strategy = None, "no"
    rest = {"args": evaluated.args, "train_dataset": evaluated.train_dataset}
    rest["processing_class"] = evaluated.processing_class
    alone = GRPOTrainer(model=evaluated.model, reward_funcs=plain, **rest)
    alone.train()
    trls = {key for entry in alone.state.log_history for key in entry}
    ours = {key for entry in two_ranks[0][0] for key in entry} - trls
    ours -= {f"rewards/{label}/{figure}" for label in WEIGHTED for figure in ("mean", "std")}
    patterns = documented_keys()
    assert not {key for key in ours if not any(pattern.fullmatch(key) for pattern in patterns)}
    assert not {pattern.pattern for pattern in patterns if not any(map(pattern.fullmatch, ours))}


def test_the_keys_are_the_same_at_every_step_and_in_evaluations(evaluated, two_ranks):
    for log in [two_ranks[0][0], [e for e in evaluated.state.log_history if "loss" in e]]:
        assert len({frozenset(entry) for entry in log}) == 1
    evaluations = [entry for entry in evaluated.state.log_history if "eval_loss" in entry]
    assert len({frozenset(entry) for entry in evaluations}) == 1
    trained = {key for key in evaluated.state.log_history[0] if "/" in key or key == "parse_rate"}
    assert {f"eval_{key}" for key in trained} <= set(evaluations[0])

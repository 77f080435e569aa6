"""Dry runs of the tiny model: what they report and refuse, and whether their figures are those of a run."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.dry_run import DryRunError, DryRunUsageError
from geo_rewards_trl.dry_run.activations import Workload, training_bytes
from geo_rewards_trl.dry_run.batches import plan_batches
from geo_rewards_trl.dry_run.chosen_rows import chosen_indices
from geo_rewards_trl.dry_run.devices import Device
from geo_rewards_trl.dry_run.disk import count_checkpoints, describe_disk
from geo_rewards_trl.dry_run.memory import Layout, checkpoint_bytes, layout_of, model_states
from geo_rewards_trl.dry_run.memory_section import describe_memory
from geo_rewards_trl.dry_run.outline import outline_model
from geo_rewards_trl.dry_run.report import Report
from geo_rewards_trl.dry_run.settings import changed_flags
from geo_rewards_trl.dry_run.tokens import measure_prompt
from geo_rewards_trl.flags.command_line import parse_arguments
from geo_rewards_trl.model.vision import freeze_vision, load_processor
from geo_rewards_trl.train import main, run_training

import geo_rewards as gr
from geo_rewards.testing import temporary_plugin

pytestmark = pytest.mark.train

LORA = ["--use_peft", "true", "--lora_target_modules", "q_proj", "v_proj", "--lora_r", "4"]


class Constant(gr.Reward):
    """0.5 for anything: the worst is the best."""

    name = "constant"
    range = (0.5, 0.5)

    def score(self, sample: gr.Sample) -> float | None:
        return 0.5


class Plugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Constant)


@pytest.fixture(scope="module")
def flags(tiny_model, photos, common_flags):
    """Return a function that makes a command line; later flags win."""

    def make(output, *more, data=photos):
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", str(output)]
        base += ["--data_file_paths", str(data), "--image_folders", str(data.parent)]
        return [*common_flags, "--max_completion_length", "128", *base, *more]

    return make


@pytest.fixture
def dry_run(flags, tmp_path, capsys):
    """Return a function that makes a dry run and returns its report and its errors."""

    def run(*more, output=tmp_path / "run", **data):
        errors = ()
        try:
            assert run_training(flags(output, "--dry_run", "true", *more, **data)) is None
        except DryRunError as error:
            errors = error.errors
        return capsys.readouterr().out, errors

    return run


@pytest.fixture(scope="module")
def trained(flags, tmp_path_factory):
    """Return folder, flags, trainer and bytes of the model's states of a real run with a frozen tower."""
    from geo_rewards_trl import train
    from transformers import TrainerCallback

    held = {}

    class Weigh(TrainerCallback):
        def on_pre_optimizer_step(self, args, state, control, model=None, **_):
            held["weights"] = sum(p.numel() * p.element_size() for p in model.parameters())
            gradients = [p.grad for p in model.parameters() if p.grad is not None]
            held["gradients"] = sum(g.numel() * g.element_size() for g in gradients)

        def on_step_end(self, args, state, control, optimizer=None, **_):
            moments = [v for s in optimizer.state.values() for name, v in s.items() if name != "step"]
            held["optimizer"] = sum(v.numel() * v.element_size() for v in moments)

    build = train.build_trainer

    def build_and_weigh(*args, **kwargs):
        trainer = build(*args, **kwargs)
        trainer.add_callback(Weigh())
        return trainer

    output = tmp_path_factory.mktemp("trained")
    more = ["--num_train_epochs", "2", "--gradient_accumulation_steps", "2", "--num_iterations", "2"]
    more += ["--reward_funcs", "constant", "--save_steps", "2", "--per_device_train_batch_size", "2"]
    more += ["--max_completion_length", "4", "--freeze_vision_modules", "true"]
    with pytest.MonkeyPatch.context() as patch, temporary_plugin(Plugin):
        patch.setattr(train, "build_trainer", build_and_weigh)
        trainer = train.run_training(flags(output, *more))
    return output, more, trainer, held


def test_a_good_run_is_fit_to_start_and_only_its_table_is_written(dry_run, tmp_path):
    text, errors = dry_run()
    assert errors == ()
    assert text.endswith("Fit to start.\n")
    assert "8 rows to train on, of 1 file" in text
    assert "8: 8 rows with 1 picture" in text
    assert "8 rows (--seed 7), pictures opened: right answers earn the most, junk the least" in text
    written = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert {path.parent.name for path in written} == {"data_cache"}
    assert str(next(path for path in written if path.suffix == ".arrow")) in text


def test_the_recipe_and_the_changed_flags_are_spelt_out(dry_run):
    text, _ = dry_run("--recipe_set", "distance.scale_km=250", "place.weight=0")
    assert "scale_km=250.0" in text
    assert "weight 0, place_hierarchy (geo-rewards " in text
    assert "if format is at least 1, else 0.0" in text
    assert "--learning_rate                0.001" in text
    assert "--temperature" not in text


def test_only_flags_that_differ_from_their_default_are_listed(flags, tmp_path):
    changed = changed_flags(*parse_arguments(flags(tmp_path, "--temperature", "0.7")))
    assert changed["temperature"] == 0.7
    assert changed["bf16"] is False
    assert {"data_file_paths", "output_dir", "num_generations", "seed"} <= changed.keys()
    assert not {"epsilon", "beta", "report_to", "lora_r", "steps_per_generation", "resume"} & changed.keys()


def test_everything_wrong_is_said_at_once(dry_run, tmp_path, make_rows):
    seed_row, write_rows = make_rows
    data = write_rows(tmp_path, [seed_row(n, lat=100.0 if n == 2 else 1.0, lon=1.0) for n in range(4)])
    text, errors = dry_run("--model_name_or_path", "./nowhere", "--temperature", "0", data=data)
    assert "line 3: latitude 100.0 is not in" in errors[0]
    assert errors[1] == "--model_name_or_path ./nowhere: there is no such folder"
    assert "--temperature 0: " in errors[2]
    assert len(errors) == 3
    assert "Not fit to start: 3 errors" in text


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--max_completion_length", "20"], 1),
        (["--recipe", "geor"], 2),
        (["--recipe", "geor", "--temperature", "0"], 2),
        (["--num_generations", "3"], 2),
    ],
)
def test_the_exit_code_tells_bad_runs_from_wrong_usage(flags, tmp_path, capsys, more, code):
    with pytest.raises(SystemExit) as ended:
        main(flags(tmp_path, "--dry_run", "true", *more))
    assert ended.value.code == code
    assert "Traceback" not in capsys.readouterr().err


def test_errors_go_to_stderr_one_sentence_each(flags, tmp_path, capsys):
    with pytest.raises(DryRunUsageError):
        run_training(flags(tmp_path, "--dry_run", "true", "--recipe", "geor", "--report_to", "wandbb"))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 2
    assert "unknown recipe 'geor'" in lines[0]
    assert "--report_to: unknown tracker 'wandbb'; did you mean 'wandb'" in lines[1]


def test_an_ideal_answer_that_does_not_fit_is_an_error_that_names_its_row(dry_run):
    _, errors = dry_run("--max_completion_length", "40")
    assert len(errors) == 1
    assert "rows.jsonl, line " in errors[0]
    assert "its ideal answer has " in errors[0]
    assert "more than --max_completion_length 40" in errors[0]
    assert not dry_run("--max_completion_length", "512")[1]


def test_the_longest_solution_of_all_rows_is_measured_whichever_rows_are_chosen(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(n % 40) for n in range(200)]
    for number, row in enumerate(rows):
        del row["image"]
        row["conversations"][0]["value"] = "Where is this?"
        row["id"] = number
    rows[150]["conversations"][1]["value"] = f"<think>{'north ' * 200}</think><answer>1.5, 2.5</answer>"
    data = write_rows(tmp_path, rows)
    for seed in ("7", "8"):
        _, errors = dry_run("--seed", seed, data=data)
        assert len(errors) == 1
        assert "rows.jsonl, line 151: its saved solution has " in errors[0]


def test_the_row_with_the_most_pictures_is_always_looked_at(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(number % 40) | {"image": "a.png"} for number in range(100)]
    rows[70] |= {"image": ["a.png"] * 5}
    rows[70]["conversations"][0]["value"] = "Where were these taken?"
    data = write_rows(tmp_path, rows)
    for seed in ("7", "8"):
        text, _ = dry_run("--seed", seed, data=data)
        assert "the longest is rows.jsonl, line 71; 4 to 20 of pictures" in text
        assert "104: 99 rows with 1 picture, 1 row with 5 pictures" in text


def test_a_stream_is_looked_at_by_its_first_rows(dry_run):
    text, errors = dry_run("--streaming", "true", "--max_steps", "3")
    assert errors == ()
    assert "a stream of 1 file, of which the first 8 rows are read" in text
    assert "batches           3 steps\n" in text
    assert "8 rows (--seed 7), pictures opened" in text
    _, errors = dry_run("--streaming", "true", "--max_steps", "3", "--max_completion_length", "40")
    assert "rows.jsonl, line " in errors[0]


def test_rows_are_chosen_by_the_seed_from_all_of_the_data():
    from datasets import Dataset

    rows = Dataset.from_dict({"prompt": ["x"] * 1000})
    chosen = chosen_indices(rows, seed=1)
    assert len(chosen) == 32
    assert chosen == chosen_indices(rows, seed=1) != chosen_indices(rows, seed=2)
    assert chosen[-1] > 800


def test_a_prompt_has_the_tokens_that_the_trainer_gives_it(tiny_model, trained):
    trainer = trained[2]
    row = trainer.train_dataset[0]
    size = measure_prompt(load_processor(tiny_model), row["prompt"], row["images"], patch=14)
    logged = next(entry for entry in trainer.state.log_history if "num_tokens" in entry)
    assert size.picture_tokens == 4  # 56 x 56 pixels, 28 x 28 a token
    assert size.patches == 16
    assert size.pixel_values == 16 * 3 * 2 * 14 * 14
    completions = logged["completions/mean_length"]
    # All eight prompts have the same length; the first step generates four completions.
    assert logged["num_tokens"] == pytest.approx(4 * (size.tokens + completions))


def test_a_prompt_and_completion_longer_than_the_context_are_an_error(dry_run):
    _, errors = dry_run("--max_completion_length", "5000")
    assert len(errors) == 1
    assert "more than the model's context (max_position_embeddings) of 4,096" in errors[0]


def test_a_picture_that_is_gone_is_an_error_that_names_its_line(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    data = write_rows(tmp_path, [seed_row(number) for number in range(6)])
    assert not dry_run(data=data)[1]
    (tmp_path / "3.png").write_bytes((tmp_path / "3.png").read_bytes()[:60])
    _, errors = dry_run(data=data)
    assert len(errors) == 1
    assert "rows.jsonl, line 4" in errors[0]
    assert "3.png" in errors[0]


def test_a_row_whose_own_truth_does_not_earn_the_most_is_an_error(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(number) for number in range(6)]
    rows[2] |= {"lat": 40.4168, "lon": -3.7038, "country": "France"}
    _, errors = dry_run(data=write_rows(tmp_path, rows))
    assert len(errors) == 1
    assert "rows.jsonl, line 3: its own truth as an ideal answer earns" in errors[0]


def test_what_commonly_goes_wrong_is_a_warning(dry_run):
    text, errors = dry_run(
        *("--learning_rate", "0", "--save_strategy", "no", "--logging_strategy", "no"),
        *("--max_completion_length", "130"),
    )
    assert errors == ()
    for warning in (
        "--learning_rate 0: nothing will be learnt",
        "--save_strategy no: whatever stops the run loses all of it",
        "--logging_strategy no: rewards, lengths and faults will not be seen",
        "--num_generations 2: advantages are taken within a group",
        "--max_completion_length 130 leaves ",
        "--report_to none",
    ):
        assert f"\nwarning: {warning}" in text
    assert "--learning_rate 0.001 is large for all weights" in dry_run()[0]
    assert "is large" not in dry_run(*LORA)[0]


def test_a_reward_that_abstains_on_all_chosen_rows_is_a_warning(dry_run, make_rows, tmp_path):
    seed_row, write_rows = make_rows
    rows = [seed_row(number) for number in range(200)]
    for number, row in enumerate(rows):
        del row["image"]
        row["conversations"][0]["value"] = "What is this?"
        row["conversations"][1]["value"] = "48.8584, 2.2945" if number == 189 else "a fountain in a square"
    text, _ = dry_run("--seed", "7", "--recipe", "geoguessr", data=write_rows(tmp_path, rows))
    assert "warning: reward 'distance' abstains on all 3" in text
    assert "abstains on 3" in text


def test_weights_that_are_missing_or_cut_short_are_an_error(dry_run, tiny_model, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    weights, index = broken / "model.safetensors", broken / "model.safetensors.index.json"
    whole = weights.read_bytes()

    def only_error():
        _, errors = dry_run("--model_name_or_path", str(broken))
        assert len(errors) == 1
        return errors[0]

    weights.write_bytes(whole[:-100])
    assert "model.safetensors is not a whole safetensors file" in only_error()
    weights.write_bytes(whole)
    index.write_text(json.dumps({"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}))
    assert "names model-2.safetensors, which the folder does not have" in only_error()
    index.unlink()
    weights.unlink()
    assert "has no weights" in only_error()


def test_fewer_rows_than_a_generation_takes_are_a_warning(dry_run):
    text, errors = dry_run("--per_device_train_batch_size", "32")
    assert errors == ()
    assert "warning: 8 rows (all with pictures, or all without) do not fill the 16 prompts" in text


def test_a_run_without_a_step_is_an_error(dry_run):
    _, errors = dry_run("--num_train_epochs", "0")
    assert len(errors) == 1
    assert "there is no step to train" in errors[0]


def test_the_plan_has_the_steps_of_a_real_run(trained, flags, tmp_path):
    _, more, trainer, _ = trained
    _, training, _ = parse_arguments(flags(tmp_path, *more))
    plan = plan_batches(training, np.ones(8, dtype=bool))
    assert plan.total_steps == trainer.state.max_steps == trainer.state.global_step
    assert plan.epochs == 2
    assert plan.completions_per_step == 4
    _, training, _ = parse_arguments(flags(tmp_path, *more, "--max_steps", "3"))
    assert plan_batches(training, np.ones(8, dtype=bool)).total_steps == 3
    uneven = plan_batches(training, np.array([True] * 5 + [False] * 6))
    assert (uneven.generations_per_epoch, uneven.unused_rows) == (2 + 3, 1)
    assert plan_batches(training, None).total_steps == 3


def test_the_model_states_are_those_that_a_real_run_holds(trained, flags, tmp_path):
    output, more, _, held = trained
    parsed = parse_arguments(flags(tmp_path, *more))
    outline = outline_model(*parsed)
    layout = layout_of(parsed[1], parsed[2], outline)
    states = model_states(outline, layout)
    assert (states.weights, states.gradients, states.optimizer) == (
        held["weights"],
        held["gradients"],
        held["optimizer"],
    )
    written = sum(file.stat().st_size for file in (output / "checkpoint-2").rglob("*") if file.is_file())
    assert checkpoint_bytes(outline, layout, only_model=False) == pytest.approx(written, rel=0.1)


@pytest.mark.parametrize("more", [[], ["--freeze_vision_modules", "true"], LORA])
def test_the_outline_counts_what_the_loaded_model_has(flags, tmp_path, tiny_model, more):
    from peft import get_peft_model
    from transformers import AutoModelForImageTextToText
    from trl import get_peft_config

    run, training, model_args = parse_arguments(flags(tmp_path, *more))
    outline = outline_model(run, training, model_args)
    model = AutoModelForImageTextToText.from_pretrained(tiny_model)
    if "--freeze_vision_modules" in more:
        freeze_vision(model)
    if more == LORA:  # no module of the tower has such a name
        model = get_peft_model(model, get_peft_config(model_args))
    assert outline.parameters == model.num_parameters()
    assert outline.trained == model.num_parameters(only_trainable=True)
    assert outline.trains_vision is (more == [])
    assert outline.has_adapters is (more == LORA)
    cache = model.config.get_text_config()
    assert outline.cache_per_token == 2 * 2 * cache.num_key_value_heads * 32  # two layers, heads of 32


@pytest.fixture(scope="module")
def outline(flags, tmp_path_factory):
    """Return the tiny model's outline, as large as a model of seven billion values."""
    small = outline_model(*parse_arguments(flags(tmp_path_factory.mktemp("outline"))))
    return replace(small, parameters=7_000_000_000, trained=7_000_000_000, largest_layer=545_000_000)


def half(stage, ranks, **more):
    common = {"load_bytes": 2, "weight_bytes": 2, "activation_bytes": 2, "optimizer_bytes": 12}
    return Layout(ranks=ranks, stage=stage, **common, **more)


@pytest.mark.parametrize("ranks", [1, 8])
def test_zero2_takes_what_deepspeed_itself_estimates(outline, ranks):
    from deepspeed.runtime.zero.stage_1_and_2 import estimate_zero2_model_states_mem_needs

    states = model_states(outline, half(2, ranks))
    _, theirs = estimate_zero2_model_states_mem_needs(
        outline.parameters, num_gpus_per_node=ranks, cpu_offload=False
    )
    assert states.held + states.step == pytest.approx(theirs)
    offloaded = model_states(outline, half(2, ranks, offloads_optimizer=True))
    host, device = estimate_zero2_model_states_mem_needs(
        outline.parameters, num_gpus_per_node=ranks, cpu_offload=True, additional_buffer_factor=1.0
    )
    assert offloaded.held + offloaded.step == pytest.approx(device)
    # DeepSpeed counts 16 bytes a value there; with the gradients in half precision it is 18.
    assert ranks * offloaded.host == pytest.approx(host * (18 / 16 if ranks == 1 else 18 / 32))


@pytest.mark.parametrize("ranks", [2, 8])
def test_zero3_takes_about_what_deepspeed_itself_estimates(outline, ranks):
    from deepspeed.runtime.zero.stage3 import estimate_zero3_model_states_mem_needs

    states = model_states(outline, half(3, ranks))
    _, theirs, layer = estimate_zero3_model_states_mem_needs(
        outline.parameters, outline.largest_layer, num_gpus_per_node=ranks, cpu_offload=False
    )
    # 16 bytes a value were seen to stay and up to 4 come while the optimizer steps; DeepSpeed says 18.
    assert states.held < theirs - layer
    assert states.held == pytest.approx((theirs - layer) * 16 / 18)
    assert states.gathered >= layer
    offloaded = model_states(outline, half(3, ranks, offloads_optimizer=True, offloads_weights=True))
    host, device, _ = estimate_zero3_model_states_mem_needs(
        outline.parameters, outline.largest_layer, num_gpus_per_node=ranks, additional_buffer_factor=1.0
    )
    assert offloaded.held == 0
    assert offloaded.gathered >= device
    assert 16 / 18 <= ranks * offloaded.host / host <= 20 / 18


@pytest.mark.parametrize(("stage", "written"), [(2, 10_155_471), (3, 8_805_596)])
def test_checkpoints_of_deepspeed_have_the_size_that_was_seen(outline, stage, written):
    # Two ranks, bfloat16, all 623,552 values of a tiny model trained: bytes of weights and optimizer files.
    tiny = replace(outline, parameters=623_552, trained=623_552)
    size = checkpoint_bytes(tiny, half(stage, 2), only_model=False)
    assert size == pytest.approx(written, rel=0.03)


def test_a_reference_model_and_generation_are_counted(outline):
    plain, reference = half(3, 8), half(3, 8, has_reference=True, gathers_to_generate=True)
    more = model_states(outline, reference).held - model_states(outline, plain).held
    assert more == pytest.approx(2 * 7e9 / 8)
    assert model_states(outline, reference).gathered_to_generate == 2 * 7e9


def test_activations_grow_with_tokens_and_shrink_by_checkpointing(outline):
    work = Workload(4, 8, 1000, 100, 1000, checkpointed=True, writes_scores=False, generates=True)
    base = training_bytes(outline, half(3, 8), work)
    assert training_bytes(outline, half(3, 8), replace(work, tokens=2000, patches=200)) > 1.9 * base
    assert training_bytes(outline, half(3, 8), replace(work, checkpointed=False)) > base
    assert training_bytes(outline, half(3, 8), replace(work, writes_scores=True)) > base


@pytest.mark.parametrize(
    ("gib", "errors", "warnings"), [(80, 0, 1), (100, 1, 0), (1000, 0, 0)], ids=["tight", "small", "large"]
)
def test_states_beyond_the_device_are_an_error_and_a_tight_fit_is_a_warning(
    flags, tmp_path, outline, gib, errors, warnings
):
    _, training, _ = parse_arguments(flags(tmp_path))
    layout = half(2, 1) if errors else half(3, 4)
    work = Workload(1, 1, 10, 10, 10, checkpointed=True, writes_scores=False, generates=True)
    if warnings:
        work = replace(work, tokens=20_000_000)
    report = Report()
    device = Device("a GPU", gib * 2**30, gib * 2**30, is_gpu=False)
    describe_memory(report, training, outline=outline, layout=layout, work=work, device=device)
    assert (len(report.errors), len(report.warnings)) == (errors, warnings)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--save_steps", "10"], (10, 10)),
        (["--save_steps", "30"], (4, 4)),
        (["--save_steps", "0.25"], (4, 4)),
        (["--save_steps", "10", "--save_total_limit", "2"], (10, 3)),
        (["--save_strategy", "epoch"], (3, 3)),
        (["--save_strategy", "no"], (0, 0)),
    ],
)
def test_checkpoints_are_counted_as_they_are_written(flags, tmp_path, more, expected):
    _, training, _ = parse_arguments(flags(tmp_path, *more))
    assert count_checkpoints(training, total_steps=100, epochs=2.5) == expected


def test_a_disk_without_room_for_the_checkpoints_is_an_error(flags, tmp_path, outline):
    _, training, _ = parse_arguments(flags(tmp_path / "a" / "b", "--save_steps", "1"))
    report = Report()
    describe_disk(report, training, outline=outline, layout=half(3, 8), total_steps=100_000, epochs=1.0)
    assert len(report.errors) == 1
    assert "set --save_total_limit" in report.errors[0]
    assert not (tmp_path / "a").exists()


def test_the_checkpoint_of_a_resume_is_named_and_nothing_is_moved(trained, flags, capsys):
    output, more, _, _ = trained
    more = [*more, "--max_completion_length", "128"]
    before = sorted(path for path in output.rglob("*") if "data_cache" not in path.parts)
    with temporary_plugin(Plugin):
        run_training(flags(output, *more, "--dry_run", "true", "--recipe_set", "constant.weight=1"))
        assert f"goes on from {output / 'checkpoint-'}" in capsys.readouterr().out
        run_training(flags(output, *more, "--dry_run", "true", "--resume", "never"))
        assert f"checkpoints of {output} aside" in capsys.readouterr().out
        with pytest.raises(DryRunError) as caught:
            run_training(flags(output, *more, "--dry_run", "true", "--recipe_set", "constant.weight=2"))
    assert (
        "was made with something else (recipe.rewards.constant.weight: 1.0 -> 2.0)" in caught.value.errors[0]
    )
    assert sorted(path for path in output.rglob("*") if "data_cache" not in path.parts) == before


BOTH_RANKS = """
import os, sys
from geo_rewards_trl.dry_run import DryRunError
from geo_rewards_trl.train import run_training

if __name__ == "__main__":  # processes that check pictures import this file
    rank, flags = os.environ["RANK"], sys.argv[1:]
    run_training(flags)
    try:
        run_training([*flags, "--recipe_set", f"distance.scale_km=5{rank}"])
    except DryRunError as error:
        sys.stderr.write(f"rank {rank} ends: {error.errors}\\n")
"""


def test_two_ranks_report_once_and_differences_are_errors_of_both(flags, tmp_path):
    script = tmp_path / "both.py"
    script.write_text(BOTH_RANKS)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launch = ["-m", "torch.distributed.run", "--nproc_per_node=2", "--master_addr=127.0.0.1"]
    launch += [f"--master_port={port}", str(script)]
    done = subprocess.run(
        [sys.executable, *launch, *flags(tmp_path / "run", "--dry_run", "true", "--deepspeed", "zero3")],
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    good, _, bad = done.stdout.partition("Fit to start.")
    assert good.count("rows to train on") == bad.count("rows to train on") == 1
    assert "2 ranks x 4 a device x 1 accumulated = 8 completions" in good
    assert "ZeRO stage 3" in good
    assert "2 ranks share the machine's memory" in good
    assert "Not fit to start: 1 error" in bad
    difference = "rank 1: recipe.rewards.distance.params.scale_km: 50.0 -> 51.0"
    for rank in (0, 1):
        assert any(f"rank {rank} ends: " in line and difference in line for line in done.stderr.splitlines())

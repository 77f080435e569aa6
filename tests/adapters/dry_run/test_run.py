"""Dry runs of the tiny model: what they report and refuse."""

import os
import socket
import subprocess
import sys

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.dry_run import DryRunError, DryRunUsageError
from geo_rewards_trl.train import main, run_training

from geo_rewards.testing import temporary_plugin


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


@pytest.mark.train
def test_the_checkpoint_of_a_resume_is_named_and_nothing_is_moved(trained, flags, constant_plugin, capsys):
    output, more, _, _ = trained
    more = [*more, "--max_completion_length", "128"]
    before = sorted(path for path in output.rglob("*") if "data_cache" not in path.parts)
    with temporary_plugin(constant_plugin):
        run_training(flags(output, *more, "--dry_run", "true", "--recipe_set", "constant.weight=1"))
        assert f"resumes from {output / 'checkpoint-'}" in capsys.readouterr().out
        run_training(flags(output, *more, "--dry_run", "true", "--resume", "never"))
        assert f"checkpoints of {output} aside" in capsys.readouterr().out
        with pytest.raises(DryRunError) as caught:
            run_training(flags(output, *more, "--dry_run", "true", "--recipe_set", "constant.weight=2"))
    difference = "was written with different settings (recipe.rewards.constant.weight: 1.0 -> 2.0)"
    assert difference in caught.value.errors[0]
    assert sorted(path for path in output.rglob("*") if "data_cache" not in path.parts) == before


ONCE = """
import runpy, sys
sys.argv = ["train", *sys.argv[1:]]
try:
    runpy.run_module("geo_rewards_trl.train", run_name="__main__", alter_sys=True)
finally:
    print("imported beside __main__:", "geo_rewards_trl.train" in sys.modules)
"""


def test_the_training_module_is_executed_once(flags, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ONCE, *flags(tmp_path, "--dry_run", "true", "--recipe", "geor")],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Not fit to start" in done.stdout, done.stderr[-4000:]
    assert "imported beside __main__: False" in done.stdout


BOTH_RANKS = """
import os, sys
from geo_rewards_trl.dry_run import DryRunError
from geo_rewards_trl.interruptions.endings import run_as_program
from geo_rewards_trl.train import run_training

def rehearse_twice():
    rank, flags = os.environ["RANK"], sys.argv[1:]
    run_training(flags)
    try:
        run_training([*flags, "--recipe_set", f"distance.scale_km=5{rank}"])
    except DryRunError as error:
        sys.stderr.write(f"rank {rank} ends: {error.errors}\\n")

if __name__ == "__main__":  # processes that check pictures import this file
    run_as_program(rehearse_twice)
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
    assert "2 ranks x 4 per device x 1 accumulated = 8 completions" in good
    assert "ZeRO stage 3" in good
    assert "2 ranks share the machine's memory" in good
    assert "Not fit to start: 1 error" in bad
    difference = "rank 1: recipe.rewards.distance.params.scale_km: 50.0 -> 51.0"
    for rank in (0, 1):
        assert any(f"rank {rank} ends: " in line and difference in line for line in done.stderr.splitlines())

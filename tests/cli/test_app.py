import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import geo_rewards as gr
from geo_rewards.cli.app import COMMANDS
from geo_rewards.testing import temporary_plugin

TURNS = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "48.8584, 2.2945"}]
TRAINING_ROW = {"id": 1, "conversations": TURNS}
PARIS = "<think>a tower</think><answer>(48.86, 2.35)</answer>"


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["lst"], "list"),
        (["list", "--jso"], "--json"),
        (["score", "x.jsonl", "--recip", "default"], "--recipe"),
        (["describe", "haversine_deca"], "haversine_decay"),
        (["describe", "geoguesser"], "geoguessr"),
        (["try", "country_mach", "--completion", "x"], "country_match"),
        (["try", "haversine_decay", "--completion", "x", "--param", "scale=3"], "scale_km"),
        (["try", "default", "--completion", "x", "--param", "distanse.scale_km=3"], "distance"),
        (["try", "default", "--completion", "x", "--param", "distance.scale=3"], "scale_km"),
    ],
)
def test_unknown_names_are_wrong_usage_with_the_nearest(run, arguments, nearest):
    ran = run(*arguments)
    assert ran.code == 2
    assert nearest in ran.err
    assert ran.err.startswith("error: ")
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


@pytest.mark.parametrize(
    "arguments", [["list", "--js"], ["try", "default", "--comp", "x"], ["list", "--deb"]]
)
def test_abbreviated_flags_are_refused(run, arguments):
    ran = run(*arguments)
    assert ran.code == 2
    assert "No such option" in ran.err


@pytest.mark.parametrize("arguments", [["describe"], ["try", "default"], ["score"], ["--debug", "try"]])
def test_missing_arguments_are_wrong_usage(run, arguments):
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "--help" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example_that_works(run, command, write_rows, tmp_path, monkeypatch):
    ran = run(command, "--help")
    assert ran.code == 0
    (example,) = re.findall(r"Example: ((?:.+\n)+)", ran.out)
    program, *arguments = shlex.split(example)
    truth = {"lat": 48.8584, "lon": 2.2945}
    for name in ("answers", "before", "after"):
        write_rows([{"completion": PARIS, **truth}], f"{name}.jsonl")
    write_rows([TRAINING_ROW], "train.jsonl")
    monkeypatch.chdir(tmp_path)
    assert (program, arguments[0], run(*arguments).code) == ("geo-rewards", command, 0)


@pytest.mark.parametrize("arguments", [[], *([command] for command in COMMANDS)])
def test_help_fits_a_narrow_terminal(run, arguments, monkeypatch):
    wide = run(*arguments, "--help").out
    monkeypatch.setenv("COLUMNS", "40")
    ran = run(*arguments, "--help")
    assert max(map(len, ran.out.splitlines())) <= 40
    assert "\u2026" not in ran.out
    for name in re.findall(r"--[a-z][a-z-]+", wide):
        assert name in ran.out
    assert sorted("".join(ran.out.split())) == sorted("".join(wide.split()))


def test_a_bare_call_shows_the_help(run):
    ran = run()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == run("--help").out
    for command in COMMANDS:
        assert f"  {command} " in ran.out


def test_python_runs_the_package_as_a_command():
    command = [sys.executable, "-m", "geo_rewards", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"geo-rewards {gr.__version__}\n"


COMPLETION = """
eval "$(_GEO_REWARDS_COMPLETE=source_bash geo-rewards)"
complete -p geo-rewards
function=$(complete -p geo-rewards | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"$function" geo-rewards
echo "${COMPREPLY[*]}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["de"], "describe"),
        (["describe", "haversine"], "haversine_decay"),
        (["try", "geog"], "geoguessr"),
        (["score", "x.jsonl", "--re"], "--recipe"),
        (["score", "x.jsonl", "--recipe", "geo-r-c"], "geo-r-code"),
        (["validate", "x.jsonl", "--recipe", "seek"], "seekworld"),
    ],
)
def test_bash_completes_commands_options_and_names(words, completed):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETION, "bash", "geo-rewards", *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "PATH": path},
    )
    assert done.stdout.splitlines()[-1].split() == [completed]


@pytest.mark.parametrize("command", ["try", "score", "validate"])
def test_a_recipe_that_needs_a_value_quotes_the_option(run, write_rows, command):
    file = write_rows([{"completion": PARIS, "lat": 1.0, "lon": 2.0}])
    arguments = {
        "try": ["gre", "--completion", PARIS],
        "score": [file, "--recipe", "gre", "-o", "-"],
        "validate": [file, "--recipe", "gre"],
    }
    ran = run(command, *arguments[command])
    assert (ran.code, ran.out) == (2, "")
    assert "must be given: --set distance.scale_km=VALUE" in ran.err


def test_a_rewards_name_is_a_recipe_for_every_command(run, write_rows):
    file = write_rows([{"completion": PARIS, "lat": 48.8584, "lon": 2.2945}])
    ran = run("score", file, "--recipe", "haversine_decay", "--set", "curve=linear", "-o", "-")
    assert ran.code == 0
    assert ran.rows[0]["rewards"] == {"haversine_decay": pytest.approx(0.9998, abs=1e-4)}
    rows = write_rows([TRAINING_ROW], "train.jsonl")
    assert run("validate", rows, "--recipe", "haversine_decay").code == 0


@pytest.mark.parametrize("option", ["--set scale_km=5", "--param scale_km=5", "--param=scale_km=5"])
def test_the_former_name_of_set_still_works(run, option):
    truth = ["--lat", "48.8584", "--lon", "2.2945"]
    ran = run("try", "haversine_decay", "--completion", PARIS, *truth, *option.split())
    assert ran.code == 0
    assert "haversine_decay: 0.4" in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["try", "geo-r", "--completion", "x", "--lat", "48,8"],
            "'--lat': must be a number, not '48,8' (see",
        ),
        (["validate", "x.jsonl", "--workers", "0"], "'--workers': must be at least 1, not "),
        (["validate", "x.jsonl", "--seed", "x"], "'--seed': must be a whole number, not 'x'"),
    ],
)
def test_a_value_that_an_option_cannot_take_is_said_in_plain_words(run, arguments, message):
    ran = run(*arguments)
    assert ran.code == 2
    assert message in ran.err
    assert "Input" not in ran.err


def test_missing_labels_are_listed(run):
    ran = run("try", "geo-r", "--completion", PARIS, "--set", "curve=linear")
    assert ran.code == 2
    assert "'curve' is not a label (labels: format, distance)" in ran.err


def test_a_curve_where_a_recipe_is_asked_is_told_how_to_use_it(run, write_rows):
    file = write_rows([{"completion": PARIS}])
    ran = run("score", file, "--recipe", "exponential", "-o", "-")
    assert ran.code == 2
    assert "'exponential' is a curve: haversine_decay with --set curve=exponential" in ran.err


class Faulty(gr.Reward):
    """Fails."""

    name = "faulty"

    def score(self, sample):
        raise ZeroDivisionError("no such thing")


@pytest.mark.parametrize("arguments", [["--debug", "try", "faulty"], ["try", "faulty", "--debug"]])
def test_debug_shows_the_traceback_before_or_after_the_command(run, plugin_of, arguments):
    with temporary_plugin(plugin_of(Faulty)):
        ran = run(*arguments, "--completion", "x")
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "in score" in ran.err


def test_without_debug_there_is_no_traceback(run, plugin_of):
    with temporary_plugin(plugin_of(Faulty)):
        ran = run("try", "faulty", "--completion", "x")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "ZeroDivisionError: no such thing" in ran.err


def test_debug_after_a_double_dash_is_an_argument(run):
    ran = run("describe", "--", "--debug")
    assert ran.code == 2
    assert "'--debug'" in ran.err


def test_a_reader_that_exits_early_causes_no_traceback(script):
    lister = [
        sys.executable,
        "-c",
        "from geo_rewards.cli import main; raise SystemExit(main(['describe', 'default']))",
    ]
    with subprocess.Popen(lister, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_listing_loads_no_heavy_library_and_no_gazetteer():
    code = (
        "import sys; from geo_rewards.cli import main; main(['list']); "
        "heavy = {'torch', 'trl', 'pandas', 'scipy', 'pyarrow', 'PIL', 'reverse_geocoder', 'geopy'}; "
        "sys.stderr.write(' '.join(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    assert "haversine_decay" in done.stdout


def test_the_version_is_printed(run):
    ran = run("--version")
    assert ran.code == 0
    assert ran.out.startswith("geo-rewards 0.")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{file}", "names a file but no class: write {file}:Mine"),
        ("mine:Mine", "a class in a file is written with its path, as ./my_reward.py:MyReward"),
        ("{file}:Mina", "unknown reward class 'Mina'; did you mean 'Mine'"),
    ],
)
def test_a_class_in_a_file_is_told_how_to_name_it(run, tmp_path, name, message):
    file = tmp_path / "mine.py"
    source = "import geo_rewards as gr\nclass Mine(gr.Reward):\n    '''1.'''\n    def score(self, s):\n"
    file.write_text(f"{source}        return 1.0\n", encoding="utf-8")
    ran = run("try", name.format(file=file), "--completion", "x")
    assert ran.code in (1, 2)
    assert message.format(file=file) in ran.err

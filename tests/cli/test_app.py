import subprocess
import sys

import pytest

import geo_rewards as gr
from geo_rewards.testing import temporary_plugin

COMMANDS = ["list", "plugins", "recipes", "describe", "try", "score"]


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


@pytest.mark.parametrize("arguments", [[], ["describe"], ["try", "default"], ["score"]])
def test_missing_arguments_are_wrong_usage(run, arguments):
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "--help" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, command):
    ran = run(command, "--help")
    assert ran.code == 0
    assert command in ran.out


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

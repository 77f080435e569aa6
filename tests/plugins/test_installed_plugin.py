"""Plugins of other distributions, installed by pip into a virtual environment without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from geo_rewards.testing import CHECKS

REPOSITORY = Path(__file__).resolve().parents[2]
VQA = REPOSITORY / "plugins" / "geo_rewards_vqa"

REGISTERING = """
import geo_rewards as gr

class One(gr.Reward):
    '''1, always.'''
    name = "{reward}"
    def score(self, sample):
        return 1.0

@gr.hookimpl
def register_rewards(register):
    register(One)
"""


MISSPELT = REGISTERING.format(reward="misspelt").replace(
    "register_rewards(register)", "register_rewards(registr)"
)
CROWD = {
    "good-plugin": REGISTERING.format(reward="good"),
    "broken-plugin": "import a_module_that_nobody_has\n" + REGISTERING.format(reward="broken_one"),
    "misspelt-plugin": MISSPELT,
    "first-plugin": REGISTERING.format(reward="shared_name"),
    "other-plugin": REGISTERING.format(reward="Shared-Name"),
    "a-claimant": REGISTERING.format(reward="haversine_decay"),
}


class Environment:
    """A virtual environment, used as people use it: with pip and the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        self.is_crowded = False
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)

    def run(self, *command: str, blocked: str = "") -> subprocess.CompletedProcess[str]:
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_"))
        }
        own |= {"GEO_REWARDS_DISABLE_PLUGINS": blocked, "COLUMNS": "400"}
        program = [str(self.scripts / command[0]), *command[1:]]
        return subprocess.run(program, env=own, cwd=self.folder, capture_output=True, text=True, check=False)

    def pip(self, *arguments: str) -> None:
        done = self.run("pip", "--disable-pip-version-check", "--quiet", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def install(self, *sources: Path) -> None:
        """Install packages whose dependencies and build tool are already installed."""
        self.pip("install", "--no-build-isolation", *map(str, sources))

    def python(self, code: str, *, blocked: str = "") -> subprocess.CompletedProcess[str]:
        return self.run("python", "-c", textwrap.dedent(code), blocked=blocked)

    def refusal(self, *arguments: str, blocked: str = "") -> str:
        """Return the message of a command that must fail, without a traceback."""
        done = self.run("geo-rewards", *arguments, blocked=blocked)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return " ".join(done.stderr.split())

    def listed(self, what: str, *, blocked: str = "") -> dict[str, dict[str, Any]]:
        """Return what `geo-rewards list --json` or `plugins --json` says, by name."""
        done = self.run("geo-rewards", what, "--json", blocked=blocked)
        assert done.returncode == 0, done.stderr
        return {record["name" if what == "list" else "plugin"]: record for record in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with this repository's core and the build tool of its plugins."""
    folder = tmp_path_factory.mktemp("installed")
    environment = Environment(folder / "environment")
    environment.pip("install", "--no-compile", "hatchling>=1.27")
    environment.pip("install", "--no-compile", "--no-build-isolation", str(REPOSITORY))
    return environment


@pytest.fixture
def bare(environment: Environment) -> Environment:
    """The environment without any plugin."""
    if environment.is_crowded:
        environment.pip("uninstall", "--yes", *CROWD)
        environment.is_crowded = False
    return environment


@pytest.fixture
def crowded(environment: Environment, tmp_path: Path) -> Environment:
    """The environment with six plugins, of which one is good."""
    if not environment.is_crowded:
        environment.install(*(write_package(tmp_path, name, code=code) for name, code in CROWD.items()))
        environment.is_crowded = True
    return environment


def write_package(folder: Path, distribution: str, *, code: str) -> Path:
    """Write a third-party plugin package and return its folder."""
    module = distribution.replace("-", "_")
    package = folder / distribution / module
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code, encoding="utf-8")
    pyproject = f"""
        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "{distribution}"
        version = "1.2"
        dependencies = ["geo-rewards"]

        [project.entry-points.geo_rewards]
        main = "{module}"
    """
    (package.parent / "pyproject.toml").write_text(textwrap.dedent(pyproject), encoding="utf-8")
    return package.parent


def test_the_core_installs_without_torch_and_lists_its_rewards(bare: Environment) -> None:
    names = ("torch", "transformers", "trl", "datasets", "deepspeed")
    found = bare.python(f"import importlib.util as u; print([n for n in {names} if u.find_spec(n)])")
    assert found.stdout.strip() == "[]"
    assert bare.listed("list")["haversine_decay"]["plugin"] == "geo-rewards"
    assert set(bare.listed("plugins")) == {"geo-rewards"}


def test_a_plugin_works_once_installed_and_is_gone_once_uninstalled(bare: Environment) -> None:
    score = """
        import geo_rewards as gr
        reward = gr.get_reward("vqa_auto")
        completions = [f"<think>I count.</think><answer>{text}</answer>" for text in ("0", "two", "0 or 2")]
        print(reward(completions, solution=["0", "0", "0"]))
    """
    bare.install(VQA)
    listed = bare.listed("list")
    assert (listed["vqa_auto"]["plugin"], listed["vqa_auto"]["version"]) == ("geo-rewards-vqa", "0.1.0")
    assert {"vqa_exact", "vqa_numeric", "vqa_choice", "vqa_yes_no"} <= set(listed)
    done = bare.python(score)
    assert (done.stdout.strip(), done.stderr) == ("[1.0, 0.0, 0.0]", "")
    assert "did you mean 'vqa_numeric'" in bare.refusal("describe", "vqa_numbers")
    assert "vqa_auto" not in bare.listed("list", blocked="geo_rewards_vqa")

    bare.pip("uninstall", "--yes", "geo-rewards-vqa")
    assert "vqa_auto" not in bare.listed("list")
    gone = bare.python(score)
    assert gone.returncode != 0
    assert "UnknownNameError: unknown reward 'vqa_auto'" in gone.stderr
    assert "unknown reward" in bare.refusal("describe", "vqa_auto")


def test_a_good_plugin_works_among_broken_ones(crowded: Environment) -> None:
    listed = crowded.listed("list")
    assert (listed["good"]["plugin"], listed["good"]["version"]) == ("good-plugin", "1.2")
    assert not {"broken_one", "misspelt", "shared_name", "Shared-Name"} & set(listed)
    done = crowded.python("import geo_rewards as gr; print(gr.get_reward('good')(['x']))")
    assert done.stdout.strip() == "[1.0]"


def test_the_reason_why_each_plugin_is_broken_is_shown(crowded: Environment) -> None:
    plugins = crowded.listed("plugins")
    assert set(plugins) == {"geo-rewards", *CROWD}
    assert {name for name, record in plugins.items() if record["state"] == "broken"} == {
        "broken-plugin",
        "misspelt-plugin",
    }
    assert "No module named 'a_module_that_nobody_has'" in json.dumps(plugins["broken-plugin"])
    assert "registr" in json.dumps(plugins["misspelt-plugin"])
    assert "is reserved by geo-rewards" in json.dumps(plugins["a-claimant"])
    for name in ("first-plugin", "other-plugin"):
        assert "first-plugin 1.2 and other-plugin 1.2" in json.dumps(plugins[name])
    shown = crowded.run("geo-rewards", "plugins").stdout
    assert "ModuleNotFoundError: No module named 'a_module_that_nobody_has'" in shown
    assert "register_rewards takes one argument, called `register`, not 'registr'" in shown


def test_asking_for_a_reward_of_a_broken_plugin_raises_with_its_failure(
    crowded: Environment,
) -> None:
    code = """
        import geo_rewards as gr
        try:
            gr.get_reward("broken_one")
        except gr.GeoRewardsError as error:
            print(type(error).__name__, "|", error, "|", type(error.__cause__).__name__, error.__cause__.name)
    """
    asked = crowded.python(code, blocked="misspelt-plugin").stdout.strip()
    assert asked.startswith("PluginError | unknown reward 'broken_one'; ")
    assert "broken-plugin 1.2: ModuleNotFoundError" in asked
    assert asked.endswith("| ModuleNotFoundError a_module_that_nobody_has")
    refusal = crowded.refusal("describe", "broken_one")
    assert "may provide it failed to load (broken-plugin 1.2, misspelt-plugin 1.2)" in refusal


def test_a_name_that_two_plugins_claim_is_an_error_until_one_is_blocked(crowded: Environment) -> None:
    claimed = "claimed by first-plugin 1.2 and other-plugin 1.2"
    assert claimed in crowded.refusal("describe", "shared_name")
    assert crowded.listed("list", blocked="other-plugin")["shared_name"]["plugin"] == "first-plugin"


def test_a_built_ins_name_stays_built_in(crowded: Environment) -> None:
    assert crowded.listed("list")["haversine_decay"]["plugin"] == "geo-rewards"


def test_the_variable_warns_of_an_unknown_distribution(crowded: Environment) -> None:
    warned = crowded.run("geo-rewards", "list", "--json", blocked="good_plugins")
    assert "'good_plugins', which is not an installed plugin; did you mean 'good-plugin'" in warned.stderr
    assert "good" in {record["name"] for record in json.loads(warned.stdout)}


CHECKED = (
    REGISTERING.format(reward="checked")
    + """
class Contained(gr.Reward):
    '''1 if the city occurs somewhere in the answer.'''
    name = "contained"
    needs = ("city",)
    def score(self, sample):
        return 1.0 if sample.truth.city in (sample.answer.answer or "") else 0.0
"""
)
AUTHORS_TESTS = """
import pytest

from geo_rewards.testing import CHECKS
from checked_plugin import Contained, One

@pytest.mark.geo_reward_checks("checked", One())
def test_contract(reward_check):
    reward_check()

@pytest.mark.geo_reward_checks(Contained(), only=["answer_hacks"])
def test_cheating(reward_check):
    reward_check()
"""


def test_an_author_tests_a_plugin_with_the_pytest_plugin_that_comes_with_the_library(
    bare: Environment, tmp_path: Path
) -> None:
    package = write_package(tmp_path, "checked-plugin", code=CHECKED)
    tests = package / "test_checked.py"
    tests.write_text(AUTHORS_TESTS, encoding="utf-8")
    bare.pip("install", "--no-compile", "pytest>=8.4")
    bare.install(package)
    try:
        done = bare.run("python", "-m", "pytest", "--strict-markers", f"--rootdir={package}", str(tests))
    finally:
        bare.pip("uninstall", "--yes", "checked-plugin")
    assert f"1 failed, {2 * len(CHECKS)} passed" in done.stdout, done.stdout + done.stderr
    assert "test_cheating[contained()-answer_hacks]" in done.stdout
    assert "A model learns to list every likely place instead of deciding on one." in done.stdout


def test_rows_and_runs_are_tested_where_no_trainer_is_installed(bare: Environment) -> None:
    bare.pip("install", "--no-compile", "pytest>=8.4", "hypothesis>=6.112", "pyarrow>=16")
    rooms = [str(REPOSITORY / "tests" / room) for room in ("runs", "data/table", "data/selection")]
    done = bare.run(
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not long", "-rs",
        f"--rootdir={REPOSITORY}", "-c", str(REPOSITORY / "pyproject.toml"), *rooms,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "trl" not in done.stdout, done.stdout[-1000:]  # nothing is skipped for want of a trainer


@pytest.mark.parametrize("name", ["street-name", "a-name-of-thirty-characters-ok"])
def test_a_new_plugin_installs_and_passes_its_own_checks(
    bare: Environment, tmp_path: Path, name: str
) -> None:
    folder, reward = tmp_path / "plugin", name.replace("-", "_")
    done = bare.run("geo-rewards", "new-plugin", name, str(folder))
    assert done.returncode == 0, done.stderr
    bare.pip("install", "pytest>=8.4")
    bare.install(folder)
    try:
        listed = bare.listed("list")[reward]
        assert (listed["plugin"], listed["version"]) == (f"geo-rewards-{name}", "0.1.0")
        tests = bare.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder))
        assert tests.returncode == 0, tests.stdout[-3000:]
        assert f"{len(CHECKS) + 6} passed" in tests.stdout  # the kit's checks, and six of its own
        for check in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
            clean = subprocess.run(
                [sys.executable, "-m", *check], cwd=folder, capture_output=True, text=True, check=False
            )
            assert clean.returncode == 0, clean.stdout
    finally:
        bare.pip("uninstall", "--yes", f"geo-rewards-{name}")


def test_a_light_installation_has_no_pyarrow_and_says_what_needs_it(
    bare: Environment, tmp_path: Path
) -> None:
    if bare.run("python", "-c", "import pyarrow").returncode == 0:
        bare.pip("uninstall", "--yes", "pyarrow")
    rows = tmp_path / "answers.jsonl"
    answer = "<think>x</think><answer>48.86, 2.35</answer>"
    rows.write_text(
        json.dumps({"completion": answer, "lat": 48.8584, "lon": 2.2945}) + "\n", encoding="utf-8"
    )
    for arguments in (
        ["score", str(rows), "--recipe", "default", "-o", str(tmp_path / "scored.jsonl")],
        ["evaluate", str(rows)],
        ["try", "default", "--completion", answer, "--lat", "48.8584", "--lon", "2.2945"],
    ):
        done = bare.run("geo-rewards", *arguments)
        assert done.returncode == 0, done.stderr
    needs = "needs pyarrow: pip install 'geo-rewards[parquet]'"
    recipe = ["--recipe", "default"]
    assert needs in bare.refusal("score", str(rows), *recipe, "-o", str(tmp_path / "scored.parquet"))
    for name in ("answers.parquet", "answers.jsonl.zst"):
        (tmp_path / name).write_bytes(b"PAR1")
        out = ["-o", str(tmp_path / "out.jsonl")]
        assert f"{name} {needs}" in bare.refusal("score", str(tmp_path / name), *recipe, *out)

"""The registry on distributions that are written to a folder: found as pip's are, without installing."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import geo_rewards as gr
from geo_rewards.contract.hookspecs import GROUP
from geo_rewards.errors import PluginError, UnknownNameError
from geo_rewards.registry.catalog import PluginSource
from geo_rewards.registry.registry import PluginInfo, Registry, build_registry, get_registry, using_registry
from geo_rewards.testing import temporary_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = "import geo_rewards as gr\n"
REGISTERING = """
class Reward(gr.Reward):
    '''{summary}'''
    name = "{name}"
    def score(self, sample):
        return 1.0

@gr.hookimpl
def register_rewards(register):
    register(Reward)
"""
BUILT_IN = next(d for d in importlib.metadata.distributions() if d.name == "geo-rewards")


class Site:
    """A folder with distributions, as in site-packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def add(self, distribution: str, code: str, *, version: str = "1.0", entry: str | None = None) -> None:
        module = distribution.replace("-", "_")
        self.modules.append(module)
        (self.folder / f"{module}.py").write_text(HEADER + code, encoding="utf-8")
        info = self.folder / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\nmain = {entry or module}\n")

    def entry_points(self) -> list[importlib.metadata.EntryPoint]:
        found = importlib.metadata.distributions(path=[str(self.folder)])
        points = [point for d in (*found, BUILT_IN) for point in d.entry_points]
        return [point for point in points if point.group == GROUP]

    def registry(self, *, disabled: tuple[str, ...] = ()) -> Registry:
        return build_registry(self.entry_points(), disabled=disabled)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    get_registry()  # before the folder is on the path: what is in it must not outlive the test
    monkeypatch.syspath_prepend(str(tmp_path))
    site = Site(tmp_path)
    yield site
    for module in site.modules:
        sys.modules.pop(module, None)


def plugin_of(registry: Registry, distribution: str) -> PluginInfo:
    (info,) = [info for info in registry.plugins if info.source.distribution == distribution]
    return info


def registering(name: str, summary: str = "One.") -> str:
    return REGISTERING.format(name=name, summary=summary)


def test_a_reward_is_listed_with_its_distribution_and_version(site: Site) -> None:
    site.add("demo-plugin", registering("demo", "Always one."), version="2.3")
    line = next(line for line in site.registry().list_rewards() if line.name == "demo")
    assert (line.plugin, line.version, line.summary, line.range) == (
        "demo-plugin",
        "2.3",
        "Always one.",
        (0.0, 1.0),
    )
    assert site.registry().find_reward("demo").source == PluginSource(
        "demo-plugin", "2.3", "main = demo_plugin"
    )


def test_the_built_in_rewards_come_through_an_entry_point_too() -> None:
    assert build_registry([]).list_rewards() == []
    built_in = build_registry(BUILT_IN.entry_points.select(group=GROUP))
    assert "haversine_decay" in built_in.rewards.names()
    assert built_in.find_reward("haversine_decay").source.distribution == "geo-rewards"


@pytest.mark.parametrize("spelling", ["my_reward", "my-reward", "My.Reward", "MY__REWARD"])
def test_names_are_found_in_any_spelling(site: Site, spelling: str) -> None:
    site.add("demo-plugin", registering("My-Reward"))
    assert site.registry().find_reward(spelling).thing.name == "My-Reward"


def test_an_unknown_name_is_an_error_with_the_nearest_names(site: Site) -> None:
    with pytest.raises(
        UnknownNameError, match="unknown reward 'haversin_decay'; did you mean 'haversine_decay'"
    ):
        site.registry().find_reward("haversin_decay")


def hook(name: str, body: str, *, argument: str = "register") -> str:
    return f"@gr.hookimpl\ndef {name}({argument}):\n    {body}"


def altered(old: str, new: str, *, name: str = "b") -> str:
    code = registering(name)
    assert old in code
    return code.replace(old, new)


BROKEN = {
    "fails to import": ("import a_module_that_does_not_exist", ModuleNotFoundError),
    "exits at import": ("import sys\nsys.exit(3)", SystemExit),
    "is no Python": ("def (", SyntaxError),
    "asks for rewards at import": ("gr.get_reward('city_match')\n" + registering("b"), PluginError),
    "fails in a hook": (hook("register_rewards", "1 / 0"), ZeroDivisionError),
    "misspells an argument": (hook("register_rewards", "...", argument="registr"), PluginError),
    "misspells a hook": (hook("register_reward", "..."), PluginError),
    "marks no hook": ("def register_rewards(register): ...", PluginError),
    "registers no class": (hook("register_rewards", "register('x')"), PluginError),
    "registers no reward": (hook("register_rewards", "register(str)"), PluginError),
    "names no reward": (hook("register_rewards", "register(gr.Reward)"), PluginError),
    "needs no truth field": (altered("    def", "    needs = ('coordinates',)\n    def"), TypeError),
    "has an empty range": (altered("    def", "    range = (1.0, 0.0)\n    def"), PluginError),
    "has a name with spaces": (registering("two words"), PluginError),
    "registers twice": (altered("register(Reward)", "register(Reward); register(Reward)"), PluginError),
    "gives no recipe file": (hook("register_recipes", "register('r', 'r.yaml')"), PluginError),
    "gives no gazetteer factory": (hook("register_gazetteers", "register('g', None)"), PluginError),
}


@pytest.mark.parametrize(("code", "error"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_reported_and_affects_nothing_else(
    site: Site, code: str, error: type[BaseException]
) -> None:
    site.add("a-good", registering("good_a"))
    site.add("broken-plugin", code)
    site.add("z-good", registering("good_z"))
    registry = site.registry()
    assert {"good_a", "good_z", "haversine_decay"} <= set(registry.rewards.names())
    info = plugin_of(registry, "broken-plugin")
    assert isinstance(info.error, error)
    assert type(info.error).__name__ in info.traceback
    assert info.provides == []
    with pytest.raises(PluginError, match=r"unknown reward 'broken'.*broken-plugin 1\.0: ") as caught:
        registry.find_reward("broken")
    assert caught.value.__cause__ is info.error


def test_a_keyboard_interrupt_is_not_a_plugin_failure(site: Site) -> None:
    site.add("demo-plugin", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        site.registry()


def test_a_failed_plugins_registrations_are_undone(site: Site) -> None:
    failing = altered("register(Reward)", "register(Reward)\n    raise OSError('no disk')", name="half")
    site.add("half-plugin", failing)
    registry = site.registry()
    assert "half" not in registry.rewards.names()
    with pytest.raises(PluginError, match=r"its plugin failed to load .*OSError: no disk") as caught:
        registry.find_reward("Half")
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "@gr.hookimpl\ndef register_rewards(registr): ...",
            "one argument, called `register`, not 'registr'",
        ),
        ("@gr.hookimpl\ndef register_rewards(register, b): ...", "not 'register', 'b'"),
        (
            "@gr.hookimpl\ndef register_reward(register): ...",
            "'register_reward'; did you mean 'register_rewards'",
        ),
        ("@gr.hookimpl\ndef Register_Recipe(register): ...", "did you mean 'register_recipes'"),
        ("@gr.hookimpl\ndef rewards(register): ...", "unknown hook 'rewards'"),
        ("@gr.hookimpl\ndef configure(register): ...", "the hooks are register_rewards, register_recipes"),
        (
            "def register_rewards(register): ...",
            "'register_rewards' is not: write @geo_rewards.hookimpl above it",
        ),
        ("x = 1", "no function is marked with @geo_rewards.hookimpl"),
    ],
)
def test_a_hook_that_would_not_be_called_is_told_what_is_wrong(site: Site, code: str, message: str) -> None:
    site.add("demo-plugin", code)
    assert message in str(plugin_of(site.registry(), "demo-plugin").error)


def test_a_name_near_a_known_one_is_still_traced_to_the_broken_plugin(site: Site) -> None:
    site.add("broken-plugin", "import a_module_that_does_not_exist")
    with pytest.raises(PluginError, match="did you mean 'city_match'") as caught:
        site.registry().find_reward("city_matches")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_two_broken_plugins_are_both_causes(site: Site) -> None:
    site.add("broken-one", "import a_module_that_does_not_exist")
    site.add("broken-two", "1 / 0")
    with pytest.raises(PluginError, match=r"failed to load \(broken-one 1\.0, broken-two 1\.0\)") as caught:
        site.registry().find_reward("broken")
    cause = caught.value.__cause__
    assert isinstance(cause, BaseExceptionGroup)
    assert [type(error) for error in cause.exceptions] == [ModuleNotFoundError, ZeroDivisionError]


def test_two_plugins_that_claim_a_name_poison_that_name_only(site: Site) -> None:
    site.add("first-plugin", registering("shared"))
    site.add("other-plugin", registering("Shared"))
    site.add("third-plugin", registering("mine"))
    registry = site.registry()
    with pytest.raises(PluginError, match=r"claimed by first-plugin 1\.0 and other-plugin 1\.0"):
        registry.find_reward("shared")
    assert "mine" in registry.rewards.names()
    assert not {"shared", "Shared"} & set(registry.rewards.names())
    for distribution in ("first-plugin", "other-plugin"):
        info = plugin_of(registry, distribution)
        assert info.error is None
        assert info.provides == []
        assert "first-plugin 1.0 and other-plugin 1.0" in info.refused[0]


def test_blocking_one_of_two_claimants_settles_the_name(site: Site) -> None:
    site.add("first-plugin", registering("shared"))
    site.add("other-plugin", registering("shared"))
    registry = site.registry(disabled=("Other_Plugin",))
    assert registry.find_reward("shared").source.distribution == "first-plugin"
    assert plugin_of(registry, "other-plugin").disabled


def test_a_claim_of_a_plugin_that_then_fails_poisons_nothing(site: Site) -> None:
    site.add("first-plugin", registering("shared"))
    failing = altered("register(Reward)", "register(Reward)\n    1 / 0", name="shared")
    site.add("other-plugin", failing)
    registry = site.registry()
    assert registry.find_reward("shared").source.distribution == "first-plugin"
    info = plugin_of(registry, "first-plugin")
    assert (info.provides, info.refused) == (["reward shared"], [])


def test_built_in_names_are_reserved(site: Site) -> None:
    site.add("aaa-claims", registering("Haversine-Decay"))
    registry = site.registry()
    assert registry.find_reward("haversine_decay").source.distribution == "geo-rewards"
    assert plugin_of(registry, "aaa-claims").refused == [
        "reward 'Haversine-Decay' is reserved by geo-rewards"
    ]
    assert "reward haversine_decay" in plugin_of(registry, "geo-rewards").provides


def test_a_reward_and_a_recipe_may_share_a_name(site: Site) -> None:
    recipe = "\n" + hook("register_recipes", "register('both', pathlib.Path('both.yaml'))")
    site.add("demo-plugin", "import pathlib\n" + registering("both") + recipe)
    registry = site.registry()
    assert plugin_of(registry, "demo-plugin").provides == ["reward both", "recipe both"]


def test_a_gazetteer_is_made_once_and_its_failure_is_the_plugins(site: Site) -> None:
    code = """
made = []

def broken():
    raise OSError("no table")

@gr.hookimpl
def register_gazetteers(register):
    register("fine", lambda: made.append(1) or gr.get_gazetteer("default"))
    register("broken", broken)
"""
    site.add("demo-plugin", code)
    registry = site.registry()
    with using_registry(registry):
        assert gr.get_gazetteer("fine") is gr.get_gazetteer("FINE")
    assert sys.modules["demo_plugin"].made == [1]
    with pytest.raises(
        PluginError, match=r"gazetteer 'broken' of demo-plugin 1\.0 failed: OSError: no table"
    ) as caught:
        registry.get_gazetteer("broken")
    assert isinstance(caught.value.__cause__, OSError)


def test_a_blocked_plugin_is_not_even_imported(site: Site) -> None:
    site.add("demo-plugin", registering("demo"))
    registry = site.registry(disabled=("demo.plugin",))
    assert plugin_of(registry, "demo-plugin").disabled
    assert "demo_plugin" not in sys.modules
    with pytest.raises(
        UnknownNameError, match=r"GEO_REWARDS_DISABLE_PLUGINS blocks demo-plugin 1\.0: unknown reward"
    ):
        registry.find_reward("demo")


def test_the_variable_blocks_a_plugin(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("demo-plugin", registering("demo"))
    monkeypatch.setenv("GEO_REWARDS_DISABLE_PLUGINS", " demo-plugin ,")
    assert plugin_of(build_registry(site.entry_points()), "demo-plugin").disabled


def test_blocking_an_unknown_plugin_warns_with_the_nearest(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.add("demo-plugin", registering("demo"))
    with caplog.at_level(logging.WARNING):
        site.registry(disabled=("demo-plugins",))
    assert "'demo-plugins', which is not an installed plugin; did you mean 'demo-plugin'?" in caplog.text


def test_the_built_in_rewards_cannot_be_blocked(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        registry = site.registry(disabled=("geo_rewards",))
    assert "haversine_decay" in registry.rewards.names()
    assert "built in and cannot be disabled" in caplog.text


def test_the_remains_of_a_distribution_affect_nothing_else(site: Site) -> None:
    site.add("good-plugin", registering("good"))
    site.add("gone-plugin", registering("gone"))
    (site.folder / "gone_plugin-1.0.dist-info" / "METADATA").unlink()
    (site.folder / "gone_plugin.py").unlink()
    registry = site.registry()
    assert {"good", "haversine_decay"} <= set(registry.rewards.names())
    (broken,) = [info for info in registry.plugins if info.error]
    assert isinstance(broken.error, ModuleNotFoundError)


def test_two_entry_points_of_one_module_cost_only_the_second(site: Site) -> None:
    site.add("first-plugin", registering("demo"))
    site.add("other-plugin", "", entry="first_plugin")
    registry = site.registry()
    assert registry.find_reward("demo").source.distribution == "first-plugin"
    assert plugin_of(registry, "other-plugin").error is not None


def test_loading_a_broken_plugin_again_leaves_the_first_alone(site: Site) -> None:
    site.add("demo-plugin", registering("demo"))
    registry = site.registry()
    source = registry.find_reward("demo").source
    second = registry.load(source, lambda: sys.modules["demo_plugin"])
    assert second.error is not None
    assert registry.find_reward("demo").name == "demo"


def test_the_order_of_entry_points_does_not_matter(site: Site) -> None:
    for number in range(4):
        site.add(f"plugin-{number}", registering(f"reward_{number}"))
    points = site.entry_points()
    forward, backward = build_registry(points), build_registry(points[::-1])
    assert forward.list_rewards() == backward.list_rewards()
    assert [info.source for info in forward.plugins] == [info.source for info in backward.plugins]


def test_a_replacement_is_in_use_inside_the_block_only(site: Site) -> None:
    site.add("demo-plugin", registering("demo"))
    outside = get_registry()
    with using_registry(site.registry()) as replacement:
        assert get_registry() is replacement
        assert gr.get_reward("demo")(["x"]) == [1.0]
    assert get_registry() is outside
    with pytest.raises(gr.GeoRewardsError):
        gr.get_reward("demo")


def test_a_temporary_plugin_that_fails_raises_with_its_failure() -> None:
    with pytest.raises(PluginError, match="failed to register") as caught, temporary_plugin(object()):
        pass
    assert isinstance(caught.value.__cause__, PluginError)


def test_threads_that_ask_first_at_the_same_time_get_one_registry(site: Site) -> None:
    site.add("demo-plugin", "print('imported')\n" + registering("demo"))
    code = """
import threading
from geo_rewards.registry.registry import get_registry
found, barrier = [], threading.Barrier(8)
threads = [threading.Thread(target=lambda: (barrier.wait(), found.append(get_registry()))) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), len(set(map(id, found))), "demo" in found[0].rewards.names())
"""
    environment = {**os.environ, "PYTHONPATH": str(site.folder)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["8", "1", "True"]
    assert run.stderr.split() == ["imported"]  # stdout is for a command's own output

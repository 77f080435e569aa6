"""The plugin contract, and that docs/plugins.md documents all of it."""

from __future__ import annotations

import inspect
import re
import tomllib
import types
from pathlib import Path

import pytest

from geo_rewards.contract import hookspecs
from geo_rewards.registry.registry import Registry
from geo_rewards.testing import CHECKS, RECIPE_CHECKS, temporary_plugin

GUIDE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
HOOKS = {
    name: tuple(inspect.signature(function).parameters)
    for name, function in vars(hookspecs).items()
    if inspect.isfunction(function) and hasattr(function, f"{hookspecs.GROUP}_spec")
}


def snippet(*, language: str, containing: str) -> str:
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return found


def test_the_hooks_are_these_three() -> None:
    assert set(HOOKS) == {"register_rewards", "register_recipes", "register_gazetteers"}


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_with_its_arguments(hook: str) -> None:
    assert f"| `{hook}({', '.join(HOOKS[hook])})` |" in GUIDE
    assert inspect.getdoc(getattr(hookspecs, hook))


def test_the_guide_documents_only_existing_hooks() -> None:
    assert set(re.findall(r"\| `(\w+)\(.*?\)` \|", GUIDE)) == set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_registry_calls_every_hook(hook: str) -> None:
    called = []

    def implementation(register: object) -> None:
        called.append(register)

    implementation.__name__ = hook
    plugin = types.SimpleNamespace(**{hook: hookspecs.hookimpl(implementation)})
    with temporary_plugin(_Hashable(plugin)):
        assert len(called) == 1
        assert callable(called[0])


@pytest.fixture
def guides_plugin(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("geo_rewards_short")
    exec(snippet(language="python", containing="def register_rewards"), module.__dict__)
    monkeypatch.setitem(__import__("sys").modules, "geo_rewards_short", module)
    return module


def test_the_guides_plugin_passes_the_guides_tests(guides_plugin: types.ModuleType) -> None:
    tests: dict[str, object] = {}
    exec(snippet(language="python", containing="temporary_plugin(geo"), tests)
    functions = [function for name, function in tests.items() if name.startswith("test_")]
    assert len(functions) == 3
    for test in functions:
        assert callable(test)
        test()


def test_the_guide_names_every_check() -> None:
    table = GUIDE.split("| check | what it finds |")[1].split("\n\n")[0]
    names = {*CHECKS, *RECIPE_CHECKS}
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|(.*?)\|", table, re.MULTILINE)))) == set(names)


def test_the_guides_metadata_names_the_guides_module() -> None:
    project = tomllib.loads(snippet(language="toml", containing="entry-points"))["project"]
    assert project["entry-points"] == {hookspecs.GROUP: {"short": "geo_rewards_short"}}


def test_a_new_registry_knows_nothing() -> None:
    assert Registry().list_rewards() == []


class _Hashable:
    """A plugin that is an object instead of a module."""

    def __init__(self, namespace: types.SimpleNamespace) -> None:
        self.__dict__.update(vars(namespace))

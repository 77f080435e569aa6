"""Checks of a plugin's hooks before they are called: names, marks and arguments."""

from __future__ import annotations

import inspect
from typing import Any

from geo_rewards.contract import hookspecs
from geo_rewards.errors import PluginError, hint, nearest_names

_HOOKS = ("register_rewards", "register_recipes", "register_gazetteers")
_MARK = f"{hookspecs.GROUP}_impl"


def check_hooks(plugin: object, *, where: str) -> None:
    """Refuse a plugin whose hooks would not be called, or not as they expect.

    Args:
        plugin: The imported module or object.
        where: Its entry point, for messages.

    Raises:
        PluginError: Naming the function and what would be right.
    """
    functions = {name: thing for name in dir(plugin) if callable(thing := _member(plugin, name))}
    marked = {name: thing for name, thing in functions.items() if hasattr(thing, _MARK)}
    for name, function in marked.items():
        options = getattr(function, _MARK) or {}
        hook = options.get("specname") or name
        if hook not in _HOOKS:
            nearest = hint(nearest_names(hook, _HOOKS, count=1))
            known = "" if nearest else f"; the hooks are {', '.join(_HOOKS)}"
            raise PluginError(f"{where}: unknown hook {hook!r}{nearest}{known}")
        _check_arguments(name, function, where=where)
    if marked:
        return
    unmarked = [name for name in functions if nearest_names(name, _HOOKS, count=1)]
    found = f"; {unmarked[0]!r} is not: write @geo_rewards.hookimpl above it" if unmarked else ""
    raise PluginError(f"{where}: no function is marked with @geo_rewards.hookimpl{found}")


def _member(plugin: object, name: str) -> Any:
    try:
        return getattr(plugin, name, None)
    except Exception:  # noqa: BLE001 - a module with its own __getattr__
        return None


def _check_arguments(name: str, function: Any, *, where: str) -> None:
    names = [parameter for parameter in inspect.signature(function).parameters if parameter != "self"]
    if names not in ([], ["register"]):
        raise PluginError(
            f"{where}: {name} takes one argument, called `register`, not {', '.join(map(repr, names))}"
        )

"""Register a plugin that is not installed, for a test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from geo_rewards.errors import PluginError
from geo_rewards.registry.catalog import PluginSource
from geo_rewards.registry.registry import build_registry, using_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo_rewards.registry.registry import Registry


@contextmanager
def temporary_plugin(module: object, *, distribution: str = "temporary") -> Iterator[Registry]:
    """Register a plugin for the duration of a ``with`` block, in addition to all installed ones.

    If the module is an installed plugin's, it replaces that one: a package's tests pass before and
    after it is installed.

    Args:
        module: A module or class with `hookimpl` functions.
        distribution: The name under which it is reported.

    Raises:
        PluginError: If the plugin fails to register, with its failure as the cause.

    Example:
        ``with temporary_plugin(my_plugin): reward = geo_rewards.get_reward("my_reward")``
    """
    registry = build_registry(without_module=getattr(module, "__name__", None))
    info = registry.load(PluginSource(distribution, "0"), lambda: module)
    if info.error is not None:
        raise PluginError(f"plugin {distribution!r} failed to register: {info.error}") from info.error
    with using_registry(registry):
        yield registry

"""The registry: which rewards, recipes and gazetteers are installed, and by which plugin.

Each plugin is loaded separately: one that fails is reported and does not affect the others.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import sys
import threading
import traceback
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pluggy

from geo_rewards.contract import hookspecs
from geo_rewards.errors import GeoRewardsError, PluginError, UnknownNameError, hint, nearest_names, one_line
from geo_rewards.registry.catalog import DISABLE_VARIABLE, Catalog, Claim, PluginSource, Thing, normalise_name
from geo_rewards.registry.hook_checks import check_hooks
from geo_rewards.registry.registration import gazetteer_claim, recipe_claim, reward_claim
from geo_rewards.system.first_use import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from importlib.resources.abc import Traversable

    from geo_rewards.contract.reward import Reward
    from geo_rewards.geo import Gazetteer

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class PluginInfo:
    """A plugin and the result of loading it.

    Attributes:
        source: Where it comes from.
        error: Why it could not be used, or None.
        disabled: It was blocked by `GEO_REWARDS_DISABLE_PLUGINS`.
        provides: Names it registered, as ``reward x``.
        refused: Why it did not get names that it claimed.
    """

    source: PluginSource
    error: BaseException | None = None
    disabled: bool = False
    provides: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def traceback(self) -> str:
        """The error's traceback, or an empty string."""
        return "" if self.error is None else "".join(traceback.format_exception(self.error))


@dataclass(frozen=True, slots=True)
class RewardInfo:
    """One line about a reward.

    Attributes:
        name: Its registered name.
        plugin: Distribution that provides it.
        version: That distribution's version.
        summary: First line of its docstring.
        range: Closed range of its values with default parameters.
    """

    name: str
    plugin: str
    version: str
    summary: str
    range: tuple[float, float]


class Registry:
    """Everything that plugins registered; built by `build_registry`."""

    def __init__(self) -> None:
        self.plugins: list[PluginInfo] = []
        self.rewards: Catalog[type[Reward]] = Catalog("reward")
        self.recipes: Catalog[Traversable] = Catalog("recipe")
        self.gazetteers: Catalog[Callable[[], Gazetteer]] = Catalog("gazetteer")
        self._manager = pluggy.PluginManager(hookspecs.GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._lost: dict[str, PluginInfo] = {}
        self._gazetteers: dict[str, Gazetteer] = {}
        self._making = ForkSafeLock(delays_forks=True)

    def load(self, source: PluginSource, import_module: Callable[[], object]) -> PluginInfo:
        """Import a plugin, call its hooks and return the result; its failure is recorded, never raised."""
        info = PluginInfo(replace(source))  # claims are distinguished by the identity of their source
        self.plugins.append(info)
        try:
            with _marked_as_loading(), redirect_stdout(sys.stderr):  # stdout is for a command's own output
                self._register(info, import_module())
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit and panics too: reported by `plugins`
            info.error = error
            self._undo(info)
            logger.warning("plugin %s failed to load: %s", source, one_line(error))
        self._settle()
        for refusal in info.refused:
            logger.warning("plugin %s: %s", source, refusal)
        return info

    def find_reward(self, name: str) -> Claim[type[Reward]]:
        """Return the reward class of that name, with its plugin.

        Raises:
            PluginError: If two plugins claim the name; or if none provides it and a plugin is broken,
                with that failure as the cause.
            UnknownNameError: If there is none; offers the nearest names.
        """
        return self._get(self.rewards, name)

    def get_recipe_file(self, name: str) -> Traversable:
        """Return the YAML file of a named recipe; raises like `find_reward`."""
        return self._get(self.recipes, name).thing

    def get_gazetteer(self, name: str) -> Gazetteer:
        """Return the gazetteer of that name, created on first use.

        Raises:
            PluginError: Like `find_reward`, and if creating it fails; with that failure as the cause.
            UnknownNameError: If there is none; offers the nearest names.
        """
        claim = self._get(self.gazetteers, name)
        with self._making:
            if claim.name not in self._gazetteers:
                self._gazetteers[claim.name] = _make_gazetteer(claim)
            return self._gazetteers[claim.name]

    def check_gazetteer(self, name: str) -> None:
        """Raise like `get_gazetteer` if there is no gazetteer of that name, without creating it."""
        self._get(self.gazetteers, name)

    def list_rewards(self) -> list[RewardInfo]:
        """Return the `RewardInfo` of each usable reward, sorted by name."""
        return [
            RewardInfo(
                name=claim.name,
                plugin=claim.source.distribution,
                version=claim.source.version,
                summary=summary(claim.thing),
                range=claim.thing.range,
            )
            for claim in self.rewards
        ]

    @property
    def _catalogs(self) -> tuple[Catalog[Any], ...]:
        return self.rewards, self.recipes, self.gazetteers

    def _get(self, catalog: Catalog[Thing], name: str) -> Claim[Thing]:
        try:
            return catalog.get(name)
        except UnknownNameError as error:
            failure = self._failure_causing(error, catalog)
            if failure is not None:
                raise failure from failure.__cause__
            blocked = " and ".join(str(info.source) for info in self.plugins if info.disabled)
            if not blocked:
                raise
            where = f"while {DISABLE_VARIABLE} blocks {blocked}"
            raise UnknownNameError(catalog.kind, name, catalog.names(), where=where) from None

    def _failure_causing(self, error: UnknownNameError, catalog: Catalog[Any]) -> PluginError | None:
        """Return an error about the broken plugins that may explain an unknown name, caused by theirs."""
        lost = self._lost.get(f"{catalog.kind} {normalise_name(error.name)}")
        broken = [lost] if lost else [info for info in self.plugins if info.error is not None]
        if not broken:
            return None
        failure = PluginError(f"{error}; {self._why_lost(lost, broken)}; see `geo-rewards plugins`")
        causes = [info.error for info in broken if info.error is not None]
        failure.__cause__ = causes[0] if len(causes) == 1 else BaseExceptionGroup("broken plugins", causes)
        return failure

    def _why_lost(self, lost: PluginInfo | None, broken: Sequence[PluginInfo]) -> str:
        error = broken[0].error
        if error is not None and (lost is not None or len(broken) == 1):
            who = "its plugin" if lost else "a plugin that may provide it"
            return f"{who} failed to load ({broken[0].source}: {one_line(error)})"
        return f"plugins that may provide it failed to load ({', '.join(str(b.source) for b in broken)})"

    def _register(self, info: PluginInfo, plugin: object) -> None:
        check_hooks(plugin, where=info.source.entry_point)
        self._manager.register(plugin, name=self._manager_name(info))
        self._manager.check_pending()
        others = [other for other in self._manager.get_plugins() if other is not plugin]
        for hook, register in self._registrars(info.source).items():
            self._manager.subset_hook_caller(hook, remove_plugins=others)(register=register)

    def _registrars(self, source: PluginSource) -> dict[str, Callable[..., None]]:
        """Return the `register` function that is passed to each of a plugin's hooks."""
        return {
            "register_rewards": lambda reward, /: self.rewards.add(reward_claim(reward, source)),
            "register_recipes": lambda name, file, /: self.recipes.add(recipe_claim(name, file, source)),
            "register_gazetteers": lambda name, factory, /: self.gazetteers.add(
                gazetteer_claim(name, factory, source)
            ),
        }

    def _undo(self, info: PluginInfo) -> None:
        """Undo what a plugin registered before it failed, and remember the names that were lost."""
        for catalog in self._catalogs:
            for name in catalog.discard(info.source):
                self._lost[f"{catalog.kind} {normalise_name(name)}"] = info
        self._manager.unregister(name=self._manager_name(info))

    def _manager_name(self, info: PluginInfo) -> str:
        return f"{self.plugins.index(info)}: {info.source} {info.source.entry_point}"

    def _settle(self) -> None:
        """Recompute what each plugin provides and is refused: the latest plugin can change both."""
        for info in self.plugins:
            claims = [
                (catalog, claim) for catalog in self._catalogs for claim in catalog.claims_of(info.source)
            ]
            verdicts = [(f"{catalog.kind} {claim.name}", catalog.refusal(claim)) for catalog, claim in claims]
            info.provides = [entry for entry, refusal in verdicts if refusal is None]
            info.refused = [refusal for _, refusal in verdicts if refusal is not None]


def build_registry(
    entry_points: Iterable[importlib.metadata.EntryPoint] | None = None,
    *,
    disabled: Iterable[str] | None = None,
    without_module: str | None = None,
) -> Registry:
    """Return a registry of all installed plugins.

    Args:
        entry_points: Entry points of plugins; those of the group ``geo_rewards`` if None.
        disabled: Distributions to block; from the variable `GEO_REWARDS_DISABLE_PLUGINS` if None.
        without_module: A module whose entry points are skipped; a test registers it itself.
    """
    if entry_points is None:
        entry_points = importlib.metadata.entry_points(group=hookspecs.GROUP)
    if disabled is None:
        disabled = [name for name in os.environ.get(DISABLE_VARIABLE, "").split(",") if name.strip()]
    blocked = {normalise_name(name.strip()): name.strip() for name in disabled}
    registry = Registry()
    wanted = [point for point in entry_points if point.value.split(":")[0] != without_module]
    found = sorted(((_source(point), point) for point in wanted), key=_built_in_first)
    for source, point in found:
        if normalise_name(source.distribution) in blocked and not source.is_built_in:
            registry.plugins.append(PluginInfo(source, disabled=True))
        else:
            registry.load(source, point.load)
    _warn_of_unblockable(blocked, [source for source, _ in found])
    return registry


def get_registry() -> Registry:
    """Return the registry in use: built on first call, replaced inside `using_registry`.

    Raises:
        PluginError: If a plugin calls this while it is being loaded.
    """
    if getattr(_this_thread, "loads_plugin", False):
        raise PluginError("a plugin must not ask for rewards, recipes or gazetteers while it is being loaded")
    if _replacements:
        return _replacements[-1]
    with _first_building:  # threads that call at the same time get the same registry
        return _cached_registry()


@contextmanager
def using_registry(registry: Registry) -> Iterator[Registry]:
    """Use another registry inside a ``with`` block; for tests."""
    _replacements.append(registry)
    try:
        yield registry
    finally:
        _replacements.remove(registry)


def list_rewards() -> list[RewardInfo]:
    """Return the `RewardInfo` of each usable reward, sorted by name."""
    return get_registry().list_rewards()


def get_gazetteer(name: str | None = None) -> Gazetteer:
    """Return a gazetteer, whose ``.lookup(lats, lons)`` returns the places of coordinates.

    Args:
        name: Its name; the built-in default if None.

    Raises:
        UnknownNameError: If there is no gazetteer of that name; offers the nearest names.
    """
    return get_registry().get_gazetteer(name or "default")


def summary(thing: type) -> str:
    """Return the first line of a class's own docstring."""
    return (thing.__dict__.get("__doc__") or "").strip().split("\n")[0]


_replacements: list[Registry] = []
_cached_registry = lru_cache(maxsize=1)(build_registry)
_first_building = ForkSafeLock(delays_forks=True)
_this_thread = threading.local()


@contextmanager
def _marked_as_loading() -> Iterator[None]:
    """Tell `get_registry` that this thread is loading a plugin."""
    _this_thread.loads_plugin = True
    try:
        yield
    finally:
        _this_thread.loads_plugin = False


def _make_gazetteer(claim: Claim[Callable[[], Gazetteer]]) -> Gazetteer:
    try:
        return claim.thing()
    except GeoRewardsError:
        raise
    except Exception as error:
        raise PluginError(f"gazetteer {claim.name!r} of {claim.source} failed: {one_line(error)}") from error


def _source(point: importlib.metadata.EntryPoint) -> PluginSource:
    entry_point = f"{point.name} = {point.value}"
    try:
        name, version = (point.dist.name, point.dist.version) if point.dist else (None, None)
    except Exception:  # noqa: BLE001 - a half-removed distribution: its metadata can fail in any way
        name = version = None
    return PluginSource(name or "unknown", version or "", entry_point)


def _built_in_first(found: tuple[PluginSource, object]) -> tuple[bool, str, str]:
    source, _ = found
    return not source.is_built_in, source.distribution, source.entry_point


def _warn_of_unblockable(blocked: dict[str, str], sources: list[PluginSource]) -> None:
    known = {normalise_name(source.distribution): source for source in sources}
    for key, name in sorted(blocked.items()):
        if key not in known:
            nearest = hint(nearest_names(name, [source.distribution for source in known.values()]))
            logger.warning("%s names %r, which is not an installed plugin%s", DISABLE_VARIABLE, name, nearest)
        elif known[key].is_built_in:
            logger.warning("%s names %r, which is built in and cannot be disabled", DISABLE_VARIABLE, name)

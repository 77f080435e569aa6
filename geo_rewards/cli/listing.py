"""``list``, ``plugins`` and ``recipes``: what is installed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo_rewards.cli.output import print_heading, print_json, print_table, print_text
from geo_rewards.errors import one_line
from geo_rewards.registry.registry import get_registry

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from geo_rewards.registry.catalog import Claim
    from geo_rewards.registry.registry import PluginInfo

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_command(*, as_json: AsJson = False) -> None:
    """List every reward: name, plugin, version, range, summary."""
    from geo_rewards.contract.documentation import show_range

    rewards = get_registry().list_rewards()
    if as_json:
        print_json([asdict(reward) for reward in rewards])
        return
    rows = [[r.name, r.plugin, r.version, show_range(r.range), r.summary] for r in rewards]
    print_table(["reward", "plugin", "version", "range", "summary"], rows)


def plugins_command(*, as_json: AsJson = False) -> None:
    """List every plugin with what it provides, and why it is broken if it is."""
    plugins = get_registry().plugins
    if as_json:
        print_json([_plugin_record(info) for info in plugins])
        return
    rows = [_plugin_row(info) for info in plugins]
    print_table(["plugin", "version", "entry point", "state", "provides", "reason"], rows)
    for info in plugins:
        if info.error is not None:
            print_text("")
            print_heading(f"{info.source} is broken:")
            print_text(info.traceback.rstrip())


def recipes_command(*, as_json: AsJson = False) -> None:
    """List every named recipe, with its rewards and their weights."""
    records = [_recipe_record(claim) for claim in get_registry().recipes]
    if as_json:
        print_json(records)
        return
    rows = [[r["name"], r["plugin"], r["version"], _shown_rewards(r), r["summary"]] for r in records]
    print_table(["recipe", "plugin", "version", "rewards", "summary"], rows)


def _state(info: PluginInfo) -> str:
    if info.disabled:
        return "disabled"
    return "broken" if info.error is not None else "ok"


def _reason(info: PluginInfo) -> str:
    if info.disabled:
        return "blocked by GEO_REWARDS_DISABLE_PLUGINS"
    failure = [] if info.error is None else [one_line(info.error)]
    return "; ".join(failure + [f"refused: {refusal}" for refusal in info.refused])


def _plugin_row(info: PluginInfo) -> list[str]:
    source = info.source
    provides = ", ".join(info.provides)
    return [source.distribution, source.version, source.entry_point, _state(info), provides, _reason(info)]


def _plugin_record(info: PluginInfo) -> dict[str, Any]:
    return {
        "plugin": info.source.distribution,
        "version": info.source.version,
        "entry_point": info.source.entry_point,
        "state": _state(info),
        "provides": info.provides,
        "refused": info.refused,
        "error": None if info.error is None else one_line(info.error),
        "traceback": info.traceback or None,
    }


def _recipe_record(claim: Claim[Traversable]) -> dict[str, Any]:
    """Return a recipe's record; one that cannot be read has the reason, and does not affect the others."""
    from geo_rewards.errors import GeoRewardsError
    from geo_rewards.scoring.file import read_recipe_file, recipe_comment

    rewards: list[dict[str, Any]] = []
    summary, error = "", None
    try:
        entries = read_recipe_file(claim.thing).rewards
        rewards = [{"label": e.label or e.name, "name": e.name, "weight": e.weight} for e in entries]
        summary = _first_sentence(recipe_comment(claim.thing))
    except GeoRewardsError as problem:
        error = one_line(problem)
    return {
        "name": claim.name,
        "plugin": claim.source.distribution,
        "version": claim.source.version,
        "summary": summary or (f"broken: {error}" if error else ""),
        "rewards": rewards,
        "error": error,
    }


def _shown_rewards(record: dict[str, Any]) -> str:
    return ", ".join(f"{reward['weight']:g} {reward['label']}" for reward in record["rewards"])


def _first_sentence(comment: str) -> str:
    """Return the first sentence of a recipe's comment; a full stop inside a name or number does not end it.

    >>> _first_sentence("Geo-R (arXiv 2601.00388), as published: a product. A weighted sum cannot.")
    'Geo-R (arXiv 2601.00388), as published: a product.'
    """
    paragraph = " ".join(comment.split("\n\n", maxsplit=1)[0].split())
    sentence, stop, _ = paragraph.partition(". ")
    return sentence + stop.rstrip()

"""The entries of a recipe: labels, the order of gates, parameters, and the reward objects behind them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from geo_rewards.errors import (
    GeoRewardsError,
    PluginError,
    RecipeError,
    UnknownNameError,
    hint,
    nearest_names,
)
from geo_rewards.registry.file_rewards import check_hash, find_reward_class, load_file_reward, names_a_file
from geo_rewards.scoring.file import Entry, RecipeFile, describe_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo_rewards.contract.reward import Reward


def parse_overrides(settings: Sequence[str]) -> dict[str, Any]:
    """Return the values of ``label.parameter=value`` settings, each value read as YAML.

    Raises:
        RecipeError: If a setting has another form.

    >>> parse_overrides(["distance.scale_km=500"])
    {'distance.scale_km': 500}
    """
    values = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or "." not in key:
            raise RecipeError(f"{setting!r} must be label.parameter=value")
        try:
            values[key.strip()] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise RecipeError(f"{setting!r}: the value is no valid YAML") from error
    return values


def override_file(file: RecipeFile, values: Mapping[str, Any], *, origin: str) -> RecipeFile:
    """Return the recipe as written, with values of ``label.parameter`` replaced.

    Raises:
        RecipeError: If a key is not ``label.parameter``, or has no such label.
    """
    entries = {entry.label: entry for entry in (labelled(entry, origin) for entry in file.rewards)}
    for key, value in values.items():
        label, _, parameter = key.rpartition(".")
        if label not in entries:
            nearest = hint(nearest_names(label or key, entries, count=1))
            raise RecipeError(
                f"{origin}: override {key!r} must be label.parameter, and {label!r} is no label{nearest}"
            )
        change = _change(entries[label], parameter, value, where=f"{origin}: {key}")
        entries[label] = entries[label].model_copy(update=change)
    return file.model_copy(update={"rewards": tuple(entries.values())})


def spelt_out(reward: Reward) -> dict[str, Any]:
    """Return the parameters as JSON values, with nulls only where leaving out would mean something else."""
    fields = type(reward).model_fields
    nulls = [name for name, field in fields.items() if field.default is not None]
    given = {name: None for name in nulls if getattr(reward, name) is None}
    return {**reward.model_dump(mode="json", exclude_none=True), **given}


def _change(entry: Entry, parameter: str, value: Any, *, where: str) -> dict[str, Any]:
    """Return what an override changes in an entry: its weight, its time limit or a parameter."""
    if parameter == "weight":
        return {"weight": _number(value, where=where)}
    if parameter == "timeout_s" and parameter not in find_class(entry.name, where=where).model_fields:
        limit_s = None if value is None else _number(value, where=where)
        if limit_s is not None and limit_s <= 0:
            raise RecipeError(f"{where} must be more than 0, or null for no limit, not {value!r:.60}")
        return {"timeout_s": limit_s}
    return {"params": {**entry.params, parameter: value}}


def _number(value: Any, *, where: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise RecipeError(f"{where} must be a finite number, not {value!r:.60}")


def labelled(entry: Entry, origin: str) -> Entry:
    """Return the entry with a label: the reward's name, also where the entry names a file."""
    if entry.label:
        return entry
    name = find_class(entry.name, where=origin).name if names_a_file(entry.name) else entry.name
    return entry.model_copy(update={"label": name})


def by_label(entries: Sequence[Entry], origin: str) -> dict[str, Entry]:
    """Return the entries by label; a label that stands twice is a `RecipeError`."""
    labels: dict[str, Entry] = {}
    for entry in entries:
        if entry.label in labels:
            raise RecipeError(
                f"{origin}: label {entry.label!r} stands twice: give one of them another with `as`"
            )
        labels[entry.label] = entry
    return labels


def gate_order(entries: Mapping[str, Entry], origin: str) -> list[str]:
    """Return the labels so that every gate comes before what it gates."""
    order: list[str] = []
    for label in entries:
        chain: list[str] = []
        while label not in order:
            if label in chain:
                raise RecipeError(f"{origin}: the gates form a cycle: {' -> '.join([*chain, label])}")
            chain.append(label)
            gate = entries[label].gate
            if gate is None:
                break
            if gate.reward not in entries:
                nearest = hint(nearest_names(gate.reward, entries, count=1))
                raise RecipeError(
                    f"{origin}: the gate of {label!r} names {gate.reward!r}, which is no label{nearest}"
                )
            label = gate.reward  # noqa: PLW2901 - follow the chain of gates
        order.extend(reversed(chain))
    return order


def create_reward(entry: Entry, origin: str) -> Reward:
    """Return the reward of an entry; what is wrong is a `RecipeError` that names recipe and label."""
    reward_class = find_class(entry.name, where=origin)
    if entry.sha256 is not None:
        _check_pin(entry, origin)
    return build_reward(reward_class, entry.params, where=f"{origin}: reward {entry.label!r}")


def find_class(name: str, *, where: str) -> type[Reward]:
    """Return the class of a reward, by name or file; if there is none, that is a `RecipeError`."""
    try:
        return find_reward_class(name)
    except UnknownNameError as error:
        raise RecipeError(f"{where}: {error}") from error
    except PluginError as error:
        if not names_a_file(name):
            raise
        raise RecipeError(f"{where}: {error}") from error.__cause__ or error


def _check_pin(entry: Entry, origin: str) -> None:
    if not names_a_file(entry.name):
        raise RecipeError(
            f"{origin}: reward {entry.label!r} has a sha256, but {entry.name!r} is no file: leave it out"
        )
    try:
        check_hash(load_file_reward(entry.name), entry.sha256 or "")
    except GeoRewardsError as error:
        raise RecipeError(f"{origin}: {error}") from error


def build_reward(reward_class: type[Reward], params: Mapping[str, Any], *, where: str) -> Reward:
    """Return a reward with its parameters; what is wrong with them is a `RecipeError`."""
    try:
        return reward_class(**params)
    except ValidationError as error:
        problems = "; ".join(describe_error(e, model=reward_class) for e in error.errors())
        raise RecipeError(f"{where}: {problems}") from None

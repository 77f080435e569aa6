"""Overrides of a recipe, ``label.parameter=value``: of `--set`, `--recipe_set` and `Recipe.override`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from geo_rewards.errors import InputError, RecipeError, hint, nearest_names
from geo_rewards.scoring.file import Entry, describe_recipe_error
from geo_rewards.yaml_file import parse_yaml, yaml_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo_rewards.scoring.entries import FoundEntry

_SETTINGS = ("weight", "factor", "gate", "on_error", "timeout_s")
"""What an override can change in an entry, beside the reward's parameters."""


def parse_overrides(settings: Sequence[str]) -> dict[str, Any]:
    """Return the values of ``label.parameter=value`` settings, each value read as YAML.

    Raises:
        RecipeError: If a setting has a different form, or is given twice.

    >>> parse_overrides(["distance.scale_km=500"])
    {'distance.scale_km': 500}
    """
    values: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals or not key:
            raise RecipeError(f"{setting!r:.60} must be label.parameter=value")
        if key in values:
            raise RecipeError(f"{key!r} is set twice")
        try:
            values[key] = parse_yaml(text)
        except yaml.YAMLError as error:
            problem = yaml_problem(error)
            raise RecipeError(f"{setting!r:.60}: the value is not valid YAML: {problem}") from error
    return values


def override_entries(
    entries: Mapping[str, FoundEntry], values: Mapping[str, Any], *, origin: str
) -> dict[str, FoundEntry]:
    """Return the entries with some values replaced.

    Args:
        entries: The entries by label.
        values: New values by ``label.parameter``, ``label.weight``, ``label.on_error``, ``label.gate`` (null
            for none), ``label.gate.at_least`` and so on. In a recipe of one reward the label may be left out.
        origin: Name or path of the recipe, for messages.

    Raises:
        RecipeError: If a label does not exist, or a value is invalid.
        InputError: If the values are not a dict.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"an override is a dict by label.parameter, not {values!r:.60}")
    changed = dict(entries)
    for key, value in values.items():
        label, path = _target(str(key), changed, origin)
        entry = _changed(changed[label], path, value, where=f"{origin}: reward {label!r}")
        changed[label] = replace(changed[label], entry=entry)
    return changed


def _target(key: str, entries: Mapping[str, FoundEntry], origin: str) -> tuple[str, str]:
    """Return the label that an override is for, and what it changes there."""
    labels = [label for label in entries if key.startswith(f"{label}.") and len(key) > len(label) + 1]
    if labels:
        label = max(labels, key=len)
        return label, key[len(label) + 1 :]
    if len(entries) == 1 and key and key not in entries:
        label = next(iter(entries))
        if "." not in key or key.startswith(("gate.", "params.")):
            return label, key
    written = key.partition(".")[0]
    if written in entries:
        raise RecipeError(f"{origin}: {key!r} must be label.parameter, such as '{written}.weight'")
    nearest = hint(nearest_names(written, entries, count=1))
    raise RecipeError(
        f"{origin}: {key!r} must be label.parameter, and {written!r} is not a label{nearest} "
        f"(labels: {', '.join(entries)})"
    )


def _changed(found: FoundEntry, path: str, value: Any, *, where: str) -> Entry:
    """Return an entry with one of its settings, or a parameter of its reward, replaced."""
    parameters = found.found.reward_class.model_fields
    head, _, rest = path.partition(".")
    if head == "params" and rest and head not in parameters:
        head, _, rest = rest.partition(".")
    elif head == "weight" or (head in _SETTINGS and head not in parameters):
        return _with_setting(found.entry, head, rest, value, where=where)
    meant = nearest_names(head, _SETTINGS, count=1)
    if head not in parameters and meant and not nearest_names(head, parameters, count=1):
        raise RecipeError(f"{where}: unknown key {head!r}; did you mean {meant[0]!r}?")
    params = found.entry.params
    new = value if not rest else {**_mapping(params.get(head)), rest: value}
    return found.entry.model_copy(update={"params": {**params, head: new}})


def _with_setting(entry: Entry, name: str, part: str, value: Any, *, where: str) -> Entry:
    written = entry.model_dump(by_alias=True)
    written[name] = value if not part else {**_mapping(written[name]), part: value}
    try:
        return Entry.model_validate(written)
    except ValidationError as error:
        problems = dict.fromkeys(describe_recipe_error(fault) for fault in error.errors())
        raise RecipeError(f"{where}: {'; '.join(problems)}") from None


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}

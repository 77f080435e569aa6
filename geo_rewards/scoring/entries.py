"""The entries of a recipe: look up, label and create their rewards; order the gates."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from geo_rewards.contract.given import endless_parameters
from geo_rewards.errors import (
    GeoRewardsError,
    MissingParameterError,
    MissingValueError,
    RecipeError,
    UnknownNameError,
    hint,
    nearest_names,
)
from geo_rewards.registry.file_rewards import RewardFileError, check_hash
from geo_rewards.registry.lookup import FoundReward, find_reward
from geo_rewards.yaml_file import describe_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

    from geo_rewards.contract.reward import Reward
    from geo_rewards.scoring.file import Entry


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry of a recipe with the reward that it names.

    Attributes:
        entry: The entry, with a label.
        found: The class and where it comes from.
    """

    entry: Entry
    found: FoundReward


def find_entries(entries: Sequence[Entry], origin: str) -> dict[str, FoundEntry]:
    """Look up the reward of each entry once, and return the entries by label.

    An entry without a label gets the reward's name.

    Args:
        entries: The entries as written.
        origin: Name or path of the recipe, for messages.

    Raises:
        RecipeError: If a reward does not exist, its file is broken or not the recorded one, or two entries
            have the same label.
        PluginError: If its plugin is broken.
    """
    labels: dict[str, FoundEntry] = {}
    for entry in entries:
        found = _find(entry.name, origin)
        if entry.sha256 is not None:
            _check_pin(entry, found, origin)
        label = entry.label or (entry.name if found.sha256 is None else found.reward_class.name)
        if label in labels:
            raise RecipeError(
                f"{origin}: label {label!r} is duplicated: give one of the entries another label with `as`"
            )
        labels[label] = FoundEntry(entry.model_copy(update={"label": label}), found)
    return labels


def explicit_parameters(reward: Reward) -> dict[str, Any]:
    """Return the parameters as JSON values, with null only where the default is not null."""
    fields = type(reward).model_fields
    nulls = [name for name, field in fields.items() if field.default is not None]
    given = {name: None for name in nulls if getattr(reward, name) is None}
    return {**reward.model_dump(mode="json", exclude_none=True), **given}


def scoring_order(entries: Mapping[str, Entry], origin: str) -> list[str]:
    """Return the labels in an order in which gates and factors come before the entries that use them.

    Raises:
        RecipeError: If a gate or factor names no label, or they form a cycle.
    """
    for label, entry in entries.items():
        for use, used in used_by(entry).items():
            if used not in entries:
                nearest = hint(nearest_names(used, entries, count=1))
                raise RecipeError(
                    f"{origin}: the {use} of {label!r} names {used!r}, which is not a label{nearest}"
                )
    uses = {label: tuple(used_by(entry).values()) for label, entry in entries.items()}
    try:
        return list(TopologicalSorter(uses).static_order())
    except CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        raise RecipeError(f"{origin}: the gates and factors form a cycle: {cycle}") from None


def used_by(entry: Entry) -> dict[str, str]:
    """Return the labels of other entries that an entry uses, by what it uses them for."""
    gate = {} if entry.gate is None else {"gate": entry.gate.reward}
    return gate if entry.factor is None else {**gate, "factor": entry.factor}


def create_reward(found_entry: FoundEntry, origin: str) -> Reward:
    """Create the reward of an entry; raise a `RecipeError` that names recipe and label if it is invalid."""
    entry = found_entry.entry
    where = f"{origin}: reward {entry.label!r}"
    return build_reward(found_entry.found.reward_class, entry.params, where=where, label=entry.label)


def build_reward(
    reward_class: type[Reward], params: Mapping[str, Any], *, where: str, label: str | None = None
) -> Reward:
    """Create a reward with these parameters.

    Args:
        reward_class: Its class.
        params: The parameters.
        where: Recipe and label, or name, for messages.
        label: Its label, if it is in a recipe.

    Raises:
        MissingParameterError: If a parameter that must be given is not.
        RecipeError: If one is unknown or invalid.
    """
    try:
        reward = reward_class(**params)
    except ValidationError as error:
        fields = list(reward_class.model_fields)
        faults = error.errors()
        problems = "; ".join(describe_error(fault, known=lambda _path: fields) for fault in faults)
        missing = [name for fault in faults for name in _missing(fault)]
        if missing:
            raise MissingParameterError(f"{where}: {problems}", missing, label=label) from None
        raise RecipeError(f"{where}: {problems}") from None
    if endless := endless_parameters(reward, params):
        raise RecipeError(f"{where}: {'; '.join(endless)}")
    return reward


def _missing(fault: ErrorDetails) -> list[str]:
    """Return the parameters that must be given, if this is what is wrong."""
    if fault["type"] == "missing" and len(fault["loc"]) == 1:
        return [str(fault["loc"][0])]
    cause = (fault.get("ctx") or {}).get("error")
    return cause.names if isinstance(cause, MissingValueError) else []


def _find(name: str, origin: str) -> FoundReward:
    try:
        return find_reward(name)
    except UnknownNameError as error:
        raise RecipeError(f"{origin}: {error}") from error
    except RewardFileError as error:
        raise RecipeError(f"{origin}: {error}") from error.__cause__ or error


def _check_pin(entry: Entry, found: FoundReward, origin: str) -> None:
    """Compare a file's hash with the one that the recipe records."""
    if found.sha256 is None:
        raise RecipeError(
            f"{origin}: reward {entry.label or entry.name!r} has a sha256, but {entry.name!r} is not a file: "
            "remove the sha256"
        )
    try:
        check_hash(found.name, found.sha256, expected=entry.sha256 or "")
    except GeoRewardsError as error:
        raise RecipeError(f"{origin}: {error}") from error

"""Checks of a recipe as a whole: gates that can open, totals that stay finite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from geo_rewards.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geo_rewards.contract.reward import Reward
    from geo_rewards.scoring.file import Entry

MAX_TOTAL = 1e15
"""Trainers compute in 32 bits, where the squares of greater numbers are soon infinite."""
_ROUNDING = 1e-9


def check_bounds(reward: Reward, *, where: str) -> None:
    """Refuse a reward whose range with these parameters is not a range.

    Raises:
        RecipeError: If it is not two finite numbers in order.
    """
    try:
        low, high = map(float, reward.bounds)
    except Exception as error:
        raise RecipeError(f"{where}: its range cannot be told: {type(error).__name__}: {error}") from error
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise RecipeError(f"{where}: its range [{low:g}, {high:g}] must be finite and in order")


def check_totals(contributions: Mapping[str, tuple[float, float]], origin: str) -> None:
    """Refuse weights with which a total could overflow.

    Args:
        contributions: Lowest and highest contribution of each reward to the total, by label.
        origin: Name or path of the recipe, for messages.

    Raises:
        RecipeError: Naming the greatest contribution.
    """
    greatest = {label: max(abs(low), abs(high)) for label, (low, high) in contributions.items()}
    if sum(greatest.values()) > MAX_TOTAL:
        label = max(greatest, key=lambda label: greatest[label])
        raise RecipeError(
            f"{origin}: a total can reach {sum(greatest.values()):.3g}, of which {label!r} gives "
            f"{greatest[label]:.3g}: choose weights that keep it below {MAX_TOTAL:g}"
        )


def check_gates(
    entries: Mapping[str, Entry], final_bounds: Callable[[str], tuple[float, float]], origin: str
) -> None:
    """Refuse gates that can never open, and such that pay more closed than open.

    Args:
        entries: The entries by label.
        final_bounds: Returns the lowest and highest final value of an entry.
        origin: Name or path of the recipe, for messages.

    Raises:
        RecipeError: Naming the gate and what would be right.
    """
    for label, entry in entries.items():
        gate = entry.gate
        if gate is None:
            continue
        _, highest = final_bounds(gate.reward)
        fallback = entries[gate.reward].on_error
        if isinstance(fallback, float):
            highest = max(highest, fallback)
        if gate.at_least > highest + _ROUNDING:
            raise RecipeError(
                f"{origin}: the gate of {label!r} can never open: it needs at least {gate.at_least:g} from "
                f"{gate.reward!r}, whose highest value is {highest:g}"
            )


def check_closed_value(entry: Entry, highest: float, *, where: str) -> None:
    """Refuse a gate that pays more when it is closed than its reward can earn.

    Args:
        entry: The gated entry.
        highest: The highest value that its reward can earn, before the gate.
        where: Recipe and label, for messages.

    Raises:
        RecipeError: Naming both values.
    """
    gate = entry.gate
    if gate is None or isinstance(gate.otherwise, str) or entry.weight <= 0:
        return
    if gate.otherwise > highest + _ROUNDING:
        raise RecipeError(
            f"{where}: its gate gives {gate.otherwise:g} when it is closed, more than the reward's highest "
            f"value of {highest:g}: `otherwise` must be at most that"
        )

"""From the outcomes of an entry to its final values: errors, factor and gate, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_rewards.errors import GeoRewardsError, RewardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geo_rewards.contract.calls import Outcome
    from geo_rewards.scoring.column import Column
    from geo_rewards.scoring.file import Entry, OnError


def errors_by_row(outcomes: Sequence[Outcome]) -> dict[int, Exception]:
    """Return what went wrong, by row."""
    if not any(issubclass(kind, Exception) for kind in set(map(type, outcomes))):
        return {}
    return {row: outcome for row, outcome in enumerate(outcomes) if isinstance(outcome, Exception)}


def with_errors_replaced(
    outcomes: Sequence[Outcome], errors: Iterable[int], *, on_error: OnError
) -> list[float | None]:
    """Return the outcomes, with errors replaced as `on_error` says."""
    settled: list[Any] = list(outcomes)
    for row in errors:
        settled[row] = None if isinstance(on_error, str) else float(on_error)
    return settled


def closed_rows(
    entry: Entry, ungated: Sequence[float | None], done: Mapping[str, Column]
) -> dict[int, float | None]:
    """Return the rows on which the entry's gate is closed, with the value that closed it."""
    if entry.gate is None:
        return {}
    gate_values = done[entry.gate.reward].final
    pairs = enumerate(zip(ungated, gate_values, strict=True))
    return {
        row: gate_value
        for row, (value, gate_value) in pairs
        if value is not None and (gate_value is None or gate_value < entry.gate.at_least)
    }


def value_when_closed(entry: Entry, gate_value: float | None) -> float | None:
    """Return the value of an entry whose gate is closed: None if the gate itself abstained."""
    if entry.gate is None or gate_value is None or isinstance(entry.gate.otherwise, str):
        return None
    return entry.gate.otherwise


def multiplied(values: Sequence[float | None], factors: Sequence[float | None]) -> list[float | None]:
    """Return the products; None where either abstained."""
    pairs = zip(values, factors, strict=True)
    return [None if value is None or factor is None else value * factor for value, factor in pairs]


def spanned(factors: Sequence[float], bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the lowest and highest product of a factor and a bound."""
    products = [factor * bound for factor in factors for bound in bounds]
    return min(products), max(products)


def with_label(error: Exception, label: str) -> GeoRewardsError:
    """Return an error that names the label of its reward."""
    if isinstance(error, RewardError) and error.reward == label:
        return error
    failure = RewardError(str(error), reward=label)
    failure.__cause__ = error
    return failure

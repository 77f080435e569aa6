"""Columns of a batch: those given by the caller, and those computed on first use.

The latter are computed all at once (`column`) or row by row (`LazyRows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

import numpy as np

from geo_rewards.batch.tables import list_of
from geo_rewards.batch.truths import TRUTH_COLUMNS
from geo_rewards.errors import InputError
from geo_rewards.geo.located import LocatedPlaces
from geo_rewards.system.first_use import lazy_property

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_ROW_COLUMNS = TRUTH_COLUMNS | {"prompts", "completions", "completion_ids"}

PICTURE_FAULT = "picture_fault"
"""Column saying why a row's pictures could not be opened; all rewards abstain on that row."""

Item = TypeVar("Item")
Value = TypeVar("Value")


class LazyRows(Sequence[Item], Generic[Item]):
    """One item per row, created on first use and kept.

    Most rewards never read some columns of a batch, or read them for only a few rows.

    Args:
        make: Creates the item for a row (never None).
        count: How many rows there are.

    >>> rows = LazyRows(str, 3)
    >>> rows[1], dict(rows.made()), rows == ["0", "1", "2"]
    ('1', {1: '1'}, True)
    """

    __slots__ = ("_items", "_make")

    def __init__(self, make: Callable[[int], Item], count: int) -> None:
        self._make = make
        self._items: list[Item | None] = [None] * count

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        """Return an item, or a list of items for a slice."""
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        item = self._items[index]
        if item is None:
            item = self._items[index] = self._make(index % len(self._items))
        return item

    def __iter__(self) -> Iterator[Item]:
        """Yield the items in order."""
        return (self[row] for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Compare like a list."""
        return list(self) == list(other) if isinstance(other, (list, LazyRows)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # like a list

    def __repr__(self) -> str:
        """Show the items like a list."""
        return repr(list(self))

    def made(self) -> Iterator[tuple[int, Item]]:
        """Yield the row and item of each one created so far."""
        return ((row, item) for row, item in enumerate(self._items) if item is not None)

    def take(self, rows: Sequence[int]) -> LazyRows[Item]:
        """Return the items of these rows; each is still created only once."""
        return LazyRows(partial(_item_of, self, rows), len(rows))


def _item_of(source: LazyRows[Item], rows: Sequence[int], index: int) -> Item:
    return source[rows[index]]


class column(lazy_property[Value]):  # noqa: N801 - a decorator, like `functools.cached_property`
    """A column computed once, on first use; part of a batch takes its rows from its parent.

    The class needs two attributes: `parent`, which an instance was taken from (or None), and `parent_rows`.
    """

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Value: ...
    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        """Return the column, computing it on first use."""
        if instance is None or instance.parent is None:
            return super().__get__(instance, owner)
        name = str(self.attrname)
        values = taken(getattr(instance.parent, name), instance.parent_rows)
        instance.__dict__[name] = values
        return values


def taken(value: Any, rows: Sequence[int]) -> Any:
    """Return these rows of a column, of each column of a mapping, or the value if it is neither."""
    if isinstance(value, dict):
        return {name: taken(values, rows) for name, values in value.items()}
    if isinstance(value, np.ndarray):
        return value[..., list(rows)]
    if isinstance(value, (LazyRows, LocatedPlaces)):
        return value.take(rows)
    if isinstance(value, (list, tuple)):
        return list(itemgetter(*rows)(value)) if len(rows) > 1 else [value[row] for row in rows]
    return value


def training_progress(state: Any) -> float | None:
    """Return a trainer state's ``global_step / max_steps`` in [0, 1], or None if it has none."""
    step, steps = getattr(state, "global_step", None), getattr(state, "max_steps", None)
    if step is None or not steps or steps < 0:
        return None
    return min(1.0, float(step) / float(steps))


def trainer_column(name: str, columns: Mapping[str, Any], count: int) -> Sequence[Any] | None:
    """Return a column that trainers pass with the completions, or None if it is not given.

    Raises:
        InputError: If it is not a list with one value per completion.
    """
    given = columns.get(name)
    if given is None:
        return None
    values = _listed_column(name, given, count)
    if values is None:
        raise InputError(f"column {name!r} must be a list with one value per completion, not {given!r:.60}")
    return values


def row_columns(columns: Mapping[str, Any], count: int) -> dict[str, Sequence[Any]]:
    """Return the columns that `Sample.row` shows: all except the truths and the trainer's own.

    Raises:
        InputError: If one is a list of another length.
    """
    rows = {
        name: _listed_column(name, values, count)
        for name, values in columns.items()
        if name not in NOT_ROW_COLUMNS
    }
    return {name: values for name, values in rows.items() if values is not None}


def _listed_column(name: str, given: Any, count: int) -> Sequence[Any] | None:
    """Return a column as a list, or None if it is not one."""
    values = list_of(given)
    if values is not None and len(values) != count:
        raise InputError(f"column {name!r} has {len(values)} values for {count} completions")
    return values

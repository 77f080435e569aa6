"""What all rows of a table have in common: their columns, and the kind of value in each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from geo_rewards.data.problems import place_of

if TYPE_CHECKING:
    from geo_rewards.data.rows import Row

Kind = Literal["null", "bool", "int", "float", "str", "json"]

_EXACT_IN_A_FLOAT = 2**53


@dataclass(slots=True)
class Survey:
    """What all rows have in common.

    Attributes:
        rows: How many there are.
        kinds: The extra columns in order of first appearance, and their kinds of value.
        seen_at: File and line of each column's first appearance.
        with_images: File and line of the first row with images, or None.
        without_images: File and line of the first row without, or None.
        has_solution: Whether any row has a solution.
    """

    rows: int = 0
    kinds: dict[str, Kind] = field(default_factory=dict)
    seen_at: dict[str, str] = field(default_factory=dict)
    with_images: str | None = None
    without_images: str | None = None
    has_solution: bool = False

    def add(self, row: Row) -> None:
        """Add one row."""
        self.rows += 1
        self.has_solution = self.has_solution or row.solution is not None
        if row.images:
            self.with_images = self.with_images or _place(row)
        else:
            self.without_images = self.without_images or _place(row)
        for name, value in row.columns.items():
            if name not in self.kinds:
                self.seen_at[name] = _place(row)
            self.kinds[name] = unite(self.kinds.get(name, "null"), kind_of(value))

    def merge(self, later: Survey) -> None:
        """Add the survey of later rows."""
        self.rows += later.rows
        self.has_solution = self.has_solution or later.has_solution
        self.with_images = self.with_images or later.with_images
        self.without_images = self.without_images or later.without_images
        for name, kind in later.kinds.items():
            self.seen_at.setdefault(name, later.seen_at[name])
            self.kinds[name] = unite(self.kinds.get(name, "null"), kind)


def kind_of(value: Any) -> Kind:
    """Return the kind as which a value can be stored without loss; `json` for everything else.

    >>> kind_of(1), kind_of(2**60), kind_of([1])
    ('int', 'json', 'json')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if abs(value) <= _EXACT_IN_A_FLOAT else "json"
    if isinstance(value, float):
        return "float"
    return "str" if isinstance(value, str) else "json"


def unite(first: Kind, second: Kind) -> Kind:
    """Return the kind that can store both.

    >>> unite("null", "str"), unite("int", "float"), unite("int", "str")
    ('str', 'float', 'json')
    """
    if first == second or second == "null":
        return first
    if first == "null":
        return second
    return "float" if {first, second} == {"int", "float"} else "json"


def _place(row: Row) -> str:
    return place_of(row.file, row.line)

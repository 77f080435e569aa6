"""Where the default gazetteer locates points, as numbers of its table that are compared at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

from geo_rewards.geo.borders import load_borders
from geo_rewards.geo.place_table import load_places
from geo_rewards.types import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    IntArray = NDArray[np.int64]


class LocatedPlaces(Sequence[Place]):
    """The place of each point; `Place` objects are made when they are looked at, one for all points there.

    Args:
        slots: For each point the row of its place in the table, or, where none is near, the number of places
            plus the index of its country among those of the borders, of which the first is none.
    """

    __slots__ = ("slots",)

    def __init__(self, slots: IntArray) -> None:
        self.slots = slots

    @classmethod
    def nowhere(cls, count: int) -> LocatedPlaces:
        """Return places without a name for so many points."""
        return cls(np.full(count, len(load_places().names), dtype=np.int64))

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.slots)

    @overload
    def __getitem__(self, index: int) -> Place: ...
    @overload
    def __getitem__(self, index: slice) -> LocatedPlaces: ...
    def __getitem__(self, index: int | slice) -> Place | LocatedPlaces:
        """Return the place of a point, or the places of a slice of them."""
        if isinstance(index, slice):
            return LocatedPlaces(self.slots[index])
        return _made()[int(self.slots[index])]

    def __iter__(self) -> Iterator[Place]:
        """Yield the places in order."""
        return map(_made().__getitem__, self.slots.tolist())

    def __eq__(self, other: object) -> bool:
        """Compare like a list."""
        return list(self) == list(other) if isinstance(other, (list, LocatedPlaces)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # like a list

    def __repr__(self) -> str:
        """Show the places like a list."""
        return repr(list(self))

    def take(self, rows: Sequence[int]) -> LocatedPlaces:
        """Return the places of these points."""
        return LocatedPlaces(self.slots[list(rows)])

    def countries(self) -> list[str | None]:
        """Return the country of each point."""
        columns = _columns()
        codes: list[str | None] = columns.codes[columns.country[self.slots]].tolist()
        return codes

    def known(self) -> dict[str, BoolArray]:
        """Return which points have a country, a region and a city."""
        columns = _columns()
        return {
            "country": columns.country[self.slots] >= 0,
            "region": columns.region[self.slots] >= 0,
            "city": self.slots < len(load_places().names),
        }

    def alike(self, other: LocatedPlaces) -> dict[str, BoolArray]:
        """Return, for each level, which points lie in one country, and in one region or city of it.

        Two places of one name are one city if they are in one region.

        >>> from geo_rewards.geo import DefaultGazetteer
        >>> paris, nice = map(DefaultGazetteer().locate, [[48.85], [43.7]], [[2.35], [7.25]])
        >>> {level: alike.tolist() for level, alike in paris.alike(nice).items()}
        {'country': [True], 'region': [False], 'city': [False]}
        """
        columns, towns = _columns(), len(load_places().names)
        ours, theirs = self.slots, other.slots
        country = columns.country[ours]
        in_country = (country == columns.country[theirs]) & (country >= 0)
        region = columns.region[ours]
        same_region = region == columns.region[theirs]
        in_city = (ours == theirs) & (ours < towns)
        maybe = np.flatnonzero(in_country & same_region & ~in_city & (ours < towns) & (theirs < towns))
        in_city[maybe] = columns.name[ours[maybe]] == columns.name[theirs[maybe]]
        return {"country": in_country, "region": in_country & same_region & (region >= 0), "city": in_city}


class _Columns(NamedTuple):
    """By slot: country and region as numbers, -1 for none, equal for equal names; names of the places.

    Attributes:
        codes: The countries by their numbers; the last is none.
        country: By slot.
        region: By slot.
        name: By slot, of the places only.
    """

    codes: NDArray[np.object_]
    country: IntArray
    region: IntArray
    name: NDArray[np.object_]


@cache
def _columns() -> _Columns:
    places, borders = load_places(), load_borders()
    codes = [*places.countries, *sorted({*borders.countries} - {*places.countries, ""})]
    number = {code: i for i, code in enumerate(codes)}
    bordered = [number.get(code, -1) for code in borders.countries]
    # a city and the region around it may have one name: `Minsk`
    first: dict[tuple[int, str], int] = {}
    named = zip(places.region_country.tolist(), places.regions, strict=True)
    region = np.array(
        [
            -1 if name is None else first.setdefault((country, name), i)
            for i, (country, name) in enumerate(named)
        ]
    )
    return _Columns(
        codes=np.array([*codes, None], dtype=object),
        country=np.append(places.country, bordered),
        region=np.append(region[places.region], np.full(len(bordered), -1)),
        name=np.array(places.names, dtype=object),
    )


class _Places(dict[int, Place]):
    """The place of each slot, made when it is first asked for: most never are."""

    def __missing__(self, slot: int) -> Place:
        places = load_places()
        towns = len(places.names)
        if slot < towns:
            region = places.region[slot]
            country = places.countries[places.region_country[region]]
            place = Place(country, places.regions[region], places.names[slot])
        else:
            place = Place(load_borders().countries[slot - towns] or None)
        return self.setdefault(slot, place)


@cache
def _made() -> Mapping[int, Place]:
    return _Places()

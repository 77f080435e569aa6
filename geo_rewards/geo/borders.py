"""Which country a coordinate lies in, by Natural Earth's borders (1:10 million), in arrays.

The table divides the globe into rows of 0.01 degrees and lists, sorted, the cells where the country changes
along each row: one binary search locates a point, accurate to about half a kilometre.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geo_rewards.geo.tables import TABLES
from geo_rewards.system.first_use import LOADING

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 18000
"""Rows of the grid, from the South Pole northwards."""
COLUMNS = 65536
"""Cells per row, eastwards from 180 degrees west."""


class Borders(NamedTuple):
    """The table.

    Attributes:
        cells: Cells (row * COLUMNS + column, ascending) at which the country changes.
        codes: Index into `countries` of the country that starts at each cell; 0 where there is no land.
        countries: ISO codes, starting with an empty one.
        misdrawn: Rows of `load_places()` that Natural Earth, or this table, places in the wrong country.
    """

    cells: NDArray[np.int64]
    codes: NDArray[np.uint8]
    countries: list[str]
    misdrawn: NDArray[np.int64]


def country_index(lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the index into `load_borders().countries` of each point's country; 0 (an empty code) at sea."""
    borders = load_borders()
    rows = np.minimum(((lats + 90.0) * (ROWS / 180.0)).astype(np.int64), ROWS - 1)
    columns = np.minimum(((lons + 180.0) * (COLUMNS / 360.0)).astype(np.int64), COLUMNS - 1)
    found: NDArray[np.uint8] = borders.codes[
        np.searchsorted(borders.cells, rows * COLUMNS + columns, side="right") - 1
    ]
    return found


def load_borders() -> Borders:
    """Return the table of borders, read once per process."""
    with LOADING:
        return _load_borders()


@cache
def _load_borders() -> Borders:
    with np.load(TABLES / "borders.npz") as table:
        cells = np.cumsum(table["steps"], dtype=np.int64)
        countries = table["countries"].tobytes().decode().split("\n")
        return Borders(cells, table["codes"], countries, table["misdrawn"].astype(np.int64))

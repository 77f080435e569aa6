"""The 1-degree cells of the globe, by which the spread of answers is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


def cell_numbers(degrees: FloatArray) -> IntArray:
    """Return the number of the 1-degree cell of each coordinate, -1 for NaN.

    A cell holds its southern and western edge; the North Pole lies in the cell south of it, 180 degrees east
    is 180 degrees west.

    Args:
        degrees: Latitudes and longitudes, shape (2, n).

    >>> cell_numbers(np.array([[48.85, 48.9, np.nan], [2.35, 2.9, 0.0]])).tolist()
    [49862, 49862, -1]
    """
    known = ~np.isnan(degrees[0])
    lats, lons = np.floor(np.where(known, degrees, 0.0)).astype(np.int64)
    return np.where(known, (np.minimum(lats, 89) + 90) * 360 + (lons + 180) % 360, -1)

"""Points on the unit sphere, which has no seam or poles, and the chords between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.geo.distance import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


def unit_vectors(lat: FloatArray, lon: FloatArray) -> FloatArray:
    """Return points on the unit sphere, shape (n, 3), for degrees north and east.

    >>> unit_vectors(np.array([0.0, 90.0]), np.array([90.0, 0.0])).round(3).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    phi, lam = np.radians(lat), np.radians(lon)
    return np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])


def chord_of_arc(arc_km: float) -> float:
    """Return the chord of the unit sphere for a great-circle distance; 2 for half the globe or more.

    >>> round(chord_of_arc(10007.557), 4), chord_of_arc(30000.0)
    (1.4142, 2.0)
    """
    return 2.0 * math.sin(min(arc_km / EARTH_RADIUS_KM, math.pi) / 2.0)


def arc_of_chord(chord: FloatArray) -> FloatArray:
    """Return the great-circle distances in km for chords of the unit sphere; infinite chords stay infinite.

    >>> arc_of_chord(np.array([chord_of_arc(500.0), np.inf])).round(6).tolist()
    [500.0, inf]
    """
    arc: FloatArray = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2.0, 1.0))
    return np.where(np.isinf(chord), np.inf, arc)

"""Which rows are held out for validation, keeping nearby places on the same side."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

import numpy as np

from geo_rewards.data.table.figures import line_numbers, truth_degrees
from geo_rewards.errors import DataError
from geo_rewards.geo.near_groups import SMALLEST_KM, near_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_MUCH_LESS = 0.8  # of the rows requested


def held_out_rows(
    table: pa.Table, files: Sequence[str], ratio: float, *, seed: int, split_by: str = "row"
) -> NDArray[np.bool_] | None:
    """Return which rows are held out for validation, shape (rows,), or None. The same on every rank.

    Args:
        table: All rows.
        files: The data files, in the order of the indices in `ORIGIN_COLUMN`.
        ratio: Fraction of the rows held out, rounded to a number of rows, at least one; 0 means none.
        seed: Decides which rows.
        split_by: `row`: any rows, but rows made from one line (a weight above 1, a file named twice) stay on
            one side. `place_km:N`: no training row lies within N km (great circle) of a held-out row.
            Rows within N km of each other, and chains of such rows, stay together; these groups are held
            out at random as long as they fit into the ratio. A row without a coordinate is its own
            group.

    Raises:
        DataError: If `ratio` is not in [0, 1), `split_by` is neither, a part would be empty, or no group
            of nearby rows fits into the ratio.
    """
    if not 0.0 <= ratio < 1.0:
        raise DataError(f"--val_split_ratio is {ratio}; it must be at least 0 and less than 1")
    radius_km = parse_split_by(split_by)
    if ratio == 0.0:
        return None
    rows = len(table)
    wanted = max(1, round(rows * ratio))
    too_much = f"a validation ratio of {ratio} leaves none of {rows} rows for training; lower it"
    if wanted >= rows:
        raise DataError(too_much)
    lines = line_numbers(table, files)
    if radius_km is None:
        held_out = choose_lines(lines, wanted, seed=seed)
    else:
        groups = _near_groups(truth_degrees(table), lines, radius_km)
        held_out = choose_groups(groups, wanted, seed=seed)
        _check_share(held_out, wanted, groups, split_by)
    if held_out.all():
        raise DataError(too_much)
    return held_out


def parse_split_by(text: str) -> float | None:
    """Return the distance in km given by `place_km:N`, or None for `row`.

    Raises:
        DataError: If the text is neither.

    >>> parse_split_by("place_km:50"), parse_split_by("row")
    (50.0, None)
    """
    if text == "row":
        return None
    kind, _, number = text.partition(":")
    try:
        radius_km = float(number) if kind == "place_km" else math.nan
    except ValueError:
        radius_km = math.nan
    if not math.isfinite(radius_km) or radius_km < SMALLEST_KM:
        raise DataError(
            f"split_by is {text!r}; use row, or place_km:N with a distance of at least {SMALLEST_KM} km, "
            "such as place_km:50"
        )
    return radius_km


def _near_groups(
    degrees: NDArray[np.float64], lines: NDArray[np.int64], radius_km: float
) -> NDArray[np.int64]:
    groups = near_groups(degrees, radius_km=radius_km)
    unknown = np.isnan(degrees).any(axis=0)
    groups[unknown] = groups.max() + 1 + lines[unknown]
    together: NDArray[np.int64] = np.unique(groups, return_inverse=True)[1]
    return together


def choose_lines(lines: NDArray[np.int64], wanted: int, *, seed: int) -> NDArray[np.bool_]:
    """Return which rows are held out: those of as many random lines as needed.

    Args:
        lines: The number of each row's line in the data files, from 0 without gaps.
        wanted: Minimum number of rows to hold out.
        seed: Decides the order.
    """
    sizes = np.bincount(lines)
    order = np.random.default_rng(seed).permutation(len(sizes))
    chosen = np.zeros(len(sizes), dtype=bool)
    chosen[order[: int(np.searchsorted(np.cumsum(sizes[order]), wanted)) + 1]] = True
    held_out: NDArray[np.bool_] = chosen[lines]
    return held_out


def choose_groups(groups: NDArray[np.int64], wanted: int, *, seed: int) -> NDArray[np.bool_]:
    """Return which rows are held out: complete groups in random order, skipping those that do not fit.

    Args:
        groups: The number of each row's group, from 0 without gaps.
        wanted: Maximum number of rows to hold out.
        seed: Decides the order.
    """
    sizes = np.bincount(groups)
    waiting = np.random.default_rng(seed).permutation(len(sizes))
    chosen = np.zeros(len(sizes), dtype=bool)
    left = wanted
    while len(waiting := waiting[sizes[waiting] <= left]):
        fitting = int(np.searchsorted(np.cumsum(sizes[waiting]), left, side="right"))
        chosen[waiting[:fitting]] = True
        left -= int(sizes[waiting[:fitting]].sum())
        waiting = waiting[fitting:]
    held_out: NDArray[np.bool_] = chosen[groups]
    return held_out


def _check_share(held_out: NDArray[np.bool_], wanted: int, groups: NDArray[np.int64], split_by: str) -> None:
    count, sizes = int(held_out.sum()), np.bincount(groups)
    noun = "group" if len(sizes) == 1 else "groups"
    shape = (
        f"{len(groups)} rows form {len(sizes)} {noun} of nearby places, the largest with {sizes.max()} rows "
        f"and the smallest with {sizes.min()}"
    )
    if not count:
        raise DataError(
            f"--split_by {split_by} cannot hold out any of the {wanted} rows wanted: {shape}; "
            "use a shorter distance or a larger ratio"
        )
    if count < _MUCH_LESS * wanted:
        logger.warning("--split_by %s holds out %d of the %d rows wanted: %s", split_by, count, wanted, shape)

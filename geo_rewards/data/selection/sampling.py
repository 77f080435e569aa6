"""Which rows of a file a run uses: `first:100`, `end:10%`, `random:1000`, `25%`, `all`."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

from geo_rewards.errors import DataError, hint, nearest_names

if TYPE_CHECKING:
    from collections.abc import Iterator

How = Literal["first", "end", "random"]

_HOW = ("first", "end", "random")
_AMOUNT = re.compile(r"(\d{1,15})|(\d{1,3}(?:\.\d{1,12})?) ?%", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sampling:
    """A share of a file's rows.

    Attributes:
        how: From the start, from the end, or at random; all keep the order of the file.
        amount: How many rows, or with `is_percent` how many of a hundred (rounded up).
        is_percent: Whether `amount` is a percentage.
    """

    how: How
    amount: Fraction
    is_percent: bool = False

    def __str__(self) -> str:
        """Return the sampling as it is written."""
        amount = str(self.amount) if self.amount.denominator == 1 else str(float(self.amount))
        return f"{self.how}:{amount}{'%' if self.is_percent else ''}"

    def count(self, rows: int) -> int:
        """Return how many of `rows` rows are taken: all, if there are fewer than requested."""
        wanted = math.ceil(self.amount * rows / 100) if self.is_percent else int(self.amount)
        return min(wanted, rows)


def parse_sampling(text: str) -> Sampling | None:
    """Return the sampling that a text describes, None for `all`.

    Raises:
        DataError: If it is not a sampling strategy; lists the valid ones.

    >>> str(parse_sampling("first:100")), str(parse_sampling("12.5%")), parse_sampling("all")
    ('first:100', 'random:12.5%', None)
    """
    if text.strip() == "all":
        return None
    how, colon, amount = (part.strip() for part in text.rpartition(":"))
    match = _AMOUNT.fullmatch(amount)
    if (colon and how not in _HOW) or match is None or (not colon and match[2] is None):
        near = hint(nearest_names(how, _HOW, count=1)) if how and how not in _HOW else ""
        raise DataError(
            f"{text!r} is not a sampling strategy{near or ';'} write all, first:N, end:N, random:N "
            "(N rows, or N% of them) or N% (of them at random)"
        )
    if match[2] is not None and Fraction(match[2]) > 100:
        raise DataError(f"{text!r} asks for more than 100 % of the rows; a weight above 1 repeats rows")
    return Sampling(cast("How", how or "random"), Fraction(match[1] or match[2]), match[2] is not None)


def chosen_rows(sampling: Sampling | None, rows: int, *, seed: str) -> Iterator[bool]:
    """Yield for each row, in order, whether it is taken; needs no memory.

    Args:
        sampling: Which rows to take; None: all.
        rows: How many rows there are.
        seed: Decides which rows are taken at random: the same text gives the same rows on every machine.
    """
    count = rows if sampling is None else sampling.count(rows)
    if sampling is not None and sampling.how == "random":
        yield from _random_choice(count, rows, random.Random(seed))
        return
    begin = rows - count if sampling is not None and sampling.how == "end" else 0
    for index in range(rows):
        yield begin <= index < begin + count


def _random_choice(count: int, rows: int, generator: random.Random) -> Iterator[bool]:
    """Sample by selection (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S)."""
    for left in range(rows, 0, -1):
        taken = generator.random() * left < count
        count -= taken
        yield taken

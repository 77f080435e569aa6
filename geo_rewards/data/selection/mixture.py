"""The rows of a run: its data files, their image folders, and which share of each is used."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from geo_rewards.data.reading import count_values, files_of, unchanged
from geo_rewards.data.rows import Row, read_rows
from geo_rewards.data.selection.sampling import Sampling, chosen_rows
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from geo_rewards.data.problems import RowProblem

METHOD_COLUMN = "accu_reward_method"


@dataclass(frozen=True, slots=True)
class Source:
    """One data file of a run.

    Attributes:
        path: The data file.
        image_folder: The folder that its image paths are relative to.
        sampling: Which of its rows are taken; None: all.
        weight: How often these appear: 2 is twice, 0.5 is half of them (at random, rounded up), 0 none.
        reward_method: The value of `accu_reward_method` for rows that have none.

    Raises:
        DataError: If the weight is negative or not a finite number.
    """

    path: Path
    image_folder: Path
    sampling: Sampling | None = None
    weight: float = 1.0
    reward_method: str | None = None

    def __post_init__(self) -> None:
        """Reject an invalid weight."""
        if not 0.0 <= self.weight < math.inf:
            raise DataError(f"the weight of {self.path} is {self.weight}; it must be at least 0")


def read_sources(sources: Sequence[Source], *, seed: int) -> Iterator[Row | RowProblem]:
    """Yield the rows of a run, and a `RowProblem` for each line that is not a valid row.

    The files follow each other in order, each as often as its weight says, its rows in file order. The
    same seed gives the same rows at every call, on every machine. Only the current row of a `.jsonl`
    file is in memory.

    Args:
        sources: The data files.
        seed: Decides which rows are taken if a source takes some at random.

    Raises:
        DataError: If a file or a folder is missing, a file's suffix is unknown, or a file changes meanwhile.
    """
    for index, source in enumerate(sources):
        yield from read_source(source, seed=f"{seed} {index}")


def files_of_sources(sources: Sequence[Source]) -> list[Path]:
    """Return the data files of sources, each once: those in a folder, not the folder.

    Raises:
        DataError: If a folder has none, or files of several kinds.
    """
    return list(dict.fromkeys(file for source in sources for file in files_of(source.path)))


def count_rows(source: Source) -> int:
    """Return how many rows a source yields if none of them is bad.

    Raises:
        DataError: If the file is missing, or its suffix is unknown.
    """
    rows = count_values(source.path)
    taken = rows if source.sampling is None else source.sampling.count(rows)
    return sum(_counts_of_passes(source.weight, taken))


def read_source(source: Source, *, seed: str) -> Iterator[Row | RowProblem]:
    """Yield the rows of one source, like `read_sources`.

    Args:
        source: The data file.
        seed: The seed of the run and the index of the source among all, as `"42 0"`.

    Raises:
        DataError: If the file or the folder is missing, or the file's suffix is unknown.
    """
    with unchanged(source.path, strict=False):  # counted first, read again for each repetition
        for row in _sampled_rows(source, seed=seed):
            yield _with_method(row, source.reward_method)


def _sampled_rows(source: Source, *, seed: str) -> Iterator[Row | RowProblem]:
    if source.sampling is None and source.weight == 1:
        yield from read_rows(source.path, image_folder=source.image_folder)
        return
    rows = count_values(source.path)
    taken = rows if source.sampling is None else source.sampling.count(rows)
    for number, count in enumerate(_counts_of_passes(source.weight, taken)):
        chosen = chosen_rows(source.sampling, rows, seed=f"{seed} sampling")
        if count < taken:
            part = chosen_rows(Sampling("random", Fraction(count)), taken, seed=f"{seed} weight")
            chosen = (is_taken and next(part) for is_taken in chosen)
        for row in read_rows(source.path, image_folder=source.image_folder, chosen=chosen):
            yield replace(row, copy=number) if number else row


def _counts_of_passes(weight: float, rows: int) -> list[int]:
    """Return how many rows each pass over a file yields: all of them, and the remainder in the last pass.

    >>> _counts_of_passes(2.25, 10)
    [10, 10, 3]
    """
    exact = Fraction(str(weight))  # 0.1 as written, not the nearest binary fraction
    passes = math.floor(exact)
    rest = math.ceil((exact - passes) * rows)
    return [rows] * passes + [rest] * bool(rest)


def _with_method(row: Row | RowProblem, method: str | None) -> Row | RowProblem:
    if method is not None and isinstance(row, Row) and not row.columns.get(METHOD_COLUMN):
        return replace(row, columns={**row.columns, METHOD_COLUMN: method})
    return row

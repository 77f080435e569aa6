"""Check data files before a run; with a recipe, rehearse it on every row."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from geo_rewards.data.picture_check import check_pictures
from geo_rewards.data.problems import ProblemTally, RowProblem
from geo_rewards.data.reading import kind_of, unchanged
from geo_rewards.data.rows import Row
from geo_rewards.data.selection.mixture import count_rows, files_of_sources, read_sources
from geo_rewards.data.truth_check import check_truths
from geo_rewards.errors import DataError
from geo_rewards.scoring.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from geo_rewards.data.selection.mixture import Source
    from geo_rewards.scoring.recipe import Recipe

CHUNK_ROWS = 500

_SHOWN, _EXPLAINED = 20, 3


@dataclass(slots=True)
class Validation:
    """The result of a check of data files.

    Attributes:
        recipe: The recipe to rehearse, or None.
        keeps_all: Whether all problems are kept, or only the first few.
        rows: Number of non-empty lines.
        good: How many of them are rows that can be trained on.
        files: Rows of each file, good and bad.
        pictures: Number of pictures of the good rows.
        tally: The problems, counted by cause.
        explanations: Explanations of the first rows that failed the rehearsal, by problem.
        answered: For each weighted reward, on how many rows it gave the ideal answer a value.
    """

    recipe: Recipe | None
    keeps_all: bool
    rows: int = 0
    good: int = 0
    files: Counter[Path] = field(default_factory=Counter)
    pictures: int = 0
    tally: ProblemTally = field(default_factory=lambda: ProblemTally(shown=_SHOWN))
    explanations: dict[RowProblem, str] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Set how many problems are kept."""
        if self.keeps_all:
            self.tally.shown = sys.maxsize

    def silent_labels(self) -> list[str]:
        """Return the weighted rewards that abstained on every row: the recipe does not fit the data."""
        return [label for label, count in self.answered.items() if not count]

    def add(self, chunk: Sequence[Row | RowProblem]) -> None:
        """Count a chunk of checked rows, and rehearse the recipe on the good ones."""
        self.rows += len(chunk)
        self.files.update(row.file for row in chunk)
        good = [row for row in chunk if isinstance(row, Row)]
        for problem in chunk:
            if isinstance(problem, RowProblem):
                self.tally.add(problem)
        self.good += len(good)
        self.pictures += sum(len(row.images) for row in good)
        if good and self.recipe is not None:
            self._rehearse(good, self.recipe)

    def _rehearse(self, rows: Sequence[Row], recipe: Recipe) -> None:
        cells = [{**row.columns, "prompts": row.prompt, "solution": row.solution} for row in rows]
        names = dict.fromkeys([*(name for row in cells for name in row), *recipe.file.columns.values()])
        columns = {name: [row.get(name) for row in cells] for name in names}
        rehearsal = rehearse(recipe, columns, len(rows))
        for label, count in rehearsal.answered.items():
            self.answered[label] = self.answered.get(label, 0) + count
        for shortfall in rehearsal.shortfalls:
            problem = rows[shortfall.row].problem("rehearsal", shortfall.message)
            self.tally.add(problem)
            if self.keeps_all or len(self.explanations) < _EXPLAINED:
                self.explanations[problem] = shortfall.explanation


def validate_sources(
    sources: Sequence[Source],
    *,
    recipe: Recipe | None = None,
    seed: int = 42,
    workers: int | None = None,
    keeps_all: bool = False,
    advance: Callable[[int], None] = lambda _rows: None,
) -> Validation:
    """Check every row that a run would read: its format, its truth and its pictures.

    Args:
        sources: The data files.
        recipe: Recipe to rehearse on every row, or None.
        seed: The run's seed: decides which rows a mixture takes at random.
        workers: Number of processes that open pictures; one per processor if None.
        keeps_all: Keep every problem, not only the first few.
        advance: Called with the number of rows checked since its last call.

    Raises:
        DataError: If a file or folder is missing, or changes meanwhile.
        UnknownNameError: If the recipe names a column that no row has.
    """
    found = Validation(recipe, keeps_all)
    read = check_truths(read_sources(sources, seed=seed), columns=recipe.file.columns if recipe else None)
    rows = _counted(check_pictures(read, workers=workers), advance)
    with unchanged(*(source.path for source in sources)):
        while chunk := list(islice(rows, CHUNK_ROWS)):
            found.add(chunk)
    return found


def expected_rows(sources: Sequence[Source]) -> int | None:
    """Return how many rows there are, or None if counting would mean parsing them."""
    try:
        kinds = [kind_of(file) for file in files_of_sources(sources)]
    except DataError:  # said when they are read
        return None
    if any(kind.compression or kind.kind not in ("jsonl", "parquet") for kind in kinds):
        return None
    return sum(map(count_rows, sources))


def _counted(rows: Iterator[Row | RowProblem], advance: Callable[[int], None]) -> Iterator[Row | RowProblem]:
    for row in rows:
        advance(1)
        yield row

"""Evaluate and compare answers: from a file, or from Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo_rewards.data.reading import read_chunks, total_size, unchanged
from geo_rewards.errors import DataError, TruthError, UsageError, hint, nearest_names
from geo_rewards.results.evaluation.evaluation import Evaluation
from geo_rewards.results.evaluation.judged import joined, judge
from geo_rewards.results.evaluation.rules import Rules
from geo_rewards.results.rows import Contents, Given, Wanted, find_problems, given_by
from geo_rewards.scoring.recipe import recipe_of_rewards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from geo_rewards.data.reading import Chunk
    from geo_rewards.results.evaluation.judged import Judged
    from geo_rewards.scoring.recipe import Recipe

    Progress = Callable[[int | None], AbstractContextManager[Callable[[int], None]]]

KEY_COLUMNS = ("id", "image", "images", "image_path", "question_id")
"""Columns that identify a picture: the first of these that a file has."""
OF_TRUTH = ("country", "continent")
"""What figures can be broken down by without a column for it."""


def evaluate_file(
    file: Path,
    *,
    rules: Rules | None = None,
    by: Sequence[str] = (),
    key: str | None = None,
    progress: Progress,
) -> Evaluation:
    """Return the figures of the answers in a file.

    Args:
        file: Rows with a column `completion` and truths; scored rows or not.
        rules: How answers are judged; the usual rules if None.
        by: Columns that the figures will be broken down by.
        key: Column that identifies a picture; the first of `KEY_COLUMNS` that the file has if None.
        progress: Takes how much there is to read, opens a progress bar and returns what advances it.

    Raises:
        DataError: If lines are bad, there are no rows, none has a true place, or the file changes meanwhile.
        UsageError: If a column of `by`, or `key`, is not in the file.
    """
    options = _Options(rules or Rules(), tuple(by), key)
    contents, parts = Contents(), []
    with unchanged(file) as check_unchanged, progress(total_size(file)) as advance:
        for chunk in read_chunks(file):
            judged = _judged(chunk, contents, options)
            if judged is not None:
                parts.append(judged)
            advance(chunk.size)
        contents.problems.raise_if_any()
        check_unchanged()
    if not parts:
        raise DataError(f"{file} has no rows")
    _check_columns(by, key, contents.columns)
    return _fit(Evaluation(joined(parts), options.rules), str(file))


@dataclass(frozen=True, slots=True)
class _Options:
    rules: Rules
    by: tuple[str, ...]
    key: str | None

    @property
    def recipe(self) -> Recipe:
        """A recipe that reads all truths under their usual names."""
        return recipe_of_rewards(["haversine_decay"])


def evaluate(
    completions: Any,
    *,
    rules: Rules | None = None,
    by: Sequence[str] = (),
    key: str | None = None,
    **columns: Any,
) -> Evaluation:
    """Return the figures of answers, as the field reports them, with 95 % intervals.

    Args:
        completions: Completions, or a table with a column `completion` and the truths.
        rules: How answers are judged; the usual rules if None.
        by: Columns that the figures will be broken down by (`Evaluation.by`).
        key: Column that identifies a picture: its rows are resampled together, and `compare` pairs it with
            the same picture of another evaluation. The first of `KEY_COLUMNS` if None.
        **columns: The truths and any other columns, one value per completion.

    Raises:
        TruthError: If a truth is unreadable; names the row.
        DataError: If there are no rows, or none has a true place.
        UsageError: If a column of `by`, or `key`, is not there.

    >>> answers = ["<answer>48.85, 2.35</answer>", "<answer>no idea</answer>"]
    >>> evaluate(answers, lat=[48.86, 43.7], lon=[2.34, 7.27]).figures["within_25_km"].value
    0.5
    """
    from geo_rewards.batch.tables import read_table

    listed, given = read_table(completions, columns)
    _check_columns(by, key, given)
    options = _Options(rules or Rules(), tuple(by), key)
    return _fit(Evaluation(_of_columns(listed, given, options), options.rules), "the data")


def _judged(chunk: Chunk, contents: Contents, options: _Options) -> Judged | None:
    """Return what became of the rows of a chunk, None if some are bad; adds to `contents`."""
    given = given_by(chunk, Wanted())
    if isinstance(given, Given) and not contents.problems.total:
        try:
            judged = _of_columns(given.completions, given.columns, options)
        except TruthError:
            pass  # which rows it is about is found below
        else:
            names = dict.fromkeys(given.names)
            contents.merge(Contents(len(chunk), names, dict(names)))
            return judged
    found = Contents(rows=len(chunk))
    for problem in find_problems(chunk, options.recipe, found):
        found.problems.add(problem)
    contents.merge(found)
    return None


def _of_columns(completions: Sequence[Any], columns: Mapping[str, Any], options: _Options) -> Judged:
    """Return what became of each completion, with the reward of scored rows as a figure."""
    names = [options.key] if options.key else [name for name in KEY_COLUMNS if _has_values(columns.get(name))]
    judged = judge(
        completions,
        columns,
        rules=options.rules,
        keys=columns[names[0]] if names and names[0] in columns else None,
        groups={name: columns[name] for name in options.by if name in columns},
    )
    rewards = columns.get("reward", [None] * len(judged))
    numbers = [value if isinstance(value, (int, float)) else None for value in rewards]
    judged.figures["reward"] = np.array(numbers, dtype=np.float64)
    return judged


def _has_values(values: Any) -> bool:
    return values is not None and any(value is not None for value in values)


def _check_columns(by: Sequence[str], key: str | None, known: Iterable[str]) -> None:
    names = list(known)
    for name in [*by, *([key] if key else [])]:
        if name not in names and (name == key or name not in OF_TRUTH):
            nearest = hint(nearest_names(name, [*names, *OF_TRUTH], count=1))
            raise UsageError(f"there is no column {name!r}{nearest}; the columns are {', '.join(names)}")


def _fit(evaluation: Evaluation, where: str) -> Evaluation:
    """Return an evaluation, after checking that there was something to evaluate."""
    if not {"score", "country", "region", "city"} & evaluation.figures.keys():
        raise DataError(f"{where}: no row has a true place; give columns lat and lon, or country")
    return evaluation

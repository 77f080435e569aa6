"""Some rows of a run, chosen by its seed, read as the trainer will read them and rehearsed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.batch.columns import PICTURE_FAULT
from geo_rewards.errors import GeoRewardsError
from geo_rewards_trl.dry_run.report import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from geo_rewards.scoring.recipe import Recipe
    from geo_rewards_trl.dry_run.report import Report

REHEARSED_ROWS = 32

_SHORTFALLS_SHOWN = 3
_SCANNED_ROWS = 10_000  # at a time, when looking for the largest ones


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """Rows of a run with their pictures open.

    Attributes:
        places: Where each row stands, for messages.
        columns: The columns of the rows, as the trainer gets them.
        ideal_completions: What a perfect model would answer to each row.
    """

    places: list[str]
    columns: dict[str, list[Any]]
    ideal_completions: list[str]

    @property
    def pictures(self) -> list[list[Any] | None]:
        """The pictures of each row, if any."""
        return self.columns.get("images") or [None] * len(self.places)

    @property
    def solutions(self) -> list[Any]:
        """The text that the data give as the right answer, if any."""
        return self.columns.get("solution") or [None] * len(self.places)

    def only(self, rows: Sequence[int]) -> ChosenRows:
        """Return some of the rows."""
        columns = {name: [values[row] for row in rows] for name, values in self.columns.items()}
        ideal = [self.ideal_completions[row] for row in rows]
        return ChosenRows([self.places[row] for row in rows], columns, ideal)


def choose_rows(report: Report, rows: Any, recipe: Recipe, *, seed: int) -> ChosenRows | None:
    """Return rows of the data, or None if none can be read; a row that cannot be read is an error.

    They are chosen by the seed, with the row of the longest solution and the row of the most pictures: from
    all rows of a table, from the first ones of a stream.
    """
    places, read = [], []
    for place, row in _read(report, rows, seed=seed):
        places.append(place)
        read.append(row)
    if not read:
        return None
    columns = {name: [row.get(name) for row in read] for name in read[0]}
    return ChosenRows(places, columns, _ideal_completions(recipe, columns, len(read)))


def describe_rehearsal(report: Report, recipe: Recipe, chosen: ChosenRows, *, seed: int) -> None:
    """Rehearse the recipe on the rows: what fails would mislead the run."""
    from geo_rewards.scoring.rehearsal import rehearse

    count = len(chosen.places)
    columns = {**chosen.columns, "prompts": chosen.columns["prompt"]}
    rehearsal = rehearse(recipe, columns, count)
    verdict = "right answers earn the most, junk the least"
    if rehearsal.shortfalls:
        verdict = f"{plural(len({shortfall.row for shortfall in rehearsal.shortfalls}), 'row')} fail"
    report.section("rehearsal", f"{plural(count, 'row')} (--seed {seed}), pictures opened: {verdict}")
    for label, answered in rehearsal.answered.items():
        if answered < count:
            report.line(label, f"abstains on {count - answered} of {count}")
        if not answered:
            report.warn(f"reward {label!r} abstains on all {count} rows: it will teach little, if anything")
    for place, fault in zip(chosen.places, chosen.columns.get(PICTURE_FAULT) or (), strict=False):
        if fault:
            report.warn(f"{place}: {fault}; --bad_rows skip makes all rewards abstain on it")
    for shortfall in rehearsal.shortfalls[:_SHORTFALLS_SHOWN]:
        report.error(f"{chosen.places[shortfall.row]}: {shortfall.message}")
    if len(rehearsal.shortfalls) > _SHORTFALLS_SHOWN:
        report.error(
            f"and {len(rehearsal.shortfalls) - _SHORTFALLS_SHOWN} more that the rehearsal found: "
            "`geo-rewards validate DATA --recipe R` lists and explains all"
        )


def chosen_indices(rows: Any, *, seed: int) -> list[int]:
    """Return which rows of a table are looked at, in their order."""
    import pyarrow.compute as pc

    measures = {"solution": pc.utf8_length, "images": pc.list_value_length}
    found = (_largest(rows, name, measure) for name, measure in measures.items())
    return _choose(len(rows), always=[index for index in found if index is not None], seed=seed)


def _choose(count: int, *, always: Sequence[int], seed: int) -> list[int]:
    chosen = random.Random(seed).sample(range(count), min(REHEARSED_ROWS, count))
    return sorted({*chosen, *always})


def _read(report: Report, rows: Any, *, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each chosen row with its place; what cannot be read is an error of the report."""
    for place, read in _chosen_places(rows, seed=seed):
        try:
            row = read()
        except (GeoRewardsError, OSError) as error:
            report.error(str(error) if place in str(error) else f"{place}: {error}")
            continue
        yield place, row


def _chosen_places(rows: Any, *, seed: int) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Yield the place of each chosen row and a function that reads it; of a stream, the first rows count."""
    if not hasattr(rows, "__len__"):
        head = rows.head
        numbers = range(len(head))
        longest = max(numbers, key=lambda number: len(head[number].solution or ""))
        most_pictures = max(numbers, key=lambda number: len(head[number].images))
        for index in _choose(len(head), always=(longest, most_pictures), seed=seed):
            row = head[index]
            yield f"{row.file.name}, line {row.line}", partial(_open_record, rows, row)
        return
    indices = chosen_indices(rows, seed=seed)
    for index, place in zip(indices, _places(rows, indices), strict=True):
        yield place, partial(rows.__getitem__, index)


def _open_record(rows: Any, row: Any) -> dict[str, Any]:
    opened: list[dict[str, Any]] = rows.opened(rows.records([row]))
    return opened[0]


def _places(rows: Any, indices: list[int]) -> list[str]:
    """Return the file and line of each row."""
    from geo_rewards.data.table.table import ORIGIN_COLUMN, read_info

    files = read_info(Path(rows.cache_files[0]["filename"])).files
    origins = rows.select_columns([ORIGIN_COLUMN]).with_format(None)[indices][ORIGIN_COLUMN]
    return [f"{Path(files[origin['file']]).name}, line {origin['line']}" for origin in origins]


def _largest(rows: Any, name: str, measure: Callable[[Any], Any]) -> int | None:
    """Return the row whose value in a column measures most, or None if there is no such column."""
    import pyarrow.compute as pc

    if name not in rows.column_names:
        return None
    largest, found, start = 0, None, 0
    for table in rows.select_columns([name]).with_format("arrow").iter(batch_size=_SCANNED_ROWS):
        sizes = measure(table[name])
        most = pc.max(sizes).as_py() or 0
        if most > largest:
            largest, found = most, start + pc.index(sizes, most).as_py()
        start += len(table)
    return found


def _ideal_completions(recipe: Recipe, columns: dict[str, list[Any]], count: int) -> list[str]:
    from geo_rewards.batch.batch import Batch
    from geo_rewards.scoring.rehearsal import ideal_completion

    truths = Batch([""] * count, recipe.map_columns(columns)).truths
    return [ideal_completion(truth) for truth in truths]

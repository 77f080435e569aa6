"""What changed since an earlier scoring of the same completions, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geo_rewards.data.problems import ProblemTally, RowProblem
from geo_rewards.errors import DataError
from geo_rewards.parse.chat import completion_text
from geo_rewards.results.chunks import explain_saved
from geo_rewards.results.rows import SavedRow, place_of, read_saved_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from geo_rewards.results.chunks import ScoredChunk, Task

Cells = dict[str, Any]
Values = tuple[Any, Any]
"""An old value and a new one."""

SHOWN_CHANGES = 10

_TOTAL = "reward"
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Change:
    """A completion whose values changed.

    Attributes:
        row: The row.
        values: The total and the labels that changed, each with its old and new value.
        read: What is now read differently from the completion.
    """

    row: SavedRow
    values: dict[str, Values]
    read: dict[str, Values]


@dataclass(slots=True)
class Difference:
    """The comparison with an earlier scored file, row by row.

    Attributes:
        path: The earlier file.
        labels: The labels in both.
        only_old: Labels only in the earlier file.
        only_new: Labels only in the recipe.
        rows: How many rows were compared.
        changed: How many of them changed.
        counts: How many rows changed, by label, with ``reward`` for the total.
        first: The first changes.
    """

    path: Path
    labels: list[str]
    only_old: list[str]
    only_new: list[str]
    rows: int = 0
    changed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    first: list[Change] = field(default_factory=list)
    _old: Iterator[SavedRow] = field(default=iter(()))

    def add(self, rows: Sequence[SavedRow], scored: ScoredChunk) -> None:
        """Compare a chunk with the next rows of the earlier file.

        Raises:
            DataError: If they have different completions; names the earlier file's line.
        """
        for row, cells, old in zip(rows, scored.cells, self._old, strict=False):
            if completion_text(old.cells["completion"]) != completion_text(row.cells["completion"]):
                raise DataError(
                    f"{place_of(self.path, old.number)}: the completion is different; "
                    "--diff compares two scorings of the same rows in the same order"
                )
            self._add_row(row, cells, old.cells)

    def _add_row(self, row: SavedRow, cells: Cells, old: Cells) -> None:
        self.rows += 1
        values = _changed({_TOTAL: (old.get("reward"), cells["reward"])})
        rewards = {label: (old["rewards"].get(label), cells["rewards"][label]) for label in self.labels}
        values.update(_changed(rewards))
        if not values:
            return
        self.changed += 1
        self.counts.update(values.keys())  # a mapping would be read as counts
        if len(self.first) < SHOWN_CHANGES:
            self.first.append(Change(row, values, _changed(_read_values(old, cells))))


def compare_with(path: Path, *, labels: Sequence[str], rows: int) -> Difference:
    """Check the earlier file, then return a comparison to which chunks can be added.

    Args:
        path: The earlier scored file.
        labels: Labels of the recipe.
        rows: How many rows are scored now.

    Raises:
        DataError: If it is not a scored file, or has a different number of rows.
    """
    old_labels: dict[str, None] = {}
    problems, count = ProblemTally(), 0
    for row in read_saved_rows(path):
        problem = row if isinstance(row, RowProblem) else _problem(row, path)
        if problem is not None:
            problems.add(problem)
        elif isinstance(row, SavedRow):
            count += 1
            old_labels.update(dict.fromkeys(row.cells["rewards"]))
    problems.raise_if_any()
    if count != rows:
        raise DataError(f"{path} has {count:,} rows but {rows:,} are scored: --diff needs the same rows")
    return Difference(
        path,
        labels=[label for label in labels if label in old_labels],
        only_old=[label for label in old_labels if label not in labels],
        only_new=[label for label in labels if label not in old_labels],
        _old=(row for row in read_saved_rows(path) if isinstance(row, SavedRow)),
    )


def difference_lines(difference: Difference, task: Task) -> Iterator[str]:
    """Yield the lines of the report: the counts, then each of the first changes with its reasons.

    Args:
        difference: What was compared.
        task: What the rows are scored with now, for the reasons.
    """
    yield f"changed since {difference.path}: {difference.changed:,} of {difference.rows:,} rows"
    for name, count in difference.counts.most_common():
        yield f"  {name} on {count:,}"
    for labels, where in ((difference.only_old, difference.path), (difference.only_new, "this recipe")):
        if labels:
            yield f"  not compared, only in {where}: {', '.join(labels)}"
    for change in difference.first:
        yield from _change_lines(change, task)
    if difference.changed > len(difference.first):
        yield f"and {difference.changed - len(difference.first):,} more"


def _change_lines(change: Change, task: Task) -> Iterator[str]:
    yield f"{place_of(task.path, change.row.number)}: {_arrows(change.values)}"
    if change.read:
        yield f"  read       {_arrows(change.read)}"
    for line in explain_saved(task, change.row, labels=change.values).splitlines():
        yield f"  {line}"


def _problem(row: SavedRow, path: Path) -> RowProblem | None:
    """Return why a row cannot come from a scored file, or None."""
    if not isinstance(row.cells.get("rewards"), dict):
        message = "there are no `rewards`; --diff takes a file written by `geo-rewards score`"
        return RowProblem(path, row.number, "row", message)
    if row.cells.get("completion") is None:
        return RowProblem(path, row.number, "row", "there is no completion")
    return None


def _read_values(old: Cells, new: Cells) -> dict[str, Values]:
    before, now = old.get("parsed") or {}, new["parsed"]
    values: dict[str, Values] = {name: (before.get(name), value) for name, value in now.items()}
    values["distance_km"] = (old.get("distance_km"), new["distance_km"])
    values["problems"] = ("; ".join(old.get("problems") or ()) or None, "; ".join(new["problems"]) or None)
    return values


def _changed(values: Mapping[str, Values]) -> dict[str, Values]:
    return {name: pair for name, pair in values.items() if not _same(*pair)}


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, (int, float)) and isinstance(new, (int, float)):
        return abs(old - new) <= _ROUNDING * max(1.0, abs(old))
    return bool(old == new)


def _arrows(values: Mapping[str, Values]) -> str:
    return ", ".join(f"{name} {_shown(old)} -> {_shown(new)}" for name, (old, new) in values.items())


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:.6g}" if isinstance(value, (int, float)) else repr(value)

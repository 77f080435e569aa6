"""What changed since an earlier scoring of the same completions, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geo_rewards.data.problems import BadRow, ProblemTally, RowProblem, place_of
from geo_rewards.data.reading import read_values
from geo_rewards.errors import DataError
from geo_rewards.parse.chat import completion_text
from geo_rewards.results.chunks import explain_saved, one_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from geo_rewards.data.reading import Chunk
    from geo_rewards.results.chunks import ChunkResult, Task

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
        row: The row, as a chunk of its own.
        values: The total and the labels that changed, each with its old and new value.
        read: What is now read differently from the completion.
    """

    row: Chunk
    values: dict[str, Values]
    read: dict[str, Values]


@dataclass(slots=True)
class Difference:
    """The comparison with an earlier scored file, row by row, while that file is read.

    Attributes:
        path: The earlier file.
        labels: The recipe's labels.
        old_labels: The labels of the earlier file, as far as it was read.
        rows: How many rows were compared.
        changed: How many of them changed.
        counts: How many rows changed, by label, with ``reward`` for the total.
        first: The first changes.
        problems: The rows of the earlier file that were not written by a scoring.
    """

    path: Path
    labels: list[str]
    old_labels: dict[str, None] = field(default_factory=dict)
    rows: int = 0
    changed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    first: list[Change] = field(default_factory=list)
    problems: ProblemTally = field(default_factory=ProblemTally)
    _old: Iterator[tuple[Path, int, Any]] = field(default=iter(()))

    def add(self, chunk: Chunk, result: ChunkResult) -> None:
        """Compare a chunk with the next rows of the earlier file.

        Raises:
            DataError: If they have different completions; names the earlier file's line.
        """
        if result.added is None:
            return
        cells = zip(chunk.rows, result.added.rows(), strict=True)
        for index, ((row, added), old) in enumerate(zip(cells, self._old, strict=False)):
            self.rows += 1
            problem = _problem(*old)
            if problem is not None:
                self.problems.add(problem)
            elif not self.problems.total:
                file, number, earlier = old
                if completion_text(earlier["completion"]) != completion_text(row["completion"]):
                    raise DataError(
                        f"{place_of(file, number)}: the completion is different; "
                        "--diff compares two scorings of the same rows in the same order"
                    )
                self._compare(chunk, index, added, earlier)

    def finish(self, rows: int) -> None:
        """Read the rest of the earlier file.

        Args:
            rows: How many rows are scored now.

        Raises:
            DataError: If it is not a scored file, or has a different number of rows.
        """
        count = self.rows
        for old in self._old:
            count += 1
            problem = _problem(*old)
            if problem is not None:
                self.problems.add(problem)
        self.problems.raise_if_any()
        if count != rows:
            raise DataError(
                f"{self.path} has {count:,} rows but {rows:,} are scored: --diff needs the same rows"
            )

    def _compare(self, chunk: Chunk, index: int, cells: Cells, old: Cells) -> None:
        self.old_labels.update(dict.fromkeys(old["rewards"]))
        values = _changed({_TOTAL: (old.get("reward"), cells["reward"])})
        rewards = {
            label: (old["rewards"].get(label), cells["rewards"][label])
            for label in self.labels
            if label in self.old_labels
        }
        values.update(_changed(rewards))
        if not values:
            return
        self.changed += 1
        self.counts.update(values.keys())  # a mapping would be read as counts
        if len(self.first) < SHOWN_CHANGES:
            self.first.append(Change(one_row(chunk, index), values, _changed(_read_values(old, cells))))


def compare_with(path: Path, *, labels: Sequence[str]) -> Difference:
    """Return a comparison with an earlier scored file, to which chunks can be added.

    Args:
        path: The earlier scored file.
        labels: Labels of the recipe.
    """
    return Difference(path, list(labels), _old=read_values(path))


def difference_lines(difference: Difference, task: Task) -> Iterator[str]:
    """Yield the lines of the report: the counts, then each of the first changes with its reasons.

    Args:
        difference: What was compared.
        task: What the rows are scored with now, for the reasons.
    """
    yield f"changed since {difference.path}: {difference.changed:,} of {difference.rows:,} rows"
    for name, count in difference.counts.most_common():
        yield f"  {name} on {count:,}"
    only_old = [label for label in difference.old_labels if label not in difference.labels]
    only_new = [label for label in difference.labels if label not in difference.old_labels]
    for labels, where in ((only_old, difference.path), (only_new, "this recipe")):
        if labels:
            yield f"  not compared, only in {where}: {', '.join(labels)}"
    for change in difference.first:
        yield from _change_lines(change, task)
    if difference.changed > len(difference.first):
        yield f"and {difference.changed - len(difference.first):,} more"


def _change_lines(change: Change, task: Task) -> Iterator[str]:
    yield f"{place_of(change.row.file, change.row.numbers[0])}: {_arrows(change.values)}"
    if change.read:
        yield f"  read       {_arrows(change.read)}"
    for line in explain_saved(task, change.row, labels=change.values).splitlines():
        yield f"  {line}"


def _problem(file: Path, number: int, row: Any) -> RowProblem | None:
    """Return why a row cannot come from a scored file, or None."""
    if isinstance(row, BadRow):
        return RowProblem(file, number, row.cause, str(row))
    if not isinstance(row, dict) or not isinstance(row.get("rewards"), dict):
        message = "there are no `rewards`; --diff takes a file written by `geo-rewards score`"
        return RowProblem(file, number, "row", message)
    if row.get("completion") is None:
        return RowProblem(file, number, "row", "there is no completion")
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

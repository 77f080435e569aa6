"""Problems of the lines of a data file, and their counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from geo_rewards.errors import DataError, GeoRewardsError

if TYPE_CHECKING:
    from pathlib import Path

    from geo_rewards.data.pictures import PictureFault

Cause = Literal["encoding", "json", "row", "image", "truth", "rehearsal"]


def place_of(file: Path, number: int) -> str:
    """Return where a row is, for messages.

    >>> from pathlib import Path
    >>> place_of(Path("a.jsonl.gz"), 3), place_of(Path("a.parquet"), 3), place_of(Path("-"), 3)
    ('a.jsonl.gz, line 3', 'a.parquet, row 3', 'standard input, line 3')
    """
    return f"{name_of(file)}, {'row' if is_numbered_by_row(file) else 'line'} {number}"


def name_of(file: Path) -> str:
    """Return the name of a data file, for messages; `-` is standard input."""
    return "standard input" if str(file) == "-" else str(file)


def is_numbered_by_row(file: Path) -> bool:
    """Return whether the places in a file are rows, not lines: whether it is parquet."""
    return ".parquet" in (suffix.lower() for suffix in file.suffixes[-2:])


class BadRow(GeoRewardsError):  # noqa: N818 - a fact about the data, caught and counted, not a failure
    """Why a row cannot be used; raised where it is found and turned into a `RowProblem`.

    Args:
        cause: The kind of fault.
        message: What is wrong, and what would be right.
        kind: The fault of a picture, for the cause `image`.
    """

    def __init__(self, cause: Cause, message: str, *, kind: PictureFault | None = None) -> None:
        self.cause: Cause = cause
        self.kind = kind
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A line that cannot be used.

    Attributes:
        file: The data file as it was named.
        line: Line number, from 1: the line on which the row begins; in parquet the row's number.
        cause: The kind of fault.
        message: What is wrong, and what would be right.
        kind: The fault of a picture; None for all other causes.
        copy: 0, or the number of the repetition if the weight of its file repeats the row.
    """

    file: Path
    line: int
    cause: Cause
    message: str
    kind: PictureFault | None = None
    copy: int = 0

    @property
    def label(self) -> str:
        """Return cause and kind in words, such as `image not a picture`."""
        return f"{self.cause} {self.kind}".replace("_", " ") if self.kind else self.cause

    def __str__(self) -> str:
        """Return file, line and message as one sentence."""
        return f"{place_of(self.file, self.line)}: {self.message}"


@dataclass(slots=True)
class ProblemTally:
    """A count of problems that keeps the first few, so that a million bad lines cost no memory.

    Attributes:
        shown: How many problems are kept.
        first: The problems kept, in the order of the files.
        causes: Number of problems of each cause.
        kinds: Number of problems of each kind, by label, such as `image truncated`.
        files: The same for each file.
    """

    shown: int = 10
    first: list[RowProblem] = field(default_factory=list)
    causes: Counter[Cause] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    files: dict[Path, Counter[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return how many problems were added."""
        return self.causes.total()

    def add(self, problem: RowProblem) -> None:
        """Count one problem; a line counts once, however often its file's weight repeats it."""
        if problem.copy:
            return
        self.causes[problem.cause] += 1
        self.kinds[problem.label] += 1
        self.files.setdefault(problem.file, Counter())[problem.label] += 1
        if len(self.first) < self.shown:
            self.first.append(problem)

    def merge(self, later: ProblemTally) -> None:
        """Add the problems of later rows."""
        self.causes.update(later.causes)
        self.kinds.update(later.kinds)
        for file, kinds in later.files.items():
            self.files.setdefault(file, Counter()).update(kinds)
        self.first += later.first[: max(0, self.shown - len(self.first))]

    def summary(self) -> str:
        """Return the kinds with their counts, most frequent first: `2 image missing, 1 json`."""
        return _counted(self.kinds)

    def file_summaries(self) -> list[str]:
        """Return a line for each file that has problems: `rows.jsonl: 3 (2 image missing, 1 json)`."""
        return [f"{file}: {kinds.total():,} ({_counted(kinds)})" for file, kinds in self.files.items()]

    def raise_if_any(self) -> None:
        """Raise one error about all problems.

        Raises:
            DataError: If there are any; it names the first ones by file and line, and the total.
        """
        if not self.total:
            return
        lines = "\n".join(f"  {problem}" for problem in self.first)
        rest = self.total - len(self.first)
        tail = f"\n  and {rest:,} more" if rest else ""
        noun = "bad line" if self.total == 1 else "bad lines"
        raise DataError(f"{self.total:,} {noun} ({self.summary()}):\n{lines}{tail}")


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())

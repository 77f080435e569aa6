"""What can be wrong with a line of a data file, and the count of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from geo_rewards.errors import DataError, GeoRewardsError

if TYPE_CHECKING:
    from pathlib import Path

Cause = Literal["encoding", "json", "row", "image", "truth", "rehearsal"]


class BadRow(GeoRewardsError):  # noqa: N818 - a finding about the data, caught and counted, not a failure
    """Why a row cannot be used, raised where it is seen and turned into a `RowProblem`.

    Args:
        cause: The kind of fault.
        message: What is wrong and what would be right.
    """

    def __init__(self, cause: Cause, message: str) -> None:
        self.cause: Cause = cause
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A line that cannot be used.

    Attributes:
        file: The data file as it was named.
        line: Line number, from 1; in a `.json` file the line on which the row begins.
        cause: The kind of fault.
        message: What is wrong and what would be right.
    """

    file: Path
    line: int
    cause: Cause
    message: str

    def __str__(self) -> str:
        """Return file, line and message as one sentence."""
        return f"{self.file}, line {self.line}: {self.message}"


@dataclass(slots=True)
class ProblemTally:
    """A count of problems that keeps the first few, so that a million bad lines cost no memory.

    Attributes:
        shown: How many problems are kept.
        first: The problems kept, in the order of the files.
        causes: How many problems of each kind there are.
    """

    shown: int = 10
    first: list[RowProblem] = field(default_factory=list)
    causes: Counter[Cause] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Return how many problems were added."""
        return self.causes.total()

    def add(self, problem: RowProblem) -> None:
        """Count one problem."""
        self.causes[problem.cause] += 1
        if len(self.first) < self.shown:
            self.first.append(problem)

    def raise_if_any(self) -> None:
        """Raise one error about all problems.

        Raises:
            DataError: If there are any; it names the first ones by file and line, and the total.
        """
        if not self.total:
            return
        kinds = ", ".join(f"{count} {cause}" for cause, count in self.causes.most_common())
        lines = "\n".join(f"  {problem}" for problem in self.first)
        rest = self.total - len(self.first)
        tail = f"\n  and {rest} more" if rest else ""
        noun = "bad line" if self.total == 1 else "bad lines"
        raise DataError(f"{self.total} {noun} ({kinds}):\n{lines}{tail}")

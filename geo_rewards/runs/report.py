"""The report on a run before it starts: aligned lines by section, warnings, and every error."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAST_WIDTH = 18
_GAP = 2
_UNITS = (("GiB", 30), ("MiB", 20))


@dataclass(slots=True)
class Section:
    """A title with what matters most, and lines of a name and a text each."""

    title: str
    text: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the lines with their texts aligned."""
        names = [self.title, *(f"{' ' * _GAP}{name}" for name, _ in self.lines)]
        width = max(_LEAST_WIDTH, *(len(name) + _GAP for name in names))
        texts = [self.text, *(text for _, text in self.lines)]
        return "\n".join(f"{name:<{width}}{text}".rstrip() for name, text in zip(names, texts, strict=True))


@dataclass(slots=True)
class Report:
    """Sections of aligned lines, and what was found wrong.

    Attributes:
        sections: What a researcher wants to know about the run.
        warnings: What is allowed but commonly goes wrong, one sentence each.
        errors: What keeps the run from a good start, one sentence each.
        is_usage: Whether one of the errors is wrong usage.
    """

    sections: list[Section] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    is_usage: bool = False

    def section(self, title: str, text: str) -> None:
        """Begin a section with its most important line."""
        self.sections.append(Section(title, text))

    def line(self, name: str, text: str) -> None:
        """Add a line to the last section."""
        self.sections[-1].lines.append((name, text))

    def warn(self, text: str) -> None:
        """Note what may be intended but commonly goes wrong."""
        self.warnings.append(text)

    def error(self, text: str) -> None:
        """Note what keeps the run from a good start; the same sentence only once."""
        if text not in self.errors:
            self.errors.append(text)

    @contextmanager
    def collecting(self, what: str) -> Iterator[None]:
        """Turn an exception into an error of the report, so that the rest is still checked.

        Args:
            what: What is being checked, put before messages that are not ours.
        """
        try:
            yield
        except GeoRewardsError as error:
            self.is_usage |= isinstance(error, (UsageError, UnknownNameError))
            self.error(str(error))
        except Exception as error:  # libraries raise whatever they like
            if os.environ.get("GEO_REWARDS_DEBUG"):
                raise
            first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
            self.error(f"{what}: {first_line} (GEO_REWARDS_DEBUG=1 shows the traceback)")

    def text(self) -> str:
        """Return the report without the errors."""
        parts = [str(section) for section in self.sections]
        if self.warnings:
            parts.append("\n".join(f"warning: {warning}" for warning in self.warnings))
        return "\n\n".join(parts) + "\n"


def byte_size(size: float) -> str:
    """Return a size in the unit that suits it.

    >>> byte_size(3 * 2**30), byte_size(1_572_864), byte_size(2048)
    ('3.0 GiB', '1.5 MiB', '2.0 KiB')
    """
    unit, divisor = next(((unit, 2**power) for unit, power in _UNITS if size >= 2**power), ("KiB", 2**10))
    return f"{size / divisor:,.1f} {unit}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> plural(1, "row"), plural(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

"""The final report on a scoring, as lines and as JSON values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from geo_rewards.results.tally import Mean, Tally
    from geo_rewards.scoring.recipe import Recipe

_LONGEST_EXAMPLE = 160


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file.

    Attributes:
        file: The rows.
        out: Where the scored rows went; None: to stdout.
        recipe: The recipe used.
        tally: The totals.
        explanations: Lines about sampled rows and about differences from an earlier scoring.
    """

    file: Path
    out: Path | None
    recipe: Recipe
    tally: Tally
    explanations: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the lines of the report."""
        tally = self.tally
        median = tally.distances.median()
        width = max(map(len, ["parse rate", *tally.labels]))
        lines = [
            f"{'rows':{width}}  {tally.rows:,}",
            f"{'reward':{width}}  mean {tally.reward}{_missing(tally.reward)}{self._share()}",
            *(self._label_line(label, mean, width) for label, mean in tally.labels.items()),
            f"{'parse rate':{width}}  {tally.parsed / tally.rows:.1%} of the answers could be read",
            *self._problem_lines(width),
            f"{'median':{width}}  {'none' if median is None else f'{median:,.1f} km'} over "
            f"{_rows(tally.distances.count)} with a distance",
            f"{'errors':{width}}  {sum(tally.errors.values()):,}",
        ]
        firsts = [f"{'':{width}}  first of {label}: {text}" for label, text in tally.first_errors.items()]
        return [*lines, *firsts, *self.explanations]

    def record(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        tally, entries = self.tally, self.recipe.entries
        return {
            "file": str(self.file),
            "output": None if self.out is None else str(self.out),
            "recipe": self.recipe.origin,
            "rows": tally.rows,
            "reward": {**_mean_record(tally.reward), "share_of_attainable": tally.share.value},
            "rewards": {
                label: {
                    **_mean_record(mean),
                    "weight": entries[label].weight,
                    "errors": tally.errors.get(label, 0),
                    "first_error": tally.first_errors.get(label),
                }
                for label, mean in tally.labels.items()
            },
            "parse_rate": tally.parsed / tally.rows,
            "problems": {
                kind: {"rows": found.count, "first": found.where, "example": found.example}
                for kind, found in tally.by_frequency()
            },
            "median_km": tally.distances.median(),
            "rows_with_distance": tally.distances.count,
            "explanations": self.explanations,
        }

    def _share(self) -> str:
        share = self.tally.share.value
        return "" if share is None else f", {share:.1%} of what each row can earn"

    def _label_line(self, label: str, mean: Mean, width: int) -> str:
        weight = f", weight {self.recipe.entries[label].weight:g}"
        failed = f", failed on {self.tally.errors[label]:,}" if self.tally.errors[label] else ""
        return f"{label:{width}}  mean {mean}{weight}, abstained on {mean.missing:,}{failed}"

    def _problem_lines(self, width: int) -> list[str]:
        found = self.tally.by_frequency()
        return [
            f"{'' if number else 'problems':{width}}  {kind} in {of_kind.count:,}, first in {of_kind.where}: "
            f"{_shortened(of_kind.example.removeprefix(f'{kind}: '))}"
            for number, (kind, of_kind) in enumerate(found)
        ]


def _mean_record(mean: Mean) -> dict[str, Any]:
    return {"mean": mean.value, "abstained": mean.missing}


def _missing(mean: Mean) -> str:
    return f", none on {_rows(mean.missing)}" if mean.missing else ""


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXAMPLE else f"{line[:_LONGEST_EXAMPLE]}..."

"""A few completions to read in the log, from the best to the worst."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from geo_rewards.parse.chat import completion_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_COUNT = 2
"""How many completions are shown unless the run says otherwise."""

_HEAD_CHARACTERS, _TAIL_CHARACTERS = 300, 300


def describe_completions(table: Mapping[str, Any], rows: Sequence[int]) -> str:
    """Return advantage, rewards, remarks and text of some completions, two lines for each.

    Args:
        table: The columns `advantages` and `completion`, and the mappings `rewards` and `extra` of columns.
        rows: The positions of the completions.
    """
    return "\n".join(_describe(table, row) for row in rows)


def spread_by_advantage(advantages: Sequence[float], count: int) -> list[int]:
    """Return the positions of some completions: the best one, the worst one, and evenly between them.

    >>> spread_by_advantage([0.1, 0.9, -1.0, 0.0], 2)
    [1, 2]
    >>> spread_by_advantage([0.1, 0.9, -1.0, 0.0], 1)
    [1]
    """
    ranked = sorted(range(len(advantages)), key=lambda row: -advantages[row])
    if count >= len(ranked):
        return ranked
    last = len(ranked) - 1
    return [ranked[round(number * last / max(1, count - 1))] for number in range(count)]


def clipped(text: str) -> str:
    r"""Return a completion on one line, without its middle if it is long: the answer comes at the end.

    >>> clipped("<think>a\n  tower</think>")
    '<think>a tower</think>'
    >>> clipped("a\x07bell")
    'a\\x07bell'
    >>> len(clipped("x" * 5_000))
    637
    """
    shown = (sign if sign.isprintable() else repr(sign)[1:-1] for sign in " ".join(text.split()))
    line = "".join(shown)
    left_out = len(line) - _HEAD_CHARACTERS - _TAIL_CHARACTERS
    if left_out <= 0:
        return line
    return f"{line[:_HEAD_CHARACTERS]} [... {left_out:,} characters left out ...] {line[-_TAIL_CHARACTERS:]}"


def _describe(table: Mapping[str, Any], row: int) -> str:
    rewards = ", ".join(f"{label} {_value(values[row])}" for label, values in table["rewards"].items())
    parts = [f"advantage {table['advantages'][row]:+.3g}", rewards, *_remarks(table["extra"], row)]
    return f"  {'; '.join(parts)}\n    {clipped(completion_text(table['completion'][row]))}"


def _value(reward: float | None) -> str:
    return "abstains" if reward is None or math.isnan(reward) else f"{reward:.3g}"


def _remarks(extra: Mapping[str, Sequence[Any]], row: int) -> list[str]:
    """Return the distance between answer and truth, and what was wrong with the answer."""
    distances, problems = (extra.get(name) for name in ("distance_km", "problems"))
    remarks = []
    if distances and distances[row] is not None:
        remarks.append(f"{distances[row]:,.1f} km")
    if problems and problems[row]:
        remarks.append(problems[row])
    return remarks

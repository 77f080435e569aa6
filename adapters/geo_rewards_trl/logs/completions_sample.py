"""A few completions in the log, to be read there; all of them are in the table that TRL writes."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

from geo_rewards.parse.chat import completion_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = logging.getLogger(__name__)

DEFAULT_COUNT = 2
"""How many completions are shown where ``--num_completions_to_print`` says nothing."""

_HEAD_CHARACTERS, _TAIL_CHARACTERS = 300, 300


class ShowsCompletions:
    """Part of a GRPOTrainer: with ``--log_completions true``, shows some completions after each log line.

    TRL itself prints all of them as a table with a column for each reward and figure: a few characters
    wide, hundreds of lines high, at each step.
    """

    args: Any
    state: Any
    accelerator: Any
    log_completions: bool
    _logs: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given: int | None = self.args.num_completions_to_print
        self._shown_count = DEFAULT_COUNT if given is None else given
        self.num_completions_to_print = 0

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log as TRL does, but its table."""
        super().log(logs, start_time)  # type: ignore[misc]  # GRPOTrainer's
        if not (self.log_completions and self.accelerator.is_main_process):
            return
        table = self._logs
        chosen = spread_by_advantage(list(table["advantages"]), self._shown_count)
        if chosen:
            name = f"completions/completions_{self.state.global_step:05d}.parquet"
            lines = [f"{len(chosen)} of {len(table['advantages'])} completions; all are in {name}"]
            logger.info("\n".join([*lines, *(_account(table, row) for row in chosen)]))


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
    r"""Return a completion in one line, without its middle if it is long: the answer stands at the end.

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


def _account(table: Mapping[str, Any], row: int) -> str:
    earned = ", ".join(f"{label} {_value(values[row])}" for label, values in table["rewards"].items())
    parts = [f"advantage {table['advantages'][row]:+.3g}", earned, *_notes(table["extra"], row)]
    return f"  {'; '.join(parts)}\n    {clipped(completion_text(table['completion'][row]))}"


def _value(reward: float | None) -> str:
    return "abstains" if reward is None or math.isnan(reward) else f"{reward:.3g}"


def _notes(extra: Mapping[str, Sequence[Any]], row: int) -> list[str]:
    """Return how far the answer is from the truth, or what was wrong with it."""
    distances, problems = (extra.get(name) for name in ("distance_km", "problems"))
    notes = []
    if distances and distances[row] is not None:
        notes.append(f"{distances[row]:,.1f} km")
    if problems and problems[row]:
        notes.append(problems[row])
    return notes

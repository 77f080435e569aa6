from __future__ import annotations

from pathlib import Path

import pytest

from geo_rewards.data import ProblemTally, RowProblem
from geo_rewards.errors import DataError


def test_all_bad_lines_are_counted_and_the_first_ten_named():
    tally = ProblemTally()
    for line in range(1, 26):
        tally.add(RowProblem(Path("a.jsonl"), line, "json" if line % 2 else "image", "broken"))
    with pytest.raises(DataError) as caught:
        tally.raise_if_any()
    message = str(caught.value)
    assert message.startswith("25 bad lines (13 json, 12 image)")
    assert "a.jsonl, line 10: broken" in message
    assert "line 11" not in message
    assert message.endswith("and 15 more")


def test_a_tally_without_problems_raises_nothing():
    ProblemTally().raise_if_any()

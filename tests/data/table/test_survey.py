from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_rewards.data import ProblemTally, Row, RowProblem, survey_rows
from geo_rewards.data.table.survey import kind_of, unite
from geo_rewards.errors import DataError

KINDS = ["null", "bool", "int", "float", "str", "json"]


def problem(line: int, cause: str = "json") -> RowProblem:
    return RowProblem(Path("a.jsonl"), line, cause, "broken")


def test_all_bad_lines_are_counted_and_the_first_ten_named():
    with pytest.raises(DataError) as caught:
        survey_rows(problem(line, "json" if line % 2 else "image") for line in range(1, 26))
    message = str(caught.value)
    assert message.startswith("25 bad lines (13 json, 12 image)")
    assert "a.jsonl, line 10: broken" in message
    assert "line 11" not in message
    assert message.endswith("and 15 more")


def test_one_bad_line_among_good_ones_stops():
    good = Row(Path("a.jsonl"), 1, [], None, [], {})
    with pytest.raises(DataError, match=r"1 bad line \(json\)|1 bad line \(1 json\)"):
        survey_rows([good, problem(2), good])


def test_no_rows_at_all_is_an_error():
    with pytest.raises(DataError, match="no rows"):
        survey_rows([])


def test_a_tally_without_problems_raises_nothing():
    ProblemTally().raise_if_any()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None], "null"),
        ([None, 1], "int"),
        ([1, 2.5], "float"),
        ([1, True], "json"),
        ([1, "1"], "json"),
        (["a", None], "str"),
        ([[1]], "json"),
        ([2**53 + 1, 0.5], "json"),
    ],
)
def test_a_column_has_the_kind_that_loses_nothing(values, kind):
    rows = [Row(Path("a.jsonl"), n, [], None, [], {"x": value}) for n, value in enumerate(values)]
    assert survey_rows(rows).kinds == {"x": kind}


def test_columns_and_modalities_remember_where_they_were_first_seen():
    rows = [
        Row(Path("a.jsonl"), 1, [], None, [], {"x": 1}),
        Row(Path("b.jsonl"), 2, [], "s", ["p.png"], {"x": 1, "y": 1}),
    ]
    survey = survey_rows(rows)
    assert survey.seen_at == {"x": "a.jsonl, line 1", "y": "b.jsonl, line 2"}
    assert (survey.without_images, survey.with_images) == ("a.jsonl, line 1", "b.jsonl, line 2")
    assert survey.has_solution


@given(values=st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), max_size=5))
def test_the_order_of_rows_does_not_change_a_kind(values):
    def whole(order):
        kind = "null"
        for value in order:
            kind = unite(kind, kind_of(value))
        return kind

    assert len({whole(order) for order in itertools.permutations(values)}) == 1

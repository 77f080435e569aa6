from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_rewards.data import Row, Survey
from geo_rewards.data.table.survey import kind_of, unite

KINDS = ["null", "bool", "int", "float", "str", "json"]


def survey_of(rows: list[Row]) -> Survey:
    survey = Survey()
    for row in rows:
        survey.add(row)
    return survey


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
    assert survey_of(rows).kinds == {"x": kind}


def test_columns_and_modalities_remember_where_they_were_first_seen():
    rows = [
        Row(Path("a.jsonl"), 1, [], None, [], {"x": 1}),
        Row(Path("b.jsonl"), 2, [], "s", ["p.png"], {"x": 1, "y": 1}),
    ]
    survey = survey_of(rows)
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

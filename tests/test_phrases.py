"""What pydantic refuses is told in words of ours, whatever the kind of its error."""

import re
from typing import get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import core_schema

import geo_rewards as gr
from geo_rewards.phrases import what_is_wrong

PYDANTIC = re.compile(
    r"Input should|Value error|Field required|unable to parse|Extra inputs|valid (number|integer)"
)


@pytest.mark.parametrize("kind", get_args(core_schema.ErrorType))
def test_every_kind_of_error_has_a_phrase_of_ours(kind):
    context = {
        "error": "boom",
        "gt": 0,
        "ge": 0,
        "lt": 1,
        "le": 1,
        "multiple_of": 2,
        "expected": "'a' or 'b'",
    }
    context |= {"min_length": 1, "max_length": 3, "pattern": "a+", "class": "X"}
    message = "Value error, Input should be a valid thing"
    fault = {"type": kind, "loc": ("a",), "msg": message, "input": "x", "ctx": context}
    phrase = what_is_wrong(fault)
    assert phrase.startswith(("must be ", "must have ", "must match ", "is ", "cannot be ", "Input should"))
    if kind not in ("value_error", "assertion_error"):
        assert not PYDANTIC.search(phrase)


@pytest.mark.parametrize(
    ("kind", "value", "phrase"),
    [
        (float, "many", "must be a number, not 'many'"),
        (int, 1.5, "must be a whole number, not 1.5"),
        (bool, "maybe", "must be true or false, not 'maybe'"),
        (list[int], None, "must be a list, not null"),
        (dict[str, int], True, "must be a mapping, not true"),
        (str, 3, "must be a text, not 3"),
    ],
)
def test_a_phrase_says_what_would_be_right(kind, value, phrase):
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert what_is_wrong(caught.value.errors()[0]) == phrase


def test_a_reward_that_is_made_directly_says_it_in_the_same_words():
    reward_class = type(gr.get_reward("haversine_decay"))
    for parameters in ({"scale_km": "x"}, {"scale_km": -1}, {"scale": 3}, {"curve": "exponentail"}):
        with pytest.raises(ValidationError) as caught:
            reward_class(**parameters)
        assert not PYDANTIC.search(str(caught.value))
    assert "did you mean 'exponential'" in str(caught.value)

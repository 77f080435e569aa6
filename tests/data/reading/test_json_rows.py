"""Lines are read strictly, quickly, and faults are told in plain words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_rewards.data.problems import BadRow
from geo_rewards.data.reading import json_rows
from geo_rewards.data.reading.json_rows import read_line, read_list

FAULTS = [
    ('{"a": 1,}', "column 9: a comma before the closing }"),
    ('{"a": [1,]}', "column 10: a comma before the closing ]"),
    ('{"a": 1},', "column 9: a comma after the row"),
    ("{\"a\": 'x'}", "column 7: a text in single quotes; JSON has double quotes only"),
    ("{a: 1}", "column 2: expected a key in double quotes, found 'a: 1}'"),
    ('{"a": True}', "column 7: True is not a JSON value; write true"),
    ('{"a": None}', "column 7: None is not a JSON value; write null"),
    ('{"a": NaN}', "NaN is not valid JSON; write null"),
    ('{"a": [Infinity]}', "Infinity is not valid JSON"),
    ('{"a": 1e999}', "the number of 'a' is beyond the range of floating point"),
    ('{"a": [-1e999]}', "the number -1e999 is beyond"),
    ('{"a": {"b": 1e999}}', "the number of 'b' is beyond"),
    ('{"a": 1, "a": 2}', "the key 'a' is duplicated"),
    ('{"x": {"a": 1, "a": 2}}', "the key 'a' is duplicated"),
    ('{"x": [{"a": 1, "b": 2, "a": 1}]}', "the key 'a' is duplicated"),
    ('{"a" 1}', "column 6: a colon is missing after the key"),
    ('{"a": 1 "b": 2}', "column 9: a comma or a closing bracket is missing"),
    ('{"a": "x', "column 7: the text that starts here has no closing quote"),
    ('{"a": "\\x"}', "column 8: a backslash that starts no escape"),
    ('{"a": "\\ud800"}', "a \\u escape is half of a surrogate pair"),
    ('{"a": "\\uZZZZ"}', "\\u is not followed by four hexadecimal digits"),
    ('{"a": "\t"}', "column 8: a control character inside a text"),
    ('{"a": 1', "it ends in the middle of a value"),
    ("{", "it ends in the middle of a value"),
    ('{"a"', "it ends after a key"),
    ('{"a": 1} {"b": 2}', "column 9: text after the value; expected one object per line"),
    ("[" * 5000, "nested too deeply"),
    ('{"a": ' + "9" * 5000 + "}", "an integer has thousands of digits"),
    ("hello", "expected a value, found 'hello'"),
]


@pytest.mark.parametrize(("line", "message"), FAULTS)
def test_a_fault_is_told_in_plain_words(line, message):
    bad = read_line(line.encode())
    assert isinstance(bad, BadRow)
    assert message in str(bad)
    assert "Expecting" not in str(bad)


@pytest.mark.parametrize(
    "line",
    [
        '{"a": ' + "9" * 400 + "}",
        '{"a": -1.5e-300, "b": [{}, {"c": []}], "d": {"e": null}}',
        '  {"a": "\\ud83d\\ude00 \\u00e9"} \r\n',
        "[1]",
        "3",
        '"text"',
        "null",
    ],
)
def test_what_is_valid_is_read(line):
    assert read_line(line.encode()) == json.loads(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON, ascii_only=st.booleans(), cut=st.integers(-3, 3), again=st.booleans())
def test_the_quick_reader_agrees_with_the_strict_one(value, ascii_only, cut, again):
    text = json.dumps(value, ensure_ascii=ascii_only)
    if again and text[:2] == '{"':
        text = f"{text[:-1]}, {text[1:]}"  # every key twice
    raw = (text[:cut] if cut else text).encode("utf-8", "replace")
    quick, strict = read_line(raw), json_rows._read_strictly(raw)
    if isinstance(strict, BadRow):
        assert (type(quick), str(quick)) == (BadRow, str(strict))
    else:
        assert json.dumps(quick) == json.dumps(strict)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('[{"a": 1},\n {"a": 2},\n]', 2, "column 10: a comma before the closing ]"),
        ('[{"a": 1}\n {"a": 2}]', 2, "column 2: a comma is missing between rows"),
        ('[{"a": 1},\n {"a": 2}', 2, "the list is not closed"),
        ('[{"a": 1},\n {"a": 2,}]', 2, "column 10: a comma before the closing }"),
        ('{"rows": []}', 1, "must contain one list of rows, but it begins with"),
        ("", 1, "it is empty"),
        ("[1] 2", 1, "column 5: text after the end of the list"),
    ],
)
def test_a_fault_of_a_list_names_line_and_column(text, line, message):
    number, bad = list(read_list(text.encode()))[-1]
    assert isinstance(bad, BadRow)
    assert (number, message in str(bad)) == (line, True), bad

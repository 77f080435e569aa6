from __future__ import annotations

import re
from itertools import pairwise

import pytest
import yaml

from geo_rewards.errors import DataError, RecipeError
from geo_rewards.yaml_file import _StrictLoader, dump_yaml, parse_yaml, read_yaml, yaml_problem


def test_a_file_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [1, {b: null}]")
    assert read_yaml(tmp_path / "a.yaml", error_class=DataError) == {"a": [1, {"b": None}]}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in pairwise("abcdefghijkl")
)
CHAIN = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1", "not valid YAML: .* at line 1"),
        (b"a: 1\nb: {c: 1, c: 2}", "duplicate key 'c' at line 2, column 11"),
        (b"a: !!python/object:os.system 1", "not valid YAML"),
        (b"\xff\xfe\xfa", "cannot be read"),
        (BOMB.encode(), "more than 100,000 values, counting those behind aliases at line 5"),
        (b"a: &a [*a]", "an alias refers to a value that contains it at line 1, column 4"),
        (b"[" * 5000 + b"]" * 5000, "nested more than 50 levels deep at line 1, column 51"),
        (b"{a: " * 5000 + b"1" + b"}" * 5000, "nested more than 50 levels deep"),
        (b"- " * 5000 + b"1", "nested more than 50 levels deep"),
        (CHAIN.encode(), "nested more than 50 levels deep at line 50"),
        (b"a: " + b"9" * 5000, "a number of 5,000 characters at line 1, column 4"),
        (b"a: !!timestamp 2001-02-30", "'2001-02-30' is not valid here: .* at line 1, column 4"),
        (b"#" * 1_000_001, "cannot be read: it has 1,000,001 bytes; at most 1,000,000 are read"),
    ],
)
def test_a_mistake_is_an_error_with_the_place(tmp_path, content, message):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(RecipeError, match=rf"a\.yaml: .*{message}|a\.yaml: {message}"):
        read_yaml(tmp_path / "a.yaml", error_class=RecipeError)


def test_a_missing_file_raises_the_given_class(tmp_path):
    with pytest.raises(DataError, match=r"none\.yaml: cannot be read"):
        read_yaml(tmp_path / "none.yaml", error_class=DataError)


def test_aliases_of_ordinary_size_are_kept(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &a {b: 1}\nc: [*a, *a]")
    assert read_yaml(tmp_path / "a.yaml", error_class=DataError) == {"a": {"b": 1}, "c": [{"b": 1}] * 2}


def test_each_key_is_compared_once_however_many_there_are():
    compared = 0

    class Counted(str):
        __slots__ = ()

        def __eq__(self, other):
            nonlocal compared
            compared += 1
            return super().__eq__(other)

        __hash__ = str.__hash__

    class Loader(_StrictLoader):
        def construct_scalar(self, node):
            return Counted(super().construct_scalar(node))

    loader = Loader("".join(f"{{k{n}: 1" if n == 0 else f", k{n}: 1" for n in range(300)) + "}")
    loader.get_single_data()
    assert compared < 300 * 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a:\n\t- 1", "a tab, or another character .*indent with spaces at line 2"),
        ("a:\n  - b: 1\n   c: 2", "the indentation does not fit the lines above at line 3"),
        ("a: b: c", "a second `: ` in one line.* at line 1, column 5"),
        ("a: [1", "a bracket or brace is not closed"),
        ("a: {b: 1]", "a `,` or `}` is missing"),
        ("a: [1}", "a `,` or `]` is missing"),
        ("a: 'b", "a quotation mark is not closed"),
    ],
)
def test_a_slip_is_told_in_plain_words(content, message):
    with pytest.raises(yaml.YAMLError) as caught:
        parse_yaml(content)
    assert re.match(message, yaml_problem(caught.value))


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("yes", "yes"),
        ("NO", "NO"),
        ("true", True),
        ("010", 10),
        ("0o10", 8),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("~", None),
        ("[NO, FR]", ["NO", "FR"]),
        ("{on: 1}", {"on": 1}),
    ],
)
def test_values_are_those_of_yaml_1_2(content, value):
    assert parse_yaml(content) == value
    assert type(parse_yaml(content)) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        "1e3",
        "yes",
        "010",
        "0o7",
        "1_000",
        "1:30",
        "~",
        "",
        "null",
        "2024-01-01",
        ".inf",
        "<<",
        "=",
        "a: b",
        "#",
        "é",
    ],
)
def test_what_is_written_is_read_as_the_same_by_both_versions(value):
    content = {"as": value, "params": {"list": [value, 1, 1.5, None, True]}}
    for text in (dump_yaml(content), dump_yaml(content, flow=True)):
        assert parse_yaml(text) == content
        assert yaml.safe_load(text) == content

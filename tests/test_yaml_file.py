from __future__ import annotations

from itertools import pairwise

import pytest

from geo_rewards.errors import DataError, RecipeError
from geo_rewards.yaml_file import _StrictLoader, read_yaml


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
        (b"a: 2001-02-30", "'2001-02-30' is not valid here: .* at line 1, column 4"),
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

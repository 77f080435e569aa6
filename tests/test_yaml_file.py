from __future__ import annotations

import pytest

from geo_rewards.errors import DataError, RecipeError
from geo_rewards.yaml_file import read_yaml


def test_a_file_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [1, {b: null}]")
    assert read_yaml(tmp_path / "a.yaml", error_class=DataError) == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1", "not valid YAML: .* at line 1"),
        (b"a: 1\nb: {c: 1, c: 2}", "duplicate key 'c' at line 2, column 4"),
        (b"a: !!python/object:os.system 1", "not valid YAML"),
        (b"\xff\xfe\xfa", "cannot be read"),
    ],
)
def test_a_mistake_is_an_error_with_the_place(tmp_path, content, message):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(RecipeError, match=rf"a\.yaml: .*{message}|a\.yaml: {message}"):
        read_yaml(tmp_path / "a.yaml", error_class=RecipeError)


def test_a_missing_file_raises_the_given_class(tmp_path):
    with pytest.raises(DataError, match=r"none\.yaml: cannot be read"):
        read_yaml(tmp_path / "none.yaml", error_class=DataError)

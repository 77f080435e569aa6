from __future__ import annotations

from pathlib import Path

import pytest

from geo_rewards.data import content_hash, pair_paths
from geo_rewards.errors import DataError


def test_files_and_folders_pair_up_in_order():
    assert pair_paths("a.jsonl:b.jsonl", "A:B") == (
        [Path("a.jsonl"), Path("b.jsonl")],
        [Path("A"), Path("B")],
    )


def test_without_folders_each_files_own_is_taken():
    assert pair_paths("x/a.jsonl:b.jsonl", None)[1] == [Path("x"), Path()]


@pytest.mark.parametrize("folders", ["A", "A:B:C"])
def test_unequal_numbers_are_an_error_with_both_lists(folders):
    with pytest.raises(DataError, match=r"2 data files \(a\.jsonl, b\.jsonl\)"):
        pair_paths("a.jsonl:b.jsonl", folders)


@pytest.mark.parametrize(("files", "folders"), [("", "A"), ("a.jsonl:", "A:B"), ("a.jsonl", ""), (" ", None)])
def test_an_empty_path_is_an_error(files, folders):
    with pytest.raises(DataError, match="empty path"):
        pair_paths(files, folders)


def test_the_hash_follows_content_and_order_not_names(tmp_path):
    names = ["a", "b", "c"]
    for name, content in zip(names, ["1", "2", "1"], strict=True):
        (tmp_path / name).write_text(content)
    a, b, c = (tmp_path / name for name in names)
    assert content_hash([a, b]) == content_hash([c, b])
    assert len({content_hash(files) for files in ([a, b], [b, a], [a], [a, a])}) == 4


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        content_hash([tmp_path / "none.jsonl"])

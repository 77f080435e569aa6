"""Dataset rows, stored as a table in the test's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from geo_rewards.data import Source
from geo_rewards.data.table.cache import TableRequest
from geo_rewards.data.table.row_reader import RowReader
from geo_rewards.data.table.stored import StoredRows, find_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def make_row(
    question: str = "<image>Where?", answer: Any = "48.8584, 2.2945", **columns: Any
) -> dict[str, Any]:
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    return {"conversations": turns, **columns}


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    """A function that makes a row."""
    return make_row


@pytest.fixture
def picture() -> Callable[..., Path]:
    """A function that writes a small picture."""

    def write(path: Path, red: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (red, 0, 0)).save(path)
        return path

    return write


@pytest.fixture
def store(tmp_path, picture, write_rows) -> Callable[..., StoredRows]:
    """A function that stores rows, or files with their folders, with a cache in the test's folder."""

    def run(*rows: dict[str, Any], files=None, folders=None, seed=0, **request: Any) -> StoredRows:
        picture(tmp_path / "A" / "a.png", 10)
        picture(tmp_path / "A" / "b.png", 20)
        files = files or [write_rows(*rows)]
        sources = [Source(*pair) for pair in zip(files, folders or [tmp_path / "A"], strict=True)]
        return find_rows(TableRequest(sources, seed, **request), cache_dir=tmp_path / "cache")

    return run


@pytest.fixture
def read() -> Callable[..., dict[str, list[Any]]]:
    """A function that reads all columns of stored rows as a trainer takes them."""

    def run(stored: StoredRows) -> dict[str, list[Any]]:
        columns = stored.table.to_pydict()
        return RowReader(tuple(stored.info.json_columns), files=tuple(stored.info.files))(columns)

    return run

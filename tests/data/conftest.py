"""Pictures and data files for the tests of the loader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

WriteRows = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An image folder with four pictures, one of them in a folder below."""
    root = tmp_path / "images"
    (root / "below").mkdir(parents=True)
    for index, name in enumerate(["a.png", "b.png", "c.jpg", "below/d.png"]):
        Image.new("RGB", (8, 6), (40 * index, 0, 0)).save(root / name)
    return root


@pytest.fixture
def write_rows(tmp_path: Path) -> WriteRows:
    """A function that writes rows (strings as they are, the rest as JSON) to a file and returns it."""

    def write(*rows: Any, name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        if name.endswith(".json"):
            path.write_text(json.dumps(list(rows), indent=1), encoding="utf-8")
        else:
            lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write

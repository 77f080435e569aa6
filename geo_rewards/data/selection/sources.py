"""Data files and their image folders: parse, pair and fingerprint them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from geo_rewards.errors import DataError
from geo_rewards.system.regular_file import open_regular

if TYPE_CHECKING:
    from collections.abc import Sequence


def pair_paths(data_file_paths: str, image_folders: str | None) -> tuple[list[Path], list[Path]]:
    """Return data files and image folders, one folder per file, in order.

    Args:
        data_file_paths: Paths joined by colons.
        image_folders: As many paths, joined likewise; None: each file's own folder.

    Raises:
        DataError: If a path is empty, or the numbers differ.

    >>> [str(path) for path in pair_paths("a.jsonl:b/b.jsonl", None)[1]]
    ['.', 'b']
    """
    files = _split(data_file_paths, "data_file_paths")
    folders = (
        list(map(own_folder, files)) if image_folders is None else _split(image_folders, "image_folders")
    )
    check_pairs(files, folders)
    return files, folders


def own_folder(path: Path) -> Path:
    """Return the folder of a data file; a folder of data files is its own."""
    return path if path.is_dir() else path.parent


def check_pairs(files: Sequence[Path], folders: Sequence[Path]) -> None:
    """Check that there is one folder per file, and at least one file.

    Raises:
        DataError: If not.
    """
    if not files:
        raise DataError("no data file is given; give at least one")
    if len(files) != len(folders):
        raise DataError(
            f"{len(files)} data files ({_listed(files)}), but {len(folders)} image folders "
            f"({_listed(folders)}); give one folder per file, in the same order"
        )


def content_hash(files: Sequence[Path]) -> str:
    """Return a fingerprint of the files' content, in order; their names and folders do not matter.

    Raises:
        DataError: If a file is missing.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        try:
            with open_regular(path) as file:
                digest.update(hashlib.file_digest(file, hashlib.blake2b).digest())
        except OSError as error:
            raise DataError(f"data file {path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _split(joined: str, name: str) -> list[Path]:
    parts = joined.split(":")
    if not all(part.strip() for part in parts):
        raise DataError(f"{name} {joined!r} contains an empty path; join paths by single colons")
    return [Path(part).expanduser() for part in parts]


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths)) or "none"

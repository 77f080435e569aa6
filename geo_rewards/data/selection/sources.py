"""Data files and their image folders: how they are named, paired and distinguished."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence


def pair_paths(data_file_paths: str, image_folders: str | None) -> tuple[list[Path], list[Path]]:
    """Return data files and image folders, one folder for each file, in order.

    Args:
        data_file_paths: Paths joined by colons.
        image_folders: As many paths, joined likewise; None takes each file's own folder.

    Raises:
        DataError: If a path is empty, or the numbers differ.

    >>> [str(path) for path in pair_paths("a.jsonl:b/b.jsonl", None)[1]]
    ['.', 'b']
    """
    files = _split(data_file_paths, "data_file_paths")
    folders = (
        [file.parent for file in files] if image_folders is None else _split(image_folders, "image_folders")
    )
    check_pairs(files, folders)
    return files, folders


def check_pairs(files: Sequence[Path], folders: Sequence[Path]) -> None:
    """Raise an error unless there is one folder for each file, and a file at all.

    Raises:
        DataError: If there is not.
    """
    if not files:
        raise DataError("there is no data file; name at least one")
    if len(files) != len(folders):
        raise DataError(
            f"{len(files)} data files ({_listed(files)}) for {len(folders)} image folders "
            f"({_listed(folders)}); name one folder for each file, in the same order"
        )


def content_hash(files: Sequence[Path]) -> str:
    """Return a fingerprint of the files' content, in order; their names and places do not matter.

    Raises:
        DataError: If a file is missing.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, hashlib.blake2b).digest())
        except OSError as error:
            raise DataError(f"data file {path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _split(joined: str, name: str) -> list[Path]:
    parts = joined.split(":")
    if not all(part.strip() for part in parts):
        raise DataError(f"{name} {joined!r} holds an empty path; write paths joined by single colons")
    return [Path(part).expanduser() for part in parts]


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths)) or "none"

"""A checksum at the end of a stored table: Arrow would read a table with flipped bytes without noticing."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from geo_rewards.errors import DataError
from geo_rewards.system.regular_file import NotRegularError, open_regular

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

_MARK = b"geo-rewards seal"
_SEAL_BYTES = len(_MARK) + 12  # and the number of bytes before it, and their checksum
_BLOCK = 1 << 20


def seal(path: Path) -> None:
    """Append the checksum to a table that has just been written; readers of Arrow streams ignore it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        checksum = _checksum(file, size)
    with path.open("ab") as file:
        file.write(_seal(size, checksum))


def why_unsealed(path: Path) -> str | None:
    """Return why a table cannot be used, or None if it is complete and unchanged; reads all of it.

    Raises:
        DataError: If there is something at its name that is not a file of ours.
    """
    try:
        with open_regular(path, follows_links=False) as file:
            size = os.fstat(file.fileno()).st_size - _SEAL_BYTES
            if size < 0:
                return "it is cut off"
            file.seek(size)
            found = file.read()
            if not found.startswith(_MARK):
                return "its end is missing"
            file.seek(0)
            return None if found == _seal(size, _checksum(file, size)) else "its bytes have changed"
    except FileNotFoundError:
        return "it does not exist"
    except NotRegularError as error:
        raise DataError(f"data table {path} cannot be used: {error}; remove it") from error
    except OSError as error:
        raise DataError(f"data table {path} cannot be read: {error.strerror}") from error


def _seal(size: int, checksum: int) -> bytes:
    return _MARK + size.to_bytes(8, "big") + checksum.to_bytes(4, "big")


def _checksum(file: BufferedReader, size: int) -> int:
    checksum, left = 0, size
    while left and (block := file.read(min(_BLOCK, left))):
        checksum, left = zlib.crc32(block, checksum), left - len(block)
    return checksum

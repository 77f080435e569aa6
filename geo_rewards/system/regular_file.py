"""Open regular files only: a named pipe would block for ever, and a device may never end."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, FileIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a symbolic link"),
)
_NO_BLOCKING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


class NotRegularError(OSError):
    """A path that is no regular file, or one that is too large; the message is a phrase without the path."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.strerror = message


def open_regular(
    path: str | Path, *, max_bytes: int | None = None, follows_links: bool = True
) -> BufferedReader:
    """Open a regular file for reading.

    Args:
        path: The file.
        max_bytes: The largest size accepted; None accepts any.
        follows_links: Whether the path itself may be a symbolic link.

    Raises:
        NotRegularError: If it is something else, such as a named pipe, a device or a folder, or too large.
        OSError: If it cannot be opened.
    """
    _check(os.stat(path, follow_symlinks=follows_links))  # noqa: PTH116 - opening some devices does something
    try:
        handle = os.open(path, os.O_RDONLY | _NO_BLOCKING | (0 if follows_links else _NO_LINKS))
    except OSError as error:
        if error.errno == errno.ELOOP and not follows_links:
            raise NotRegularError("it is a symbolic link, not a file") from None
        raise
    try:
        status = os.fstat(handle)
        _check(status)
        if max_bytes is not None and status.st_size > max_bytes:
            raise NotRegularError(f"it has {status.st_size:,} bytes; at most {max_bytes:,} are read")
        return BufferedReader(FileIO(handle))
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: str | Path, *, max_bytes: int, follows_links: bool = True) -> bytes:
    """Return the content of a regular file.

    Raises:
        NotRegularError: As for `open_regular`.
        OSError: If it cannot be read.
    """
    with open_regular(path, max_bytes=max_bytes, follows_links=follows_links) as file:
        return file.read(max_bytes)


def kind_of_file(path: str | Path) -> str | None:
    """Return what a path is in words, such as ``a named pipe``; None if it is a regular file or missing."""
    try:
        return _kind(os.stat(path))  # noqa: PTH116
    except OSError:
        return None


def _check(status: os.stat_result) -> None:
    kind = _kind(status)
    if kind is not None:
        raise NotRegularError(f"it is {kind}, not a file")


def _kind(status: os.stat_result) -> str | None:
    if stat.S_ISREG(status.st_mode):
        return None
    return next((words for matches, words in _KINDS if matches(status.st_mode)), "no regular file")

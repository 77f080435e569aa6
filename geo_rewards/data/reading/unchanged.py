"""Whether a file is still the one that was opened: rows of two versions must not be mixed."""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo_rewards.data.reading.kinds import files_of, is_stdin
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_TICK_S = 0.02
"""A file system's clock moves in ticks of up to 10 ms: two changes within one have the same time."""


class ChangedFileError(DataError):
    """A data file that changed while it was read."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells one version of a file from another.

    Attributes:
        identity: Device and inode: another after a rename over the file.
        size: In bytes.
        times_ns: When its content and its metadata last changed; the second cannot be set back.
    """

    identity: tuple[int, int]
    size: int
    times_ns: tuple[int, int]


def state_of(file: Path | int) -> FileState:
    """Return the state of a file, by path or descriptor.

    Raises:
        DataError: If it does not exist or is not a regular file.
    """
    try:
        found = os.stat(file)  # noqa: PTH116 - a descriptor, too
    except OSError as error:
        raise DataError(f"data file {file} does not exist or cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"data file {file} is not a regular file; write - to read standard input")
    if 0.0 <= time.time() - found.st_mtime < _TICK_S:  # a change right after this would not show
        time.sleep(_TICK_S)
        found = os.stat(file)  # noqa: PTH116
    return FileState((found.st_dev, found.st_ino), found.st_size, (found.st_mtime_ns, found.st_ctime_ns))


def check_unchanged(path: Path, before: FileState) -> None:
    """Check that a file is the same as before.

    Args:
        path: The file.
        before: Its state when reading began.

    Raises:
        ChangedFileError: If it is not; says how it changed.
    """
    try:
        now = state_of(path)
    except DataError:
        how = "it was removed"
    else:
        if now == before:
            return
        how = _change(before, now)
    raise ChangedFileError(
        f"{path} changed while being read ({how}); run this again when nothing writes to it"
    )


class FilesWatch:
    """Remembers the files of some paths, and notices if they change.

    Args:
        *paths: As for `read_chunks`.

    Raises:
        DataError: If one does not exist or is not a regular file.
    """

    def __init__(self, *paths: Path) -> None:
        self._states = {
            path: {file: state_of(file) for file in files_of(path)} for path in paths if not is_stdin(path)
        }

    def check(self) -> None:
        """Check that the files are the same as at the beginning.

        Raises:
            ChangedFileError: If not.
        """
        for path, states in self._states.items():
            _check_all(path, states)


@contextmanager
def unchanged(*paths: Path) -> Iterator[Callable[[], None]]:
    """Check, when the block ends, that the files of paths are those that were there when it began.

    Yields a function that checks the same at once, for use before what was read is acted upon.

    Args:
        *paths: As for `read_chunks`.

    Raises:
        ChangedFileError: If not; this comes before any other error of the block.
    """
    watch = FilesWatch(*paths)
    try:
        yield watch.check
    except Exception:
        watch.check()
        raise
    watch.check()


def _check_all(path: Path, before: Mapping[Path, FileState]) -> None:
    for file, state in before.items():
        check_unchanged(file, state)
    now = files_of(path)
    if now != list(before):
        new = next((file for file in now if file not in before), path)
        raise ChangedFileError(f"{path} changed while being read ({new.name} was added); run this again")


def _change(before: FileState, now: FileState) -> str:
    if now.identity != before.identity:
        return "another file took its place"
    if now.size != before.size:
        verb = "grew" if now.size > before.size else "shrank"
        return f"it {verb} from {before.size:,} to {now.size:,} bytes"
    return "it was written to"

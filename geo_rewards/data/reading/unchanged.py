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
        written_ns: When its content was last changed, or is said to be.
        changed_ns: When its content or its metadata was last changed; cannot be set back.
        metadata: Permissions, owner, and how many names it has.
    """

    identity: tuple[int, int]
    size: int
    written_ns: int
    changed_ns: int
    metadata: tuple[int, ...]

    def is_still(self, now: FileState, *, strict: bool) -> bool:
        """Return whether the content is the same.

        Args:
            now: The state of the same file later.
            strict: Notice a file that was written to and whose time was set back, too.
        """
        same = (self.identity, self.size, self.written_ns) == (now.identity, now.size, now.written_ns)
        # A backup that links a file, or a change of permissions, does not change the content.
        return same and (not strict or self.changed_ns == now.changed_ns or self.metadata != now.metadata)


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
    return FileState(
        (found.st_dev, found.st_ino),
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        (found.st_mode, found.st_nlink, found.st_uid, found.st_gid),
    )


def check_unchanged(path: Path, before: FileState, *, strict: bool = False) -> None:
    """Check that a file is the same as before.

    Args:
        path: The file.
        before: Its state when reading began.
        strict: Notice a file that was written to and whose time was set back, too.

    Raises:
        ChangedFileError: If it is not; says how it changed.
    """
    try:
        now = state_of(path)
    except DataError:
        how = "it was removed"
    else:
        if before.is_still(now, strict=strict):
            return
        how = _change(before, now)
    raise ChangedFileError(
        f"{path} changed while being read ({how}); run this again when nothing writes to it"
    )


class FilesWatch:
    """Remembers the files of some paths, and notices if they change.

    Args:
        *paths: As for `read_chunks`.
        strict: Notice a file that was written to and whose time was set back, too; a run of weeks should
            not: whatever touches a file's metadata would end it.

    Raises:
        DataError: If one does not exist or is not a regular file.
    """

    def __init__(self, *paths: Path, strict: bool = False) -> None:
        self._is_strict = strict
        self._states = {
            path: {file: state_of(file) for file in files_of(path)} for path in paths if not is_stdin(path)
        }

    def check(self) -> None:
        """Check that the files are the same as at the beginning.

        Raises:
            ChangedFileError: If not.
        """
        for path, states in self._states.items():
            self._check(path, states)

    def _check(self, path: Path, before: Mapping[Path, FileState]) -> None:
        for file, state in before.items():
            check_unchanged(file, state, strict=self._is_strict)
        now = files_of(path)
        if now != list(before):
            new = next((file for file in now if file not in before), path)
            raise ChangedFileError(f"{path} changed while being read ({new.name} was added); run this again")


@contextmanager
def unchanged(*paths: Path, strict: bool = True) -> Iterator[Callable[[], None]]:
    """Check, when the block ends, that the files of paths are those that were there when it began.

    Yields a function that checks the same at once, for use before what was read is acted upon.

    Args:
        *paths: As for `read_chunks`.
        strict: As for `FilesWatch`.

    Raises:
        ChangedFileError: If not; this comes before any other error of the block.
    """
    watch = FilesWatch(*paths, strict=strict)
    try:
        yield watch.check
    except Exception:
        watch.check()
        raise
    watch.check()


def _change(before: FileState, now: FileState) -> str:
    if now.identity != before.identity:
        return "another file took its place"
    if now.size != before.size:
        verb = "grew" if now.size > before.size else "shrank"
        return f"it {verb} from {before.size:,} to {now.size:,} bytes"
    return "it was written to"

"""One run at a time in an output folder, whichever machine it is on.

The lock is a file that names the process. On the same machine a dead process is known as such; of another
machine only the file's time can be seen, which the process that holds the lock renews.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError
from geo_rewards.system.process_identity import is_dead, is_of_this_machine, own_identity
from geo_rewards.system.regular_file import NotRegularError, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

LOCK_NAME = ".run.lock"

_MAX_BYTES = 10_000
_BEAT_S = 15.0
# Longer than network disks cache a file's time, and than a busy process may miss its beats.
_SILENCE_S = 90.0
_LOOK_EVERY_S = 1.0


class FolderInUseError(GeoRewardsError):
    """An output folder that another run is writing to."""


class RunLock:
    """The right to write into an output folder, for one process of a run.

    Args:
        output_dir: The folder, which exists.
        beat_s: How often the file's time is renewed, in seconds.
        silence_s: After how long without that a process of another machine counts as dead, in seconds.
    """

    def __init__(self, output_dir: Path, *, beat_s: float = _BEAT_S, silence_s: float = _SILENCE_S) -> None:
        self._file = output_dir / LOCK_NAME
        self._beat_s, self._silence_s = beat_s, silence_s
        holder = {"process": own_identity(), "machine": platform.node(), "number": os.getpid()}
        self._content = json.dumps({**holder, "token": uuid.uuid4().hex}).encode()
        self._is_released = threading.Event()

    def acquire(self) -> None:
        """Take the lock; it is taken over from a process that is dead.

        Raises:
            FolderInUseError: If another run holds it; names the process.
        """
        while (content := self._take_or_read()) is not None:
            self._check_dead(content)
            self._remove(content)
        threading.Thread(target=self._beat, daemon=True).start()

    def release(self) -> None:
        """Give the lock back, unless it has been taken over."""
        self._is_released.set()
        with suppress(OSError):
            if self._read() == self._content:
                self._file.unlink()

    def _take_or_read(self) -> bytes | None:
        """Take the lock and return None, or return what another process has written."""
        with _alone(self._file.parent):
            while True:
                try:
                    handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
                except FileExistsError:
                    if (content := self._read()) is not None:
                        return content
                else:
                    with os.fdopen(handle, "wb") as file:
                        file.write(self._content)
                    return None

    def _read(self) -> bytes | None:
        try:
            return read_regular(self._file, max_bytes=_MAX_BYTES, follows_links=False)
        except FileNotFoundError:
            return None
        except NotRegularError as error:
            raise FolderInUseError(f"{self._file} is no lock of a run: {error}; remove it") from error

    def _check_dead(self, content: bytes) -> None:
        """Return if the process that wrote this is dead.

        Raises:
            FolderInUseError: If it is alive.
        """
        process, machine, number = _holder(content)
        if is_dead(process):
            return
        if is_of_this_machine(process):
            raise self._in_use(f"process {number} on this machine")
        logger.warning(
            "%s names process %s on %s: waiting %.0f s to see whether it is alive",
            *(self._file, number, machine, self._silence_s),
        )
        if not self._is_silent(content):
            raise self._in_use(f"process {number} on {machine}")

    def _is_silent(self, content: bytes) -> bool:
        """Return whether the file of another machine does not change for so long."""
        first, end = self._time(), time.monotonic() + self._silence_s
        while time.monotonic() < end:
            self._is_released.wait(min(_LOOK_EVERY_S, self._silence_s))
            if self._read() != content:  # somebody else was faster
                return True
            if self._time() != first:
                return False
        return True

    def _time(self) -> int | None:
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return None

    def _remove(self, content: bytes) -> None:
        """Remove the lock of a dead process, but not that of another run that is just doing the same."""
        with _alone(self._file.parent):
            if self._read() == content:
                self._file.unlink(missing_ok=True)

    def _in_use(self, who: str) -> FolderInUseError:
        return FolderInUseError(
            f"--output_dir {self._file.parent} is in use by another run, {who}: wait until it has ended, "
            "or choose another folder"
        )

    def _beat(self) -> None:
        while not self._is_released.wait(self._beat_s):
            with suppress(OSError, GeoRewardsError):
                if self._read() == self._content:
                    os.utime(self._file)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time do this, on this machine and wherever the disk supports it.

    A run that has read the lock of a dead one could otherwise remove that of a run that was faster.
    """
    handle: int | None = None
    try:
        with suppress(ImportError, OSError):  # Windows; some network disks
            import fcntl

            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _holder(content: bytes) -> tuple[str, str, str]:
    """Return the identity, machine and number of the process that wrote a lock, as far as it says so."""
    try:
        found = json.loads(content)
        return str(found["process"]), str(found["machine"]), str(found["number"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return "", "an unknown machine", "unknown"

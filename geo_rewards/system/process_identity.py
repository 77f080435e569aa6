"""Which process made something, so that another one can tell later whether that process is still alive."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

_IDENTITY = re.compile(r"([0-9a-f]{12})-([0-9]+)-([0-9]+)")
_START_FIELD = 19  # of /proc/PID/stat, counted after the command's name


def own_identity() -> str:
    """Return the identity of this process: machine, process number and start, fit for a file's name."""
    return f"{_machine()}-{os.getpid()}-{_start_of(os.getpid()) or 0}"


def is_dead(identity: str) -> bool:
    """Return whether a process certainly no longer exists.

    Of a process on another machine or in another container, or before this machine was started, nothing is
    known: such a process may be alive.

    Args:
        identity: What `own_identity` returned in that process.

    >>> is_dead(own_identity()), is_dead("0123456789ab-1-1")
    (False, False)
    """
    match = _IDENTITY.fullmatch(identity)
    if match is None or match[1] != _machine() or os.name != "posix":
        return False
    number, start = int(match[2]), int(match[3])
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass
    now = _start_of(number)
    return start != 0 and now is not None and now != start  # the number now belongs to another process


def is_of_this_machine(identity: str) -> bool:
    """Return whether a process ran on this machine, in this container, since the machine was started."""
    return identity.startswith(f"{_machine()}-")


@cache
def _machine() -> str:
    """Return a name for this machine since its start, and for the container if this is one."""
    parts = [platform.node()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    if len(parts) == 1:
        parts.append(str(uuid.getnode()))
    return hashlib.blake2b("\0".join(parts).encode(errors="surrogateescape"), digest_size=6).hexdigest()


def _start_of(number: int) -> int | None:
    """Return when a process started, in ticks since the machine's start; None: unknown, -1: it has ended."""
    try:
        status = Path(f"/proc/{number}/stat").read_bytes()
    except OSError:
        return None
    fields = status.rpartition(b")")[2].split()  # the name before it may contain anything
    return -1 if fields[0] in {b"Z", b"X"} else int(fields[_START_FIELD])

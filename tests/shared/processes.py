"""Processes that are followed although they are no children of the test; on Linux."""

from __future__ import annotations

import os
import select
from pathlib import Path

LONGEST_S = 60


class Followed:
    """Processes that can be waited for, whoever started them."""

    def __init__(self, pids: set[int]) -> None:
        self.handles = [os.pidfd_open(pid) for pid in pids]

    def have_ended(self) -> bool:
        """Return whether all of them end within a minute."""
        return all(select.select([handle], [], [], LONGEST_S)[0] for handle in self.handles)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and that live."""
    found = [task.read_text().split() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for children in found for child in children]

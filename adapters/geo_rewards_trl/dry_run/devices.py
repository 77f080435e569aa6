"""How much memory a rank has: its GPU's, or its share of the machine's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trl import GRPOConfig

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True)
class Device:
    """Where a rank computes.

    Attributes:
        name: What it is.
        total: Its memory in bytes; of a machine, the share of one of its ranks.
        is_gpu: Whether it has memory of its own.
    """

    name: str
    total: float
    is_gpu: bool


def device_of(training: GRPOConfig) -> Device:
    """Return this rank's device."""
    import torch

    if training.device.type == "cuda":
        total = torch.cuda.get_device_properties(training.device).total_memory
        return Device(torch.cuda.get_device_name(training.device), total, is_gpu=True)
    ranks = ranks_of_machine()
    name = f"CPU, {ranks} ranks share the machine's memory" if ranks > 1 else "CPU"
    return Device(name, host_bytes() / ranks, is_gpu=False)


def ranks_of_machine() -> int:
    """Return how many ranks run on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def host_bytes() -> int:
    """Return the memory of this machine, or of the container if that has less."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in map(Path, _CGROUP_LIMITS):
        try:
            limit = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if limit.isdigit():
            physical = min(physical, int(limit))
    return physical

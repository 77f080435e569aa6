"""How much memory there is for a rank: its GPU's, or its share of the machine's."""

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
        free: What of it is free now.
        is_gpu: Whether it has memory of its own.
    """

    name: str
    total: float
    free: float
    is_gpu: bool


def device_of(training: GRPOConfig) -> Device:
    """Return this rank's device."""
    import torch

    device = training.device
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return Device(torch.cuda.get_device_name(device), total, free, is_gpu=True)
    ranks = ranks_of_machine()
    return Device(
        f"CPU, {ranks} ranks share the machine's memory" if ranks > 1 else "CPU",
        host_bytes() / ranks,
        _available_bytes() / ranks,
        is_gpu=False,
    )


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


def _available_bytes() -> int:
    """Return what programs can still get, as Linux tells it; elsewhere all there is."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return host_bytes()
    kibibytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable")), None)
    return host_bytes() if kibibytes is None else min(host_bytes(), int(kibibytes) * 1024)

"""The folder that a run writes into."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from geo_rewards.errors import GeoRewardsError


def make_output_dir(path: str | Path) -> Path:
    """Return the output folder, after making it and checking that it is writable.

    Raises:
        GeoRewardsError: If it cannot be made, or written to.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise GeoRewardsError(f"--output_dir {folder} cannot be written: {error}") from error
    return folder


def appears(file: Path, *, within_s: float) -> bool:
    """Return whether a file that another machine has written can be seen here, after some seconds at most."""
    deadline = time.monotonic() + within_s
    while not file.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True

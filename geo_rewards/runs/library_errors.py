"""A trainer's or library's own error about a model or a configuration, as one of ours."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from geo_rewards.errors import GeoRewardsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


@contextmanager
def in_one_sentence(what: str, *, trainer: str) -> Iterator[None]:
    """Turn the libraries' own errors about a model or a configuration into one of ours.

    Args:
        what: What is being built, put before the message.
        trainer: The trainer's package: a RuntimeError of any other is unforeseen.

    Raises:
        GeoRewardsError: With the first line of the library's error.
    """
    try:
        yield
    except (OSError, ValueError, ImportError, KeyError, RuntimeError) as error:
        if isinstance(error, GeoRewardsError) or os.environ.get("GEO_REWARDS_DEBUG"):
            raise
        if isinstance(error, RuntimeError) and not _is_raised_by(trainer, error.__traceback__):
            raise  # not a refused configuration, but something unforeseen
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise GeoRewardsError(f"{what}: {first_line} (GEO_REWARDS_DEBUG=1 shows the traceback)") from error


def _is_raised_by(package: str, trace: TracebackType | None) -> bool:
    """Return whether the innermost frame of a traceback is in a package."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = "" if trace is None else trace.tb_frame.f_globals.get("__name__", "")
    return str(module).partition(".")[0] == package

"""The table of completions in wandb, which refuses prompts with pictures as TRL hands them over.

A wandb table has one type per column, and a message list with a picture block has none: TRL's call would end
the run.
"""

from __future__ import annotations

import importlib
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from geo_rewards.runs.text_table import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)


@contextmanager
def without_wandb(training: Any) -> Iterator[None]:
    """Hide wandb from the trainer's configuration for a while."""
    trackers = training.report_to
    training.report_to = [name for name in trackers if name != "wandb"]
    try:
        yield
    finally:
        training.report_to = trackers


def log_wandb_table(file: Path, images: Sequence[Sequence[Any] | None] | None) -> None:
    """Log the completions that TRL has written to a file as a table of text and pictures.

    If wandb still refuses it, that is a warning: no table is worth the run.
    """
    import pyarrow.parquet as pq

    wandb: Any = importlib.import_module("wandb")  # no dependency of this library
    if wandb.run is None:
        return
    try:
        pictures = [[wandb.Image(image) for image in row or ()] for row in images or ()]
        wandb.log({"completions": wandb.Table(**table_of(pq.read_table(file).to_pylist(), pictures))})
    except Exception as error:  # noqa: BLE001 - whatever a tracker does, the run continues
        logger.warning("wandb refused the table of completions in %s: %r", file, error)

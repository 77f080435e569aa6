"""The table of completions in wandb, which refuses prompts with pictures as TRL hands them over.

A wandb table has one type per column, and a message list with a picture block has none: TRL's call would end
the run.
"""

from __future__ import annotations

import importlib
import logging
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo_rewards.parse.chat import completion_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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


def log_wandb_table(images: Sequence[Sequence[Any] | None], *, output_dir: str, step: int) -> None:
    """Log the completions that TRL has written at a step as a table of text and pictures.

    If wandb still refuses it, that is a warning: no table is worth the run.
    """
    import pyarrow.parquet as pq

    wandb: Any = importlib.import_module("wandb")  # no dependency of this library
    if wandb.run is None:
        return
    file = Path(output_dir) / "completions" / f"completions_{step:05d}.parquet"
    try:
        pictures = [[wandb.Image(image) for image in row or ()] for row in images or ()]
        wandb.log({"completions": wandb.Table(**table_of(pq.read_table(file).to_pylist(), pictures))})
    except Exception as error:  # noqa: BLE001 - whatever a tracker does, the run continues
        logger.warning("wandb refused the table of completions at step %d: %r", step, error)


def table_of(rows: Sequence[Mapping[str, Any]], pictures: Sequence[list[Any]]) -> dict[str, list[Any]]:
    """Return columns and data of a table whose prompts and completions are plain text.

    Args:
        rows: What TRL has written about each completion.
        pictures: Each row's pictures, which get a column each; empty if there are none.

    >>> prompt = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Where?"}]}]
    >>> completion = [{"role": "assistant", "content": "Rome"}]
    >>> table = table_of([{"prompt": prompt, "completion": completion, "distance": 0.5}], [["a picture"]])
    >>> table["columns"], table["data"]
    (['prompt', 'completion', 'distance', 'image_1'], [['user: [image] Where?', 'Rome', 0.5, 'a picture']])
    """
    columns = list(rows[0]) if rows else []
    as_text: dict[str, Callable[[Any], Any]] = {"prompt": _prompt_text, "completion": completion_text}
    shown = [
        [as_text[name](value) if name in as_text else value for name, value in row.items()] for row in rows
    ]
    if len(pictures) != len(rows):
        return {"columns": columns, "data": shown}
    most = max(map(len, pictures), default=0)
    padded = [[*images, *[None] * (most - len(images))] for images in pictures]
    data = [[*row, *images] for row, images in zip(shown, padded, strict=True)]
    return {"columns": [*columns, *(f"image_{number}" for number in range(1, most + 1))], "data": data}


def _prompt_text(prompt: Any) -> str:
    if isinstance(prompt, str):
        return prompt
    return "\n".join(f"{message['role']}: {_content_text(message['content'])}" for message in prompt)


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(str(block.get("text") or f"[{block.get('type', 'block')}]") for block in content)

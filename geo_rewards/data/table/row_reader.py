"""Stored rows as a trainer takes them: JSON decoded, pictures opened, system prompt added."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from geo_rewards.batch.columns import PICTURE_FAULT
from geo_rewards.data import with_system_prompt
from geo_rewards.data.pictures import PictureError, open_picture
from geo_rewards.data.problems import place_of
from geo_rewards.data.table.table import ORIGIN_COLUMN
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL.Image import Image as Picture

    from geo_rewards.data import Block, Message

logger = logging.getLogger(__name__)

BadRows = Literal["error", "skip"]

_BLANK_SIDE_PIXELS = 224  # accepted by all families of image processors, and costs few tokens


@dataclass(frozen=True)
class RowReader:
    """Turns stored rows into the form a trainer takes.

    Attributes:
        json_columns: Columns that are stored as JSON text.
        system_prompt: The system turn of every prompt, or None.
        files: The data files, in the order of the indices in `ORIGIN_COLUMN`.
        bad_rows: What to do about a picture that broke after the rows were read. `error` stops the run.
            `skip` keeps the row's prompt, gives it blank pictures, and says why in `picture_fault`.
    """

    json_columns: tuple[str, ...] = ()
    system_prompt: str | None = None
    files: tuple[str, ...] = ()
    bad_rows: BadRows = "error"

    def __call__(self, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Return the columns as the trainer takes them; each picture of the batch is opened once.

        Raises:
            DataError: If a picture does not open and bad rows are an error; names data file and line.
        """
        read = {name: values for name, values in batch.items() if name != ORIGIN_COLUMN}
        if "prompt" in batch:
            read["prompt"] = [self._prompt(messages) for messages in batch["prompt"]]
            read[PICTURE_FAULT] = [None] * len(batch["prompt"])
        if "images" in batch:
            read["images"], read[PICTURE_FAULT] = self._pictures(batch)
        for name in batch.keys() & set(self.json_columns):
            read[name] = [None if text is None else json.loads(text) for text in batch[name]]
        return read

    def _prompt(self, stored: list[Message]) -> list[Message]:
        messages: list[Message] = [
            {"role": message["role"], "content": [_without_gaps(block) for block in message["content"]]}
            for message in stored
        ]
        return with_system_prompt(messages, self.system_prompt)

    def _pictures(self, batch: dict[str, list[Any]]) -> tuple[list[list[Picture]], list[str | None]]:
        """Return each row's pictures, and what is wrong with the first one that does not open."""
        # The trainer repeats each row once per generation, all within one batch.
        opened, broken = _open_all(dict.fromkeys(path for paths in batch["images"] for path in paths))
        pictures: list[list[Picture]] = []
        faults: list[str | None] = []
        for row, paths in enumerate(batch["images"]):
            first = next((broken[path] for path in paths if path in broken), None)
            faults.append(None if first is None else f"{self._place(batch, row)}: {first}")
            pictures.append([opened[path] if first is None else _blank() for path in paths])
        for fault in filter(None, dict.fromkeys(faults)):
            self._report(fault)
        return pictures, faults

    def _place(self, batch: dict[str, list[Any]], row: int) -> str:
        """Return the data file and line, if known."""
        origin = batch[ORIGIN_COLUMN][row] if ORIGIN_COLUMN in batch else None
        return "a row" if origin is None else place_of(Path(self.files[origin["file"]]), origin["line"])

    def _report(self, fault: str) -> None:
        if self.bad_rows == "error":
            raise DataError(f"{fault}; restore the picture, or skip such rows with --bad_rows skip")
        logger.warning("%s; using blank pictures; all rewards abstain on this row", fault)


def _open_all(paths: Iterable[str]) -> tuple[dict[str, Picture], dict[str, PictureError]]:
    opened, broken = {}, {}
    for path in paths:
        try:
            opened[path] = open_picture(path)
        except PictureError as error:
            broken[path] = error
    return opened, broken


def _blank() -> Picture:
    from PIL import Image

    return Image.new("RGB", (_BLANK_SIDE_PIXELS, _BLANK_SIDE_PIXELS), "grey")


def _without_gaps(block: Block) -> Block:
    """Drop the None that Arrow adds where an image block has no text: chat templates check for the key."""
    return {"type": "image"} if block["type"] == "image" else block

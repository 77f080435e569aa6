"""Training rows for TRL: a memory-mapped table whose pictures are opened when a row is used.

The table is built once for given file contents and then found again. A lock makes one rank build
while the others wait; where ranks share no disk, each machine builds its own.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from geo_rewards.data import (
    Row,
    check_truths,
    content_hash,
    pair_paths,
    read_rows,
    survey_rows,
    with_system_prompt,
)
from geo_rewards.data.pictures import open_picture
from geo_rewards.data.sources import check_pairs
from geo_rewards.data.table import TABLE_FORMAT, json_columns_of, write_table
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from datasets import Dataset

    from geo_rewards.data import Block, Message, RowProblem, Survey

__all__ = ["RowReader", "load_dataset", "pair_paths", "split_validation"]

logger = logging.getLogger(__name__)

# What TRL itself passes to rewards: a column of such a name would be dropped or passed twice.
RESERVED_COLUMNS = frozenset(
    {"prompt", "prompts", "completion", "completions", "completion_ids"}
    | {"trainer_state", "log_extra", "log_metric", "environments", "environment"}
)


@dataclass(frozen=True)
class RowReader:
    """What happens to stored rows when they are used: JSON is decoded, pictures are opened.

    Attributes:
        json_columns: Columns that are stored as JSON text.
        system_prompt: The system turn of every prompt, or None.
    """

    json_columns: tuple[str, ...] = ()
    system_prompt: str | None = None

    def __call__(self, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Return the columns as the trainer takes them; each picture of the batch is opened once."""
        read = dict(batch)
        if "prompt" in batch:
            read["prompt"] = [self._prompt(messages) for messages in batch["prompt"]]
        if "images" in batch:
            # The trainer repeats each row once a generation, all within one batch.
            used = dict.fromkeys(path for paths in batch["images"] for path in paths)
            pictures = {path: open_picture(path) for path in used}
            read["images"] = [[pictures[path] for path in paths] for paths in batch["images"]]
        for name in batch.keys() & set(self.json_columns):
            read[name] = [None if text is None else json.loads(text) for text in batch[name]]
        return read

    def _prompt(self, stored: list[Message]) -> list[Message]:
        messages: list[Message] = [
            {"role": message["role"], "content": [_without_gaps(block) for block in message["content"]]}
            for message in stored
        ]
        return with_system_prompt(messages, self.system_prompt)


def load_dataset(
    data_files: Sequence[Path],
    image_folders: Sequence[Path],
    *,
    cache_dir: Path,
    system_prompt: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Dataset:
    """Return the rows of all files as one dataset with the columns that TRL takes.

    These are `prompt` (messages), `images` (RGB pictures, opened on access; absent if no row has
    any), `solution` (text; absent if no row has one) and every extra column of any row, None in
    the rows that lack it. Every rank may call this at the same time. To look through some columns
    without opening pictures, take `dataset.select_columns([...])`: iterating `dataset["lat"]` opens them.

    Args:
        data_files: `.jsonl` or `.json` files.
        image_folders: One folder for each file, in the same order.
        cache_dir: Where the table is kept; it is found again while files, folders and `columns`
            are the same. Whether the pictures still exist is not checked again.
        system_prompt: The system turn of every prompt; see `geo_rewards.data.with_system_prompt`.
        columns: For truth fields that the data set calls otherwise, the name of the column.

    Raises:
        DataError: If lines are bad (all are counted first), if rows with and without images are
            mixed, if a column has a name that TRL uses, or if there are no rows.
        UnknownNameError: If `columns` names a column that no row has.
    """
    from datasets import Dataset

    check_pairs(data_files, image_folders)
    path = _table(list(data_files), list(image_folders), cache_dir=cache_dir, columns=dict(columns or {}))
    reader = RowReader(tuple(json_columns_of(path)), system_prompt)
    return Dataset.from_file(str(path)).with_transform(reader)


def split_validation(dataset: Dataset, ratio: float, *, seed: int) -> tuple[Dataset, Dataset | None]:
    """Return a training and a validation part; the same on every rank.

    Args:
        dataset: The rows.
        ratio: Share of the rows that is held out, rounded to whole rows but at least one; 0 holds
            out none, and the second part is None.
        seed: Decides which rows.

    Raises:
        DataError: If `ratio` is not in [0, 1), or a part would be empty.
    """
    if not 0.0 <= ratio < 1.0:
        raise DataError(f"the validation ratio is {ratio}; it must be at least 0 and less than 1")
    if ratio == 0.0:
        return dataset, None
    rows = len(dataset)
    held_out = max(1, round(rows * ratio))
    if held_out >= rows:
        raise DataError(f"a validation ratio of {ratio} leaves none of {rows} rows for training; lower it")
    chosen = set(random.Random(seed).sample(range(rows), held_out))
    kept = [row for row in range(rows) if row not in chosen]
    # In memory, so that ranks do not write the same index file at the same time.
    return (
        dataset.select(kept, keep_in_memory=True),
        dataset.select(sorted(chosen), keep_in_memory=True),
    )


def _table(files: list[Path], folders: list[Path], *, cache_dir: Path, columns: dict[str, str]) -> Path:
    """Return the table of these files, built now unless it is there."""
    from filelock import FileLock

    cache_dir.mkdir(parents=True, exist_ok=True)
    key = _cache_key(files, folders, columns)
    path = cache_dir / f"{key}.arrow"
    if path.exists():
        return path
    with FileLock(cache_dir / f"{key}.lock"):
        if not path.exists():
            _build(files, folders, path, columns=columns)
    return path


def _cache_key(files: list[Path], folders: list[Path], columns: dict[str, str]) -> str:
    """Return a name for all that the table depends on, the code that reads the rows included."""
    parts: list[object] = [
        version("geo-rewards"),
        TABLE_FORMAT,
        content_hash(files),
        [str(folder.resolve()) for folder in folders],
    ]
    parts += [[file.suffix.lower() for file in files], columns]
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def _build(files: list[Path], folders: list[Path], path: Path, *, columns: dict[str, str]) -> None:
    """Check all rows, then write them; the file gets its name when it is whole."""
    survey = survey_rows(check_truths(_read_all(files, folders), columns=columns))
    _check_survey(survey)
    partial = path.with_suffix(".partial")  # a killed build leaves this, and the next one replaces it
    write_table(_good_rows(files, folders), partial, survey=survey)
    partial.replace(path)
    logger.info("read %d rows of %d data files into %s", survey.rows, len(files), path)


def _check_survey(survey: Survey) -> None:
    if survey.with_images and survey.without_images:
        raise DataError(
            f"rows with images ({survey.with_images}) and without ({survey.without_images}) are mixed; "
            "train on them in separate runs"
        )
    for name, place in survey.seen_at.items():
        if name in RESERVED_COLUMNS:
            raise DataError(f"{place}: the trainer uses the name {name!r} itself; rename this column")


def _read_all(files: list[Path], folders: list[Path]) -> Iterator[Row | RowProblem]:
    for file, folder in zip(files, folders, strict=True):
        yield from read_rows(file, image_folder=folder)


def _good_rows(files: list[Path], folders: list[Path]) -> Iterator[Row]:
    for row in _read_all(files, folders):
        if not isinstance(row, Row):
            raise DataError(f"{row}; it was good a moment ago: do not change data while they are read")
        yield row


def _without_gaps(block: Block) -> Block:
    """Drop the None that Arrow puts where an image block has no text: chat templates ask for the key."""
    return {"type": "image"} if block["type"] == "image" else block

"""Rows of a data file, in one format, whichever format they were written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from geo_rewards.data.folders import ImageFolder
from geo_rewards.data.messages import Message, place_images, split_marks
from geo_rewards.data.problems import BadRow, RowProblem
from geo_rewards.data.reading import read_values
from geo_rewards.data.turns import Turn, answer_text, read_turns
from geo_rewards.phrases import what_is_wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from geo_rewards.data.pictures import PictureFault
    from geo_rewards.data.problems import Cause


@dataclass(frozen=True, slots=True)
class Row:
    """One row of training data.

    Attributes:
        file: The data file as it was named.
        line: Line number, from 1.
        prompt: The turns before the answer; each content is a list of blocks.
        solution: The expected answer as text: the `solution` column, else the last gpt turn; None
            if the row has neither.
        images: Absolute paths of the pictures, one for each image block, in the order of the blocks.
        columns: All other columns as written, among them the id and the truth columns.
        copy: 0, or the number of the repetition if the weight of its file repeats the row.
    """

    file: Path
    line: int
    prompt: list[Message]
    solution: str | None
    images: list[str]
    columns: dict[str, Any]
    copy: int = 0

    def problem(self, cause: Cause, message: str, *, kind: PictureFault | None = None) -> RowProblem:
        """Return a problem of this row."""
        return RowProblem(self.file, self.line, cause, message, kind, self.copy)


def _path_list(value: Any) -> Any:
    if value is None:
        return []
    paths = [value] if isinstance(value, str) else value
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise BadRow("row", f"an image must be a path or a list of paths, not {value!r:.60}")
    return paths


_Paths = Annotated[list[str], BeforeValidator(_path_list)]


class _RawRow(BaseModel):
    """The keys of a row that have a special meaning."""

    model_config = ConfigDict(strict=True)

    conversations: list[Turn] | None = None
    messages: list[Turn] | None = None
    image: _Paths = Field(default_factory=list)
    images: _Paths = Field(default_factory=list)
    solution: Any = None


_OWN_KEYS = frozenset(_RawRow.model_fields)
_PLAIN_KEYS = frozenset({"conversations", "image"})


def read_rows(
    path: Path, *, image_folder: Path, chosen: Iterable[bool] | None = None
) -> Iterator[Row | RowProblem]:
    """Yield every row of a file, and a `RowProblem` for every line that is not a valid row.

    Truths are not checked: see `geo_rewards.data.truth_check.check_truths`.

    Args:
        path: A data file or folder of any kind that `read_chunks` reads.
        image_folder: The folder that image paths are relative to.
        chosen: Whether each row of the file, in order, is read; rows after its end are not.

    Raises:
        DataError: If the file or the folder is missing, or the file's suffix is unknown.
    """
    folder = ImageFolder(image_folder)
    for file, line, value in read_values(path, chosen=chosen):
        try:
            if isinstance(value, BadRow):
                raise value
            yield _read_row(value, file, line, folder)
        except BadRow as bad:
            yield RowProblem(file, line, bad.cause, str(bad), bad.kind)


def _read_row(value: Any, file: Path, line: int, folder: ImageFolder) -> Row:
    if not isinstance(value, dict):
        raise BadRow("row", f"a row must be an object with conversations, not a {type(value).__name__}")
    own = {key: value[key] for key in _OWN_KEYS & value.keys()}
    plain = _plain_turns(own)
    if plain is None:
        raw = _validate(own)
        prompt, answer = read_turns(_turns(raw))
        images, explicit = _images(raw, folder), answer_text(raw.solution)
    else:
        question, answer = plain
        prompt, explicit = [{"role": "user", "content": split_marks(question)}], None
        images = [folder.resolve(own["image"])] if "image" in own else []
    prompt = place_images(prompt, len(images))
    if not all(message["content"] for message in prompt if message["role"] == "user"):
        raise BadRow("row", "a human turn is empty")
    return Row(
        file=file,
        line=line,
        prompt=prompt,
        solution=answer if explicit is None else explicit,
        images=images,
        columns={key: item for key, item in value.items() if key not in _OWN_KEYS},
    )


def _plain_turns(own: dict[str, Any]) -> tuple[str, str] | None:
    """Return question and answer of a row of the commonest shape, None of any other, which is validated.

    One question and one answer, both texts, and one picture or none.
    """
    turns = own.get("conversations")
    if type(turns) is not list or len(turns) != 2 or not own.keys() <= _PLAIN_KEYS:
        return None
    if type(own.get("image", "")) is not str:
        return None
    match turns:
        case [
            {"from": "human", "value": str(question), **others},
            {"from": "gpt", "value": str(answer), **more},
        ]:
            return None if others or more else (question, answer)
    return None


def _validate(value: dict[str, Any]) -> _RawRow:
    try:
        return _RawRow.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRow("row", f"{where} {what_is_wrong(first)}") from None


def _turns(raw: _RawRow) -> list[Turn]:
    if raw.conversations is not None and raw.messages is not None:
        raise BadRow("row", "both conversations and messages are given; give one of them")
    turns = raw.messages if raw.conversations is None else raw.conversations
    if turns is None:
        raise BadRow("row", "neither conversations nor messages are given; give one of them")
    return turns


def _images(raw: _RawRow, folder: ImageFolder) -> list[str]:
    if raw.image and raw.images:
        raise BadRow("row", "both image and images are given; give one of them")
    return [folder.resolve(name) for name in raw.image or raw.images]

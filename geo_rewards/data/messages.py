"""Chat messages as trainers expect them: every turn's content is a list of blocks."""

from __future__ import annotations

from typing import Any, Literal, Required, TypedDict

from geo_rewards.data.problems import BadRow

IMAGE_MARK = "<image>"

Role = Literal["system", "user", "assistant"]


class Block(TypedDict, total=False):
    """A piece of a turn: text, or a placeholder for the next picture."""

    type: Required[Literal["text", "image"]]
    text: str


class Message(TypedDict):
    """One turn of a conversation."""

    role: Role
    content: list[Block]


def text_block(text: str) -> Block:
    """Return a block of text."""
    return {"type": "text", "text": text}


def image_block() -> Block:
    """Return a placeholder for a picture."""
    return {"type": "image"}


def split_marks(text: str) -> list[Block]:
    """Return the blocks of a text, with an image block for each `<image>` mark.

    The text around the marks is unchanged.

    >>> split_marks("Is <image>here?")
    [{'type': 'text', 'text': 'Is '}, {'type': 'image'}, {'type': 'text', 'text': 'here?'}]
    """
    blocks: list[Block] = []
    for index, piece in enumerate(text.split(IMAGE_MARK)):
        if index:
            blocks.append(image_block())
        if piece:
            blocks.append(text_block(piece))
    return blocks


def read_blocks(content: Any) -> list[Block]:
    """Return the blocks of a turn's content, which is a text or a list of blocks.

    Raises:
        BadRow: If it is neither.
    """
    if isinstance(content, str):
        return split_marks(content)
    if not isinstance(content, list):
        raise BadRow("row", f"a turn's content is {_kind(content)}; expected a text or a list of blocks")
    return [block for item in content for block in _read_block(item)]


def _read_block(item: Any) -> list[Block]:
    if not isinstance(item, dict):
        raise BadRow("row", f"a block is {_kind(item)}; expected an object with a type")
    keys = {key: value for key, value in item.items() if value is not None}
    match keys:
        case {"type": "text", "text": str(text), **rest} if not rest:
            return split_marks(text)
        case {"type": "image", **rest} if not rest:
            return [image_block()]
        case {"type": "image"}:
            raise BadRow(
                "row", "an image block contains a picture; put its path into images and leave the block empty"
            )
    raise BadRow("row", f"a block is {keys!r:.80}; expected a text block or an image block")


def place_images(messages: list[Message], count: int) -> list[Message]:
    """Return the messages with as many image blocks as there are images.

    Existing blocks keep their position. If there are none, the images come first in the first user
    turn.

    Raises:
        BadRow: If there are image blocks, but not `count` of them.
    """
    marks = sum(block["type"] == "image" for message in messages for block in message["content"])
    if marks == count:
        return messages
    if marks:
        raise BadRow(
            "row", f"{marks} {IMAGE_MARK} marks, but {count} images; write one mark per image, or none"
        )
    first = next(index for index, message in enumerate(messages) if message["role"] == "user")
    images = [image_block() for _ in range(count)]
    placed: Message = {"role": "user", "content": images + messages[first]["content"]}
    return [*messages[:first], placed, *messages[first + 1 :]]


def with_system_prompt(messages: list[Message], text: str | None) -> list[Message]:
    """Return the messages with `text` as their system turn.

    A row's own system turn is kept, after the text in the same turn, because most chat templates
    accept only one system turn. Without a text nothing changes.

    >>> with_system_prompt([{"role": "user", "content": [text_block("Where?")]}], "Think.")[0]
    {'role': 'system', 'content': [{'type': 'text', 'text': 'Think.'}]}
    """
    if not text:
        return messages
    if messages and messages[0]["role"] == "system":
        own = messages[0]["content"]
        return [{"role": "system", "content": [text_block(f"{text}\n\n"), *own]}, *messages[1:]]
    return [{"role": "system", "content": [text_block(text)]}, *messages]


def _kind(value: Any) -> str:
    return "null" if value is None else f"of the type {type(value).__name__}"

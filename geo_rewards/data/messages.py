"""Chat messages as trainers take them: every turn's content is a list of blocks."""

from __future__ import annotations

from typing import Any, Literal, Required, TypedDict

from geo_rewards.data.problems import BadRow

IMAGE_MARK = "<image>"

Role = Literal["system", "user", "assistant"]


class Block(TypedDict, total=False):
    """A piece of a turn: text, or the place of the next picture."""

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
    """Return the place of a picture."""
    return {"type": "image"}


def split_marks(text: str) -> list[Block]:
    """Return the blocks of a text in which each `<image>` is the place of a picture.

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
    """Return the blocks of a turn's content, a text or a list of blocks.

    Raises:
        BadRow: If it is neither.
    """
    if isinstance(content, str):
        return split_marks(content)
    if not isinstance(content, list):
        raise BadRow("row", f"a turn holds {_kind(content)}; a text or a list of blocks is expected")
    return [block for item in content for block in _read_block(item)]


def _read_block(item: Any) -> list[Block]:
    if not isinstance(item, dict):
        raise BadRow("row", f"a block is {_kind(item)}; an object with a type is expected")
    keys = {key: value for key, value in item.items() if value is not None}
    match keys:
        case {"type": "text", "text": str(text), **rest} if not rest:
            return split_marks(text)
        case {"type": "image", **rest} if not rest:
            return [image_block()]
        case {"type": "image"}:
            raise BadRow("row", "an image block carries a picture; name it in images, leave the block empty")
    raise BadRow("row", f"a block is {keys!r:.80}; a text block or an image block is expected")


def place_images(messages: list[Message], count: int) -> list[Message]:
    """Return the messages with as many image blocks as there are images.

    Blocks that are there keep their position. With none at all, the images come first in the first
    turn of the user.

    Raises:
        BadRow: If there are image blocks, but not `count`.
    """
    marks = sum(block["type"] == "image" for message in messages for block in message["content"])
    if marks == count:
        return messages
    if marks:
        raise BadRow("row", f"{marks} {IMAGE_MARK} marks, but {count} images; write a mark for each or none")
    first = next(index for index, message in enumerate(messages) if message["role"] == "user")
    images = [image_block() for _ in range(count)]
    placed: Message = {"role": "user", "content": images + messages[first]["content"]}
    return [*messages[:first], placed, *messages[first + 1 :]]


def with_system_prompt(messages: list[Message], text: str | None) -> list[Message]:
    """Return the messages with `text` as their system turn.

    A row's own system turn is kept, behind the text in the same turn, because most chat templates
    take one system turn only. Without a text nothing changes.

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

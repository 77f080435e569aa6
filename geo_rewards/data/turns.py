"""Read the turns of a row into its prompt and the expected answer."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from geo_rewards.data.messages import IMAGE_MARK, Message, Role, read_blocks
from geo_rewards.data.problems import BadRow

_ROLES = {"human": "user", "gpt": "assistant"}


def _known_role(value: Any) -> Any:
    return _ROLES.get(value, value) if isinstance(value, str) else value


class Turn(BaseModel):
    """One turn, as `{"from": ..., "value": ...}` or `{"role": ..., "content": ...}`.

    Attributes:
        role: Who speaks; `human` and `gpt` are read as user and assistant.
        content: The text or blocks; an assistant's may be any JSON value.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    role: Annotated[Role, BeforeValidator(_known_role)] = Field(validation_alias=AliasChoices("from", "role"))
    content: Any = Field(validation_alias=AliasChoices("value", "content"))


def read_turns(turns: list[Turn]) -> tuple[list[Message], str | None]:
    """Return the prompt and the answer text, which is the last turn if it is the assistant's.

    Earlier turns of the assistant belong to the prompt. Without such a last turn the answer is None:
    the truth may be in columns.

    Raises:
        BadRow: If there is no question, or a turn cannot be read.
    """
    answer = None
    if turns and turns[-1].role == "assistant":
        answer = answer_text(turns[-1].content)
        turns = turns[:-1]
    if not any(turn.role == "user" for turn in turns):
        raise BadRow("row", "no human turn before the answer")
    if any(turn.role == "system" for turn in turns[1:]):
        raise BadRow("row", "a system turn comes after other turns; it must be the first, and the only one")
    return [_message(turn) for turn in turns], answer


def _message(turn: Turn) -> Message:
    if turn.role == "user":
        return {"role": "user", "content": read_blocks(turn.content)}
    text = answer_text(turn.content) if turn.role == "assistant" else turn.content
    blocks = read_blocks(text)
    if any(block["type"] == "image" for block in blocks):
        raise BadRow(
            "row", f"{IMAGE_MARK} occurs in a turn of the {turn.role}; pictures belong in human turns"
        )
    return {"role": turn.role, "content": blocks}


def answer_text(value: Any) -> str | None:
    """Return a value as the text of an answer: strings unchanged, null as None, everything else as JSON.

    A list of text blocks becomes their joined text.

    >>> answer_text([48.8584, 2.2945]), answer_text(0), answer_text("Paris"), answer_text(None)
    ('[48.8584, 2.2945]', '0', 'Paris', None)
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(_is_text_block(item) for item in value):
        return "".join(item["text"] for item in value)
    if isinstance(value, list) and len(value) == 2 and all(type(item) in (int, float) for item in value):
        # The answer parser refuses exponents, and JSON writes the longitude 0.00001 as 1e-05.
        return f"[{', '.join(format(Decimal(str(item)), 'f') for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _is_text_block(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") == "text" and isinstance(item.get("text"), str)

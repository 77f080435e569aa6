"""A table of completions in which prompts and completions are plain text, as trackers take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo_rewards.parse.chat import completion_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def table_of(rows: Sequence[Mapping[str, Any]], pictures: Sequence[list[Any]]) -> dict[str, list[Any]]:
    """Return columns and data of a table whose prompts and completions are plain text.

    Args:
        rows: What the trainer has written about each completion, by column.
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

"""What the policy wrote, as one text: a string, or the last turn of the assistant in a list of messages.

Rewards judge the text that is returned here and nothing else: never what a tool, a user or a system said,
and never an earlier turn of the assistant, which a later one replaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from geo_rewards.errors import InputError

_ASSISTANT = frozenset({"assistant", "gpt", "model"})
_OTHERS = frozenset(
    {"system", "developer", "user", "human"}
    | {"tool", "tool_call", "tool_response", "tool_result", "function", "function_call", "observation"}
    | {"ipython", "environment"}
)
_CONTENT = ("content", "value")
_REASONING = ("reasoning_content", "reasoning", "thinking")
_NO_TEXT = ("tool_calls", "function_call", "refusal", "audio")
"""Keys of an assistant's message that may come without a content."""
_TEXT_BLOCKS = {"text": "text", "output_text": "text", "refusal": "refusal"}
_THOUGHT_BLOCKS = {"thinking": "thinking", "reasoning": "text", "redacted_thinking": ""}
_OTHER_BLOCKS = frozenset(
    {"image", "image_url", "input_image", "video", "video_url", "audio", "input_audio", "file"}
    | {"tool_use", "tool_call", "tool_result", "function_call", "server_tool_use"}
)


def completion_texts(completions: Sequence[Any], prompts: Sequence[Any] | None) -> list[str]:
    """Return the text of each completion, see `completion_text`; `prompts` are the matching prompts, if any.

    Raises:
        InputError: If a completion is neither a string nor a list of messages; names its index.
    """
    if prompts is None:
        return [text if type(text) is str else _at(row, text, None) for row, text in enumerate(completions)]
    pairs = zip(completions, prompts, strict=True)
    return [_at(row, completion, prompt) for row, (completion, prompt) in enumerate(pairs)]


def completion_text(completion: Any, *, prompt: Any = None) -> str:
    """Return the text the policy wrote, with its think block complete.

    Args:
        completion: A string, or a list of chat messages, of which the assistant's last one is judged.
            Reasoning that a chat template has moved to `reasoning_content` is put back in front,
            inside `<think>` tags.
        prompt: If it is a text ending with `<think>`, the tag is restored.

    Raises:
        InputError: If the completion is neither of these, or its messages cannot be read.

    >>> completion_text([{"role": "assistant", "content": "zoom"}, {"role": "tool", "content": "1, 2"},
    ...                  {"role": "assistant", "content": "<answer>3, 4</answer>"}])
    '<answer>3, 4</answer>'
    """
    if isinstance(completion, str):
        opened = isinstance(prompt, str) and prompt.rstrip().endswith("<think>")
        return restore_think(completion) if opened else completion
    if isinstance(completion, (list, tuple)) and all(hasattr(message, "get") for message in completion):
        return _last_turn(completion)
    what = _described(completion)
    raise InputError(f"a completion must be a string or a list of messages, not {what}")


def restore_think(text: str) -> str:
    """Return a completion with the `<think>` that its prompt opened, unless it already has one.

    >>> restore_think("a tower</think>"), restore_think("<think>a tower</think>")
    ('<think>a tower</think>', '<think>a tower</think>')
    """
    return text if text.lstrip().startswith("<think>") else f"<think>{text}"


def _at(row: int, completion: Any, prompt: Any) -> str:
    try:
        return completion_text(completion, prompt=prompt)
    except InputError as error:
        raise InputError(f"completion {row}: {error}") from None


def _described(value: Any) -> str:
    """Return a value as messages show it, with what to do about the usual mistakes."""
    if value is None or (isinstance(value, float) and value != value):
        return f"{value!r}: a row without a completion must be left out, or be an empty string"
    if isinstance(value, (bytes, bytearray)):
        return f"the bytes {bytes(value)!r:.60}: decode them first"
    if isinstance(value, Mapping) and "role" in value:
        return f"the single message {value!r:.60}: put the messages of a completion into a list"
    return f"{value!r:.60}"


def _last_turn(messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of the assistant's last message."""
    roles = [_role(message) for message in messages]
    for message, role in zip(reversed(messages), reversed(roles), strict=True):
        if role in _ASSISTANT:
            return _message_text(message)
    found = f"only of {', '.join(dict.fromkeys(roles))}" if roles else "no message at all"
    raise InputError(f"a list of messages must have one of the assistant, not {found}")


def _role(message: Mapping[str, Any]) -> str:
    role = message.get("role") or message.get("from") or "assistant"
    if role in _ASSISTANT or role in _OTHERS:
        return str(role)
    known = "assistant, user, system, tool"
    raise InputError(f"a message has the role {role!r:.60}; expected one of {known}")


def _message_text(message: Mapping[str, Any]) -> str:
    key = next((key for key in _CONTENT if key in message), None)
    if key is None and not any(name in message for name in (*_NO_TEXT, *_REASONING)):
        raise InputError(f"a message has no `content`: {dict(message)!r:.60}")
    content = None if key is None else message.get(key)
    reasoning = next((message.get(name) for name in _REASONING if message.get(name)), None)
    thoughts = [] if reasoning is None else [_joined(_blocks(reasoning))]
    texts: list[str] = []
    for is_thought, text in _blocks(content):
        (thoughts if is_thought else texts).append(text)
    thought = "".join(thoughts)
    return (f"<think>{thought}</think>" if thought else "") + "".join(texts)


def _joined(blocks: Iterator[tuple[bool, str]]) -> str:
    return "".join(text for _, text in blocks)


def _blocks(content: Any) -> Iterator[tuple[bool, str]]:
    """Yield the texts of a content, each with whether it is a thought; nothing for calls and pictures."""
    if content is None:
        return
    if isinstance(content, str):
        yield False, content
        return
    if hasattr(content, "get"):
        content = [content]
    if not isinstance(content, (list, tuple)):
        raise InputError(f"a message's content must be a text or a list of blocks, not {content!r:.60}")
    for block in content:
        yield from _block(block)


def _block(block: Any) -> Iterator[tuple[bool, str]]:
    if isinstance(block, str):
        yield False, block
        return
    kind = block.get("type") or "text" if hasattr(block, "get") else None
    if kind in _TEXT_BLOCKS or kind in _THOUGHT_BLOCKS:
        text = block.get(_TEXT_BLOCKS.get(kind) or _THOUGHT_BLOCKS[kind])
        yield kind in _THOUGHT_BLOCKS, _joined(_blocks(text))
    elif kind not in _OTHER_BLOCKS:
        raise InputError(f"a block of a message's content is {block!r:.60}; expected a block of type text")

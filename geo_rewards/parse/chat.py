"""Completions as a trainer passes them: the text the policy wrote, with its think block complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def completion_texts(completions: Sequence[Any], prompts: Sequence[Any] | None) -> list[str]:
    """Return the text of each completion, see `completion_text`; `prompts` are the matching prompts, if any.

    Raises:
        TypeError: If a completion is neither a string nor a list of messages.
    """
    if prompts is None:
        return [text if type(text) is str else completion_text(text) for text in completions]
    pairs = zip(completions, prompts, strict=True)
    return [completion_text(completion, prompt=prompt) for completion, prompt in pairs]


def completion_text(completion: Any, *, prompt: Any = None) -> str:
    """Return the text the policy wrote, with its think block complete.

    Args:
        completion: A string, or a chat-message list. Reasoning that a chat template has moved to
            `reasoning_content` is put back in front, inside `<think>` tags.
        prompt: If it is a text ending with `<think>`, the tag is restored.

    Raises:
        TypeError: If the completion is neither of these.
    """
    if isinstance(completion, str):
        opened = isinstance(prompt, str) and prompt.rstrip().endswith("<think>")
        return restore_think(completion) if opened else completion
    if isinstance(completion, (list, tuple)) and all(hasattr(message, "get") for message in completion):
        return "".join(_message_text(m) for m in completion if m.get("role", "assistant") == "assistant")
    raise TypeError(f"a completion must be a string or a list of messages, not {completion!r:.80}")


def restore_think(text: str) -> str:
    """Return a completion with the `<think>` that its prompt opened, unless it already has one.

    >>> restore_think("a tower</think>"), restore_think("<think>a tower</think>")
    ('<think>a tower</think>', '<think>a tower</think>')
    """
    return text if text.lstrip().startswith("<think>") else f"<think>{text}"


def _message_text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if not isinstance(content, str):
        content = "".join(block.get("text") or "" for block in content)
    reasoning = message.get("reasoning_content")
    return f"<think>{reasoning}</think>{content}" if reasoning else content

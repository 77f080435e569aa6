"""The prompt of a row: what giving it back would earn, and whether it contains the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from geo_rewards.testing.hacks import Hack
from geo_rewards.testing.samples import tagged

if TYPE_CHECKING:
    from geo_rewards.testing.cases import Case

PROMPT = [{"role": "user", "content": "Where was this taken?"}]
"""What a row without a prompt is asked."""

PROMPT_COLUMNS = ("prompts", "prompt", "problem", "question")
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_NEAR_DEGREES = 0.01
_SHORTEST = 3


def prompt_text(case: Case) -> str | None:
    """Return the text of a row's own prompt; None if the row has none."""
    for name in PROMPT_COLUMNS:
        if case.columns.get(name):
            return _flat(case.columns[name])
    return None


def echoes(case: Case) -> list[Hack]:
    """Return completions that give the prompt back."""
    text = prompt_text(case) or _flat(PROMPT)
    completions = (text, tagged(text), tagged(text, think=text), f"<think>I look.</think>{text}")
    return [Hack("echoed_prompt", completion) for completion in completions]


def leaked_answer(case: Case) -> str | None:
    """Return what of the right answer the row's own prompt contains: the coordinate, a name, the text.

    The country alone is no leak: many prompts list countries.
    """
    text = prompt_text(case)
    if text is None:
        return None
    if case.coordinate is not None:
        numbers = [float(number) for number in _NUMBER.findall(text)]
        if all(
            any(abs(abs(number) - abs(degrees)) < _NEAR_DEGREES for number in numbers)
            for degrees in case.coordinate
        ):
            return f"the coordinate {case.coordinate}"
    named = [case.place[name] for name in ("city", "region") if name in case.place]
    texts = named if case.place or case.coordinate is not None else [case.ideal]
    found = (answer for answer in texts if len(answer) >= _SHORTEST and _contains(text, answer))
    return next((repr(answer) for answer in found), None)


def _contains(text: str, answer: str) -> bool:
    pattern = rf"(?<!\w){re.escape(answer.casefold())}(?!\w)"
    return re.search(pattern, text.casefold()) is not None


def _flat(prompt: Any) -> str:
    """Return the text of a prompt, which is a text, messages, or blocks of content."""
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, Mapping):
        return _flat(prompt.get("content") or prompt.get("text") or "")
    if isinstance(prompt, Sequence):
        return "\n".join(filter(None, map(_flat, prompt)))
    return ""

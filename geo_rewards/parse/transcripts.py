"""Marks of a transcript: a text with what a tool or a user said in it, which the policy did not write.

Where a trainer decodes a rollout with tools into one string, nothing but such marks tells who wrote what.
"""

from __future__ import annotations

import re

# Elements: Qwen and Hermes (tool_response), Anthropic (function_results), Search-R1 (information), ReSearch
# (result), and others of the same build.
_ELEMENT = (
    r"(?i:/?(?:[a-z]{1,30}_(?:response|result|output|observation)s?|observations?|information|results?))"
    r"(?:\s[^<>]{0,200})?>"
)
# Special tokens that open a turn or a tool's text. A turn's end may be in a completion, and where a template
# ends turns with the token that opens the next one, so may that token, with nothing after it.
_OPENING = (
    r"\|(?:im_start|im_user|im_system|start_header_id|header_start|START_OF_TURN_TOKEN|START_TOOL_RESULT"
    r"|tool_\w{1,30}|begin_of_\w{1,30})\|>"
    r"|\|start\|>(?!assistant)"
    r"|\|(?:user|assistant|system|tool|observation|ipython)\|>(?=\s*\S)"
    r"|｜(?:User|Assistant|tool▁outputs?▁begin)｜>"
    r"|start_of_turn>|start_function_response>"
)
_MARK = re.compile(rf"<(?:{_ELEMENT}|{_OPENING})")  # a literal first: the search skips to it
# Without one of these, in lower case, there is no mark: most texts, junk of many "<" too, have none.
_WORDS = ("result", "observation", "information", "_response", "_output", "start_")
_TOKENS = ("im_", "header", "start", "tool", "begin_of_", "user", "assistant", "system", "ipython")
_OTHERS = ("[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CONTENT]")  # of Mistral
# What is left of these tokens where special tokens are stripped.
_ROLES = ("user", "assistant", "tool", "ipython", "observation")
_ROLE_LINES = {role: (f"\n{role}\n", *(("ipython\n\n",) if role == "ipython" else ())) for role in _ROLES}


def transcript_mark(text: str) -> str | None:
    r"""Return the first mark of a turn or tool's text that the policy cannot have written, or None.

    >>> transcript_mark("I call it.\nuser\n<tool_response>48.85, 2.35</tool_response>")
    '<tool_response>'
    >>> transcript_mark("<answer>48.85, 2.35</answer><|im_end|>") is None
    True
    """
    mark = _MARK.search(text) if "<" in text and _may_have_mark(text.lower()) else None
    if mark is not None:
        return mark.group()
    lines = [line for role in _ROLES if role in text for line in _ROLE_LINES[role]]
    return next((line.strip() for line in (*_OTHERS, *lines) if line in text), None)


def _may_have_mark(lowered: str) -> bool:
    if any(word in lowered for word in _WORDS):
        return True
    return any(brackets in lowered for brackets in ("<|", "<｜")) and any(
        token in lowered for token in _TOKENS
    )

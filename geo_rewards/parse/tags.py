"""Think and answer blocks of a completion, found in the raw text in one pass."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geo_rewards.parse.transcripts import transcript_mark
from geo_rewards.types import NO_TAGS, Problem, ProblemKind, TagCounts

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
ANSWER_OPEN, ANSWER_CLOSE = "<answer>", "</answer>"
MAX_TAGS = 64
"""A text with more tags is junk: it has no answer and is not scanned tag by tag."""
_TAG = re.compile(r"</?(?:think|answer)>")
# A well-formed completion without any other "<": up to its first thought, and from its second tag on.
_HEAD = re.compile(r"\s*+<think>\s*+[^<\s]")
_TAIL = re.compile(r"</think>\s*+<answer>([^<]*+)</answer>\s*+")
_FIRST = len(THINK_OPEN)
ONE_EACH = TagCounts(1, 1, 1, 1)
_CONTINUED = TagCounts(0, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of one completion; texts are stripped.

    Attributes:
        counts: How often each tag occurs.
        think: Text of the only think block, or None.
        answer: Text to read as the answer, or None.
        well_formed: One non-empty think block, one non-empty answer block, nothing else.
        continues_think: Well-formed once `<think>` is prepended.
        think_only: A non-empty think block, perhaps opened by the prompt, then an answer without tags.
        problem: Why there is no answer, or None.
    """

    counts: TagCounts
    think: str | None = None
    answer: str | None = None
    well_formed: bool = False
    continues_think: bool = False
    think_only: bool = False
    problem: Problem | None = None


def plain_answer(text: str) -> str | None:
    """Return the stripped answer of a well-formed completion whose only ``<`` are those of its tags.

    None for any other completion or an empty answer: `find_blocks` handles these.

    >>> plain_answer("<think>sun</think><answer> 48.85, 2.35 </answer>")
    '48.85, 2.35'
    """
    if text.rfind(ANSWER_CLOSE) < 0:  # found out faster than that a long text of spaces has no tag
        return None
    if text.startswith(THINK_OPEN) and text[_FIRST : _FIRST + 1].isalnum():
        thoughts = _FIRST
    else:
        head = _HEAD.match(text)
        if head is None:
            return None
        thoughts = head.end()
    tail = _TAIL.fullmatch(text, text.find("<", thoughts))
    return (tail and tail[1].strip()) or None


def think_of_plain(text: str) -> str:
    """Return the stripped thoughts of a completion that `plain_answer` reads."""
    return text[text.find(">") + 1 : text.find("</")].strip()


def find_blocks(text: str) -> Blocks:
    """Return the blocks of a completion.

    >>> find_blocks("<think>sun</think><answer>48.85, 2.35</answer>").answer
    '48.85, 2.35'
    """
    answer = plain_answer(text)
    if answer is not None:
        return Blocks(ONE_EACH, think=think_of_plain(text), answer=answer, well_formed=True)
    counts = count_tags(text)
    mark = transcript_mark(text) if sum(counts) <= MAX_TAGS else None
    if mark is not None:  # its tags count no more than the rest: a tool may have written them
        detail = f"{mark!r} marks what a tool or another turn said; pass the turns as a list of messages"
        return Blocks(NO_TAGS, problem=Problem(ProblemKind.TOOL_TEXT, detail))
    if counts in (ONE_EACH, _CONTINUED):
        blocks = _one_each(text, counts)
        if blocks is not None:
            return blocks
    if counts == TagCounts():
        return Blocks(counts, answer=text.strip())
    if sum(counts) > MAX_TAGS:
        return Blocks(counts, think=_only_think(text, counts), problem=_too_many(counts))
    if counts.think_close and not (counts.answer_open or counts.answer_close):
        return _after_think(text, counts)
    answer, why = _only_answer(text)
    return Blocks(counts, think=_only_think(text, counts), answer=answer, problem=why)


def count_tags(text: str) -> TagCounts:
    """Return how often each of the four tags occurs.

    >>> count_tags("<think></think><answer>")
    TagCounts(think_open=1, think_close=1, answer_open=1, answer_close=0)
    """
    return TagCounts(
        text.count(THINK_OPEN), text.count(THINK_CLOSE), text.count(ANSWER_OPEN), text.count(ANSWER_CLOSE)
    )


def _one_each(text: str, counts: TagCounts) -> Blocks | None:
    """Return the blocks if the tags are in the right order, with or without the first."""
    opened = bool(counts.think_open)
    think_start = text.find(THINK_OPEN) if opened else 0
    content_start = think_start + len(THINK_OPEN) if opened else 0
    think_end = text.find(THINK_CLOSE)
    answer_start = text.find(ANSWER_OPEN)
    answer_end = text.find(ANSWER_CLOSE)
    if not content_start <= think_end < answer_start < answer_end:
        return None
    think = text[content_start:think_end].strip()
    answer = text[answer_start + len(ANSWER_OPEN) : answer_end].strip()
    between = text[think_end + len(THINK_CLOSE) : answer_start]
    outside = text[:think_start] + between + text[answer_end + len(ANSWER_CLOSE) :]
    complete = bool(think and answer and not outside.strip())
    return Blocks(
        counts,
        think=think if opened else None,
        answer=answer,
        well_formed=complete and opened,
        continues_think=complete and not opened,
    )


def _after_think(text: str, counts: TagCounts) -> Blocks:
    """Return the text after the last closed think block as the answer: thinking models use no answer tags."""
    depth = 0
    for tag in _TAG.finditer(text):
        depth = depth + 1 if tag.group() == THINK_OPEN else max(depth - 1, 0)
    before, _, after = text.rpartition(THINK_CLOSE)
    answer, think = after.strip(), _only_think(text, counts)
    if depth or not answer or THINK_OPEN in after:
        problem = Problem(ProblemKind.NO_ANSWER, "no answer block, and no text after a closed think block")
        return Blocks(counts, think=think, problem=problem)
    opened = text.lstrip().startswith(THINK_OPEN) and bool(think)
    continued = counts.think_open == 0 and bool(before.strip())
    think_only = counts.think_close == 1 and (opened or continued)
    return Blocks(counts, think=think, answer=answer, think_only=think_only)


def _only_think(text: str, counts: TagCounts) -> str | None:
    """Return the text of the think block if there is exactly one."""
    start, end = text.find(THINK_OPEN), text.find(THINK_CLOSE)
    if counts.think_open != 1 or counts.think_close != 1 or end < start:
        return None
    return text[start + len(THINK_OPEN) : end].strip()


def _too_many(counts: TagCounts) -> Problem:
    if not counts.answer_open or not counts.answer_close:
        return Problem(ProblemKind.NO_ANSWER, "no complete answer block outside think")
    return Problem(ProblemKind.SEVERAL_ANSWERS, f"{sum(counts)} tags, at most {MAX_TAGS} are read")


def _only_answer(text: str) -> tuple[str | None, Problem | None]:
    """Return the only complete, un-nested answer block outside think, or why there is none."""
    depth = 0
    opened = -1  # where the text of the open answer block starts, or -1 outside
    found: list[str] = []
    for tag in _TAG.finditer(text):
        name = tag.group()
        if opened >= 0 and name != ANSWER_CLOSE:
            return None, Problem(ProblemKind.NESTED_TAGS, f"{name} inside an answer block")
        if name == THINK_OPEN:
            depth += 1
        elif name == THINK_CLOSE:
            # Without an opening tag, everything before was thought: the prompt may have opened it.
            found = found if depth else []
            depth = max(depth - 1, 0)
        elif depth == 0:
            if name == ANSWER_OPEN:
                opened = tag.end()
            elif opened >= 0:
                found.append(text[opened : tag.start()])
                opened = -1
    if len(found) == 1:
        return found[0].strip(), None
    if found:
        return None, Problem(ProblemKind.SEVERAL_ANSWERS, f"{len(found)} answer blocks, expected one")
    return None, Problem(ProblemKind.NO_ANSWER, "no complete answer block outside think")

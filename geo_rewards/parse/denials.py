"""Denials, which are not answers: ``It is not (48.86, 2.29)``, ``(48.86, 2.29) is wrong``."""

from __future__ import annotations

import re

from geo_rewards.parse.findings import RefusedError, shown
from geo_rewards.parse.languages import DENIAL
from geo_rewards.types import ProblemKind

# `not sure` and the like do not deny the place.
_UNCERTAIN = (
    "(?:sure|certain|exact|precise|confident|clear|far|only|100|entirely|completely|fully|totally|visible|possible"
    "|able|enough|too|quite|absolutely|positive|necessarily|just|very|know|easy|much|a|an|really sure)"
)
_DENIAL = re.compile(
    rf"(?<![^\W\d_])(?:not|isn['’]?t|aren['’]?t|wasn['’]?t|weren['’]?t|never|neither|nor|unlike|excluding|except"
    rf"|wrong|incorrect|false|non|no longer|can(?:not|['’]t| not) be|(?:do|does|did)(?:n['’]?t| not)"
    rf" (?:think|believe|look|match|seem|appear)|(?:ruled?|ruling) out|instead of|rather than|reject(?:ed)?)"
    rf"(?![^\W\d_])(?! {{1,2}}{_UNCERTAIN}(?:ly)?(?![^\W\d_]))|{DENIAL}",
    re.IGNORECASE,
)
_CLAUSE_START = re.compile(
    r"[\n!?;]|\.\s|:|(?<![^\W\d_])(?:but|however|so|though|although|guess|answer|yet)(?![^\W\d_])"
    r"|[,—-] {0,2}(?:it|this|that|i|rather|instead)(?![^\W\d_])(?! of| than)",
    re.IGNORECASE,
)
_OPENS_VALUE = " \t\"'([:~≈*"
_BEHIND = re.compile(
    r"[\s)\]}\"'.,°]{0,4}(?:which )?"
    r"(?:is|are|was|were|would be|seems|looks|does|do|did|can|could|has|have) {1,2}"
    rf"(?:definitely |clearly |probably |certainly |surely |likely )?"
    rf"(?:not(?! {{1,2}}{_UNCERTAIN})|wrong|incorrect|false|impossible|excluded|ruled out)"
    r"|[\s)\]}\"'.,°]{0,4}(?:is|are|was|were|does|do|did|can|could|would)n['’]?t\b",
    re.IGNORECASE | re.ASCII,
)
_REACH = 160  # how many characters before a coordinate may deny it


def refuse_denied(text: str, start: int, end: int) -> None:
    """Refuse a coordinate that its sentence denies.

    Raises:
        RefusedError: If the sentence does.

    >>> refuse_denied("I am not sure, (1, 2)", 15, 21)
    """
    before = text[max(start - _REACH, 0) : start].rstrip(_OPENS_VALUE)
    clause = [*_CLAUSE_START.split(before)][-1]
    if _DENIAL.search(clause) or _BEHIND.match(text, end):
        raise RefusedError(ProblemKind.DENIED, f"the text says it is not {shown(text[start:end])}")

"""Read a short text as yes or no."""

from __future__ import annotations

import re

from geo_rewards_vqa.plain import MAX_CHARACTERS, folded

# fmt: off
_YES = {"yes", "y", "yeah", "yep", "yup", "true", "correct"}
_NO = {"no", "n", "nope", "nah", "false", "incorrect"}
_NEGATIONS = {"not", "never", "cannot", "none", "neither", "nor", "isnt", "arent", "dont", "doesnt"}
_UNDECIDED = {"maybe", "perhaps", "possibly", "unsure", "unclear", "unknown", "either", "both", "or", "if"}
# fmt: on
_FIRST = re.compile(r"([a-z]+)(?:\s*[,.;:!-]|$)")


def read_yes_no(text: str) -> bool | None:
    """Return True for yes, False for no, None for anything else.

    An explanation may follow after punctuation, as long as it does not contradict the answer.

    >>> read_yes_no("Yes."), read_yes_no("no, there is no dog"), read_yes_no("yes and no")
    (True, False, None)
    """
    if len(text) > MAX_CHARACTERS:
        return None
    text = folded(text)
    first = _FIRST.match(text)
    if first is None or first[1] not in _YES | _NO:
        return None
    answer = first[1] in _YES
    words = set(re.findall(r"[a-z]+", text[first.end() :].replace("n't", " not").replace("'", "")))
    takes_back = _UNDECIDED | (_NO | _NEGATIONS if answer else _YES)
    return None if words & takes_back else answer

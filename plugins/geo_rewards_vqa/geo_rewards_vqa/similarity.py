"""How similar two short texts are: one minus the normalised Levenshtein distance."""

from __future__ import annotations

import re

from rapidfuzz.distance import Levenshtein

from geo_rewards_vqa.plain import MAX_CHARACTERS, folded

# Signs of two answers in one, or of a denied one; commas and "and" are not among them, since a single
# answer can have them.
_DECLINED = re.compile(
    r"\b(?:or|either|maybe|perhaps|possibly|unsure|unknown|not|never|neither|nor|cannot|wrong|incorrect|false"
    r"|impossible|except|\w{2,6}n['’]t)\b|[/;|\n]"
)


def text_similarity(answer: str, truth: str, *, threshold: float = 0.0) -> float:
    """Return ``1 - edits / length of the longer text`` of two folded texts, or 0 up to `threshold`.

    Edits are insertions, deletions and substitutions of a character. With a threshold of 0.5 this is
    the score whose mean is ANLS (Biten et al. 2019, Scene Text Visual Question Answering,
    arXiv 1905.13648). An answer that leaves a choice ("a or b", "a / b", "maybe a") or denies ("a is
    wrong"), where the truth does not, is worth 0, and so is one far longer than the truth, which is
    not even compared.

    >>> text_similarity("Golden Gate Brigde", "Golden Gate Bridge").__round__(2)
    0.89
    >>> text_similarity("red, green, blue, white", "red", threshold=0.5)
    0.0
    """
    # NFKC is quadratic in the number of marks on one letter: do not read an answer far longer than the truth
    if len(answer) > 4 * len(truth) + MAX_CHARACTERS or _declined(answer) - _declined(truth):
        return 0.0
    similarity = Levenshtein.normalized_similarity(folded(answer), folded(truth), score_cutoff=threshold)
    return similarity if similarity > threshold else 0.0


def _declined(text: str) -> set[str]:
    return set(_DECLINED.findall(text.strip().casefold()))

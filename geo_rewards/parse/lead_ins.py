"""Words before a list of names that are not part of it: ``This looks like Paris, France``."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
# A single one of these before a name is a lead-in.
_ADVERBS = frozenset(
    {
        "probably",
        "likely",
        "maybe",
        "perhaps",
        "possibly",
        "definitely",
        "certainly",
        "somewhere",
        "presumably",
    }
    | {"surely", "apparently", "obviously", "clearly", "roughly", "approximately", "tentatively"}
)
# Two of these at the start do: one alone may be a name (In Salah, Most, Best).
LEADING = _ADVERBS | frozenset(
    {
        "this",
        "it",
        "that",
        "the",
        "looks",
        "look",
        "like",
        "is",
        "appears",
        "seems",
        "to",
        "be",
        "most",
        "almost",
    }
    | {"i", "we", "think", "believe", "guess", "guessing", "would", "say", "my", "best", "final", "answer"}
    | {
        "location",
        "photo",
        "photograph",
        "image",
        "picture",
        "scene",
        "shows",
        "was",
        "were",
        "taken",
        "in",
        "at",
    }
    | {"near", "from", "around", "here", "are", "of", "place", "am", "sure", "confident", "fairly", "pretty"}
    | {
        "quite",
        "very",
        "suspect",
        "located",
        "must",
        "could",
        "might",
        "may",
        "should",
        "a",
        "an",
        "have",
        "been",
    }
    | {
        "i'm",
        "it's",
        "i'd",
        "that's",
        "this's",
        "shot",
        "captured",
        "street",
        "view",
        "resembles",
        "reminds",
        "me",
    }
    | {"spot", "prediction", "estimate", "guessed", "as", "so", "well", "strongly", "reasonably"}
)
LEADING_OUT = frozenset(
    {
        "at",
        "approximately",
        "around",
        "near",
        "about",
        "with",
        "roughly",
        "coordinates",
        "coordinate",
        "located",
    }
    | {"the", "circa", "approx", "gps", "exact", "estimated", "its", "and", "of", "are", "is"}
)
# With one of these, a part of a list is part of a sentence.
PROSE = frozenset(
    {
        "is",
        "are",
        "was",
        "were",
        "this",
        "it",
        "that",
        "believe",
        "think",
        "guess",
        "looks",
        "seems",
        "appears",
    }
    | {
        "coordinates",
        "coordinate",
        "because",
        "which",
        "would",
        "my",
        "answer",
        "not",
        "photo",
        "image",
        "latitude",
    }
    | {"longitude", "since", "given", "i'm", "it's", "i'd", "based", "but", "although", "however"}
)


def without_lead_in(text: str, start: int, end: int) -> int:
    """Return where a list of names starts once its lead-in is removed.

    >>> without_lead_in("Probably Kyoto, Japan", 0, 21), without_lead_in("In Salah, Algeria", 0, 17)
    (9, 0)
    """
    words: list[str] = []
    at = start
    for match in _WORD.finditer(text, start, end):
        word = match.group().lower().replace("’", "'")
        if word not in LEADING or (not text[at : match.start()].replace(",", "").isspace() and words):
            break
        following = _WORD.search(text, match.end(), end)
        if following is None or (
            "," in text[match.end() : following.start()] and word not in _ADVERBS and not words
        ):
            break
        words.append(word)
        at = match.end()
    leads = len(words) > 1 or (words and words[0] in _ADVERBS)
    if not leads:
        return start
    name = _WORD.search(text, at, end)
    last = words[-1]
    if last == "the" and name is not None:  # The Hague
        return at - len(last)
    return name.start() if name is not None else start


def leads_to_numbers(name: str) -> bool:
    """Return whether the last part of a list is only the lead-in to the coordinate after it.

    >>> leads_to_numbers("at approximately"), leads_to_numbers("Kenya")
    (True, False)
    """
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(words) and LEADING_OUT.issuperset(words)


def is_prose(name: str) -> bool:
    """Return whether a part of a list is part of a sentence rather than a name.

    >>> is_prose("The coordinates"), is_prose("The Hague")
    (True, False)
    >>> is_prose("I bet on Nice"), is_prose("Bosna i Hercegovina")
    (True, False)
    """
    written = _WORD.findall(name)
    words = [word.lower().replace("’", "'") for word in written]
    return not PROSE.isdisjoint(words) or any(_is_pronoun(written, at) for at in range(len(written) - 1))


def _is_pronoun(words: list[str], at: int) -> bool:
    """Return whether a word is `I`; a small one between capitals is "and" in Slavic languages and Catalan."""
    if words[at] not in {"I", "i"}:
        return False
    return words[at] == "I" or at == 0 or not (words[at - 1][0].isupper() and words[at + 1][0].isupper())

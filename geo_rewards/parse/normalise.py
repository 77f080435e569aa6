"""One form for characters that look or mean the same, without moving any of them.

Every function here keeps the length of the text, so that a span found in the normalised text selects the
same words in the original.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from geo_rewards.parse.languages import in_english
from geo_rewards.parse.mojibake import repaired

UNKNOWN = "\ufffd"
_DIGIT = re.compile("[0-9]")
_CHARACTERS = {
    **dict.fromkeys("º˚⁰ᵒ∘◦", "°"),
    **dict.fromkeys("′‘’‛ʹʼˈ´", "'"),
    **dict.fromkeys("″“”‟„ʺ˝", '"'),
    # Anything that may be a minus becomes one; the angle reader refuses it where it cannot be.
    **dict.fromkeys("−‐‑‒–—―⸺⸻﹘﹣－⁻₋˗➖⊖∸¯ˉ‾⎯─━ー֊־᠆\u00ad", "-"),
    "\u2028": "\n",
    "\u2029": "\n",
    "\x85": "\n",
}
# Superscripts, fractions and circled digits are not digits of a coordinate.
_KEPT_DECOMPOSITIONS = ("<super>", "<sub>", "<fraction>", "<circle>")
_FENCE = re.compile(r"`{3}(?:[A-Za-z]{1,20}(?=[ \t]{0,8}\n))?")
_EMPHASIS = re.compile(
    r"(?<![\w.*`$])[*`$_]{1,3}(?![\s*`$_])"  # opens: after space or punctuation
    r"|(?<![\s*`$_])[*`$_]{1,3}(?![\w*`$]|[.+-][0-9])"  # closes: before space or punctuation
)
_ENTITY = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});", re.ASCII)
_DEGREE_COMMAND = re.compile(r"\^ ?\{ ?\\circ ?\}|\^?\\(?:circ|degree)(?![A-Za-z])|\^°")
_BRACED_COMMAND = re.compile(r"\\(?:boxed|fbox|text|textbf|textrm|textit|mathrm|mathbf|mathit|mbox)\{|[{}]")
# A thin space before a digit may group digits of one number, so it must not become a separator.
_SPACING_COMMAND = re.compile(r"\\(?:left|right|quad|qquad)(?![A-Za-z])|\\[()\[\]]|\\[,;:! ](?![0-9])")


class _CharacterTable:
    """A table for `str.translate` that computes each character on first use."""

    def __getitem__(self, code: int) -> str | int:
        """Return the character in its normal form."""
        return code if code < 128 else _normal_character(code)


_TABLE = _CharacterTable()


def normalise(text: str) -> str:
    """Return the text with full-width, typographic and exotic characters in their plain form.

    NFKC, with plain degree signs, quotes, minus and spaces; the length stays the same.

    >>> normalise("−３３．８º")
    '-33.8°'
    """
    if "&" in text:
        text = _ENTITY.sub(_character_of_entity, text)
    return text if text.isascii() else repaired(text).translate(_TABLE)


def mask_markup(text: str) -> str:
    """Return the text with Markdown and LaTeX markup turned into spaces, of the same length.

    >>> mask_markup("**48.85**, `2.35`")
    '  48.85  ,  2.35 '
    """
    if "\\" in text or "^" in text:
        text = _mask_latex(text)
    if "```" in text:
        text = _FENCE.sub(_spaces, text)
    if "*" in text or "`" in text or "$" in text or "_" in text:
        text = _EMPHASIS.sub(_spaces, text)
    return text


def plain_text(raw: str) -> str:
    """Return the text as number readers need it: normalised, without markup, in English; same length.

    >>> plain_text("**−33.8º Sul**")
    '  -33.8° S    '
    """
    text = mask_markup(normalise(raw))
    return in_english(text) if _DIGIT.search(text) else text


@lru_cache(maxsize=8192)
def _normal_character(code: int) -> str:
    """Return the plain form of one character, or itself if that would not have length one."""
    character = chr(code)
    if character in _CHARACTERS:
        return _CHARACTERS[character]
    category = unicodedata.category(character)
    if character.isspace() or category == "Cf":
        return " "
    if category in ("Co", "Cn", "Cs"):  # private characters are for our own use, see `languages`
        return UNKNOWN
    if unicodedata.decomposition(character).startswith(_KEPT_DECOMPOSITIONS):
        return character
    normal = unicodedata.normalize("NFKC", character)
    return normal if len(normal) == 1 else character


def _character_of_entity(match: re.Match[str]) -> str:
    """Return the character for an entity, padded to the same length; a minus stays next to its number."""
    written = match.group()
    character = html.unescape(written)
    if len(character) != 1:
        character = html.unescape(written.lower())
    if len(character) != 1:
        return written
    return (
        character.rjust(len(written))
        if _normal_character(ord(character)) == "-"
        else character.ljust(len(written))
    )


def _spaces(match: re.Match[str]) -> str:
    """Return as many spaces as the match has characters."""
    return " " * len(match.group())


def _mask_latex(text: str) -> str:
    """Turn commands and their braces into spaces, and degree commands into a degree sign."""
    text = _DEGREE_COMMAND.sub(lambda match: "°".rjust(len(match.group())), text)
    pieces: list[str] = []
    wraps: list[bool] = []  # for every open brace: whether it belongs to a command
    done = 0
    for match in _BRACED_COMMAND.finditer(text):
        found = match.group()
        if found == "}":
            masked = wraps.pop() if wraps else False
        else:
            masked = found != "{"
            wraps.append(masked)
        if masked:
            pieces += [text[done : match.start()], _spaces(match)]
            done = match.end()
    pieces.append(text[done:])
    return _SPACING_COMMAND.sub(_spaces, "".join(pieces))

"""Angles in a normalised text: decimals, hemisphere letters, degrees-minutes-seconds.

A single left-to-right pass with a look-ahead of a few tokens.
"""

from __future__ import annotations

import re
import unicodedata

from geo_rewards.parse.angles import Angle, Axis, join_decimal_comma, measure, unit_of
from geo_rewards.parse.findings import RefusedError, shown
from geo_rewards.parse.labels import AXIS_WORDS
from geo_rewards.parse.languages import HEMISPHERE
from geo_rewards.parse.normalise import UNKNOWN
from geo_rewards.parse.tokens import MARK, NEWLINE, NUMBER, WORD, Token, tokenise
from geo_rewards.types import ProblemKind

Item = Angle | Token

_HEMISPHERES: dict[str, tuple[Axis, int]] = {
    "N": ("lat", 1),
    "S": ("lat", -1),
    "E": ("lon", 1),
    "W": ("lon", -1),
    "north": ("lat", 1),
    "south": ("lat", -1),
    "east": ("lon", 1),
    "west": ("lon", -1),
}
_DEGREE = frozenset({"°", "d", "deg", "degs", "degree", "degrees"})
_MINUTE = frozenset({"'", "m", "min", "mins", "minute", "minutes"})
_SECOND = frozenset({'"', "''", "s", "sec", "secs", "second", "seconds"})
_NOT_NUMBERS = frozenset({"nan", "inf", "infinity"})
_FIRST_WORDS = frozenset({"-", "+", *_NOT_NUMBERS, *map(str.lower, _HEMISPHERES)})
_BEFORE_SIGN = frozenset(",;:=([{<>/~≈@|\"'")
_MINUS_WORDS = frozenset({"minus", "negative"})
# Symbols that may touch a number without being a garbled minus.
_HARMLESS_SYMBOLS = frozenset("<>=~|+`≈≃≅∼→⇒➜➔➡")
_LOST_SIGN = frozenset({"Sm", "Sk", "Cc", "Co", "Cn", "Mn", "Mc", "Me", "Lm"})
_OF_MOJIBAKE = frozenset("€†ˆ‚ÃÂ¢™")
_UNKNOWN_ENTITY = re.compile("&[A-Za-z0-9#]{1,10};$", re.ASCII)
_OPENERS = "([{*`$_'\""
_OPENED = _OPENERS + " "
_AFTER_NAME = frozenset(
    {"and", "latitude", "longitude", "lat", "lon", "long", "of", "hemisphere", "or", "to"}
)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?")
_END = Token(MARK, "", -1, -1)


def merge_angles(text: str) -> list[Item]:
    """Return the tokens of a normalised text, with those of each angle merged into one `Angle`.

    >>> [item.value for item in merge_angles("at 40.1° N, 75°12' W") if isinstance(item, Angle)]
    [40.1, -75.2]
    """
    return _Walk(text).items()


def single_angle(text: str) -> Angle:
    """Return the angle that a normalised text consists of.

    Raises:
        RefusedError: If the text is anything else.

    >>> single_angle("33.8 S").value
    -33.8
    """
    if _DECIMAL.fullmatch(text):  # by far the commonest; the general path gives the same
        return Angle(float(text), 0, len(text), unit=unit_of([text]))
    items = merge_angles(text)
    if len(items) == 3 and text[items[0].end : items[2].start] == ",":
        first, _, second = items
        if isinstance(first, Angle) and isinstance(second, Angle):
            joined = join_decimal_comma(first, second)
            items = [joined] if joined else items
    if len(items) != 1 or not isinstance(items[0], Angle):
        raise RefusedError(ProblemKind.NOT_A_NUMBER, f"expected one number of degrees, got {shown(text)}")
    return items[0].check(text)


class _Walk:
    """A pass over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenise(text)
        self.at = 0  # index of the next token
        self.first = 0  # index of the current angle's first token
        self.done = -1  # where in the text the last angle ended

    def items(self) -> list[Item]:
        """Return the angles and the tokens between them."""
        items: list[Item] = []
        while self.at < len(self.tokens):
            start = self.first = self.at
            first = self.tokens[start]
            possible = first.kind == NUMBER or first.text.lower() in _FIRST_WORDS
            angle = self.angle() if possible else None
            if angle is None:
                self.at = start + 1
                items.append(self.tokens[start])
            else:
                self.done = angle.end
                items.append(angle)
        return items

    def peek(self, ahead: int = 0) -> Token:
        """Return an upcoming token, or an empty one past the end."""
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else _END

    def angle(self) -> Angle | None:
        """Read an angle; None if there is none here, which leaves `at` undefined."""
        first = self.peek()
        signed = first.text in ("-", "+") and self.peek(1).start == first.end
        if self.peek(signed).text.lower() in _NOT_NUMBERS:
            self.at += 1 + signed
            return Angle(0.0, first.start, self.end(), flaw=ProblemKind.NOT_A_NUMBER)
        listed = self.is_list_dash()
        letter = self.leading_letter()
        sign, flaw = self.sign()
        if letter is not None and letter[1] == sign and self.peek().start == self.end():
            flaw = None  # S-33.8
        if self.peek().kind != NUMBER or not (letter or sign or self.is_detached(self.peek())):
            return None
        if not sign and not letter and self.lost_sign(self.peek()):
            flaw = ProblemKind.SIGN
        parts, marked = self.parts(prefixed=letter is not None)
        if self.exponent(prefixed=letter is not None):
            return Angle(0.0, first.start, self.end(), flaw=ProblemKind.EXPONENT)
        if self.runs_on():
            return None
        start = first.start
        if letter is None:
            letter = self.trailing_letter()
            if letter and listed:  # a bullet, not a sign
                sign, flaw, start = 0, None, self.tokens[self.first + 1].start
        elif self.hemisphere() and not self.number_follows(1):
            self.at += 1
            flaw = ProblemKind.AXES  # a letter on either side
        if letter is not None and sign and sign != letter[1]:
            flaw = ProblemKind.SIGN
        if len(parts) > 1 and not marked and letter is None:
            flaw = flaw or ProblemKind.NOT_A_NUMBER  # 12:30 is a time
        if letter is not None and self.is_name():
            flaw = flaw or ProblemKind.AXES
        return self.built(start, parts, sign=sign, letter=letter, plain=not marked, flaw=flaw)

    def built(
        self,
        start: int,
        parts: list[str],
        *,
        sign: int,
        letter: tuple[Axis, int] | None,
        plain: bool,
        flaw: ProblemKind | None,
    ) -> Angle:
        """Return the angle built from what was read."""
        axis, hemisphere = letter or (None, 1)
        value, wrong = measure(parts, sign or hemisphere)
        alone = plain and letter is None and len(parts) == 1
        return Angle(
            value,
            start,
            self.end(),
            axis=axis,
            form="dms" if len(parts) > 1 else "hemisphere" if axis else "",
            exact=len(parts) > 1 or "." in parts[0],
            digits=parts[0] if alone else "",
            flaw=flaw or wrong,
            unit=unit_of(parts),
        )

    def end(self) -> int:
        """Return where the last token that was read ends."""
        return self.tokens[self.at - 1].end

    def hemisphere(self, ahead: int = 0) -> tuple[Axis, int] | None:
        """Return the axis and sign of a hemisphere: capital letters and full words."""
        token = self.peek(ahead)
        if token.kind != WORD:
            return None
        return _HEMISPHERES.get(token.text if len(token.text) == 1 else token.text.lower())

    def is_list_dash(self) -> bool:
        """Return whether a dash followed by a space opens its line: it may be a bullet."""
        before = self.tokens[self.at - 1] if self.at else None
        dash, number = self.peek(), self.peek(1)
        opens = before is None or before.kind == NEWLINE
        return dash.text == "-" and number.start > dash.end and opens

    def is_name(self) -> bool:
        """Return whether the hemisphere just read may be part of a name: ``18.4 South Africa``."""
        word, after = self.tokens[self.at - 1], self.peek()
        if after.kind != WORD or after.text.lower() in _AFTER_NAME or after.start > word.end + 1:
            return False
        return len(word.text) > 1 and after.text[0].isupper() and self.hemisphere() is None

    def lost_sign(self, number: Token) -> bool:
        """Return whether what touches the front of a number may be an unreadable minus."""
        before = self.text[max(number.start - 12, 0) : number.start]
        inner = before.rstrip(_OPENERS)
        if (inner != before and inner.endswith("-")) or before.rstrip(_OPENED)[-1:] in _OF_MOJIBAKE:
            return True
        if before.endswith(";") and _UNKNOWN_ENTITY.search(before):
            return True
        if self.at and self.tokens[self.at - 1].text.lower() in _MINUS_WORDS:
            return True
        last = before[-1:]
        if UNKNOWN in before[-2:] or last == "?":
            return True
        return (
            bool(last)
            and last not in _HARMLESS_SYMBOLS
            and unicodedata.category(last) in _LOST_SIGN
            and last != "\n"
            and not last.isspace()
        )

    def number_follows(self, ahead: int) -> bool:
        """Return whether there is a number, signed or not, that many tokens ahead."""
        signed = self.peek(ahead).text in ("-", "+")
        return self.peek(ahead + signed).kind == NUMBER

    def leading_letter(self) -> tuple[Axis, int] | None:
        """Read a hemisphere before its number."""
        letter = self.hemisphere()
        colon = self.peek(1).text == ":"  # South: 33.8
        if letter is None or not self.number_follows(1 + colon) or not self.is_detached(self.peek()):
            return None
        self.at += 1 + colon
        return letter

    def trailing_letter(self) -> tuple[Axis, int] | None:
        """Read a hemisphere after its number: ``S``, ``(S)``, ``, S``, ``- South``."""
        opening = self.peek().text
        ahead = 1 if opening in ("(", "[", ",", "-") else 0
        letter = self.hemisphere(ahead)
        if letter is None:
            return None
        end = ahead + 1 + (self.peek(ahead + 1).text == HEMISPHERE)
        if opening in ("(", "["):
            if self.peek(end).text not in (")", "]"):
                return None
            end += 1
        elif ahead and (self.number_follows(end) or self.peek(end).kind == WORD):
            return None  # the letter of the next number, or a name
        if self.peek(end).text == "." and self.peek(end + 1).text in (",", ";", "/"):
            end += 1  # 33.8 S., 151.2 E.
        self.at += end
        return letter

    def sign(self) -> tuple[int, ProblemKind | None]:
        """Read a sign before a number as -1 or 1, or 0 if absent; a dash that may be a minus is a flaw."""
        token, number = self.peek(), self.peek(1)
        if token.text not in ("-", "+") or number.kind != NUMBER:
            return 0, None
        glued = token.end == number.start
        if token.text == "+" and not glued:
            return 0, None
        before = self.text[token.start - 1 : token.start]
        clear = glued and (not before or before.isspace() or before in _BEFORE_SIGN)
        self.at += 1
        return (-1 if token.text == "-" else 1), (None if clear else ProblemKind.SIGN)

    def is_detached(self, token: Token) -> bool:
        """Return whether no word is glued to the front of a token: ``v2`` has no number, ``lat2`` does."""
        before = self.text[token.start - 1 : token.start]
        if token.start == self.done or not (before.isalnum() or before == "_"):
            return True
        return self.at > 0 and self.tokens[self.at - 1].text.lower() in AXIS_WORDS

    def runs_on(self) -> bool:
        """Return whether something other than a hemisphere is glued to the end: ``3rd``, ``15z``, ``20%``."""
        after = self.text[self.end() : self.end() + 1]
        return (after.isalnum() or after in ("_", "%")) and bool(after) and self.hemisphere() is None

    def exponent(self, *, prefixed: bool) -> bool:
        """Read the exponent of a number, if it has one; the E of ``N48.85E2.35`` is east."""
        mark = self.peek()
        signed = self.peek(1).text in ("-", "+")
        digits = self.peek(1 + signed)
        glued = mark.start == self.end() and digits.start == mark.end + signed
        if mark.text not in ("e", "E") or digits.kind != NUMBER or not glued:
            return False
        if mark.text == "E" and not signed and (prefixed or "." in digits.text):
            return False
        self.at += 2 + signed
        return True

    def parts(self, *, prefixed: bool) -> tuple[list[str], bool]:
        """Read degrees, minutes and seconds; also return whether a degree mark separates them."""
        parts = [self.number(prefixed=prefixed)]
        if self.peek().text.lower() in _DEGREE:
            self.at += 1
            for marks in (_MINUTE, _SECOND):
                if not self.marked_part(parts, marks, prefixed=prefixed):
                    break
            return parts, True
        if self.unmarked_degrees(parts, prefixed=prefixed):
            return parts, True
        if self.glued_colon():
            while len(parts) < 3 and self.glued_colon():
                self.at += 1
                parts.append(self.number(prefixed=False))
        elif parts[0].isdigit():
            parts += [self.number(prefixed=False) for _ in range(self.spaced_parts(prefixed=prefixed))]
        return parts, False

    def unmarked_degrees(self, parts: list[str], *, prefixed: bool) -> bool:
        """Read the minutes and seconds of ``40 26' 46" N``: marked, though the degrees are not."""
        start = self.at
        after = self.peek(1 if "," not in self.peek(1).text else 3)
        if not parts[0].isdigit() or self.peek().kind != NUMBER or after.text.lower() not in _MINUTE:
            return False
        for marks in (_MINUTE, _SECOND):
            if not self.marked_part(parts, marks, prefixed=prefixed):
                break
        if len(parts) > 1 and (prefixed or self.letter_follows()):
            return True
        del parts[1:]
        self.at = start
        return False

    def letter_follows(self) -> bool:
        """Return whether a hemisphere follows the number just read."""
        start = self.at
        letter = self.trailing_letter()
        self.at = start
        return letter is not None

    def number(self, *, prefixed: bool) -> str:
        """Read one number, with a decimal comma where a mark or letter proves that it is just one."""
        token, comma, decimals, after = (self.peek(ahead) for ahead in range(4))
        self.at += 1
        glued = comma.start == token.end and decimals.start == comma.end and comma.text == ","
        if not glued or decimals.kind != NUMBER or not (token.text + decimals.text).isdigit():
            return token.text
        marked = after.text.lower() in _DEGREE | _MINUTE | _SECOND
        if not (prefixed or marked or self.hemisphere(2)):
            return token.text
        self.at += 2
        return f"{token.text}.{decimals.text}"

    def marked_part(self, parts: list[str], marks: frozenset[str], *, prefixed: bool) -> bool:
        """Read minutes or seconds: a number with its mark, or the last one before a letter without a mark."""
        start = self.at
        if self.peek().text == "," and self.peek(2).kind == WORD and self.peek(2).text.lower() in marks:
            self.at += 1  # 48 degrees, 51 minutes
        if self.peek().kind != NUMBER or self.peek().text.startswith("."):
            self.at = start
            return False  # 48°.85 has no minutes
        part = self.number(prefixed=False)
        mark = self.peek().text.lower()
        if mark == "'" and self.peek(1).text == "'" and self.peek(1).start == self.peek().end:
            mark = "''"
        if self.peek().text == "S" and self.hemisphere(1) is None:
            mark = ""  # 30S is thirty seconds, south
        if mark in marks:
            self.at += len(mark) if mark == "''" else 1
        elif not (prefixed or self.hemisphere()):
            self.at = start
            return False
        parts.append(part)
        return True

    def glued_colon(self) -> bool:
        """Return whether a colon and a number are glued to the last number."""
        colon, number = self.peek(), self.peek(1)
        glued = colon.start == self.end() and number.start == colon.end
        return colon.text == ":" and number.kind == NUMBER and glued

    def spaced_parts(self, *, prefixed: bool) -> int:
        """Return how many space-separated numbers are minutes and seconds: a letter must prove it."""
        count = 0
        while count < 2 and self.peek(count).kind == NUMBER:
            count += 1
        return count if prefixed or self.hemisphere(count) else 0

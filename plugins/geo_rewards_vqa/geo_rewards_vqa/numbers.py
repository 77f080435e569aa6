"""Read a short text as one number with an optional unit, exactly (as a fraction)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from geo_rewards_vqa.number_words import MULTIPLES, NUMBER_WORDS, read_number_words
from geo_rewards_vqa.plain import MAX_CHARACTERS, unwrapped


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit.

    Attributes:
        value: The number as written: 50 for "50 %".
        unit: Its unit in one spelling, or an empty string.
    """

    value: Fraction
    unit: str = ""


_MAX_UNIT_WORDS = 4
_SIGN = re.compile(r"(?:(?P<minus>-|minus |negative )|\+)? ?", re.IGNORECASE)
_CURRENCY = re.compile(r"[$€£¥] ?")
_COUNTED = re.compile(r"there (?:is|are|was|were) ", re.IGNORECASE)
_GLUED_FRACTION = re.compile(r"(?<=\d)(?=[¼½¾⅐-⅞])")
_SUPERSCRIPT = re.compile(r"(?<=\d)([⁺⁻]?[⁰¹²³⁴-⁹]+)")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{(\d{1,30})\}\{(\d{1,30})\}")
_FRACTION = re.compile(r"(?:(?P<whole>\d{1,30}) )?(?P<over>\d{1,30}) ?/ ?(?P<under>\d{1,30})(?![\d.,]*\d)")
_DECIMAL = re.compile(
    r"""
      (?P<commas>[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?)           # 1,234,567.8
    | (?P<spaces>[1-9]\d{0,2}(?:[ '_]\d{3})+(?:[.,]\d+)?)     # 1 234 567.8, the standard's way
    | (?P<dots>[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d+)?)          # 1.234.567
    | (?P<dots_comma>[1-9]\d{0,2}(?:\.\d{3})+,\d+)            # 1.234,5
    | (?P<plain>\d{1,30}(?:[.,]\d{1,30})?|\.\d{1,30})         # 1234, 1234.5, 1234,5
    """,
    re.VERBOSE,
)
_EXPONENT = re.compile(
    r"e([+-]?\d{1,2})(?![\d.])|(?: ?[x×*·] ?)10\^?\{?([+-]\d{1,2}|(?<=[\^{])\d{1,2})\}?", re.IGNORECASE
)
_UNIT_WORD = re.compile(r"[^\W\d_]+(?:\^?[23])?(?:[/-][^\W\d_]+(?:\^?[23])?)*|°[cf]?|[%$€£¥]")

# With one of these after it, a number does not mean just that number.
# fmt: off
_NO_UNIT = NUMBER_WORDS | {
    "or", "and", "to", "not", "no", "nor", "but", "plus", "minus", "times", "than", "versus",
    "maybe", "perhaps", "possibly", "probably", "approximately", "about", "around", "roughly",
    "more", "less", "fewer", "least", "most", "over", "under", "up", "between", "point", "half",
    "halves", "third", "thirds", "quarter", "quarters", "fourths", "fifths", "tenths", "st", "nd",
    "rd", "th", "e", "x", "wrong", "incorrect", "false", "untrue", "impossible", "excluded", "ruled",
    "rejected", "never", "none", "cannot", "except", "without",
}
# fmt: on
_SPELLINGS = {
    spelling: names.split("|")[0]
    for names in (
        "%|percent|per cent|pct",
        "°|deg|degs|degree|degrees",
        "°c|celsius|degrees celsius|degree celsius",
        "°f|fahrenheit|degrees fahrenheit|degree fahrenheit",
        "$|usd|dollar|dollars|us dollars",
        "€|eur|euro|euros",
        "£|gbp|pound sterling|pounds sterling",
        "¥|jpy|yen",
        "mm|millimeter|millimeters|millimetre|millimetres",
        "cm|centimeter|centimeters|centimetre|centimetres",
        "m|meter|meters|metre|metres",
        "km|kilometer|kilometers|kilometre|kilometres",
        "mi|mile|miles",
        "ft|foot|feet",
        "g|gram|grams",
        "kg|kilogram|kilograms|kilos",
        "s|sec|secs|second|seconds",
        "min|mins|minute|minutes",
        "h|hr|hrs|hour|hours",
        "km/h|kmh|kph|kilometers per hour|kilometres per hour",
    )
    for spelling in names.split("|")
}


def read_quantity(text: str) -> Quantity | None:
    """Return the number that a text consists of, or None for several numbers, ranges and sentences.

    Reads signs, thousands separators (comma; space, apostrophe or repeated dots), decimal points
    and commas, exponents, fractions and mixed numbers, number words, a currency or percent sign, and a
    unit of up to four words.

    >>> read_quantity("1,234.5 km")
    Quantity(value=Fraction(2469, 2), unit='km')
    >>> read_quantity("two"), read_quantity("2 or 3"), read_quantity("2-3")
    (Quantity(value=Fraction(2, 1), unit=''), None, None)
    """
    if len(text) > MAX_CHARACTERS:
        return None
    text = _LATEX_FRACTION.sub(r"\1/\2", unwrapped(_apart(text)))
    counted = _COUNTED.match(text)
    text = text[counted.end() :] if counted else text
    sign = _SIGN.match(text)
    start = sign.end() if sign else 0
    currency = _CURRENCY.match(text, start)
    rest = text[currency.end() if currency else start :]
    found = _read_fraction(rest) or _read_decimal(rest) or _read_words(rest)
    if found is None:
        return None
    value, tail = found
    unit = _read_unit(tail)
    if unit is None or (currency and unit):
        return None
    negative = sign is not None and sign["minus"]
    return Quantity(-value if negative else value, currency[0].strip() if currency else unit)


def same_quantity(
    answer: Quantity, truth: Quantity, *, relative_tolerance: float = 0.0, absolute_tolerance: float = 0.0
) -> bool:
    """Return whether an answer is the true number, within the larger of two tolerances.

    Either side may omit the unit; different units do not match. Units are not converted, except that 50 %
    equals 0.5.

    >>> same_quantity(Quantity(Fraction(50), "%"), Quantity(Fraction(1, 2)))
    True
    """
    tolerance = max(Fraction(relative_tolerance) * abs(truth.value), Fraction(absolute_tolerance))
    if answer.unit and truth.unit:
        return _same_unit(answer.unit, truth.unit) and abs(answer.value - truth.value) <= tolerance
    if abs(answer.value - truth.value) <= tolerance:
        return True
    if truth.unit == "%":
        return abs(100 * answer.value - truth.value) <= tolerance
    return answer.unit == "%" and abs(answer.value / 100 - truth.value) <= tolerance


def _apart(text: str) -> str:
    """Split 1½ and 10² before NFKC turns them into 11/2 and 102."""
    return _SUPERSCRIPT.sub(r"^\1", _GLUED_FRACTION.sub(" ", text))


def _read_fraction(text: str) -> tuple[Fraction, str] | None:
    match = _FRACTION.match(text)
    if match is None or int(match["under"]) == 0:
        return None
    return int(match["whole"] or 0) + Fraction(int(match["over"]), int(match["under"])), text[match.end() :]


def _read_decimal(text: str) -> tuple[Fraction, str] | None:
    match = _DECIMAL.match(text)
    if match is None:
        return None
    number, tail = _decimal_digits(match), text[match.end() :]
    value = Fraction(number)
    exponent = _EXPONENT.match(tail)
    if exponent:
        power = int(exponent[1] or exponent[2])
        return value * Fraction(10) ** power, tail[exponent.end() :]
    if re.match(r"k\b", tail, re.IGNORECASE):  # without a space: "5k" is 5000, "5 K" is in kelvins
        return 1000 * value, tail[1:]
    word = re.match(r" ?([a-z]+)\b", tail, re.IGNORECASE)
    if word and word[1].casefold() in MULTIPLES:
        return MULTIPLES[word[1].casefold()] * value, tail[word.end() :]
    return value, tail


def _decimal_digits(match: re.Match[str]) -> str:
    number = match[0]
    if match["commas"]:
        return number.replace(",", "")
    if match["dots"] or match["dots_comma"]:
        return number.replace(".", "").replace(",", ".")
    return re.sub(r"[ '_]", "", number).replace(",", ".")


def _read_words(text: str) -> tuple[Fraction, str] | None:
    words = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text.casefold()).split()
    found = read_number_words(words)
    return None if found is None else (Fraction(found[0]), " ".join(["", *words[found[1] :]]))


def _read_unit(tail: str) -> str | None:
    """Return the unit that follows a number: empty if nothing does, None if it is not a unit."""
    words = tail.casefold().split()
    if len(words) > _MAX_UNIT_WORDS or not all(map(_UNIT_WORD.fullmatch, words)):
        return None
    if any(part in _NO_UNIT for word in words for part in re.split(r"[/-]", word)):
        return None
    unit = " ".join(words)
    return _SPELLINGS.get(unit, unit)


def _same_unit(one: str, other: str) -> bool:
    return one == other or one.removesuffix("s") == other.removesuffix("s")

"""Axis, hemisphere and sign words of every supported language, turned into their English equivalents.

One table: supporting another word takes just one more entry here. Each word becomes one character
(`N`, `-`, a character of `AXIS_CHARACTERS`) and spaces, so that the text keeps its length.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo_rewards.system.first_use import lazy_property

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo_rewards.parse.angles import Axis

# Private characters: `normalise` removes them all, so a text cannot contain them.
LATITUDE, LONGITUDE, HEMISPHERE, OTHERWISE, DENIAL = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
AXIS_CHARACTERS: dict[str, Axis] = {LATITUDE: "lat", LONGITUDE: "lon"}

_AXES = {
    LATITUDE: (
        *("latitud", "latitudine", "latitudinea", "breite", "breitengrad", "breedtegraad", "breddegrad"),
        *("широта", "широте", "широты", "широту", "šířka", "enlem", "lintang", "leveysaste", "πλάτος"),
        *("szerokość geograficzna", "szerokość", "geografische breite", "خط العرض"),
    ),
    LONGITUDE: (
        *("longitud", "longitudine", "longitudinea", "länge", "laenge", "längengrad", "laengengrad"),
        *("lengtegraad", "længdegrad", "lengdegrad", "долгота", "долготе", "долготы", "долготу", "довгота"),
        *("délka", "boylam", "bujur", "pituusaste", "μήκος", "długość geograficzna", "długość"),
        *("geografische länge", "خط الطول"),
    ),
}
# Unmistakable anywhere.
_DIRECTIONS = {
    "N": ("norte", "noord", "nördlich", "nördliche", "nördlicher", "север", "северная", "północ", "kuzey"),
    "S": ("sul", "zuid", "süd", "sued", "südlich", "südliche", "südlicher", "южная", "południe", "güney"),
    "E": ("leste", "oost", "östlich", "östliche", "östlicher", "восток", "восточная", "wschód", "doğu"),
    "W": ("oeste", "ouest", "ovest", "westlich", "westliche", "westlicher", "запад", "западная", "zachód"),
}
# Ambiguous (`sur` is French for on, `est` for is): directions only next to a number and not before a word.
_DIRECTIONS_AT_NUMBERS = {
    "N": ("northern", "nord", "septentrional"),
    "S": ("southern", "sur", "sud", "юг", "syd", "söder", "meridional"),
    "E": ("eastern", "este", "est", "ost", "öst", "oriental"),
    "W": ("western", "occidental", "batı", "väst", "vest"),
}
# After a number; a period and a space may follow each letter.
_ABBREVIATIONS = {
    "N": (
        "above the equator",
        "north of the equator",
        "с.ш.",
        "с. ш.",
        "n. br.",
        "n.br.",
        "северной широты",
        "nördlicher breite",
        "lintang utara",
    ),
    "S": (
        "below the equator",
        "south of the equator",
        "under the equator",
        "ю.ш.",
        "ю. ш.",
        "s. br.",
        "s.br.",
        "южной широты",
        "südlicher breite",
        "lintang selatan",
    ),
    "E": ("в.д.", "в. д.", "ö. l.", "ö.l.", "восточной долготы", "östlicher länge", "bujur timur"),
    "W": ("з.д.", "з. д.", "w. l.", "w.l.", "западной долготы", "westlicher länge", "bujur barat"),
}
_HEMISPHERES = {
    "N": ("northern", "north", "hemisferio norte", "hemisfério norte", "hémisphère nord", "nordhalbkugel"),
    "S": ("southern", "south", "hemisferio sur", "hemisfério sul", "hémisphère sud", "südhalbkugel"),
    "E": ("eastern", "east", "hemisferio este", "hemisfério leste", "hémisphère est"),
    "W": ("western", "west", "hemisferio oeste", "hemisfério oeste", "hémisphère ouest"),
}
_MINUS_WORDS = ("negative", "neg", "menos", "moins", "meno", "минус", "eksi")
_OTHERWISE = ("oder", "bis", "ou", "или", "либо", "до", "oppure", "tot", "lub", "veya")
_DENIALS = ("nicht", "kein", "keine", "keinesfalls", "pas", "не", "niet", "nie", "değil")
_UNITS = {
    "°": (
        "grado",
        "grados",
        "grau",
        "graus",
        "gradi",
        "grad",
        "degré",
        "degrés",
        "градус",
        "градуса",
        "градусов",
    ),
    "'": ("minuto", "minutos", "minuten", "minuti", "минута", "минуты", "минут"),
    '"': (
        "segundo",
        "segundos",
        "seconde",
        "secondes",
        "sekunden",
        "secondi",
        "секунда",
        "секунды",
        "секунд",
    ),
}
# Patterns for scripts without spaces between words.
_PARTICLES = "(?:は約?|是|为|為|约|約|は|는)?"  # "the latitude is"
_AXES_UNSPACED = {
    LATITUDE: f"(?:[纬緯]度|위도){_PARTICLES}",
    LONGITUDE: f"(?:[经經経]度|경도){_PARTICLES}",
}
_PREFIXES_UNSPACED = {
    "N": "北[纬緯]|북위",
    "S": "南[纬緯]|남위",
    "E": "[东東][经經経]|동경",
    "W": "西[经經経]|서경",
}
_SUFFIXES_UNSPACED = {"N": "北", "S": "南", "E": "[东東]", "W": "西"}
_HEMISPHERES_UNSPACED = {"N": "北半球|북반구", "S": "南半球|남반구", "E": "[东東]半球", "W": "西半球"}
_MINUS_UNSPACED = "[负負]|マイナス|마이너스"
_OTHERWISE_UNSPACED = "或者?|还是|至|到|または|から|또는|에서|～|〜"
_DENIALS_UNSPACED = "不是|并非|非|ではない|じゃない|아니"
_UNITS_UNSPACED = {"°": "[度도]", "'": "[分분]", '"': "[秒초]"}

_AT_NUMBER = r"(?:(?<=[0-9°'\"(] )|(?<=[0-9°'\"(]))"
_BEFORE_NO_WORD = r"(?![ \t]{1,3}(?!(?:and|y|e|et|und|en|и)\b)[^\W\d_])"


def _word(words: Iterable[str]) -> str:
    """Return a pattern for any of the words, longest first, not adjacent to a letter."""
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return rf"(?<![^\W\d_])(?:{either})(?![^\W\d_])"


def _spaced() -> dict[str, list[str]]:
    """Return, for every character, the patterns of the words that become it, most specific first."""
    found: dict[str, list[str]] = {}
    for letter in "NSEW":
        english = rf"(?<![^\W\d_])(?:{'|'.join(_HEMISPHERES[letter][:2])}|{letter}\.?) hemisphere(?![^\W\d_])"
        found[letter + HEMISPHERE] = [english, _word(_HEMISPHERES[letter][2:])]
    for letter in "NSEW":
        found[letter] = [
            _AT_NUMBER + rf"(?:{_word(_ABBREVIATIONS[letter])})",
            _word(_DIRECTIONS[letter]),
            _AT_NUMBER + _word(_DIRECTIONS_AT_NUMBERS[letter]) + _BEFORE_NO_WORD,
        ]
    for character, words in _AXES.items():
        found[character] = [_word(words)]
    minuses = "|".join(_MINUS_WORDS)
    found["-"] = [
        rf"\( ?(?:-|minus|{minuses}) ?\) ?(?=[0-9])",
        rf"(?<![^\W\d_])(?:{minuses})\.? {{1,2}}(?=[0-9])",
        r"(?<![^\W\d_])(?<![:=])(?<![:=] )minus {1,2}(?=[0-9])",  # nobody writes it after a label: refused
    ]
    found[OTHERWISE], found[DENIAL] = [_word(_OTHERWISE)], [_word(_DENIALS)]
    for character, words in _UNITS.items():
        found[character] = [_AT_NUMBER + _word(words)]
    return found


def _unspaced() -> dict[str, list[str]]:
    """Return the same for scripts without spaces between words."""
    found: dict[str, list[str]] = {}
    for letter in "NSEW":
        found[letter + HEMISPHERE] = [_HEMISPHERES_UNSPACED[letter]]
    for letter in "NSEW":
        found[letter] = [
            rf"(?:{_PREFIXES_UNSPACED[letter]})[\s:约約]{{0,3}}(?=[0-9])",
            rf"{_AT_NUMBER}(?:{_SUFFIXES_UNSPACED[letter]})(?![^\W\d_])",
        ]
    found.update({character: [pattern] for character, pattern in _AXES_UNSPACED.items()})
    found["-"] = [rf"(?:{_MINUS_UNSPACED}) ?(?=[0-9])"]
    found[OTHERWISE], found[DENIAL] = [_OTHERWISE_UNSPACED], [_DENIALS_UNSPACED]
    for character, unit in _UNITS_UNSPACED.items():
        found[character] = [rf"(?<=[0-9]){unit}|(?<=[0-9] ){unit}(?![^\W\d_])"]
    return found


_OF_NUMBERS = frozenset("-NSEW")


class _Rules:
    """A pattern with one group for each character that words become."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        self._table = table
        self.characters = tuple(table)

    @lazy_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern, compiled when a text first has one of the words."""
        groups = (f"({'|'.join(patterns)})" for patterns in self._table.values())
        return re.compile("|".join(groups), re.IGNORECASE)

    def applied(self, text: str) -> str:
        """Return the text with the words replaced."""
        return self.pattern.sub(self._character, text)

    def _character(self, match: re.Match[str]) -> str:
        """Return the character for a word, padded so that it is next to its number."""
        written = match.group()
        character = self.characters[(match.lastindex or 1) - 1]
        at_number = character in _OF_NUMBERS and match.string[match.end() : match.end() + 1].isdigit()
        return character.rjust(len(written)) if at_number else character.ljust(len(written))


_LETTERS = re.compile(r"[^\W\d_]+")
_SPACED, _UNSPACED = _Rules(_spaced()), _Rules(_unspaced())


def _telling_words() -> frozenset[str]:
    """Return words such that every phrase in the table contains one of them."""
    tables = (_AXES, _DIRECTIONS, _DIRECTIONS_AT_NUMBERS, _ABBREVIATIONS, _UNITS)
    phrases = [phrase for table in tables for words in table.values() for phrase in words]
    phrases += [phrase for words in _HEMISPHERES.values() for phrase in words[2:]]
    words = {max(_LETTERS.findall(phrase), key=len) for phrase in phrases}
    return frozenset({*words, *_MINUS_WORDS, *_OTHERWISE, *_DENIALS, "minus", "hemisphere"})


_TELLING = _telling_words()
_UNSPACED_SCRIPT = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af\u301c\uff5e]")


def in_english(text: str) -> str:
    """Return a normalised text of the same length, its axis, hemisphere and sign words as characters.

    >>> in_english("40.4° norte, 3.7° oeste")
    '40.4° N    , 3.7° W    '
    """
    if not _TELLING.isdisjoint(_LETTERS.findall(text.lower())) or "(-" in text or "( -" in text:
        text = _SPACED.applied(text)
    return text if text.isascii() or not _UNSPACED_SCRIPT.search(text) else _UNSPACED.applied(text)

"""Axis, hemisphere and sign words in every language that is read, turned into what English texts say.

One table: a word of another language is one more entry here and nothing else. Each word becomes one character
(`N`, `-`, a character of `AXIS_CHARACTERS`) and spaces, so that the text keeps its length.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo_rewards.parse.angles import Axis

# Private characters: `normalise` lets none of them through, so a text cannot write them.
LATITUDE, LONGITUDE, HEMISPHERE, OTHERWISE = "\ue000", "\ue001", "\ue002", "\ue003"
AXIS_CHARACTERS: dict[str, Axis] = {LATITUDE: "lat", LONGITUDE: "lon"}

_AXES = {
    LATITUDE: (
        *("latitud", "latitudine", "latitudinea", "breite", "breitengrad", "breedtegraad", "breddegrad"),
        *("широт[аеуы]", "šířka", "enlem", "lintang", "leveysaste", "πλάτος"),
        *("szerokość(?: geograficzna)?", "geografische breite", "خط العرض"),
    ),
    LONGITUDE: (
        *("longitud", "longitudine", "longitudinea", "länge", "laenge", "längengrad", "laengengrad"),
        *("lengtegraad", "længdegrad", "lengdegrad", "долгот[аеуы]", "довгот[аиу]", "délka", "boylam"),
        *("bujur", "pituusaste", "μήκος", "długość(?: geograficzna)?", "geografische länge", "خط الطول"),
    ),
}
_AXES_UNSPACED = {LATITUDE: ("[纬緯]度", "위도"), LONGITUDE: ("[经經経]度", "경도")}
# Unmistakable wherever they stand.
_DIRECTIONS = {
    "N": ("norte", "noord", "nördlich(?:er|e)?", "север(?:н(?:ая|ой|ого))?", "północ(?:na|nej)?", "kuzey", "nordlig"),
    "S": ("sul", "zuid", "süd", "südlich(?:er|e)?", "sued", "южн(?:ая|ой|ого)", "południ(?:e|owa|owej)", "güney"),
    "E": ("leste", "östlich(?:er|e)?", "oost", "восточн(?:ая|ой|ого)", "восток", "wsch[oó]d(?:nia|niej)?", "doğu"),
    "W": ("oeste", "ouest", "ovest", "westlich(?:er|e)?", "западн(?:ая|ой|ого)", "запад", "zach[oó]d(?:nia|niej)?"),
}
# Other words too (`sur` is French for on, `est` for is): directions only next to a number and before no word.
_DIRECTIONS_AT_NUMBERS = {
    "N": ("northern", "nord", "septentrional"),
    "S": ("southern", "sur", "sud", "юг", "syd", "söder", "meridional"),
    "E": ("eastern", "este", "est", "ost", "öst", "oriental"),
    "W": ("western", "occidental", "batı", "väst", "vest"),
}
_ABBREVIATIONS = {
    "N": (r"с\. ?ш\.?", r"n\. ?br\.", r"lat\. ?n\.", "северной широты", "nördlicher breite", "lintang utara"),
    "S": (r"ю\. ?ш\.?", r"s\. ?br\.", "южной широты", "südlicher breite", "lintang selatan"),
    "E": (r"в\. ?д\.?", r"ö\. ?l\.", "восточной долготы", "östlicher länge", "bujur timur"),
    "W": (r"з\. ?д\.?", r"w\. ?l\.", "западной долготы", "westlicher länge", "bujur barat"),
}
_PREFIXES_UNSPACED = {
    "N": ("北[纬緯]", "북위"),
    "S": ("南[纬緯]", "남위"),
    "E": ("[东東][经經経]", "동경"),
    "W": ("西[经經経]", "서경"),
}
_SUFFIXES_UNSPACED = {"N": ("北",), "S": ("南",), "E": ("[东東]",), "W": ("西",)}
_HEMISPHERES = {
    "N": ("北半球", "hemisferio norte", "hemisfério norte", "hémisphère nord", "emisfero nord", "nordhalbkugel"),
    "S": ("南半球", "hemisferio sur", "hemisfério sul", "hémisphère sud", "emisfero sud", "südhalbkugel"),
    "E": ("东半球", "東半球", "hemisferio este", "hémisphère est"),
    "W": ("西半球", "hemisferio oeste", "hémisphère ouest"),
}
_ENGLISH_HEMISPHERES = {
    "N": r"north(?:ern)?|n\.?",
    "S": r"south(?:ern)?|s\.?",
    "E": r"east(?:ern)?|e\.?",
    "W": r"west(?:ern)?|w\.?",
}
_MINUS_WORDS = ("negative", "neg", "menos", "moins", "meno", "минус", "minusz", "マイナス", "마이너스", "eksi")
_OTHERWISE = (
    *("oder", "bis", "nicht", "o bien", "ou", "pas", "или", "либо", "до", "не", "oppure", "tot", "lub", "veya"),
    *("或者?", "还是", "至", "到", "不是", "または", "から", "또는", "에서", "～", "〜"),
)
_UNITS_UNSPACED = {"°": "[度도]", "'": "[分분]", '"': "[秒초]"}
_UNITS = {
    "°": ("grados?", "graus?", "gradi", "grade", "grad", "degrés?", "градус(?:а|ов)?", "graden"),
    "'": ("minutos?", "minuten", "minuti", "минут[аы]?"),
    '"': ("segundos?", "secondes?", "sekunden", "secondi", "секунд[аы]?"),
}


def _either(*words: str) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


def _word(*words: str) -> str:
    """Return a pattern for any of the words with no letter next to it."""
    return rf"(?<![^\W\d_])(?:{_either(*words)})(?![^\W\d_])"


_BEHIND_NUMBER = r"(?<=[0-9°'\"(] )|(?<=[0-9°'\"(])"
_BEFORE_NO_WORD = r"(?![^\W\d_])(?!\s{1,3}(?!(?:and|y|e|et|und|en|и)\b)[^\W\d_])"


def _patterns() -> dict[str, list[str]]:
    """Return for every character the patterns of what it replaces, the more telling first."""
    found: dict[str, list[str]] = {letter + HEMISPHERE: [] for letter in "NSEW"}
    for letter in "NSEW":
        english = rf"(?<![^\W\d_])(?:{_ENGLISH_HEMISPHERES[letter]}) hemisphere(?![^\W\d_])"
        found[letter + HEMISPHERE] = [_either(*_HEMISPHERES[letter]), english]
    found.update({character: [] for character in (LATITUDE, LONGITUDE, *"NSEW")})
    for letter in "NSEW":
        found[letter] += [
            rf"(?<![^\W\d_])(?:{_either(*_ABBREVIATIONS[letter])})(?![^\W\d_])",
            rf"(?:{_either(*_PREFIXES_UNSPACED[letter])})[\s:约約]{{0,3}}(?=[0-9])",
            _word(*_DIRECTIONS[letter]),
            rf"(?:{_BEHIND_NUMBER})(?:{_either(*_DIRECTIONS_AT_NUMBERS[letter])}){_BEFORE_NO_WORD}",
            rf"(?:{_BEHIND_NUMBER})(?:{_either(*_SUFFIXES_UNSPACED[letter])})(?![^\W\d_])",
        ]
    for character, words in _AXES.items():
        found[character] += [_word(*words), _either(*_AXES_UNSPACED[character])]
    found["-"] = [
        rf"\( ?(?:-|minus|{_either(*_MINUS_WORDS)}) ?\) ?(?=[0-9])",
        rf"(?<![^\W\d_])(?:{_either(*_MINUS_WORDS)})\.? {{1,2}}(?=[0-9])",
        r"(?<![^\W\d_])(?<![:=])(?<![:=] )minus {1,2}(?=[0-9])",
        "[负負] ?(?=[0-9])",
    ]
    found[OTHERWISE] = [_word(*(word for word in _OTHERWISE if word < "\u3000")), _either(*(w for w in _OTHERWISE if w > "\u3000"))]
    for character, unit in _UNITS_UNSPACED.items():
        found[character] = [rf"(?<=[0-9]){unit}|(?<=[0-9] ){unit}(?![^\W\d_])", rf"(?:{_BEHIND_NUMBER}){_word(*_UNITS[character])}"]
    return found


_REPLACED = _patterns()
_CHARACTERS = tuple(_REPLACED)
_PATTERN = re.compile("|".join(f"({'|'.join(patterns)})" for patterns in _REPLACED.values()), re.IGNORECASE)
_RIGHT = frozenset({"-", *"NSEW"})  # they belong to the number after them, if any


def in_english(text: str) -> str:
    """Return a normalised text with its axis, hemisphere and sign words as characters, of the same length.

    >>> in_english("40.4° norte, 3.7° oeste")
    '40.4° N    , 3.7° W    '
    """
    return _PATTERN.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    """Return the character of a word, at the side of the number that it belongs to."""
    written = match.group()
    character = _CHARACTERS[(match.lastindex or 1) - 1]
    at_number = match.end() < len(match.string) and match.string[match.end()].isdigit()
    if character in _RIGHT and at_number:
        return character.rjust(len(written))
    return character.ljust(len(written))

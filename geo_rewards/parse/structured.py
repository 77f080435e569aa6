"""JSON objects and Python dicts in a text, read without `eval` and without unbounded recursion.

More lenient than JSON, as models are: single quotes, bare words, tuples, trailing commas, comments. Values
keep their text as written, so that numbers are judged by only one reader.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from geo_rewards.parse.findings import RefusedError, shown
from geo_rewards.types import ProblemKind

MAX_DEPTH = 8
_PIECE = re.compile(
    r"(?:\s|//[^\n]*+|/\*[^*]{0,200}\*/|\#[^\n]*+)*+(?:"
    r'"(?P<double>(?:[^"\\]|\\.)*+)"'
    r"|'(?P<single>(?:[^'\\]|\\.)*+)'"
    r"|(?P<mark>[{}\[\](),:])"
    r"|(?P<bare>[^\s{}\[\](),:\"'“”‘’„‟，：]++)"
    r")",
    re.DOTALL,
)
_CLOSERS = {"[": "]", "(": ")"}


@dataclass(frozen=True, slots=True)
class Text:
    """A string: its characters, with escapes resolved."""

    text: str


@dataclass(frozen=True, slots=True)
class Bare:
    """Anything unquoted: a number, ``null``, ``True``, a word."""

    text: str


@dataclass(frozen=True, slots=True)
class Array:
    """A list or tuple: its elements, its opening bracket, and how it is written."""

    elements: list[Node]
    bracket: str
    text: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """An object or dict: its fields, and how it is written."""

    fields: dict[str, Node]
    text: str


Node = Text | Bare | Array | Mapping


def parse_object(source: str, start: int) -> tuple[Mapping, int]:
    """Return the object that starts at an index, and where it ends.

    Raises:
        RefusedError: If it is unreadable, nested too deeply, or has a duplicate key.

    >>> parse_object("{'lat': 48.85}", 0)[0].fields
    {'lat': Bare(text='48.85')}
    """
    walk = _Walk(source, start)
    walk.expect("{")
    return walk.mapping(start, depth=1), walk.at


class _Walk:
    """A position in a source text; every piece is matched once."""

    def __init__(self, source: str, start: int) -> None:
        self.source = source
        self.at = start
        self.kind = ""
        self.piece = ""

    def next(self) -> None:
        """Advance by one piece."""
        match = _PIECE.match(self.source, self.at)
        if match is None or match.lastgroup is None:
            raise self.unreadable()
        self.at = match.end()
        self.kind = match.lastgroup
        self.piece = match[match.lastgroup]

    def expect(self, mark: str) -> None:
        """Advance by one piece, which must be this mark."""
        self.next()
        if not self.is_mark(mark):
            raise self.unreadable()

    def is_mark(self, mark: str) -> bool:
        """Return whether the current piece is this mark."""
        return self.kind == "mark" and self.piece == mark

    def unreadable(self) -> RefusedError:
        """Return the error for an object that is incomplete or breaks the grammar."""
        where = self.source[max(self.at - 10, 0) : self.at + 10]
        return RefusedError(ProblemKind.UNREADABLE_OBJECT, f"near {shown(where)}, expected a JSON object")

    def mapping(self, start: int, *, depth: int) -> Mapping:
        """Read fields up to the closing brace; the opening one has been read."""
        fields: dict[str, Node] = {}
        self.next()
        while not self.is_mark("}"):
            if self.kind == "mark":
                raise self.unreadable()
            key = self.scalar().text
            if key in fields:
                raise RefusedError(ProblemKind.DUPLICATE_KEY, f"{shown(key)} twice in one object")
            self.expect(":")
            self.next()
            fields[key] = self.value(depth=depth)
            self.separator("}")
        return Mapping(fields, self.source[start : self.at])

    def array(self, bracket: str, start: int, *, depth: int) -> Array:
        """Read elements up to the closing bracket; the opening one has been read."""
        elements: list[Node] = []
        self.next()
        while not self.is_mark(_CLOSERS[bracket]):
            elements.append(self.value(depth=depth))
            self.separator(_CLOSERS[bracket])
        return Array(elements, bracket, self.source[start : self.at])

    def separator(self, closer: str) -> None:
        """Advance to the next element or to the closing mark."""
        self.next()
        if self.is_mark(","):
            self.next()
        elif not self.is_mark(closer):
            raise self.unreadable()

    def value(self, *, depth: int) -> Node:
        """Read the value that the current piece starts."""
        if self.kind != "mark":
            return self.scalar()
        if depth >= MAX_DEPTH:
            raise RefusedError(ProblemKind.UNREADABLE_OBJECT, f"more than {MAX_DEPTH} levels deep")
        start = self.at - 1
        if self.piece == "{":
            return self.mapping(start, depth=depth + 1)
        if self.piece in _CLOSERS:
            return self.array(self.piece, start, depth=depth + 1)
        raise self.unreadable()

    def scalar(self) -> Text | Bare:
        """Return the current piece as a string or a bare word."""
        if self.kind == "bare":
            return Bare(self.piece)
        return Text(_unescape(self.piece) if "\\" in self.piece else self.piece)


def _unescape(text: str) -> str:
    """Resolve JSON escapes; a text with other escapes is left unchanged."""
    quoted = text.replace("\\'", "'")
    try:
        resolved = json.loads(f'"{quoted}"', strict=False)
    except ValueError:
        return text
    return resolved if isinstance(resolved, str) else text

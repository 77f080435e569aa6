"""Rows of JSON: one object per line, or one list; read strictly."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from geo_rewards.data.problems import BadRow
from geo_rewards.data.reading.json_faults import json_fault
from geo_rewards.data.reading.kinds import BOM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_JSON_SPACE = " \t\r\n"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_INFINITE = (float("inf"), float("-inf"))
_FLAT = frozenset({str, int, float, bool, type(None)})
_LIMIT = "Exceeds the limit"


def read_line(raw: bytes) -> Any:
    """Return the value of a line, or a `BadRow` that says why there is none.

    Args:
        raw: The line, with or without its end; not blank.
    """
    try:
        text = raw.decode()
        found, end = _scan(text, 0)
    except (ValueError, StopIteration, RecursionError):
        return _read_strictly(raw)
    if type(found) is not tuple or (end != len(text) and text[end:].strip(_JSON_SPACE)):
        return _read_strictly(raw)
    value: dict[str, Any] = dict(found)
    if len(value) != len(found) or ("\\u" in text and _SURROGATE.search(text)):
        return _read_strictly(raw)
    values = value.values()
    if not _FLAT.issuperset(map(type, values)):
        try:
            return {key: _opened(item) for key, item in value.items()}
        except ValueError:
            return _read_strictly(raw)
    if _INFINITE[0] in values or _INFINITE[1] in values:
        return _read_strictly(raw)
    return value


def split_lines(lines: Sequence[bytes], first: int) -> tuple[Sequence[int], list[bytes]]:
    """Return the lines that are not blank, with their numbers.

    Args:
        lines: The lines.
        first: The number of the first one; a byte order mark is taken off line 1.
    """
    kept = list(lines)
    if first == 1 and kept:
        kept[0] = kept[0].removeprefix(BOM)
    if not any(map(bytes.isspace, kept)) and all(kept):
        return range(first, first + len(kept)), kept
    numbered = [(number, raw) for number, raw in enumerate(kept, start=first) if raw.strip()]
    return [number for number, _ in numbered], [raw for _, raw in numbered]


class UnreadRest(BadRow):
    """A fault after which nothing can be read."""


def read_list(raw: bytes) -> Iterator[tuple[int, Any]]:
    """Yield line number and value, or a `BadRow`, of each element of a text that is one JSON list."""
    raw = raw.removeprefix(BOM)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        yield raw.count(b"\n", 0, error.start) + 1, UnreadRest("encoding", str(_not_utf8(error)))
        return
    del raw
    try:
        yield from _elements(text)
    except _ListError as error:
        line = text.count("\n", 0, error.at) + 1
        column = error.at - (text.rfind("\n", 0, error.at) + 1) + 1
        message = f"invalid JSON at column {column}: {error}; nothing after it was read"
        yield line, UnreadRest("json", message)


class _ListError(Exception):
    """What is wrong with a list, and where."""

    def __init__(self, message: str, at: int) -> None:
        self.at = at
        super().__init__(message)


def _elements(text: str) -> Iterator[tuple[int, Any]]:
    at = _skip_space(text, 0)
    if text[at : at + 1] != "[":
        found = "it is empty" if at == len(text) else f"it begins with {text[at : at + 10]!r}"
        raise _ListError(f"a .json file must contain one list of rows, but {found}", at)
    decoder = _Decoder()
    line, counted = 1, 0
    at = _skip_space(text, at + 1)
    closed = text[at : at + 1] == "]"
    while not closed:
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.decode(text, at)
        except json.JSONDecodeError as error:
            raise _ListError(json_fault(error), error.pos) from None
        yield line, decoder.fault or value
        at = _skip_space(text, at)
        closed = text[at : at + 1] == "]"
        if not closed:
            if text[at : at + 1] != ",":
                missing = "the list is not closed" if at == len(text) else "a comma is missing between rows"
                raise _ListError(missing, at)
            comma, at = at, _skip_space(text, at + 1)
            if text[at : at + 1] == "]":
                raise _ListError("a comma before the closing ]", comma)
    end = _skip_space(text, at + 1)
    if end != len(text):
        raise _ListError("text after the end of the list", end)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _JSON_SPACE:
        at += 1
    return at


def _opened(value: Any) -> Any:
    """Return a nested value with its objects, which `_scan` leaves as tuples of pairs, as dicts.

    Raises:
        ValueError: If a key is duplicated or a number is infinite.
    """
    if type(value) is tuple:
        opened = {key: _opened(item) for key, item in value}
        if len(opened) != len(value):
            raise ValueError("duplicated")
        return opened
    if type(value) is list:
        return [_opened(item) for item in value]
    if type(value) is float and value in _INFINITE:
        raise ValueError("infinite")
    return value


def _decline(name: str) -> None:
    raise ValueError(name)


# `tuple` keeps the pairs as they were written, so that a duplicate key shows, and costs no call of Python.
_decoder: Any = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=_decline)
_scan = _decoder.scan_once


def _read_strictly(raw: bytes) -> Any:
    """Return the value of a line, or a `BadRow` with the reason; slower than `read_line`."""
    decoder = _Decoder()
    try:
        text = raw.decode().strip(_JSON_SPACE)
        value, end = decoder.decode(text, 0)
    except UnicodeDecodeError as error:
        return _not_utf8(error)
    except json.JSONDecodeError as error:
        return BadRow("json", f"invalid JSON at column {error.colno}: {json_fault(error)}")
    if end != len(text):
        return BadRow("json", f"invalid JSON at column {end + 1}: {_after(text[end:])}")
    return decoder.fault or value


def _after(rest: str) -> str:
    if rest.lstrip(_JSON_SPACE)[:1] == ",":
        return "a comma after the row; a .jsonl file has one object per line and nothing between them"
    return "text after the value; expected one object per line"


class _Decoder:
    """Decodes one value strictly: what only Python's `json` accepts is kept as `fault`; reading continues."""

    def __init__(self) -> None:
        self.fault: BadRow | None = None
        self._json = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._constant, parse_float=self._float
        )

    def decode(self, text: str, at: int) -> tuple[Any, int]:
        """Return the value that begins at `at`, and the index after it."""
        self.fault = None
        try:
            value, end = self._json.raw_decode(text, at)
        except RecursionError:
            raise json.JSONDecodeError("nested too deeply", text, at) from None
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            words = "an integer has thousands of digits" if _LIMIT in str(error) else str(error)
            raise json.JSONDecodeError(words, text, at) from None
        if _SURROGATE.search(text, at, end):
            self._check_surrogates(value)
        return value, end

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                self.fault = BadRow("json", f"the key {key!r:.60} is duplicated")
            if type(value) is float and value in _INFINITE:
                self.fault = BadRow(
                    "json", f"the number of {key!r:.60} is beyond the range of floating point"
                )
            result[key] = value
        return result

    def _float(self, text: str) -> float:
        number = float(text)
        if number in _INFINITE and self.fault is None:
            self.fault = BadRow("json", f"the number {text:.40} is beyond the range of floating point")
        return number

    def _constant(self, name: str) -> None:
        self.fault = BadRow("json", f"{name} is not valid JSON; write null for a missing value")

    def _check_surrogates(self, value: Any) -> None:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            self.fault = BadRow("encoding", "a \\u escape is half of a surrogate pair")


def _not_utf8(error: UnicodeDecodeError) -> BadRow:
    return BadRow("encoding", f"byte {error.start + 1} is not valid UTF-8")

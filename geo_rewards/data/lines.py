"""Read one JSON value per row from a `.jsonl` or `.json` file, with its line number."""

from __future__ import annotations

import json
from itertools import compress
from typing import TYPE_CHECKING, Any

from geo_rewards.data.problems import BadRow
from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_BOM = b"\xef\xbb\xbf"
_JSON_SPACE = " \t\r\n"


def read_values(path: Path, *, chosen: Iterable[bool] | None = None) -> Iterator[tuple[int, Any]]:
    """Yield the line number and the value of each row, or a `BadRow` if it cannot be read.

    `.jsonl` is read line by line and blank lines are skipped. `.json` must contain one list; its text
    is in memory once, its rows only one at a time, and nothing after a syntax error can be read.

    Args:
        path: The file.
        chosen: Whether each row, in order, is wanted; None: all are.

    Raises:
        DataError: If the file is missing or has another suffix.
    """
    if _is_jsonl(path):
        yield from _read_jsonl(path, chosen)
    elif chosen is None:
        yield from _read_json(path)
    else:
        wanted = iter(chosen)
        # A fault that hides all rows after it is reported, wanted or not.
        yield from (
            item for item in _read_json(path) if next(wanted, False) or isinstance(item[1], _UnreadRest)
        )


def read_texts(path: Path) -> Iterator[tuple[int, Any, str | None]]:
    """Yield line number, value and text of each row, as `read_values` does.

    The text is None where it is no valid JSON to be written again: in a `.json`, and where a number is
    beyond the range of floats.

    Raises:
        DataError: If the file is missing or has another suffix.
    """
    if not _is_jsonl(path):
        yield from ((line, value, None) for line, value in _read_json(path))
        return
    decoder = _Decoder()
    for number, raw in _jsonl_lines(path):
        decoder.overflow = False
        value, text = _value_of_line(raw, decoder)
        yield number, value, None if decoder.overflow else text


def count_values(path: Path) -> int:
    """Return how many rows `read_values` yields; does not parse them in a `.jsonl` file.

    Raises:
        DataError: If the file is missing or has another suffix.
    """
    if _is_jsonl(path):
        with path.open("rb") as file:
            first = file.readline().removeprefix(_BOM)
            return (not first.isspace() and bool(first)) + sum(not raw.isspace() for raw in file)
    return sum(1 for _ in _read_json(path))


def _is_jsonl(path: Path) -> bool:
    if not path.is_file():
        raise DataError(f"data file {path} does not exist or is not a file")
    suffix = path.suffix.lower()
    if suffix not in {".jsonl", ".json"}:
        raise DataError(f"data file {path} has the suffix {path.suffix!r}; expected .jsonl or .json")
    return suffix == ".jsonl"


def _read_jsonl(path: Path, chosen: Iterable[bool] | None) -> Iterator[tuple[int, Any]]:
    decoder = _Decoder()
    lines = _jsonl_lines(path) if chosen is None else compress(_jsonl_lines(path), chosen)
    for number, raw in lines:
        yield number, _value_of_line(raw, decoder)[0]


def _jsonl_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    # Bytes, because text mode would also split lines at a lone carriage return.
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            stripped = raw.removeprefix(_BOM).strip() if number == 1 else raw.strip()
            if stripped:
                yield number, stripped


def _value_of_line(raw: bytes, decoder: _Decoder) -> tuple[Any, str | None]:
    """Return the value of a line and its text; a `BadRow` and None if there is no value."""
    try:
        text = raw.decode()
        value, end = decoder.decode(text, 0)
    except UnicodeDecodeError as error:
        return _not_utf8(error), None
    except json.JSONDecodeError as error:
        return BadRow("json", f"invalid JSON at column {error.colno}: {error.msg}"), None
    if end != len(text):
        message = f"invalid JSON at column {end + 1}: expected one object per line"
        return BadRow("json", message), None
    return (decoder.fault, None) if decoder.fault else (value, text)


class _UnreadRest(BadRow):
    """A fault after which nothing can be read."""


def _read_json(path: Path) -> Iterator[tuple[int, Any]]:
    raw = path.read_bytes().removeprefix(_BOM)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        yield raw.count(b"\n", 0, error.start) + 1, _UnreadRest("encoding", str(_not_utf8(error)))
        return
    del raw
    try:
        yield from _elements(text)
    except json.JSONDecodeError as error:
        message = f"invalid JSON at column {error.colno}: {error.msg}; nothing after it was read"
        yield error.lineno, _UnreadRest("json", message)


def _elements(text: str) -> Iterator[tuple[int, Any]]:
    at = _skip_space(text, 0)
    if text[at : at + 1] != "[":
        raise json.JSONDecodeError("a .json file must contain a list of rows", text, at)
    decoder = _Decoder()
    line, counted = 1, 0
    at = _skip_space(text, at + 1)
    closed = text[at : at + 1] == "]"
    while not closed:
        line, counted = line + text.count("\n", counted, at), at
        value, at = decoder.decode(text, at)
        yield line, decoder.fault or value
        at = _skip_space(text, at)
        closed = text[at : at + 1] == "]"
        if not closed:
            if text[at : at + 1] != ",":
                raise json.JSONDecodeError("expected a comma or the end of the list", text, at)
            at = _skip_space(text, at + 1)
    end = _skip_space(text, at + 1)
    if end != len(text):
        raise json.JSONDecodeError("text after the end of the list", text, end)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _JSON_SPACE:
        at += 1
    return at


class _Decoder:
    """Decodes one value strictly: what only Python's `json` accepts is kept as `fault`; reading continues."""

    def __init__(self) -> None:
        self.fault: BadRow | None = None
        self.overflow = False
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
        except ValueError as error:  # an integer of thousands of digits
            raise json.JSONDecodeError(str(error), text, at) from None
        if text.find("\\u", at, end) >= 0:
            self._check_surrogates(value)
        return value, end

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            self.fault = BadRow("json", f"the key {twice!r:.60} is duplicated")
        return result

    def _float(self, text: str) -> float:
        number = float(text)
        if number - number != 0.0:
            self.overflow = True
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

"""What is wrong with a text that is not JSON, in words for whoever wrote it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import json

_SHOWN = 20
_WORDS: dict[str, str] = {
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing after the key",
    "Unterminated string starting at": "the text that starts here has no closing quote",
    "Invalid control character at": "a control character inside a text; write \\n for a line break",
    "Invalid \\escape": "a backslash that starts no escape; write \\\\ for a backslash",
    "Invalid \\uXXXX escape": "\\u is not followed by four hexadecimal digits",
    "Extra data": "text after the end of the value",
}
_NOT_JSON: dict[str, str] = {
    "True": "true",
    "False": "false",
    "None": "null",
    "nan": "null",
    "undefined": "null",
}
_WORD = re.compile(r"[A-Za-z]+")


def json_fault(error: json.JSONDecodeError) -> str:
    """Return what a JSON error means, without the parser's own phrase and without the place.

    >>> import json
    >>> try:
    ...     json.loads('{"a": 1,}')
    ... except json.JSONDecodeError as error:
    ...     json_fault(error)
    'a comma before the closing }'
    """
    text, at = error.doc, error.pos
    before, here = text[:at].rstrip(), text[at:].lstrip()
    message = error.msg.split(":")[0] if error.msg.startswith("Invalid \\") else error.msg
    if message.startswith("Illegal trailing comma"):
        return f"a comma before the closing {here[1:].lstrip()[:1]}"
    if message.startswith(("Expecting value", "Expecting property name")):
        return _missing_value(before, here, is_key=message.startswith("Expecting property"))
    if message.startswith("Expecting ',' delimiter") and not here:
        return "it ends in the middle of a value"
    if message.startswith("Expecting ':' delimiter") and not here:
        return "it ends after a key"
    return next((words for start, words in _WORDS.items() if message.startswith(start)), message)


def _missing_value(before: str, here: str, *, is_key: bool) -> str:
    if before.endswith(",") and here[:1] in ("}", "]"):
        return f"a comma before the closing {here[0]}"
    if not here:
        return "it ends in the middle of a value" if before else "it is empty"
    if here[0] == "'":
        return "a text in single quotes; JSON has double quotes only"
    word = _WORD.match(here)
    if word and word[0] in _NOT_JSON:
        return f"{word[0]} is not a JSON value; write {_NOT_JSON[word[0]]}"
    wanted = "a key in double quotes" if is_key else "a value"
    return f"expected {wanted}, found {here[:_SHOWN]!r}"

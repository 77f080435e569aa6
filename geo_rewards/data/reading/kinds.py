"""What a data file is: its kind by its name, what it turns out to be, and the files of a folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from geo_rewards.errors import DataError, need_pyarrow

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["jsonl", "json", "csv", "tsv", "parquet"]
Compression = Literal["gz", "zst"]

KINDS: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".zst": "zst"}
KINDS_OF_TEXT = frozenset({"jsonl", "json", "csv", "tsv"})
EXPECTED = "expected .jsonl, .json, .csv, .tsv or .parquet, each also with .gz or .zst, or a folder of them"

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"ARROW1", "an Arrow file"),
)
BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(r"[^\n]{0,2000}")
_LIST_OF_OBJECTS = re.compile(rb"\[\s*(?:\{|\Z)")
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class FileKind:
    """How a file is read.

    Attributes:
        kind: What it contains.
        compression: How it is compressed, or None.
    """

    kind: Kind
    compression: Compression | None = None


def is_stdin(path: Path) -> bool:
    """Return whether a path is `-`, which means standard input."""
    return str(path) == "-"


def kind_of(path: Path) -> FileKind:
    """Return the kind of a file by its name.

    Raises:
        DataError: If the name has an unknown suffix; names the known ones.
        MissingPackageError: If reading it needs a package that is not installed.
    """
    compression = COMPRESSIONS.get(path.suffix.lower())
    name = path.with_suffix("") if compression else path
    kind = KINDS.get(name.suffix.lower())
    if kind is None:
        suffix = "".join(path.suffixes[-2:]) if compression else path.suffix
        raise DataError(f"data file {path} has the suffix {suffix!r}; {EXPECTED}")
    if kind == "parquet" or compression == "zst":
        need_pyarrow(f"data file {path}")
    return FileKind(kind, compression)


def files_of(path: Path) -> list[Path]:
    """Return the files that a path stands for: itself, those in a folder, or those that match a pattern.

    Files of a folder are in the order of their names; hidden ones and those that begin with `_` are none.

    Raises:
        DataError: If there are none, or they are of different kinds.
    """
    if is_stdin(path) or path.is_file():
        return [path]
    if path.is_dir():
        found = [
            file
            for file in sorted(path.iterdir())
            if file.is_file() and not file.name.startswith((".", "_")) and _is_known(file)
        ]
        return _alike(found, f"folder {path}")
    if not path.exists() and not _GLOB.isdisjoint(path.name):
        found = [file for file in sorted(path.parent.glob(path.name)) if file.is_file()]
        return _alike(found, f"pattern {path}")
    return [path]  # whoever opens it says what is wrong


def _is_known(path: Path) -> bool:
    try:
        kind_of(path)
    except DataError:
        return False
    return True


def _alike(files: list[Path], what: str) -> list[Path]:
    if not files:
        raise DataError(f"{what} contains no data files; {EXPECTED}")
    kinds = {kind_of(file).kind: file for file in files}
    if len(kinds) > 1:
        first, second, *_ = kinds.values()
        raise DataError(
            f"{what} contains files of several kinds, such as {first.name} and {second.name}; name the files "
            "of one kind by a pattern, such as '*.parquet'"
        )
    return files


def found_kind(head: bytes) -> str | None:
    """Return what a file's first bytes show it to be: a `Kind`, a compression, or words; None if unknown."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    text = head.removeprefix(BOM).lstrip()
    if b"\0" in text[:200]:
        return "UTF-16 text" if text[1:2] == b"\0" or text[:1] == b"\0" else "binary data"
    if text[:1] == b"[":
        return "json"
    if text[:1] == b"{":
        return "jsonl"
    first = _HEADER.match(text.decode(errors="replace"))
    header = first[0] if first else ""
    if "\t" in header:
        return "tsv"
    return "csv" if "," in header or ";" in header else None


def is_misnamed_text(head: bytes, kind: Kind) -> bool:
    """Return whether a text whose first bytes are given is plainly of another kind than its name says."""
    text = head.removeprefix(BOM).lstrip()
    first, _, rest = text.partition(b"\n")
    if kind == "jsonl":
        if text[:1] == b"[":
            return _LIST_OF_OBJECTS.match(text) is not None and not (_is_json(first) and rest.strip())
        return found_kind(head) in ("csv", "tsv") and b"\n{" not in text and not _is_json(first)
    if kind == "json":
        return text[:1] == b"{" and rest.lstrip()[:1] == b"{" and first.rstrip()[-1:] == b"}"
    return text[:1] in (b"{", b"[")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


_NAMES = {
    "jsonl": "JSON lines",
    "json": "one JSON list",
    "csv": "comma-separated text",
    "tsv": "tab-separated text",
    "gzip": "gzip-compressed",
    "zstd": "zstd-compressed",
}
_ADVICE = {
    "jsonl": "rename it to .jsonl",
    "json": "rename it to .json",
    "csv": "rename it to .csv",
    "tsv": "rename it to .tsv",
    "parquet": "rename it to .parquet",
    "gzip": "add .gz to its name",
    "zstd": "add .zst to its name",
    "UTF-16 text": "save it as UTF-8",
}


def misnamed(path: Path, found: str) -> DataError:
    """Return the error about a file that is something else than its name says."""
    advice = _ADVICE.get(found, EXPECTED)
    named = "".join(path.suffixes[-2:]) if path.suffix.lower() in COMPRESSIONS else path.suffix
    return DataError(f"{path} is named {named} but is {_NAMES.get(found, found)}; {advice}")

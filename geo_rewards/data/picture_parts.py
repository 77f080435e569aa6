"""What a picture's file contains beside pixels, counted without decoding: thousands of parts take minutes."""

from __future__ import annotations

import os
from typing import BinaryIO

MAX_PARTS = 1_000
"""More than any program writes: text, profiles, EXIF and previews make tens, at most hundreds."""
MAX_SCANS = 200
"""A progressive JPEG has about ten scans; each of them is decoded over the whole picture."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PIXEL_CHUNKS = frozenset({b"IDAT", b"fdAT", b"fcTL"})
_JPEG = b"\xff\xd8"
_START_OF_SCAN, _END_OF_IMAGE, _PROGRESSIVE = 0xDA, 0xD9, 0xC2
_BLOCK = 1 << 20


def excess_of_parts(file: BinaryIO) -> str | None:
    """Return what a PNG or JPEG file has too many of, in words, or None; other formats are not examined.

    Args:
        file: The file, at its start; it is left there.
    """
    begin = file.read(len(_PNG))
    excess: str | None = None
    if begin == _PNG:
        excess = _excess_of_png(file)
    elif begin.startswith(_JPEG):
        file.seek(len(_JPEG))
        excess = _excess_of_jpeg(file)
    file.seek(0)
    return excess


def _excess_of_png(file: BinaryIO) -> str | None:
    parts = 0
    while len(head := file.read(8)) == 8:
        parts += head[4:] not in _PIXEL_CHUNKS or head[:4] == bytes(4)
        if parts > MAX_PARTS:
            return f"has over {MAX_PARTS:,} chunks without pixels"
        file.seek(int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)  # the content and its checksum
    return None


def _excess_of_jpeg(file: BinaryIO) -> str | None:
    """Walk the segments up to the pixels, as Pillow does."""
    is_progressive = False
    for _ in range(MAX_PARTS):
        head = file.read(2)
        if len(head) < 2 or head[0] != 0xFF:
            return None  # cut off or damaged: decoding says so
        marker = head[1]
        if marker == 0xFF:  # a fill byte
            file.seek(-1, os.SEEK_CUR)
        elif marker in (_START_OF_SCAN, _END_OF_IMAGE):
            return _excess_of_scans(file) if is_progressive else None
        else:
            is_progressive = is_progressive or marker == _PROGRESSIVE
            file.seek(max(0, int.from_bytes(file.read(2), "big") - 2), os.SEEK_CUR)
    return f"has over {MAX_PARTS:,} segments before its pixels"


def _excess_of_scans(file: BinaryIO) -> str | None:
    scans, last = 1, b""
    while block := file.read(_BLOCK):
        scans += (last + block).count(bytes((0xFF, _START_OF_SCAN)))
        if scans > MAX_SCANS:
            return f"has over {MAX_SCANS} scans"
        last = block[-1:] if block.endswith(b"\xff") else b""
    return None

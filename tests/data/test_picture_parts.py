"""Files that hold few pixels and much else: refused by what they contain, not after minutes."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from geo_rewards.data.pictures import PictureError, open_picture


def saved(format_name, **options):
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, format_name, **options)
    return file.getvalue()


def chunk(name, content=b""):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(count, name, content=b"", *, after=False):
    whole, parts = saved("PNG"), chunk(name, content) * count
    at = len(whole) - 12 if after else 33
    return whole[:at] + parts + whole[at:]


def jpeg(count, marker, content=b""):
    whole, segment = saved("JPEG"), bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content
    return whole[:2] + segment * count + whole[2:]


def scans(count):
    whole = saved("JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * count + whole[-2:]


PROFILE = b"icc\0\0" + zlib.compress(bytes(900_000), 9)

BOMBS = {
    "texts": (png(200_000, b"tEXt", b"key\0value"), "has over 1,000 chunks without pixels"),
    "texts after the pixels": (png(200_000, b"tEXt", b"key\0value", after=True), "has over 1,000 chunks"),
    "unknown chunks": (png(200_000, b"abCd"), "has over 1,000 chunks"),
    "profiles": (png(5_000, b"iCCP", PROFILE), "has over 1,000 chunks"),
    "empty pixels": (png(200_000, b"IDAT"), "has over 1,000 chunks"),
    "texts that unpack to 64 MB": (
        png(200, b"zTXt", b"key\0\0" + zlib.compress(bytes(900_000), 9)),
        "looks like a decompression bomb: Too much memory used in text chunks",
    ),
    "comments": (jpeg(200_000, 0xFE, b"x"), "has over 1,000 segments before its pixels"),
    "fill bytes": (b"\xff\xd8" + b"\xff" * 5_000_000 + saved("JPEG")[2:], "has over 1,000 segments"),
    "scans": (scans(500), "has over 200 scans"),
}


@pytest.mark.parametrize(("content", "message"), BOMBS.values(), ids=BOMBS)
def test_a_file_of_thousands_of_parts_is_refused(tmp_path, content, message):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PictureError, match=message) as caught:
        open_picture(tmp_path / "a.png")
    assert caught.value.fault == "bomb"


HONEST = {
    "texts": png(100, b"tEXt", b"key\0value"),
    "an animation": saved(
        "PNG",
        save_all=True,
        append_images=[Image.new("RGB", (64, 64), (n % 256, n // 256, 0)) for n in range(1_200)],
    ),
    "a profile in pieces": jpeg(255, 0xE2, b"x" * 1000),
    "a progressive JPEG": saved("JPEG", progressive=True),
    "large EXIF": png(1, b"eXIf", b"II*\0\x08\0\0\0\0\0\0\0\0\0" + bytes(1_000_000)),
}


@pytest.mark.parametrize("content", HONEST.values(), ids=HONEST)
def test_what_cameras_and_programs_write_is_opened(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    assert open_picture(tmp_path / "a.png").size == (64, 64)

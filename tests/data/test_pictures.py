from __future__ import annotations

import logging
import pickle
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from geo_rewards.data.pictures import PictureError, open_picture

RED = (255, 0, 0)


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *, depth: int, colour: int, line: bytes, before: bytes = b"") -> bytes:
    """Return a PNG file whose lines are all the same, with other chunks before its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress((b"\0" + line) * height))
    return b"\x89PNG\r\n\x1a\n" + header + before + pixels + chunk(b"IEND", b"")


def noise() -> np.ndarray:
    """Return the pixels of a picture that cannot be compressed."""
    return np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)


def fault_of(path) -> str:
    """Return the kind of fault of a picture; it is the same when the picture is only checked."""
    faults = set()
    for is_reduced in (False, True):
        with pytest.raises(PictureError) as caught:
            open_picture(path, is_reduced=is_reduced)
        faults.add(caught.value.fault)
    (fault,) = faults
    return fault


def test_a_picture_is_read_in_rgb(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 3), RED).save(path)
    picture = open_picture(path)
    assert (picture.mode, picture.size, picture.getpixel((0, 0))) == ("RGB", (4, 3), RED)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new(mode, (4, 3)).save(path)
    assert open_picture(path).mode == "RGB"


def test_transparency_becomes_white(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGBA", (2, 2), (255, 0, 0, 0)).save(path)
    assert open_picture(path).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bit_greys_are_scaled_not_clipped(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.full((2, 2), 0x8080, dtype=np.uint16)).save(path)
    assert open_picture(path).getpixel((0, 0)) == (128, 128, 128)


def test_the_exif_orientation_is_applied(tmp_path):
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4)).save(path, exif=exif)
    assert open_picture(path).size == (4, 8)


def test_the_first_frame_of_an_animation_is_used(tmp_path):
    path = tmp_path / "a.gif"
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, (0, 255, 0))]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert open_picture(path).getpixel((0, 0)) == RED


def test_the_file_is_closed(tmp_path, recwarn):
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 3)).save(path)
    open_picture(path)
    path.unlink()
    assert not recwarn.list


@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_of_32_bits_are_read_within_a_byte_and_refused_beyond(tmp_path, mode):
    path = tmp_path / "a.tiff"
    Image.new(mode, (2, 2), 128).save(path)
    assert open_picture(path).getpixel((0, 0)) == (128, 128, 128)
    Image.new(mode, (2, 2), 4000).save(path)
    assert fault_of(path) == "range"


def test_the_colours_of_cmyk_come_out_right(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(path, quality=100)  # magenta and yellow make red
    red, green, blue = open_picture(path).getpixel((8, 8))
    assert red > 230
    assert max(green, blue) < 60


def test_sixteen_bits_a_channel_become_eight(tmp_path):
    """Written by hand: Pillow itself writes no such picture."""
    path = tmp_path / "a.png"
    path.write_bytes(png(1, 1, depth=16, colour=2, line=struct.pack(">HHH", 0xFFFF, 0x8080, 0)))
    assert open_picture(path).getpixel((0, 0)) == (255, 128, 0)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_every_animation_gives_its_first_frame(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    assert open_picture(path).getpixel((0, 0)) == RED


# Where the top left corner of the upright picture lies in the stored one (Exif 2.3, tag 274).
CORNERS = {
    1: "top left",
    2: "top right",
    3: "bottom right",
    4: "bottom left",
    5: "top left",
    6: "bottom left",
    7: "bottom right",
    8: "top right",
}


@pytest.mark.parametrize("orientation", CORNERS)
def test_every_exif_orientation_comes_out_upright(tmp_path, orientation):
    path = tmp_path / "a.png"
    x, y = (7 if "right" in CORNERS[orientation] else 0), (3 if "bottom" in CORNERS[orientation] else 0)
    image = Image.new("RGB", (8, 4))
    image.putpixel((x, y), RED)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(path, exif=exif)
    upright = open_picture(path)
    assert upright.size == ((8, 4) if orientation < 5 else (4, 8))
    assert upright.getpixel((0, 0)) == RED


def test_a_broken_exif_block_does_not_cost_the_picture(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (8, 4), RED).save(path, exif=b"Exif\0\0nonsense")
    assert open_picture(path).size == (8, 4)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "bmp", "tiff"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("is_reduced", [False, True])
def test_a_truncated_picture_is_an_error_that_names_the_file(tmp_path, suffix, share, is_reduced):
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(noise()).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(PictureError, match=f"cut.{suffix}") as caught:
        open_picture(path, is_reduced=is_reduced)
    assert caught.value.fault in {"truncated", "damaged"}


def test_a_damaged_picture_is_an_error(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(noise()).save(path)
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    assert fault_of(path) == "damaged"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "empty"),
        (b"not a picture", "not_a_picture"),
        (b"<html>404</html>", "not_a_picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n", "not_a_picture"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"\xff\xd8\xff\xe0", "truncated"),
    ],
)
def test_a_file_that_is_not_a_picture_is_an_error(tmp_path, content, fault):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert fault_of(path) == fault


def test_a_missing_picture_and_a_folder_are_errors(tmp_path):
    with pytest.raises(PictureError, match=r"none\.png does not exist"):
        open_picture(tmp_path / "none.png")
    assert fault_of(tmp_path / "none.png") == "missing"
    assert fault_of(tmp_path) == "not_a_picture"


@pytest.mark.parametrize(("side", "fault"), [(9_500, "oversized"), (13_500, "bomb")])
def test_a_decompression_bomb_is_an_error(tmp_path, side, fault):
    """Pillow warns above 89 million pixels and raises above twice as many: both are refused, undecoded."""
    path = tmp_path / "a.png"
    path.write_bytes(png(side, side, depth=1, colour=0, line=bytes(side // 8 + 1)))
    assert path.stat().st_size < 100_000
    assert fault_of(path) == fault


def test_a_bomb_in_a_text_chunk_is_an_error(tmp_path):
    path = tmp_path / "a.png"
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(10_000_000)))
    path.write_bytes(png(1, 1, depth=8, colour=0, line=b"\0", before=text))
    assert fault_of(path) == "bomb"


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (2, 400), (3, 3)])
def test_a_small_or_thin_picture_is_read(tmp_path, size):
    path = tmp_path / "a.png"
    Image.new("RGB", size).save(path)
    assert open_picture(path).size == size


@pytest.mark.parametrize("size", [(1, 201), (201, 1), (2, 402)])
def test_a_picture_that_image_processors_refuse_is_an_error(tmp_path, size):
    path = tmp_path / "a.png"
    Image.new("RGB", size).save(path)
    with pytest.raises(PictureError, match=f"is {size[0]} x {size[1]} pixels.*over 200"):
        open_picture(path)


def test_a_picture_error_survives_pickling(tmp_path):
    with pytest.raises(PictureError) as caught:
        open_picture(tmp_path / "none.png")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.fault) == (str(caught.value), "missing")


@pytest.mark.skipif(sys.platform != "linux", reason="a file that fails to be read")
def test_a_disk_error_is_retried(tmp_path):
    """The link leads to a file whose reading is an I/O error; from the first warning on to a picture."""
    Image.new("RGB", (2, 2), RED).save(tmp_path / "good.png")
    path = tmp_path / "a.png"
    path.symlink_to("/proc/self/mem")

    class Repair(logging.Handler):
        def emit(self, record):
            assert "Input/output error; trying again" in record.getMessage()
            path.unlink()
            path.symlink_to("good.png")

    handler = Repair()
    logging.getLogger("geo_rewards.data.pictures").addHandler(handler)
    try:
        assert open_picture(path).getpixel((0, 0)) == RED
    finally:
        logging.getLogger("geo_rewards.data.pictures").removeHandler(handler)

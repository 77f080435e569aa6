from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from geo_rewards.data.pictures import open_picture
from geo_rewards.errors import DataError

RED = (255, 0, 0)


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


def test_transparency_is_laid_over_white(tmp_path):
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


def test_the_first_frame_of_an_animation_is_taken(tmp_path):
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


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "bmp", "tiff"])
def test_a_truncated_picture_is_an_error_that_names_the_file(tmp_path, suffix):
    path = tmp_path / f"cut.{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=f"cut.{suffix}"):
        open_picture(path)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_an_error(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png"):
        open_picture(path)


def test_a_missing_picture_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"none\.png does not exist"):
        open_picture(tmp_path / "none.png")


@pytest.mark.parametrize("side", [11, 20])
def test_a_decompression_bomb_is_an_error(tmp_path, monkeypatch, side):
    """Pillow warns above its limit and raises above twice the limit: both are refused."""
    path = tmp_path / "a.png"
    Image.new("L", (side, side)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match="bomb"):
        open_picture(path)

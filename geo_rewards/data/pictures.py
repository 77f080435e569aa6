"""Pictures: from a file to pixels, or to an error that names the file."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from geo_rewards.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image as Picture


def open_picture(path: str | Path) -> Picture:
    """Return the picture in RGB, upright, wholly read.

    The EXIF orientation is applied, transparency is laid over white, 16-bit greys are scaled to 8
    bits, and of an animation the first frame is taken.

    Raises:
        DataError: If the file is missing, truncated, no picture, or so large that Pillow takes it
            for a decompression bomb; names the file.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                image.load()
                return _to_rgb(ImageOps.exif_transpose(image))
    except Exception as error:  # decoders meet hostile bytes: they raise whatever they like
        raise DataError(f"picture {path} {_reason(error)}") from error


def _to_rgb(image: Picture) -> Picture:
    from PIL import Image

    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value / 257).convert("L")  # convert alone would clip
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _reason(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"is taken for a decompression bomb: {error}"
    if isinstance(error, UnidentifiedImageError):
        return "is not in a format that Pillow can read"
    return f"cannot be read: {error}"

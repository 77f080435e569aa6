"""Pictures: from a file to pixels, or an error that names the file and the kind of fault."""

from __future__ import annotations

import errno
import logging
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from geo_rewards.data.picture_parts import excess_of_parts
from geo_rewards.errors import DataError
from geo_rewards.system.regular_file import NotRegularError, open_regular

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

logger = logging.getLogger(__name__)

PictureFault = Literal[
    "missing",  # no such file
    "empty",  # a file of 0 bytes
    "truncated",  # the file ends too early
    "damaged",  # its bytes cannot be decoded
    "not_a_picture",  # text, a folder, a format without pixels
    "oversized",  # more pixels than Pillow thinks safe
    "bomb",  # more than twice as many, or another kind of decompression bomb
    "shape",  # too long and thin for image processors
    "range",  # 32-bit values, whose white point is unknown
    "outside",  # not inside the image folder
    "unreadable",  # no permission, or a disk error
]

MAX_ASPECT_RATIO = 200
"""The most that the image processors of Qwen and GLM accept; others fail at several thousand."""

_TRANSIENT_FAULTS = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EHOSTDOWN})
_PAUSES_S = (0.5, 2.0)
_BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"\x00\x00\x00\x0cjP")


class PictureError(DataError):
    """A picture that cannot be used.

    Args:
        path: The file.
        fault: The kind of fault.
        reason: What is wrong, to follow the file's name.
        is_transient: Whether another attempt may succeed, as after an error of a network disk.
    """

    def __init__(
        self, path: str | Path, fault: PictureFault, reason: str, *, is_transient: bool = False
    ) -> None:
        self.fault: PictureFault = fault
        self.is_transient = is_transient
        super().__init__(f"picture {path} {reason}")


def open_picture(path: str | Path, *, is_reduced: bool = False) -> Picture:
    """Return the picture in RGB, upright, completely read.

    The EXIF orientation is applied, transparency becomes white, 16-bit greys are scaled to 8 bits,
    and the first frame of an animation is used. After a transient fault, such as an error of a network
    disk, opening is retried.

    Args:
        path: The file.
        is_reduced: Decode a JPEG at an eighth of its size: faster, and it finds the same faults.

    Raises:
        PictureError: If the file cannot be used; names the file and the kind of fault.
    """
    for pause_s in _PAUSES_S:
        try:
            return _open(path, is_reduced=is_reduced)
        except PictureError as error:
            if not error.is_transient:
                raise
            logger.warning("%s; trying again in %s s", error, pause_s)
            time.sleep(pause_s)
    return _open(path, is_reduced=is_reduced)


def _open(path: str | Path, *, is_reduced: bool) -> Picture:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow's warnings about a broken EXIF block or profile do not concern the pixels.
            warnings.filterwarnings("ignore", module="PIL")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open_regular(path) as file:
                _check_parts(path, file)
                with Image.open(file) as image:
                    _check(path, image)
                    if is_reduced:
                        image.draft(None, (1, 1))
                    image.load()
                    return _to_rgb(path, _upright(image))
    except PictureError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes
        raise _described(path, error) from error


def _check_parts(path: str | Path, file: BinaryIO) -> None:
    excess = excess_of_parts(file)
    if excess is not None:
        raise PictureError(path, "bomb", f"{excess}; save it again without them")


def _check(path: str | Path, image: Picture) -> None:
    width, height = image.size
    if image.format == "EPS":  # Pillow would hand it to Ghostscript
        raise PictureError(path, "not_a_picture", "is a PostScript program; save it as PNG or JPEG")
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        reason = (
            f"is {width} x {height} pixels; image processors refuse an aspect ratio over {MAX_ASPECT_RATIO}"
        )
        raise PictureError(path, "shape", reason)


def _upright(image: Picture) -> Picture:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # an unreadable EXIF block says nothing about the orientation
        logger.debug("EXIF of a picture cannot be read", exc_info=True)
        return image


def _to_rgb(path: str | Path, image: Picture) -> Picture:
    from PIL import Image

    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value / 257).convert("L")  # convert alone would clip
    elif image.mode in {"I", "F"}:
        _check_range(path, image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _check_range(path: str | Path, image: Picture) -> None:
    lowest, highest = cast("tuple[float, float]", image.getextrema())  # of one band
    if lowest < 0 or highest > 255:
        reason = f"has values from {lowest} to {highest}, which would be clipped; save it with 8 or 16 bits"
        raise PictureError(path, "range", reason)


def _described(path: str | Path, error: Exception) -> PictureError:
    fault, reason = _fault_and_reason(path, error)
    is_transient = isinstance(error, OSError) and error.errno in _TRANSIENT_FAULTS
    return PictureError(path, fault, reason, is_transient=is_transient)


def _fault_and_reason(path: str | Path, error: Exception) -> tuple[PictureFault, str]:
    from PIL import Image, UnidentifiedImageError

    size = str(error).split(",")[0]  # "Image size (N pixels) exceeds limit of M pixels, could be ..."
    match error:
        case FileNotFoundError():
            return "missing", "does not exist"
        case Image.DecompressionBombWarning():
            return "oversized", f"is too large: {size}; downscale it"
        case Image.DecompressionBombError():
            return "bomb", f"looks like a decompression bomb: {size}"
        case ValueError() if "too large" in str(error) or "Too much memory" in str(error):
            return "bomb", f"looks like a decompression bomb: {error}"
        case UnidentifiedImageError():
            return _unidentified(path)
        case NotRegularError():
            return "not_a_picture", str(error).removeprefix("it ")
        case OSError() if error.errno is not None:
            return "unreadable", f"cannot be read: {error.strerror}"
        case _ if "truncated" in str(error).lower() or isinstance(error, EOFError):
            return "truncated", f"ends too early: {error}"
    return "damaged", f"cannot be decoded: {error or type(error).__name__}"


def _unidentified(path: str | Path) -> tuple[PictureFault, str]:
    try:
        with Path(path).open("rb") as file:
            begin = file.read(12)
    except OSError as error:
        return "unreadable", f"cannot be read: {error.strerror}"
    if not begin:
        return "empty", "is empty, a file of 0 bytes"
    if begin.startswith(_BEGINNINGS) or begin[8:12] == b"WEBP" or begin[4:8] == b"ftyp":
        return "truncated", "begins like a picture, but its header is cut off or damaged"
    return "not_a_picture", "is not in a format that Pillow can read"

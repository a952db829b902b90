"""One picture file to an array of pixels, or a sentence that says why not."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsapart.errors import MissingExtraError

__all__ = ["Picture", "Unusable", "picture_suffixes", "read_picture"]

_WIDE = {"I;16", "I;16L", "I;16B", "I;16N"}
_GREY = {"1", "L", "LA"}
_PLAIN = {"1", "L", "RGB"}


class Unusable(Exception):  # noqa: N818
    """Why a file cannot be used; ends up in an error or in the list of what was left out."""


@dataclass(frozen=True)
class Picture:
    """Pixels [height, width, 1 or 3], and what had to be done to get them.

    Attributes:
        pixels: bytes, or 16-bit integers from 16-bit greys.
        notes: "was CMYK and became RGB", and the like.
    """

    pixels: NDArray[Any]
    notes: tuple[str, ...]


def picture_suffixes() -> frozenset[str]:
    """The endings of file names that Pillow has a reader for, such as ".png"."""
    return frozenset(_pillow().registered_extensions())


def read_picture(
    path: Path, *, size: tuple[int, int] | None = None, frames: str = "error", max_pixels: int = 50_000_000
) -> Picture:
    """Read a picture file by its content, whatever its name says.

    Args:
        path: the file.
        size: height and width to bring it to (bilinear).
        frames: "first" takes the first picture of several.
        max_pixels: a larger picture is refused before it is decoded.

    Returns:
        The pixels and what was done to them.

    Raises:
        Unusable: it is damaged, empty, too large, animated or no picture at all.
    """
    image_module = _pillow()
    if path.stat().st_size == 0:
        message = "is empty (0 bytes)"
        raise Unusable(message)
    with warnings.catch_warnings(), _limited(image_module, max_pixels):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", image_module.DecompressionBombWarning)
        try:
            with image_module.open(path) as image:
                _refuse(image, frames)
                image.load()
                return _pixels(image, size, wide_colour=_wide_colour(path, image))
        except (Unusable, MemoryError):
            raise
        except (image_module.DecompressionBombWarning, image_module.DecompressionBombError):
            message = f"has more pixels than --max-pixels {max_pixels:,}"
            raise Unusable(message) from None
        except Exception as error:
            raise Unusable(_reason(error)) from None


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        purpose, package = "reading pictures", "pillow"
        raise MissingExtraError(purpose, package, "train") from None
    return Image


def _reason(error: Exception) -> str:
    if type(error).__name__ == "UnidentifiedImageError":
        return "is no picture in a format that Pillow reads"
    if isinstance(error, PermissionError):
        return "may not be read (permission denied)"
    return f"is damaged: {error}" if str(error) else f"is damaged ({type(error).__name__})"


@contextmanager
def _limited(image_module: Any, max_pixels: int) -> Iterator[None]:
    """Pillow's own guard against pictures that explode when they are decoded, at this run's limit."""
    before, image_module.MAX_IMAGE_PIXELS = image_module.MAX_IMAGE_PIXELS, max_pixels
    try:
        yield
    finally:
        image_module.MAX_IMAGE_PIXELS = before


def _refuse(image: Any, frames: str) -> None:
    width, height = image.size
    if width * height == 0:
        message = f"has no pixels ({width} × {height})"
        raise Unusable(message)
    count = getattr(image, "n_frames", 1)
    if count > 1 and frames != "first":
        message = f"holds {count} pictures (an animation or pages), and an item is one; --frames first takes the first"
        raise Unusable(message)


def _wide_colour(path: Path, image: Any) -> bool:
    """Whether a PNG has 16 bits per colour, of which Pillow hands over 8."""
    if image.format != "PNG" or image.mode in _WIDE:
        return False
    with path.open("rb") as file:
        return file.read(26)[24:25] == b"\x10"


def _pixels(image: Any, size: tuple[int, int] | None, *, wide_colour: bool) -> Picture:
    from PIL import ImageOps

    notes = ["has 16 bits per colour, of which 8 are used"] if wide_colour else []
    upright = image
    if _turned(image):
        upright = ImageOps.exif_transpose(image)
        notes.append("was turned upright as its EXIF data say")
    upright, said = _settle_mode(upright)
    notes += said
    if size is not None and upright.size != (size[1], size[0]):
        upright = _resized(upright, size)
        notes.append(f"was resized to {size[0]} × {size[1]}")
    pixels = np.asarray(upright)
    return Picture(pixels[..., None] if pixels.ndim == 2 else pixels, tuple(notes))


def _turned(image: Any) -> bool:
    """Whether EXIF data that can be read say that the picture does not stand upright."""
    try:
        return image.getexif().get(0x0112, 1) not in {0, 1}
    except Exception:
        return False


def _settle_mode(image: Any) -> tuple[Any, list[str]]:
    """Bring any of Pillow's modes to L, RGB or I;16."""
    mode = image.mode
    if mode in {"L", "RGB", "I;16"}:
        return image, []
    if mode in _WIDE:
        wide = np.asarray(image).astype(np.uint16)
        return _pillow().fromarray(wide), []
    if mode in {"I", "F"}:
        kind = "32-bit whole" if mode == "I" else "floating-point"
        message = f"has {kind} pixels, whose white is not known: save it with 8 or 16 bits"
        raise Unusable(message)
    if "A" in mode.replace("LAB", "") or "a" in mode or "transparency" in image.info:
        return _on_white(image, mode)
    if mode == "1":
        return image.convert("L"), []
    if mode == "P":
        return image.convert(_palette_mode(image)), []
    return image.convert("RGB"), [f"was {mode} and became RGB"]


def _on_white(image: Any, mode: str) -> tuple[Any, list[str]]:
    clear = image.convert("RGBA")
    grey = mode in _GREY
    if clear.getextrema()[3][0] == 255:
        return clear.convert("L" if grey else "RGB"), []
    white = _pillow().new("RGBA", clear.size, (255, 255, 255, 255))
    white.alpha_composite(clear)
    return white.convert("L" if grey else "RGB"), ["is partly transparent and was put on white"]


def _palette_mode(image: Any) -> str:
    """A palette of greys alone stands for a grey picture."""
    palette = np.asarray(image.convert("RGB"))
    grey = (palette[..., 0] == palette[..., 1]).all() and (palette[..., 1] == palette[..., 2]).all()
    return "L" if grey else "RGB"


def _resized(image: Any, size: tuple[int, int]) -> Any:
    if image.mode != "I;16":
        return image.resize((size[1], size[0]), _pillow().Resampling.BILINEAR)
    plain = _pillow().fromarray(np.asarray(image).astype(np.float32))
    small = plain.resize((size[1], size[0]), _pillow().Resampling.BILINEAR)
    return _pillow().fromarray(np.rint(np.asarray(small)).astype(np.uint16))

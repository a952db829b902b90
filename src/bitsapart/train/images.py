"""Where pictures come from: a folder of files, an array, or the embedded example; named first, loaded when matched."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bitsapart.data.options import memory_available
from bitsapart.errors import AmbiguityError, DataError

from .pictures import Picture, Unusable, picture_suffixes, read_picture
from .settings import TrainSettings

__all__ = ["Form", "ImageSource", "Pixels", "counted", "listed", "open_images"]

_ARRAY_KEYS = ("images", "image", "pixels", "x", "X", "data", "arr_0")
_ID_KEYS = ("ids", "id", "items", "item", "names")
_SHOWN = 5
_MOST_CHANNELS = 4


@dataclass(frozen=True)
class Form:
    """What the pictures of a run look like; a later prediction must bring its pictures to the same form.

    Attributes:
        height, width, channels: of every picture.
        scale: pixels are divided by it (255 for bytes, 65535 for 16 bits, 1 for floating-point arrays).
    """

    height: int
    width: int
    channels: int
    scale: float


@dataclass(frozen=True)
class Pixels:
    """Loaded pictures.

    Attributes:
        values: [N, height, width, channels]; bytes, 16-bit integers or floating-point numbers.
        form: their form.
        kept: which of the asked-for pictures they are (all, unless some were skipped).
        notes: one line each: what was done to pictures.
        skipped: picture and reason for each that could not be used.
    """

    values: NDArray[Any]
    form: Form
    kept: NDArray[np.int64]
    notes: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


class ImageSource(Protocol):
    """Pictures that have names and can be loaded by number."""

    name: str
    names: Sequence[str] | None
    notes: list[str]

    def __len__(self) -> int:
        """How many pictures there are."""

    def load(self, numbers: NDArray[np.int64], settings: TrainSettings, form: Form | None = None) -> Pixels:
        """Load some of them, in this order."""


def open_images(images: Any) -> ImageSource:
    """Open a folder, a `.npy` or `.npz` file, an array, or `example:digits`.

    Args:
        images: a path, or an array [N, H, W], [N, H, W, C] or [N, features].

    Raises:
        DataError: there is nothing there, or it holds no pictures.
    """
    if isinstance(images, np.ndarray) or hasattr(images, "__array__"):
        return ArrayImages("array", np.asarray(images), None)
    if str(images).startswith("example:"):
        return _example(str(images))
    if not str(images):
        message = "IMAGES is empty text; it is a folder of pictures, a .npy or .npz file, or example:digits"
        raise DataError(message)
    path = Path(images)
    if not path.exists():
        message = f"{path} is not there; IMAGES is a folder of pictures, a .npy or .npz file, or example:digits"
        raise DataError(message)
    if path.is_dir():
        return FolderImages(path)
    if path.suffix in {".npy", ".npz"}:
        return _array_file(path)
    message = f"{path} is a file; IMAGES is a folder of pictures, a .npy or .npz file, or example:digits"
    raise DataError(message)


class FolderImages:
    """The picture files below a folder, named by their path in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, str(folder)
        suffixes = picture_suffixes() | {""}
        inside = sorted(path for path in folder.rglob("*") if path.is_file())
        visible = [path for path in inside if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
        chosen = [path for path in visible if path.suffix.lower() in suffixes]
        self._files = [path.relative_to(folder).as_posix() for path in chosen]
        self.names: Sequence[str] | None = self._files
        self.notes: list[str] = []
        if len(chosen) < len(visible):
            others = sorted({path.suffix for path in visible} - {path.suffix for path in chosen})
            left = len(visible) - len(chosen)
            self.notes.append(
                f"{folder}: {counted(left, 'file')} not named like pictures ({', '.join(others)}) left alone"
            )
        if not chosen:
            message = f"{folder} holds no picture files"
            raise DataError(message)
        unwritable = [repr(os.fsencode(name))[1:] for name in self._files if not _is_utf8(name)]
        if unwritable:
            message = (
                f"{folder}: {counted(len(unwritable), 'file name')} cannot be written in a table, because UTF-8 does "
                f"not know all their bytes ({listed(unwritable)}); rename these files"
            )
            raise DataError(message)

    def __len__(self) -> int:
        return len(self._files)

    def load(self, numbers: NDArray[np.int64], settings: TrainSettings, form: Form | None = None) -> Pixels:
        """Read the files; all bad ones are found before anything is said."""
        size = settings.size if form is None else (form.height, form.width) if settings.size else None
        pictures: list[Picture] = []
        kept: list[int] = []
        bad: list[tuple[str, str]] = []
        for place, number in enumerate(numbers):
            path = self.folder / self._files[number]
            try:
                picture = read_picture(path, size=size, frames=settings.frames, max_pixels=settings.max_pixels)
            except Unusable as reason:
                bad.append((str(path), str(reason)))
                continue
            if not pictures:
                _must_fit(picture, len(numbers), self.name)
            pictures.append(picture)
            kept.append(place)
        if bad and settings.unreadable == "error":
            message = (
                f"{len(bad)} of {len(numbers)} pictures cannot be used: "
                f"{listed([f'{name} {reason}' for name, reason in bad], '; ')}. --unreadable skip leaves them out"
            )
            raise DataError(message)
        if not pictures:
            message = f"{self.name}: no picture is left of {len(numbers)}"
            raise DataError(message)
        names = [self._files[numbers[place]] for place in kept]
        values, scale = _stacked(pictures, names, form)
        shape = Form(values.shape[1], values.shape[2], values.shape[3], scale)
        return Pixels(values, shape, np.array(kept, dtype=np.int64), _notes(pictures, names), bad)


class ArrayImages:
    """Pictures in one array; names only where they came along."""

    def __init__(
        self, name: str, values: NDArray[Any], names: Sequence[str] | None, scale: float | None = None
    ) -> None:
        self.name, self.names = name, names
        self.values, self.scale = _as_pictures(name, values, scale)
        self.notes: list[str] = []
        if self.scale == 1.0 and self.values.size:
            low, high = float(self.values.min()), float(self.values.max())
            self.notes.append(f"{name}: pixels are numbers from {low:g} to {high:g} and are taken as they are")

    def __len__(self) -> int:
        return len(self.values)

    def load(self, numbers: NDArray[np.int64], settings: TrainSettings, form: Form | None = None) -> Pixels:  # noqa: ARG002
        """Take some of the array."""
        values = self.values[numbers]
        shape = Form(values.shape[1], values.shape[2], values.shape[3], self.scale)
        return Pixels(values, shape, np.arange(len(numbers)))


def counted(number: int, noun: str) -> str:
    """How many of a thing: 1 picture, 2 pictures."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[str], between: str = ", ") -> str:
    """The first few names, and how many more there are."""
    more = f"{between}and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return between.join(names[:_SHOWN]) + more


def _is_utf8(name: str) -> bool:
    """File names of other encodings come with stand-ins for their bytes, which no file can be written with."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _example(name: str) -> ArrayImages:
    if name != "example:digits":
        message = f"{name} is no example with pictures; there is example:digits"
        raise DataError(message)
    with files(__package__).joinpath("digits.npz").open("rb") as file, np.load(file) as arrays:
        images = arrays["images"]
    return ArrayImages(name, images, [f"digit-{number:04d}" for number in range(len(images))], 16.0)


def _array_file(path: Path) -> ArrayImages:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return ArrayImages(str(path), loaded, None)
            images = loaded[_key(path, loaded)]
            ids = next((loaded[key] for key in _ID_KEYS if key in loaded), None)
            return ArrayImages(str(path), images, None if ids is None else _texts(path, ids, len(images)))
    except DataError:
        raise
    except Exception as error:
        message = f"{path} cannot be read as a NumPy file without pickle: {error}"
        raise DataError(message) from None


def _key(path: Path, arrays: Any) -> str:
    for key in _ARRAY_KEYS:
        if key in arrays:
            return key
    message = f"{path} holds {', '.join(arrays.files) or 'nothing'}, but pictures are looked for as 'images'"
    raise DataError(message)


def _texts(path: Path, ids: NDArray[Any], items: int) -> list[str]:
    if ids.shape != (items,):
        message = f"{path} holds {items} pictures and ids of shape {list(ids.shape)}, but every picture needs one id"
        raise DataError(message)
    return [value.decode() if isinstance(value, bytes) else str(value) for value in ids.tolist()]


def _as_pictures(name: str, values: NDArray[Any], scale: float | None) -> tuple[NDArray[Any], float]:
    """[N, H, W, C] and the number that brings pixels to 0 … 1."""
    if values.ndim == 2:
        values = values[:, None, :, None]
    elif values.ndim == 3:
        values = values[..., None]
    if values.ndim != 4 or 0 in values.shape:
        message = (
            f"{name} has the shape {list(values.shape)}, but pictures are [N, H, W], [N, H, W, C] or [N, features]"
        )
        raise DataError(message)
    if values.shape[3] > _MOST_CHANNELS and values.shape[1] <= _MOST_CHANNELS:
        message = (
            f"{name} has the shape {list(values.shape)}, which looks like channels first, but pictures are "
            "[N, H, W, C]: save array.transpose(0, 2, 3, 1)"
        )
        raise AmbiguityError(message)
    if values.dtype == np.uint8:
        return values, 255.0 if scale is None else scale
    if values.dtype == np.uint16:
        return values, 65535.0
    if values.dtype == np.bool_:
        return values.astype(np.uint8), 1.0
    if values.dtype.kind not in "iuf":
        message = f"{name} holds {values.dtype}, but pixels are bytes, 16-bit integers or floating-point numbers"
        raise DataError(message)
    bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if bad.any():
        message = f"{name}: picture {int(bad.argmax())} has a pixel that is NaN or infinite"
        raise DataError(message)
    return values.astype(np.float64 if values.dtype.kind != "f" else values.dtype, copy=False), 1.0


def _stacked(pictures: list[Picture], names: list[str], form: Form | None) -> tuple[NDArray[Any], float]:
    shapes = [picture.pixels.shape[:2] for picture in pictures]
    want = (form.height, form.width) if form is not None else Counter(shapes).most_common(1)[0][0]
    odd = [f"{name} is {h} × {w}" for name, (h, w) in zip(names, shapes, strict=True) if (h, w) != want]
    if odd:
        verb = "is" if len(odd) == 1 else "are"
        way_out = f"--size {want[0]} brings every picture to one size"
        if form is not None:
            way_out = (
                "That is the size that the network was trained on; bring the pictures to it, or train with --size "
                f"{want[0]}, which makes a network that takes every size"
            )
        message = f"{len(odd)} of {len(names)} pictures {verb} not {want[0]} × {want[1]}: {listed(odd)}. {way_out}"
        raise DataError(message)
    channels = form.channels if form is not None else max(picture.pixels.shape[2] for picture in pictures)
    wide = any(picture.pixels.dtype != np.uint8 for picture in pictures)
    dtype = np.uint16 if wide else np.uint8
    values = np.empty((len(pictures), *want, channels), dtype=dtype)
    for place, picture in enumerate(pictures):
        values[place] = _in_channels(picture.pixels.astype(dtype) * _factor(picture, wide=wide), channels, names[place])
    return values, 65535.0 if wide else 255.0


def _must_fit(first: Picture, pictures: int, name: str) -> None:
    """Pictures are kept in memory, twice while they are gathered."""
    need, free = 2 * first.pixels.nbytes * pictures, memory_available()
    if need > free:
        message = (
            f"{name}: {pictures} pictures like the first need {need >> 20:,} MiB and {free >> 20:,} MiB are free; "
            "--size 64 makes them smaller"
        )
        raise DataError(message)


def _factor(picture: Picture, *, wide: bool) -> int:
    """Bytes among 16-bit pictures: 255 becomes 65535."""
    return 257 if wide and picture.pixels.dtype == np.uint8 else 1


def _in_channels(pixels: NDArray[Any], channels: int, name: str) -> NDArray[Any]:
    if channels == 1 and pixels.shape[2] > 1:
        message = f"{name} is in colour, but the network was trained on grey pictures"
        raise DataError(message)
    return pixels


def _notes(pictures: list[Picture], names: list[str]) -> list[str]:
    done: dict[str, list[str]] = {}
    for picture, name in zip(pictures, names, strict=True):
        for note in picture.notes:
            done.setdefault(note, []).append(name)
    lines = [f"{_counted(who)} {note} ({listed(who)})" for note, who in sorted(done.items())]
    shades = {picture.pixels.shape[2] for picture in pictures}
    if len(shades) > 1:
        grey = [name for picture, name in zip(pictures, names, strict=True) if picture.pixels.shape[2] == 1]
        lines.append(f"{_counted(grey)} was grey among coloured ones and got three equal channels ({listed(grey)})")
    return lines


def _counted(names: list[str]) -> str:
    return counted(len(names), "picture") + ("" if len(names) == 1 else ", each")

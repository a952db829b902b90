"""Files are written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bitsapart.errors import DataError

__all__ = ["open_whole", "write_atomically"]


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, then rename it to `path`.

    Args:
        path: the file to write; it is replaced if it is there. `/dev/stdout` and other devices are written directly.
        content: all of its bytes.

    Raises:
        DataError: it cannot be written (no such folder, a full disk, no permission); nothing is left behind.
    """
    target = Path(path)
    if target.exists() and not target.is_file() and not target.is_dir():
        target.write_bytes(content)
        return
    with open_whole(target) as file:
        file.write(content)


@contextmanager
def open_whole(path: str | Path) -> Iterator[IO[bytes]]:
    """A file to write bytes to, which takes its name when the block ends, and vanishes if it fails.

    Args:
        path: the file to write; it is replaced if it is there.

    Raises:
        DataError: it cannot be written.
    """
    target = Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            temporary = file.name
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(target)
    except BaseException as error:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()
        if isinstance(error, OSError):
            message = f"{target} cannot be written: {error.strerror or error}"
            raise DataError(message) from None
        raise


def _umask() -> int:
    """The process's file mask; reading it means setting it, for a moment."""
    mask = os.umask(0)
    os.umask(mask)
    return mask

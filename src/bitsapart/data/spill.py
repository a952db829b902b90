"""The folder for what does not fit into memory: removed at the end, or by the next run if this one was killed."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

from .failures import readable

__all__ = ["SpillFolder"]

_PREFIX = "bitsapart-"
_OWNER = "in-use"


class SpillFolder:
    """A new folder whose owner holds a lock in it for as long as it lives.

    The system lets go of the lock however a process ends, so a folder whose lock is free belongs to nobody any more.
    The lock takes its name only once it is held: a folder that is just being made is never taken for one that was left.
    """

    def __init__(self, base: str | None) -> None:
        place = Path(base or tempfile.gettempdir())
        remove_abandoned(place)
        try:
            self.path = tempfile.mkdtemp(prefix=_PREFIX, dir=place)
            self._lock = _held(Path(self.path))
        except OSError as error:
            raise readable(error, str(place)) from None

    def remove(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()


def _held(folder: Path) -> IO[bytes] | None:
    """The folder's lock, held; `None` where the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    lock = (folder / "starting").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # a file system without locks: the folder is removed at the end, and by nobody else
        return lock
    (folder / "starting").rename(folder / _OWNER)
    return lock


def remove_abandoned(place: Path) -> None:
    """Remove the folders in `place` that this user's killed runs left behind."""
    try:
        import fcntl
    except ImportError:
        return
    with contextlib.suppress(OSError):
        for marker in place.glob(f"{_PREFIX}*/{_OWNER}"):
            folder = marker.parent
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with contextlib.suppress(OSError), marker.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

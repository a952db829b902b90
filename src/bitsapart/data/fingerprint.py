"""A fingerprint of a file: what was compared can be told from what was not."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

__all__ = ["fingerprint"]

_WHOLE_BELOW = 32 << 20
_END_BYTES = 1 << 20


def fingerprint(paths: Sequence[Path]) -> dict[str, int | str | None]:
    """The size of an input and a short text that changes when its content does; it does not look at the clock.

    Files below 32 MiB are read whole; of larger ones the size and the first and last MiB count.

    Args:
        paths: the files, in order; none for what is in memory.

    Returns:
        "bytes", and "fingerprint": "blake2b:" and 32 hexadecimal digits; both `None` without files.
    """
    if not paths:
        return {"bytes": None, "fingerprint": None}
    total = hashlib.blake2b(digest_size=16)
    for path in paths:
        total.update(_digest(path))
    size = sum(path.stat().st_size for path in paths)
    return {"bytes": size, "fingerprint": f"blake2b:{total.hexdigest()}"}


def _digest(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size < _WHOLE_BELOW:
            return hashlib.file_digest(file, "blake2b").digest()
        digest = hashlib.blake2b(str(size).encode())
        digest.update(file.read(_END_BYTES))
        file.seek(-_END_BYTES, 2)
        digest.update(file.read(_END_BYTES))
        return digest.digest()

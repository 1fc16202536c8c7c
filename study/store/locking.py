"""One writer for a store at a time; readers need no lock, since every part is replaced whole."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = ".lock"


class StoreInUse(OSError):
    """Somebody else is writing into the store."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Held until the end, or the death, of this process. The folder is made if missing.

    Raises StoreInUse at once when another process, or another part of this one, holds it; OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreInUse(f"another condorbot is writing into {folder}: wait for it") from None
        yield
    finally:
        os.close(handle)

"""The head of the chain, noted in a file of its own, best on another disk.

A chain cannot show that its end is missing. Compared with the last note, a journal that lost its
tail to a disk that lied, or was replaced by an older copy, is found out when it is opened.
"""

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.journal.failures import JournalFailed

EVERY = timedelta(minutes=1)  # of event time: a note costs about as much as a commit
_LINE = re.compile(rb"(\d{1,18}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class Anchor:
    """``every`` is how much event time may pass between two notes."""

    path: Path
    every: timedelta = EVERY

    def read(self) -> tuple[int, bytes] | None:
        """Batch number and digest last noted; None without a note.

        Raises JournalFailed for a file that is something else, OSError.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        found = _LINE.fullmatch(text)
        if found is None:
            raise JournalFailed(f"{self.path} is not the anchor of a journal")
        return int(found[1]), bytes.fromhex(found[2].decode())

    def write(self, seq: int, digest: bytes) -> None:
        """Note the head; the old note stays until the new one is on disk. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.part")
        handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, f"{seq} {digest.hex()}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        part.rename(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

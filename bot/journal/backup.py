"""A copy of a journal that is being written to, whole and on disk before it has its name.

Uses the database's own online backup, so that what lies in the write-ahead log is in the copy.
"""

import os
from pathlib import Path

import apsw

from bot.journal.failures import JournalFailed

_PAGES_AT_ONCE = 1000


def back_up(db: apsw.Connection, target: Path) -> None:
    """Copy what ``db`` has committed to the new file ``target``.

    A crash leaves at most ``target``.part, which the next attempt replaces. Raises JournalFailed if
    ``target`` exists or the copy cannot be made or is not sound.
    """
    if target.exists():
        raise JournalFailed(f"{target} exists already: a backup never replaces anything")
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        _copy(db, part)
        _to_disk(part)
        part.rename(target)
        _to_disk(target.parent)
    except (apsw.Error, OSError) as error:
        raise JournalFailed(f"{target}: {error}") from error


def _copy(db: apsw.Connection, part: Path) -> None:
    copy = apsw.Connection(str(part))
    try:
        with copy.backup("main", db, "main") as backup:
            while not backup.done:
                backup.step(_PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode = delete").fetchall()  # one file, nothing beside it
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchall()
        if verdict != ("ok",):
            raise JournalFailed(f"{part} is not a sound copy: {verdict[0]}")
    finally:
        copy.close()


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

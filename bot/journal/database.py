"""The file under the journal: its lock, its settings read back, and the chain that proves it whole.

Knows how the database must be opened for writing and for reading; not what the records mean.
"""

import fcntl
import hashlib
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

import apsw

SQLITE_VERSION_MIN = (3, 51, 3)  # earlier ones can corrupt a write-ahead log
SCHEMA_VERSION = 1
GENESIS = b"\0" * 32

Recorded: TypeAlias = tuple[int, bool, str, bytes]  # position, is an effect, kind, body


class JournalFailed(Exception):
    """The record cannot be kept, so nothing may be done any more in this life of the process."""


class JournalInUse(Exception):
    """Another daemon holds this journal."""


def lock(path: Path) -> int:
    """An exclusive lock beside the journal, taken before the file is touched."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalFailed(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise JournalInUse(f"{path} is in use by another condorbot") from error
    return handle


def open_to_write(path: Path) -> apsw.Connection:
    if tuple(map(int, apsw.sqlite_lib_version().split("."))) < SQLITE_VERSION_MIN:
        raise JournalFailed(f"SQLite {apsw.sqlite_lib_version()} is too old to keep a journal")
    db = apsw.Connection(str(path))
    db.set_busy_timeout(1000)
    for pragma, wanted in (
        ("page_size", 4096),
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL: an acknowledged row survives power loss
    ):
        db.execute(f"PRAGMA {pragma} = {wanted}").fetchall()
        found = db.execute(f"PRAGMA {pragma}").fetchone()
        if found is None or found[0] != wanted:
            raise JournalFailed(f"{path}: {pragma} is {found}, not {wanted}")
    version = db.execute("PRAGMA user_version").fetchone()
    if version == (0,):
        schema = (files("bot.journal") / "schema.sql").read_text("utf-8")
        db.execute(f"BEGIN IMMEDIATE; {schema}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
    elif version != (SCHEMA_VERSION,):
        raise JournalFailed(f"{path} was written by another version of condorbot ({version})")
    return db


def open_to_read(path: Path) -> apsw.Connection:
    """A connection that leaves no trace beside a closed journal, and sees what a live one holds."""
    if not path.is_file():
        raise JournalFailed(f"{path}: no such journal")
    live = path.with_name(path.name + "-wal").exists()
    uri = f"{path.resolve().as_uri()}?mode=ro{'' if live else '&immutable=1'}"
    try:
        db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        version = db.execute("PRAGMA user_version").fetchone()
    except apsw.Error as error:
        raise JournalFailed(f"{path}: {error}") from error
    if version != (SCHEMA_VERSION,):
        raise JournalFailed(f"{path} is not a journal of this version of condorbot")
    return db


def chained(previous: bytes, seq: int, records: Sequence[Recorded]) -> bytes:
    """The digest of a batch: over the one before, its number, and each record with its length."""
    digest = hashlib.sha256(previous + seq.to_bytes(8, "big"))
    for position, is_effect, kind, body in records:
        head = f"{position}:{is_effect:d}:{kind}:{len(body)}:"
        digest.update(head.encode() + body)
    return digest.digest()


def verify_chain(db: apsw.Connection) -> tuple[bytes, int]:
    """The last digest and batch number. Raises JournalFailed where the chain does not hold."""
    digest, last = GENESIS, 0
    for seq, stored in db.execute("SELECT seq, digest FROM batch ORDER BY seq"):
        rows = db.execute(
            "SELECT position, is_effect, kind, body FROM record WHERE batch = ? ORDER BY position",
            (seq,),
        )
        digest = chained(digest, seq, [(row[0], bool(row[1]), row[2], row[3]) for row in rows])
        if digest != stored:
            raise JournalFailed(f"the chain of digests breaks at batch {seq}")
        last = seq
    return digest, last

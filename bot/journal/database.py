"""The file under the journal: its lock, its settings read back, and the chain that proves it whole.

Knows how the database must be opened for writing and for reading; not what the records mean.
"""

import fcntl
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import apsw

from bot.journal.failures import JournalFailed, JournalInUse
from bot.journal.migrations import SCHEMA_VERSION, prepare, version_of

SQLITE_VERSION_MIN = (3, 51, 3)  # earlier ones can corrupt a write-ahead log
GENESIS = b"\0" * 32

Recorded: TypeAlias = tuple[int, bool, str, bytes]  # position, is an effect, kind, body


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
    """A connection whose settings have been read back, to a file of this version of the schema.

    Raises JournalFailed, apsw.Error.
    """
    if too_old(apsw.sqlite_lib_version()):
        raise JournalFailed(f"SQLite {apsw.sqlite_lib_version()} is too old to keep a journal")
    db = apsw.Connection(str(path))
    try:
        db.set_busy_timeout(1000)
        for pragma, wanted in (
            ("page_size", 4096),
            ("journal_mode", "wal"),
            ("synchronous", 2),  # FULL: an acknowledged row survives power loss
        ):
            db.execute(f"PRAGMA {pragma} = {wanted}").fetchall()
            _read_back(db, path, pragma, wanted)
        prepare(db, path)
    except (JournalFailed, apsw.Error):
        db.close()
        raise
    return db


def too_old(version: str) -> bool:
    """Whether a SQLite of this version must not keep a journal."""
    return tuple(map(int, version.split("."))) < SQLITE_VERSION_MIN


def _read_back(db: apsw.Connection, path: Path, pragma: str, wanted: int | str) -> None:
    found = db.execute(f"PRAGMA {pragma}").fetchone()
    if found != (wanted,):
        raise JournalFailed(f"{path}: {pragma} is {found}, not {wanted}")


def open_to_copy(path: Path) -> apsw.Connection:
    """A connection to a journal of any version that leaves no trace beside a closed one, and sees
    what a live one holds.
    """
    if not path.is_file():
        raise JournalFailed(f"{path}: no such journal")
    live = path.with_name(path.name + "-wal").exists()
    uri = f"{path.resolve().as_uri()}?mode=ro{'' if live else '&immutable=1'}"
    try:
        db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        if version_of(db) == 0:
            raise JournalFailed(f"{path} is not a journal")
    except apsw.Error as error:
        raise JournalFailed(f"{path}: {error}") from error
    return db


def open_to_read(path: Path) -> apsw.Connection:
    """As ``open_to_copy``, of this version only."""
    db = open_to_copy(path)
    if version_of(db) != SCHEMA_VERSION:
        db.close()
        raise JournalFailed(f"{path} is not a journal of this version of condorbot")
    return db


def chained(previous: bytes, seq: int, records: Sequence[Recorded]) -> bytes:
    """The digest of a batch: over the one before, its number, and each record with its length."""
    digest = hashlib.sha256(previous + seq.to_bytes(8, "big"))
    for position, is_effect, kind, body in records:
        head = f"{position}:{is_effect:d}:{kind}:{len(body)}:"
        digest.update(head.encode() + body)
    return digest.digest()


def batches_since(db: apsw.Connection, seq: int, digest: str) -> int | None:
    """How many batches of the chain follow batch ``seq``, counted to 100,000.

    None if there is no such batch or its digest, as hex, is another.
    """
    stored = db.execute("SELECT digest FROM batch WHERE seq = ?", (seq,)).fetchone()
    if (GENESIS if seq == 0 else stored and stored[0]) != bytes.fromhex(digest):
        return None
    ((count,),) = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM batch WHERE seq > ? LIMIT 100000)", (seq,)
    ).fetchall()
    assert isinstance(count, int)
    return count


def head_of(db: apsw.Connection) -> tuple[int, str]:
    """The last batch of the chain and its digest as hex."""
    last = db.execute("SELECT seq, digest FROM batch ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, GENESIS.hex()) if last is None else (last[0], last[1].hex())


def verify_chain(db: apsw.Connection) -> tuple[bytes, int]:
    """The last digest and batch number. Raises JournalFailed where the chain does not hold."""
    digest, last = GENESIS, 0
    records = iter(
        db.execute(
            "SELECT batch, position, is_effect, kind, body FROM record ORDER BY batch, position"
        )
    )
    row = next(records, None)
    for seq, stored in db.execute("SELECT seq, digest FROM batch ORDER BY seq"):
        batch: list[Recorded] = []
        while row is not None and row[0] == seq:
            batch.append((row[1], bool(row[2]), row[3], row[4]))
            row = next(records, None)
        digest = chained(digest, seq, batch)
        if digest != stored:
            raise JournalFailed(f"the chain of digests breaks at batch {seq}")
        last = seq
    if row is not None:
        raise JournalFailed(f"the records of batch {row[0]} are in no chain")
    return digest, last

"""Saved desks inside the journal: how one is bound into the chain and found again.

Decides nothing about what is in them. A body counts only if its digest is a record of the chain.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import apsw
import msgspec

from bot.journal import codec

KIND = "DeskSaved"  # neither event nor effect: readers of those pass over it
_KEPT = 3  # bodies; the digests of all stay


class DeskSaved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record: digest of the body, and under which program and session table it was folded."""

    desk: str
    fits: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The desk after every record before ``batch``."""

    batch: int
    fits: str
    body: bytes


def header(body: bytes, fits: str) -> bytes:
    """The JSON of the record for ``body``."""
    return msgspec.json.encode(DeskSaved(digest_of(body), fits))


def digest_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def read_header(body: bytes) -> DeskSaved:
    """Raises UnreadableRecord."""
    try:
        return msgspec.json.decode(body, type=DeskSaved)
    except msgspec.MsgspecError as error:
        raise codec.UnreadableRecord(f"{KIND}: {error}") from error


def keep(db: apsw.Connection, batch: int, body: bytes) -> None:
    """Store one, forget all but the newest."""
    db.execute("INSERT INTO checkpoint VALUES (?, ?)", (batch, body))
    db.execute(
        "DELETE FROM checkpoint WHERE batch NOT IN "
        "(SELECT batch FROM checkpoint ORDER BY batch DESC LIMIT ?)",
        (_KEPT,),
    )


def newest_first(db: apsw.Connection) -> Iterator[Checkpoint]:
    """Those whose bodies are there and are what the chain says. The chain was verified before."""
    rows = db.execute(
        "SELECT checkpoint.batch, record.body, checkpoint.body FROM checkpoint "
        "JOIN record ON record.batch = checkpoint.batch AND record.position = 0 "
        "WHERE record.kind = ? ORDER BY checkpoint.batch DESC",
        (KIND,),
    )
    for batch, told, body in rows:
        said = read_header(told)
        if said.desk == digest_of(body):
            yield Checkpoint(batch, said.fits, body)


def body_troubles(db: apsw.Connection) -> list[str]:
    """Bodies that are not what the chain says."""
    good = {checkpoint.batch for checkpoint in newest_first(db)}
    stored = [batch for (batch,) in db.execute("SELECT batch FROM checkpoint ORDER BY batch")]
    return [
        f"the desk saved in batch {batch} is not what the chain says"
        for batch in stored
        if batch not in good
    ]

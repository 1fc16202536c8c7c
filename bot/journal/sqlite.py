"""The journal on disk: one SQLite file, one connection, called synchronously on the loop.

Decides when a batch is durable: at once if it says more than prices and time, else with the next
that does or after ``lazy_s`` of event time. Any error of the database is final: see JournalFailed.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import apsw

from bot.journal import codec
from bot.journal.anchor import Anchor
from bot.journal.checkpoints import KIND, Checkpoint, header, keep, newest_first
from bot.journal.database import (
    GENESIS,
    Recorded,
    batches_since,
    chained,
    lock,
    open_to_write,
    verify_chain,
)
from bot.journal.failures import JournalFailed
from bot.journal.index import index_effect, index_event
from domain.effects import Effect
from domain.events import Event
from domain.instruments import Contract

QUOTE_RETENTION = timedelta(days=7)
_NUMBERS_MAX = 2_000  # contracts at hand; all that are quoted at one time and more


class SqliteJournal:
    """Implements ports.Journal. Holds an exclusive lock on ``path``.lock while open.

    The same batches give the same file, byte for byte, after ``close``: no wall clock, no random.
    Raises JournalFailed from every method once the database has failed, and for a broken chain.
    """

    def __init__(
        self,
        path: Path,
        *,
        lazy_s: float = 30.0,
        quote_retention: timedelta = QUOTE_RETENTION,
        anchor: Anchor | None = None,
    ) -> None:
        self.path = path
        self._anchor = anchor
        self._anchored_at: datetime | None = None
        self._lazy_s = lazy_s
        self._retention = quote_retention
        self._failed = False
        self._lock = lock(path)
        self._numbers: dict[Contract, int] = {}
        self._digest = GENESIS
        self._seq = 0
        self._chained_seq = 0  # the batch that ``_digest`` is of
        self._anchored_seq = 0
        self._life = 0
        self._uncommitted_since: datetime | None = None
        self._purged_on = 0
        self._records = 0  # of this life
        self._at = 0
        try:
            with self._final():
                self._db = open_to_write(path)
                self._resume()
        except JournalFailed:
            os.close(self._lock)
            raise

    def begin_life(
        self, run_id: str, at: datetime, config_hash: str, policy_hash: str, build: str = ""
    ) -> str | None:
        """Record a start by the code that ``build`` names. Returns why the last life that recorded
        anything, or one after it, was poisoned; None if none was.
        """
        with self._final():
            poison = self._db.execute(
                "SELECT error FROM poison WHERE life >= coalesce("
                "(SELECT life FROM batch ORDER BY seq DESC LIMIT 1), 0) ORDER BY life DESC LIMIT 1"
            ).fetchone()
            self._life += 1
            self._db.execute(
                "INSERT INTO life VALUES (?, ?, ?, ?, ?, NULL, ?)",
                (self._life, run_id, codec.micros(at), config_hash, policy_hash, build),
            )
        return None if poison is None else str(poison[0])

    def append(self, events: Sequence[Event], effects: Sequence[Effect]) -> None:
        """Record one batch; returns once it is durable, unless it holds only prices and ticks."""
        if not events and not effects:
            return
        with self._final():
            if self._uncommitted_since is None:
                self._db.execute("BEGIN IMMEDIATE")
                self._uncommitted_since = events[-1].at if events else None
            self._seq += 1
            durable = self._write(events, effects)
            newest = events[-1].at if events else None
            if durable or newest is None or self._waited_s(newest) >= self._lazy_s:
                self._commit()
                self._note_head(newest)

    def read(self, after: int = 0, until: int | None = None) -> Iterator[Event | Effect]:
        """Every event, prices and ticks excepted, and effect of all lives, as written.

        Only those of batches after ``after`` and before ``until``.
        """
        with self._final():
            for kind, body in self._db.execute(
                "SELECT kind, body FROM record WHERE batch > ? AND batch < ? "
                "ORDER BY batch, position",
                (after, self._seq + 1 if until is None else until),
            ):
                if kind != KIND:
                    yield codec.decode(kind, body)

    @property
    def head(self) -> tuple[int, str]:
        """The last batch that the chain of digests covers, and its digest as hex."""
        return self._chained_seq, self._digest.hex()

    def since(self, seq: int, digest: str) -> int | None:
        """How many chained batches came after batch ``seq``; None if it has another digest here."""
        with self._final():
            return batches_since(self._db, seq, digest)

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Saved desks that the chain vouches for, newest first."""
        with self._final():
            yield from newest_first(self._db)

    def save(self, body: bytes, fits: str, seen: int) -> None:
        """Keep the desk that all records so far fold to, as a record of its own.

        Raises ValueError unless ``seen``, the records of this life that went into it, are all.
        """
        if seen != self._records:
            raise ValueError(f"a desk of {seen} records cannot stand for {self._records}")
        with self._final():
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
            self._seq += 1
            self._chain(self._at, [(0, False, KIND, header(body, fits))])
            keep(self._db, self._seq, body)
            self._commit()

    def poison(self, events: Sequence[Event], error: str) -> None:
        """Keep the batch that made the core raise; the next life starts halted because of it."""
        lines = [b'["%s",%s]' % (kind.encode(), body) for kind, body in map(codec.encode, events)]
        with self._final():
            self._commit()
            self._db.execute(
                "INSERT INTO poison VALUES (?, ?, ?)", (self._life, error, b"\n".join(lines))
            )

    def close(self, ended: str = "clean") -> None:
        """Commit, write everything into the one file, let go of it. Safe to call twice."""
        if self._lock < 0:
            return
        try:
            if self._failed:  # half a batch must not become part of the record
                return
            with self._final():
                self._commit()
                self._db.execute("UPDATE life SET ended = ? WHERE life = ?", (ended, self._life))
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._note_head(None)
        finally:
            if self._failed:  # a sync that failed and is tried again may lie
                self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self._db.close()
            os.close(self._lock)
            self._lock = -1

    def _resume(self) -> None:
        """Verify the chain and pick up where the last life ended."""
        self._digest, self._seq = verify_chain(self._db)
        self._chained_seq = self._seq
        self._anchored_seq = self._check_anchor()
        newest = self._db.execute("SELECT max(batch) FROM market").fetchone()
        self._seq = max(self._seq, newest[0] or 0) if newest else self._seq
        last = self._db.execute("SELECT max(life) FROM life").fetchone()
        self._life = (last[0] or 0) if last else 0

    def _write(self, events: Sequence[Event], effects: Sequence[Effect]) -> bool:
        """All rows of one batch. True if any of them must be durable before the world goes on."""
        fleeting: list[tuple[int, codec.Fleeting]] = []
        records: list[Recorded] = []
        at = codec.micros(events[-1].at) if events else 0
        for position, event in enumerate(events):
            if codec.is_fleeting(event):
                fleeting.append((position, event))
            else:
                records.append((position, False, *codec.encode(event)))
                index_event(self._db, (self._seq, position), event)
        for position, effect in enumerate(effects, start=len(events)):
            kind, body = codec.encode(effect)
            records.append((position, True, kind, body))
            index_effect(self._db, self._seq, at, effect, body)
        if fleeting:
            body = codec.pack(fleeting, self._number)
            self._db.execute("INSERT INTO market VALUES (?, ?, ?)", (self._seq, at, body))
            self._purge(at)
        if records:
            self._records += len(records)
            self._at = at
            self._chain(at, records)
        return bool(records)

    def _chain(self, at: int, records: Sequence[Recorded]) -> None:
        self._digest, self._chained_seq = chained(self._digest, self._seq, records), self._seq
        self._db.execute(
            "INSERT INTO batch VALUES (?, ?, ?, ?)", (self._seq, self._life, at, self._digest)
        )
        self._db.executemany(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?)",
            [(self._seq, *record) for record in records],
        )

    def _number(self, contract: Contract) -> int:
        """The number of a contract in this file; those asked for lately are at hand."""
        number = self._numbers.pop(contract, None)
        if number is None:
            body = codec.encode_contract(contract)
            row = self._db.execute("SELECT id FROM contract WHERE body = ?", (body,)).fetchone()
            if row is None:
                self._db.execute("INSERT INTO contract (body) VALUES (?)", (body,))
            number = self._db.last_insert_rowid() if row is None else int(row[0])
        self._numbers[contract] = number  # now the newest
        if len(self._numbers) > _NUMBERS_MAX:
            del self._numbers[next(iter(self._numbers))]
        return number

    def _purge(self, at: int) -> None:
        """Once a day of event time, forget prices older than the retention."""
        day = at // 86_400_000_000
        if day != self._purged_on:
            self._purged_on = day
            oldest = at - self._retention // timedelta(microseconds=1)
            self._db.execute("DELETE FROM market WHERE at < ?", (oldest,))

    def _waited_s(self, now: datetime) -> float:
        since = self._uncommitted_since
        return 0.0 if since is None else (now - since).total_seconds()

    def _commit(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._uncommitted_since = None

    def _check_anchor(self) -> int:
        """The batch last noted. Raises JournalFailed if this journal does not hold it."""
        note = None if self._anchor is None else self._anchor.read()
        if note is None:
            return 0
        seq, digest = note
        if self._db.execute("SELECT digest FROM batch WHERE seq = ?", (seq,)).fetchone() != (
            digest,
        ):
            assert self._anchor is not None
            raise JournalFailed(
                f"{self.path} does not hold batch {seq} as {self._anchor.path} remembers it: its "
                "end was lost, or an older copy was put in its place. Compare it with the broker; "
                "move the anchor away to accept the journal as it is"
            )
        return seq

    def _note_head(self, at: datetime | None) -> None:
        """Note the head if it has moved and the last note is old enough; at once without ``at``."""
        if self._anchor is None or self._chained_seq <= self._anchored_seq:
            return
        since = self._anchored_at
        if at is None or since is None or at - since >= self._anchor.every:
            self._anchor.write(self._chained_seq, self._digest)
            self._anchored_seq, self._anchored_at = self._chained_seq, at or since

    @contextmanager
    def _final(self) -> Iterator[None]:
        """Turns an error of the database into one that ends the life of the process."""
        if self._failed:
            raise JournalFailed(f"{self.path}: failed before")
        try:
            yield
        except (apsw.Error, codec.UnreadableRecord, OSError) as error:
            self._failed = True
            raise JournalFailed(f"{self.path}: {type(error).__name__}: {error}") from error

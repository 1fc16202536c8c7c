"""A journal seen from outside: its records as they lie there, and whether it is whole.

Never writes. Works on the journal of a running daemon and of one that was killed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import msgspec

from bot.journal import codec
from bot.journal.checkpoints import KIND, body_troubles
from bot.journal.database import head_of, open_to_read, verify_chain
from bot.journal.failures import JournalFailed
from bot.journal.index import index_troubles
from domain.effects import Effect
from domain.events import Event

COUNTS = {
    "batch": "SELECT count(*) FROM batch",
    "market": "SELECT count(*) FROM market",
    "record": "SELECT count(*) FROM record",
    "intent": "SELECT count(*) FROM intent",
    "send": "SELECT count(*) FROM send",
    "fill": "SELECT count(*) FROM fill",
    "act": "SELECT count(*) FROM act",
    "life": "SELECT count(*) FROM life",
    "checkpoint": "SELECT count(*) FROM checkpoint",
    "poison": "SELECT count(*) FROM poison",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One record in its place: ``body`` is its JSON."""

    batch: int
    position: int
    is_effect: bool
    kind: str
    body: bytes


class JournalReader:
    """Raises JournalFailed for a file that is no journal of this version."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = open_to_read(path)

    def close(self) -> None:
        self._db.close()

    @property
    def head(self) -> tuple[int, str]:
        """The last batch of the chain of digests, and its digest as hex."""
        return head_of(self._db)

    def rows(self, *, with_market: bool = False) -> Iterator[Row]:
        """All records in the order they were written; prices and clock ticks only if asked."""
        records = self._db.execute(
            "SELECT batch, position, is_effect, kind, body FROM record ORDER BY batch, position"
        )
        durable = (Row(b, p, bool(e), kind, body) for b, p, e, kind, body in records)
        return _merged(durable, self._market()) if with_market else durable

    def records(self) -> Iterator[Event | Effect]:
        """Decoded, as the daemon reads them to recover."""
        for row in self.rows():
            if row.kind != KIND:
                yield codec.decode(row.kind, row.body)

    def troubles(self) -> list[str]:
        """What is wrong with the file; empty when everything holds. Reads all of it."""
        found: list[str] = []
        try:
            found += [str(row[0]) for row in self._db.execute("PRAGMA integrity_check")]
            found = [trouble for trouble in found if trouble != "ok"]
            verify_chain(self._db)
            found += index_troubles(self._db)
            found += body_troubles(self._db)
        except (apsw.Error, JournalFailed, codec.UnreadableRecord) as error:
            found.append(str(error))
        return found

    def count(self, table: str) -> int:
        """Rows of one table. Raises KeyError for a table that is not in COUNTS."""
        ((count,),) = self._db.execute(COUNTS[table]).fetchall()
        assert isinstance(count, int)
        return count

    def counters(self) -> dict[str, dict[str, int]]:
        """What was done, by New York day and name."""
        days: dict[str, dict[str, int]] = {}
        for day, name, value in self._db.execute("SELECT * FROM counter ORDER BY day, name"):
            days.setdefault(day, {})[name] = value
        return days

    def lives(self) -> list[dict[str, Any]]:
        """Every start of the daemon, oldest first."""
        names = ("life", "run_id", "started_at", "config_hash", "policy_hash", "ended", "build")
        lives = []
        for row in self._db.execute("SELECT * FROM life ORDER BY life"):
            life: dict[str, Any] = dict(zip(names, row, strict=True))
            life["started_at"] = codec.from_micros(life["started_at"]).isoformat()
            lives.append(life)
        return lives

    def _market(self) -> Iterator[Row]:
        contracts = {
            number: codec.decode_contract(body)
            for number, body in self._db.execute("SELECT id, body FROM contract")
        }
        for batch, packed in self._db.execute("SELECT batch, body FROM market ORDER BY batch"):
            for position, event in codec.unpack(packed, contracts.__getitem__):
                kind, body = codec.encode(event)
                yield Row(batch, position, is_effect=False, kind=kind, body=body)


def as_json_line(row: Row) -> bytes:
    """``{"batch":1,"position":0,"what":"event","kind":"BrokerReady","body":{...}}``"""
    return msgspec.json.encode(
        {
            "batch": row.batch,
            "position": row.position,
            "what": _what(row),
            "kind": row.kind,
            "body": msgspec.Raw(row.body),
        }
    )


def _what(row: Row) -> str:
    if row.kind == KIND:
        return "checkpoint"
    return "effect" if row.is_effect else "event"


def _merged(left: Iterator[Row], right: Iterator[Row]) -> Iterator[Row]:
    """Two sorted streams as one, by place."""
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and (a.batch, a.position) < (b.batch, b.position)):
            assert a is not None
            yield a
            a = next(left, None)
        else:
            yield b
            b = next(right, None)

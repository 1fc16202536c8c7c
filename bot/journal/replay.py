"""A journal batch by batch, prices and clock ticks included, as the loop took them.

Never writes. What it cannot give is what retention has already deleted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from bot.journal import codec
from bot.journal.checkpoints import KIND, Checkpoint, newest_first
from bot.journal.database import open_to_read
from domain.effects import Effect, RecordDecision
from domain.events import Event

E = TypeVar("E", bound=Effect)
_DECISIONS_MAX = 50_000  # looked at for the last one on each topic


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the loop: what came in, and what was decided."""

    batch: int
    life: int  # 0 where only prices and ticks were recorded
    at: datetime  # of its newest event
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The durable or the fleeting half of one batch; events with their places in it."""

    batch: int
    life: int
    at: int
    events: list[tuple[int, Any]]
    effects: list[Any]


class Replay:
    """Raises JournalFailed for a file that is no journal of this version."""

    def __init__(self, path: Path) -> None:
        self._db = open_to_read(path)

    def close(self) -> None:
        self._db.close()

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Saved desks that the chain vouches for, newest first."""
        yield from newest_first(self._db)

    def policies(self) -> dict[int, str]:
        """Fingerprint of the policy of every life."""
        return dict(self._db.execute("SELECT life, policy_hash FROM life"))

    def last_at(self) -> datetime | None:
        """Time of the newest event in it."""
        return self._time("SELECT max(at) FROM (SELECT max(at) AS at FROM batch UNION ALL "
                          "SELECT max(at) FROM market)")  # fmt: skip

    def oldest_price_at(self) -> datetime | None:
        """Where prices and ticks begin; None when there are none."""
        return self._time("SELECT min(at) FROM market")

    def batch_at(self, at: datetime) -> int:
        """The last batch that began at or before ``at``; 0 for none."""
        micros = codec.micros(at)
        ((durable,),) = self._db.execute("SELECT max(seq) FROM batch WHERE at <= ?", (micros,))
        ((market,),) = self._db.execute("SELECT max(batch) FROM market WHERE at <= ?", (micros,))
        return max(durable or 0, market or 0)

    def decisions(self, until: int) -> dict[str, RecordDecision]:
        """The last decision on each topic up to batch ``until``, newest first."""
        found: dict[str, RecordDecision] = {}
        for decision in self.newest(RecordDecision, until, _DECISIONS_MAX):
            found.setdefault(decision.topic, decision)
        return found

    def newest(self, kind: type[E], until: int, most: int) -> Iterator[E]:
        """Records of one kind up to batch ``until``, newest first, at most so many."""
        rows = self._db.execute(
            "SELECT body FROM record WHERE kind = ? AND batch <= ? "
            "ORDER BY batch DESC, position DESC LIMIT ?",
            (kind.__name__, until, most),
        )
        for (body,) in rows:
            record = codec.decode(kind.__name__, body)
            assert isinstance(record, kind)
            yield record

    def turns(self, after: int, until: int, *, with_market: bool) -> Iterator[Turn]:
        """Batches after ``after`` up to and with ``until``; without market only durable ones."""
        durable = _grouped(
            self._db.execute(
                "SELECT record.batch, position, is_effect, kind, body, life, at "
                "FROM record JOIN batch ON batch.seq = record.batch "
                "WHERE record.batch > ? AND record.batch <= ? ORDER BY record.batch, position",
                (after, until),
            )
        )
        market = self._market(after, until) if with_market else iter(())
        yield from _merged(durable, market)

    def _market(self, after: int, until: int) -> Iterator[_Part]:
        contracts = {
            number: codec.decode_contract(body)
            for number, body in self._db.execute("SELECT id, body FROM contract")
        }
        rows = self._db.execute(
            "SELECT batch, at, body FROM market WHERE batch > ? AND batch <= ? ORDER BY batch",
            (after, until),
        )
        for batch, at, packed in rows:
            yield _Part(batch, 0, at, list(codec.unpack(packed, contracts.__getitem__)), [])

    def _time(self, query: str) -> datetime | None:
        ((micros,),) = self._db.execute(query)
        return None if micros is None else codec.from_micros(micros)


def _grouped(rows: Iterator[tuple[Any, ...]]) -> Iterator[_Part]:
    """Records of one batch together, saved desks left out."""
    for batch, group in groupby(rows, key=itemgetter(0)):
        part = None
        for _, place, is_effect, kind, body, life, at in group:
            if kind == KIND:
                continue
            part = part or _Part(batch, life, at, [], [])
            record = codec.decode(kind, body)
            if is_effect:
                part.effects.append(record)
            else:
                part.events.append((place, record))
        if part is not None:
            yield part


def _merged(durable: Iterator[_Part], market: Iterator[_Part]) -> Iterator[Turn]:
    """Both halves of every batch as one turn, events in the order in which the loop had them."""
    a, b = next(durable, None), next(market, None)
    while a is not None or b is not None:
        if a is not None and (b is None or a.batch < b.batch):
            yield _turn(a)
            a = next(durable, None)
        elif b is not None and (a is None or b.batch < a.batch):
            yield _turn(b)
            b = next(market, None)
        elif a is not None and b is not None:
            events = sorted((*a.events, *b.events), key=itemgetter(0))
            yield _turn(_Part(a.batch, a.life, max(a.at, b.at), events, a.effects))
            a, b = next(durable, None), next(market, None)


def _turn(part: _Part) -> Turn:
    events = tuple(event for _, event in part.events)
    return Turn(part.batch, part.life, codec.from_micros(part.at), events, tuple(part.effects))

"""Runs the books on paper beside the live desk: what they hear, what they want to see, what of them
must be remembered.

Has a way into the inbox for reports about itself and no way to the broker: nothing a book on paper
decides can become an order. Decides nothing about the live book.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Final, TypeVar, get_args

import msgspec

from config.shadow import ShadowSettings
from domain.desk import Desk
from domain.events import Event, QuoteUpdated, ShadowReported
from domain.instruments import Contract
from domain.quotes import Quote
from domain.shadows import ShadowDay
from engine.policy import Policy
from engine.shadow import replicas, venue
from engine.shadow.book import Heard, Heeded, Shadow, State, begun, look, state_of
from engine.shadow.books import live_books
from engine.shadow.replicas import Replica, ReplicaState
from engine.shadow.venue import PaperFills

_HEEDED: Final = get_args(Heeded)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(State)
_replica_decoder = msgspec.json.Decoder(ReplicaState)
S = TypeVar("S")


class UnreadableState(ValueError):
    """What a book left behind is not of this program; the message names the book."""


@dataclass(slots=True)
class EngineBook:
    """A book that the engine runs under its own policy."""

    shadow: Shadow
    rules: PaperFills
    told: State | None = None

    @property
    def needed(self) -> tuple[Contract, ...]:
        return venue.held_or_worked(self.shadow.desk)

    @property
    def wanted(self) -> tuple[Contract, ...]:
        return self.shadow.desk.memory.watchlist

    def look(self, heard: Heard, _desk: Desk) -> ShadowReported | None:
        """One minute; a report when what must be remembered has changed, or the session closed."""
        looked = look(self.shadow, heard, self.rules)
        self.shadow = looked.shadow
        state = state_of(self.shadow)
        if looked.day is None and self.told is not None and _same(state, self.told):
            return None
        self.told = state
        return self._report(heard.now, state, looked.day)

    def _report(self, at: datetime, state: State, day: ShadowDay | None) -> ShadowReported:
        worth = venue.worth(self.shadow.desk, self.shadow.start)
        text = _encoder.encode(state).decode()
        name = self.shadow.spec.name
        return ShadowReported(at, name, text, None if worth is None else float(worth), day)


@dataclass(slots=True)
class IndexBook:
    """A published index by its own rules."""

    kind: Replica
    state: ReplicaState
    rules: PaperFills
    told: ReplicaState | None = None

    @property
    def needed(self) -> tuple[Contract, ...]:
        return replicas.wanted(self.state)

    wanted = needed

    def look(self, heard: Heard, desk: Desk) -> ShadowReported | None:
        self.state, day = replicas.look(self.kind, self.state, heard, desk, self.rules)
        kept = replace(self.state, search=(), tries=0)  # a search begins anew
        if day is None and kept == self.told:
            return None
        self.told = kept
        worth = replicas.worth(kept, heard, desk)
        text = _encoder.encode(kept).decode()
        value = None if worth is None else float(worth)
        return ShadowReported(heard.now, self.kind.value, text, value, day)


@dataclass(slots=True)
class ShadowBooks:
    """Every book on paper. ``put`` takes reports to the inbox; ``lines`` is how many quotes they
    may ask for beyond what the live book wants.
    """

    policy: Policy
    settings: ShadowSettings
    put: Callable[[Event], None]
    books: dict[str, EngineBook | IndexBook] = field(default_factory=dict)
    _minute: int = -1
    _events: list[Heeded] = field(default_factory=list)
    _quotes: dict[Contract, Quote] = field(default_factory=dict)
    _counts: Counter[Contract] = field(default_factory=Counter)
    _live: tuple[Contract, ...] = ()
    _extra: tuple[Contract, ...] = ()
    _all: tuple[Contract, ...] = ()
    _only: frozenset[Contract] = frozenset()
    _promised: frozenset[Contract] = frozenset()  # what had a line when the last look ended

    def sift(self, events: Sequence[Event]) -> Sequence[Event]:
        """What of ``events`` concerns the live desk: quotes that only books on paper asked for do
        not reach it, so that it decides as it would without them.
        """
        for event in events:
            if isinstance(event, QuoteUpdated):
                self._quotes[event.contract] = event.quote
                if event.contract.trading_class == "SPXW":
                    self._counts[event.contract] += 1
            elif isinstance(event, _HEEDED):
                self._events.append(event)
        if not self._only:
            return events
        return [e for e in events if not (isinstance(e, QuoteUpdated) and e.contract in self._only)]

    def lines(self, live: tuple[Contract, ...]) -> tuple[Contract, ...]:
        """``live`` unchanged and in front, then what the books lack, within both limits."""
        if live is not self._live:
            for contract in live:  # wanted from now on by both: the desk is told what is known
                if contract in self._only and contract in self._quotes:
                    quote = self._quotes[contract]
                    self.put(QuoteUpdated(quote.at, contract, quote))
            self._live = live
            self._granted()
        return self._all

    def observe(self, desk: Desk) -> None:
        """A turn of the loop is over. Once a minute every book has its look."""
        if desk.memory.minute == self._minute:
            return
        self._minute = desk.memory.minute
        self._begin(desk)
        heard = self._heard(desk)
        for book in self.books.values():
            report = book.look(heard, desk)
            if report is not None:
                self.put(report)
        self._events, self._counts = [], Counter()
        self._want()

    def _begin(self, desk: Desk) -> None:
        """Books that are not running yet: from where they stood, or with what the live book has."""
        if len(self.books) == len(self.settings.books):
            return
        specs = {spec.name: spec for spec in live_books(self.policy)}
        fills = self.settings.fills
        for name in self.settings.books:
            total = desk.account.net_liquidation if desk.ready_at is not None else None
            if name in self.books or (name not in desk.shadows and total is None):
                continue
            start = total or Decimal(0)
            if name in specs:
                state = _stood(name, desk, _decoder) or State(start)
                self.books[name] = EngineBook(begun(specs[name], desk, state), fills)
            else:
                stood = _stood(name, desk, _replica_decoder) or replicas.opened(start)
                self.books[name] = IndexBook(Replica(name), stood, fills)

    def _heard(self, desk: Desk) -> Heard:
        total = desk.account.net_liquidation
        return Heard(
            desk.now, tuple(self._events), self._quotes, self._counts, self._promised,
            _fees(desk), None if total is None else float(total),
        )  # fmt: skip

    def _want(self) -> None:
        """What is held or worked comes before candidates, of all books, most telling book first."""
        books = self.books.values()
        needed = chain.from_iterable(book.needed for book in books)
        wanted = chain.from_iterable(book.wanted for book in books)
        asked = tuple(dict.fromkeys((*needed, *wanted)))
        if asked != self._extra:
            self._extra = asked
            self._granted()
        self._promised = frozenset(self._all)

    def _granted(self) -> None:
        live = set(self._live)
        free = max(0, self.policy.limits.watch_lines_max - len(self._live))
        more = [c for c in self._extra if c not in live][: min(free, self.settings.lines_max)]
        self._all, self._only = (*self._live, *more), frozenset(more)
        watched = {*live, *more}
        if len(self._quotes) > 2 * len(watched):
            self._quotes = {c: q for c, q in self._quotes.items() if c in watched}


def _stood(name: str, desk: Desk, decoder: "msgspec.json.Decoder[S]") -> S | None:
    """What the book reported last; None for one that is new. Raises UnreadableState."""
    known = desk.shadows.get(name)
    if known is None:
        return None
    try:
        return decoder.decode(known.state)
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableState(f"shadow book {name}: {error}") from error


def _same(state: State, told: State) -> bool:
    """The account moves with every quote and comes back by itself."""
    return replace(state, account=told.account, tally=told.tally) == told


def _fees(desk: Desk) -> dict[str, Decimal]:
    """USD per contract by symbol, from the newest executions the live book was charged for."""
    found: dict[str, Decimal] = {}
    for fill in desk.book.fills.values():
        charged = desk.book.commissions.get(fill.exec_id)
        if charged is not None and fill.quantity:
            found[fill.contract.symbol] = charged / abs(fill.quantity)
    return found

"""The desk: all the core may know at one instant, and the small states it is made of.

Refuses to know how any of it changes: ``engine.fold`` does that. Mappings are never mutated in
place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.approvals import Approvals
from domain.book import Book, Condor
from domain.chain import OptionChain
from domain.events import MarginAnswered
from domain.hedge_state import HedgeState
from domain.instruments import Contract
from domain.liquidity import LegLiquidity, LiquidityDay, Sum
from domain.orders import Layer, Order, OrderStatus
from domain.quotes import Quote
from domain.record import Record
from domain.rulesets import Vote
from domain.session import Session, SessionCalendar, date_in_new_york
from domain.shadows import ShadowRecord
from domain.signals import Kept, Reading, Signal
from domain.smile_fit import LastSmile
from domain.vwap import Vwap


class Regime(StrEnum):
    """VIX regimes of methodology 4.1, calm first. UNKNOWN permits no new risk."""

    UNKNOWN = "unknown"
    LOW = "low"
    NORMAL = "normal"
    ELEVATED = "elevated"
    HIGH = "high"
    PRESS = "press"  # HIGH not long ago, and VIX well below its peak


LEVELS = (Regime.LOW, Regime.NORMAL, Regime.ELEVATED, Regime.HIGH)


class CurveState(StrEnum):
    """Where the second VX month stands against the first."""

    UNKNOWN = "unknown"
    CONTANGO = "contango"
    FLAT = "flat"
    INVERTED = "inverted"
    DEEP = "deep"


class TradingState(StrEnum):
    ACTIVE = "active"
    REDUCING = "reducing"  # only closing orders
    HALTED = "halted"  # only closing orders that limit a loss


@dataclass(frozen=True, slots=True)
class Account:
    """The newest account values in USD; ``None`` where the broker gave none."""

    net_liquidation: Decimal | None = None
    cash: Decimal | None = None
    excess_liquidity: Decimal | None = None
    maintenance_margin: Decimal | None = None
    initial_margin: Decimal | None = None
    day_start: Decimal | None = None  # net liquidation when the trading day began


@dataclass(frozen=True, slots=True)
class RegimeState:
    """What the regime rules remember; every field is rebuilt from journaled decisions.

    ``level`` is the confirmed level without PRESS (``None`` before the first look), ``since`` the
    day it was last raised: only closes from then on count towards lowering it.
    """

    level: Regime | None = None
    since: date | None = None
    known: bool = False
    press: bool = False
    high_on: date | None = None  # last day the level was HIGH
    highs: tuple[tuple[date, float], ...] = ()  # VIX session highs, oldest first
    curve: CurveState = CurveState.UNKNOWN
    contango_on: date | None = None  # last day the curve was in CONTANGO
    inverted_on: date | None = None  # last day the curve was INVERTED or DEEP

    @property
    def regime(self) -> Regime:
        if not self.known or self.level is None:
            return Regime.UNKNOWN
        return Regime.PRESS if self.press else self.level


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts that survive a restart. ``orders_today`` numbers the order references of ``day``."""

    day: date | None = None
    orders_today: int = 0
    opening_today: int = 0
    sent: int = 0
    denied: int = 0
    recent_sends: tuple[
        tuple[datetime, bool], ...
    ] = ()  # (when, whether it opened risk), last minute


@dataclass(frozen=True)  # without slots, as the desk: both are copied at every step
class Memory:
    """What the rules remember between looks and may forget in a restart without harm."""

    minute: int = -1  # number of the last minute looked at
    mark: int = -1  # number of the last management mark
    marks: Mapping[str, int] = field(default_factory=dict)  # consecutive marks by condition
    skips: Mapping[str, str] = field(default_factory=dict)  # last reason for not trading, by topic
    pending: Mapping[str, datetime] = field(
        default_factory=dict
    )  # states waiting to persist, since
    vix_high: tuple[date, float] | None = None
    condors_at_risk_within: float | None = None  # condor notional at the last mark inside the cap
    wanted: tuple[Contract, ...] = ()  # candidates the rules asked to see
    legs: tuple[Contract, ...] = ()  # of the condor that would be opened
    watchlist: tuple[Contract, ...] = ()
    smile: LastSmile | None = None  # of the last candidate, from which the next fit starts
    vwap: Vwap | None = None  # of SPY, while a profile rolls by it
    liquidity: Mapping[Contract, LegLiquidity] = field(default_factory=dict)  # at the last look
    liquidity_sums: Mapping[str, Sum] = field(default_factory=dict)  # of today, by slot and band
    quote_counts: Mapping[Contract, int] = field(default_factory=dict)  # SPXW quotes heard ...
    quotes_counted_since: datetime | None = None  # ... since this look
    signals: Mapping[Signal, Reading] = field(default_factory=dict)  # as of the last look
    votes: tuple[Vote, ...] = ()  # of the operator rules at the last look ...
    rules_tested_on: date | None = None  # ... and when they last proved that they can fire
    kept: Mapping[str, Kept] = field(default_factory=dict)  # results that change once a day


@dataclass(frozen=True)
class Desk:
    """One instant. ``now`` is the time of the newest event; there is no other clock."""

    calendar: SessionCalendar
    now: datetime
    quotes: Mapping[Contract, Quote] = field(default_factory=dict)
    feed_at: datetime | None = None  # when any quote last arrived
    chains: Mapping[str, OptionChain] = field(default_factory=dict)  # by trading class
    futures: tuple[Contract, ...] = ()
    closes: Mapping[str, tuple[tuple[date, float], ...]] = field(default_factory=dict)
    refused: frozenset[Contract] = frozenset()
    hours: Mapping[date, Session] = field(default_factory=dict)  # as the broker tells them
    account: Account = field(default_factory=Account)
    book: Book = field(default_factory=Book)
    orders: Mapping[str, Order] = field(default_factory=dict)
    margin_answers: Mapping[str, MarginAnswered] = field(default_factory=dict)  # of waiting orders
    regime: RegimeState = field(default_factory=RegimeState)
    trading: TradingState = TradingState.ACTIVE
    trading_why: str = ""  # who and why ...
    trading_since: datetime | None = None  # ... and when
    ready_at: datetime | None = None  # None while the broker is away ...
    away_since: datetime | None = None  # ... since then
    broker_positions: Mapping[Contract, int] | None = None  # as last reported ...
    positions_at: datetime | None = None  # ... then
    mismatched: tuple[Contract, ...] = ()  # legs on which book and broker disagree
    foreign: tuple[str, ...] = ()  # orders and holdings at the broker that are not ours
    rejections: tuple[tuple[datetime, str], ...] = ()  # by the broker, since the last act on them
    liquidity: tuple[LiquidityDay, ...] = ()  # how SPX options traded on past sessions
    deficits: Mapping[Layer, date] = field(
        default_factory=dict
    )  # hedge layers short of target, since
    hedge: HedgeState = field(default_factory=HedgeState)
    # levels just before and after the last releases, by release and side
    release_marks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    alerts: Mapping[str, datetime] = field(default_factory=dict)  # raised and not cleared
    tally: Tally = field(default_factory=Tally)
    record: Record = field(default_factory=Record)  # of sessions, campaigns and conduct
    approvals: Approvals = field(default_factory=Approvals)
    shadows: Mapping[str, ShadowRecord] = field(default_factory=dict)  # books on paper, by name
    memory: Memory = field(default_factory=Memory)

    @property
    def today(self) -> date:
        """The New York date."""
        return date_in_new_york(self.now)

    @property
    def working(self) -> tuple[Order, ...]:
        """Orders that may still fill, oldest first."""
        return tuple([order for order in self.orders.values() if order.working])

    @property
    def live_condors(self) -> tuple[Condor, ...]:
        """Open condors whose result is not decided yet: an expired one may stay in the book until
        the broker drops it.
        """
        return tuple(
            condor
            for condor in self.book.open_condors
            if self.calendar.settles_at(condor.combo.short_put) > self.now
        )

    @property
    def live_contracts(self) -> int:
        """N of methodology 4.4: units of condors whose result is not decided yet."""
        return sum(condor.quantity for condor in self.live_condors)

    @property
    def uncertain(self) -> tuple[Order, ...]:
        return tuple([o for o in self.orders.values() if o.status is OrderStatus.UNKNOWN])

    def quote(self, contract: Contract) -> Quote | None:
        """The newest quote of this connection; None when there is none since the broker became
        ready.
        """
        quote = self.quotes.get(contract)
        if quote is None or self.ready_at is None or quote.at < self.ready_at:
            return None
        return quote

    def level(self, contract: Contract) -> float | None:
        """Last level of an index or future, of whatever age within this connection."""
        quote = self.quote(contract)
        return None if quote is None else quote.level

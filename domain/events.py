"""Everything that can happen to the desk, in the past tense.

Shells translate the outside world into these; ``engine.fold`` is the only reader. Every event
carries its own time, which is the only clock the core has.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from domain.instruments import Contract
from domain.quotes import Quote
from domain.session import Session


@dataclass(frozen=True, slots=True)
class ClockTicked:
    at: datetime


@dataclass(frozen=True, slots=True)
class QuoteUpdated:
    at: datetime
    contract: Contract
    quote: Quote


@dataclass(frozen=True, slots=True)
class ChainListed:
    """Listed expirations (last trading days, ascending) and the union of strikes of one class."""

    at: datetime
    symbol: str
    trading_class: str
    expirations: tuple[date, ...]
    strikes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FuturesListed:
    """The monthly VX futures not yet settled, nearest first."""

    at: datetime
    contracts: tuple[Contract, ...]


@dataclass(frozen=True, slots=True)
class DailyClosesLoaded:
    """Official closes of past sessions, oldest first; replaces what was known of ``symbol``."""

    at: datetime
    symbol: str
    closes: tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True)
class ContractRefused:
    """The broker knows no such contract: it is never asked for again today."""

    at: datetime
    contract: Contract
    reason: str


@dataclass(frozen=True, slots=True)
class HoursReported:
    """Regular hours of index options on the coming days as the broker tells them; replaces what it
    told before.
    """

    at: datetime
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class AccountUpdated:
    """Account values in USD; a value the broker has not given is ``None``."""

    at: datetime
    net_liquidation: Decimal | None = None
    cash: Decimal | None = None
    excess_liquidity: Decimal | None = None
    maintenance_margin: Decimal | None = None
    initial_margin: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MarginAnswered:
    """What the broker says an order would do to the account, in USD; None where it says nothing.

    ``reason`` tells why there are no numbers, or carries the broker's warning.
    """

    at: datetime
    order_ref: str
    initial_change: Decimal | None = None
    maintenance_after: Decimal | None = None
    equity_after: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderSubmitted:
    at: datetime
    order_ref: str
    order_id: int


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    at: datetime
    order_ref: str
    perm_id: int


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """One execution of one leg. ``quantity`` is signed: bought positive. ``price`` is per contract,
    in points.

    ``exec_id`` is the broker's id without its revision; ``revision`` counts corrections of it.
    """

    at: datetime
    order_ref: str
    exec_id: str
    revision: int
    contract: Contract
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class CommissionReported:
    at: datetime
    exec_id: str
    commission: Decimal


@dataclass(frozen=True, slots=True)
class OrderCanceled:
    at: datetime
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderRejected:
    at: datetime
    order_ref: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class OrderUncertain:
    """Sent, or perhaps sent, and the broker does not answer for it."""

    at: datetime
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class LimitModified:
    """The broker confirmed the new limit of a working order."""

    at: datetime
    order_ref: str
    limit: Decimal


@dataclass(frozen=True, slots=True)
class PositionsReported:
    """All option positions at the broker, from a complete answer. Quantities are signed."""

    at: datetime
    positions: tuple[tuple[Contract, int], ...]


@dataclass(frozen=True, slots=True)
class BrokerReady:
    """Connected, synchronised and reconciled: quotes from before this moment are not to be
    believed.
    """

    at: datetime


@dataclass(frozen=True, slots=True)
class BrokerLost:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class HaltRequested:
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class ReduceRequested:
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    at: datetime
    who: str
    why: str


Event: TypeAlias = (
    ClockTicked
    | QuoteUpdated
    | ChainListed
    | FuturesListed
    | DailyClosesLoaded
    | ContractRefused
    | HoursReported
    | AccountUpdated
    | MarginAnswered
    | OrderSubmitted
    | OrderAccepted
    | OrderFilled
    | CommissionReported
    | OrderCanceled
    | OrderRejected
    | OrderUncertain
    | LimitModified
    | PositionsReported
    | BrokerReady
    | BrokerLost
    | HaltRequested
    | ReduceRequested
    | ResumeRequested
)

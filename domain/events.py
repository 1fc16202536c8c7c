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
from domain.shadows import ShadowDay


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
    """Official closes of past sessions, oldest first; replaces what was known of ``symbol`` from
    the first of them to the last.
    """

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
    """The limit that a working order has at the broker: the new one, or the one from before when a
    change was refused or could not be sent.
    """

    at: datetime
    order_ref: str
    limit: Decimal


@dataclass(frozen=True, slots=True)
class PositionsReported:
    """All option positions at the broker, from a complete answer. Quantities are signed."""

    at: datetime
    positions: tuple[tuple[Contract, int], ...]


@dataclass(frozen=True, slots=True)
class ForeignReported:
    """What a complete answer showed that is not ours: open orders and holdings that nobody here
    asked for, named for the operator. Replaces what was told before; empty when all is ours.
    """

    at: datetime
    orders: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferencesSeen:
    """Orders of today at the broker, finished ones included, that bear references as we give them
    and that this journal knows nothing of: it is older than they are. None is ever given again.
    """

    at: datetime
    order_refs: tuple[str, ...]


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
    """``stops`` is how many stops the operators knew of; None ends any halt, else only theirs.

    ``halts`` and ``rejections`` are how many halts of the desk's own and how many rejections by the
    broker they knew of: what came after is not forgiven. None, as in older journals: of all.
    """

    at: datetime
    who: str
    why: str
    stops: int | None = None
    halts: int | None = None
    rejections: int | None = None


@dataclass(frozen=True, slots=True)
class CommandAccepted:
    """A signed plan takes effect: what it asks for follows in the same batch.

    ``plan`` is the SHA-256 of its bytes; its nonce is used up from here on.
    """

    at: datetime
    nonce: str
    expires: datetime
    action: str
    plan: str
    signers: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command without effect. ``more`` were refused since the last record, for any reason."""

    at: datetime
    reason: str
    text: str
    channel: str
    digest: str  # SHA-256 of what was received
    more: int = 0


@dataclass(frozen=True, slots=True)
class ApprovalsVoided:
    """Every plan made before now is void: its times can no longer be trusted."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class LimitRaised:
    """``limit`` is ``value`` instead of what is configured, before ``until``."""

    at: datetime
    limit: str
    value: float
    until: datetime
    who: str


@dataclass(frozen=True, slots=True)
class PositionAdopted:
    """So many contracts at the broker belong to us although no order of ours explains them."""

    at: datetime
    contract: Contract
    quantity: int
    who: str


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """Of ``campaign``, a condor or tranche of ours, contracts were closed by hand: not by an order
    of ours. ``quantity`` is that trade, signed: bought positive; ``price`` in points.
    """

    at: datetime
    campaign: str
    contract: Contract
    quantity: int
    price: Decimal
    who: str


@dataclass(frozen=True, slots=True)
class ConfigAccepted:
    """The daemon may start with the configuration of this hash without being halted.

    ``shares`` of net liquidation are what it lets be lost: in total, and as hedge premium.
    """

    at: datetime
    config_hash: str
    shares: tuple[float, float]
    who: str


@dataclass(frozen=True, slots=True)
class KeyRingChanged:
    """From now on these keys count and no others. ``ring`` is JSON and holds public keys only."""

    at: datetime
    ring: str
    who: str


@dataclass(frozen=True, slots=True)
class ShadowReported:
    """How a book that is only kept on paper stands; nothing of it is at the broker.

    ``state`` is its own spelling of what it holds, to go on from after a restart; ``worth`` its net
    liquidation in USD, None when something it holds has no price. ``day`` is the session that it
    has just closed.
    """

    at: datetime
    book: str
    state: str
    worth: float | None = None
    day: ShadowDay | None = None


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
    | ForeignReported
    | ReferencesSeen
    | BrokerReady
    | BrokerLost
    | HaltRequested
    | ReduceRequested
    | ResumeRequested
    | CommandAccepted
    | CommandRefused
    | ApprovalsVoided
    | LimitRaised
    | PositionAdopted
    | WrittenOff
    | ConfigAccepted
    | KeyRingChanged
    | ShadowReported
)

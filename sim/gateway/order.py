"""An order as the gateway keeps it, and its executions. Decides nothing."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sim.exchange.listings import Listing
from sim.gateway.order_request import OrderRequest
from sim.gateway.wire_contract import WireContract

_ZERO = Decimal(0)


class Status(StrEnum):
    PRE_SUBMITTED = (
        "PreSubmitted"  # accepted, not at the exchange: closed, held back, or waiting for a parent
    )
    SUBMITTED = "Submitted"
    FILLED = "Filled"
    CANCELED = "Cancelled"
    INACTIVE = "Inactive"  # rejected


@dataclass(frozen=True, slots=True)
class OrderLeg:
    """``ratio`` is signed as this order trades it: bought positive, whatever the order's own
    action.
    """

    listing: Listing
    ratio: int


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution report. A BAG has one for itself (``leg`` None), then one per leg."""

    exec_id: str
    at: datetime
    contract: WireContract
    leg: OrderLeg | None
    side: str  # BOT or SLD
    quantity: int
    price: Decimal
    cumulative: int
    average: Decimal
    commission: Decimal | None = None  # None for the summary of a BAG
    realized: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a what-if answers, USD."""

    initial: tuple[Decimal, Decimal, Decimal]  # before, change, after
    maintenance: tuple[Decimal, Decimal, Decimal]
    equity: tuple[Decimal, Decimal, Decimal]
    commission: Decimal


@dataclass(slots=True)
class Order:
    """``since`` is when it arrived or its limit last changed; the average is of net prices as it
    trades.
    """

    client_id: int
    perm_id: int
    request: OrderRequest
    contract: WireContract  # as resolved; of a BAG, as sent
    legs: tuple[OrderLeg, ...]
    since: datetime
    status: Status = Status.PRE_SUBMITTED
    filled: int = 0
    paid: Decimal = _ZERO  # sum of price x quantity
    last_price: Decimal = _ZERO
    commission: Decimal = _ZERO
    fills: list[Fill] = field(default_factory=list)
    open_on: date | None = None  # the last day on which it was at the exchange
    done_at: datetime | None = None
    done_text: str = ""

    @property
    def order_id(self) -> int:
        return self.request.order_id

    @property
    def quantity(self) -> int:
        return int(self.request.quantity)

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def average(self) -> Decimal:
        return (self.paid / self.filled).quantize(Decimal("0.000001")) if self.filled else _ZERO

    @property
    def buys(self) -> bool:
        return self.request.action == "BUY"

    @property
    def done(self) -> bool:
        return self.status in (Status.FILLED, Status.CANCELED, Status.INACTIVE)

    @property
    def package_limit(self) -> Decimal | None:
        """The limit as the price at which the package of ``legs`` is bought; None at market."""
        if self.request.order_type == "MKT" or self.request.limit is None:
            return None
        return self.request.limit if self.buys else -self.request.limit

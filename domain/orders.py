"""From a wish to a finished order: intents, orders, their states and the graph between states.

Prices follow one convention everywhere: an order *buys the package* of its legs at ``limit``, the
net price per unit in points. A leg with ratio -1 is sold. A credit is a negative limit. Only the
broker adapter turns a single sold leg into SELL at a positive price.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.instruments import Contract


class Layer(StrEnum):
    """Which book an order, position or cash flow belongs to."""

    CONDOR = "L1"
    HEDGE_SHORT = "L2a"  # about 30 days to expiration
    HEDGE_MEDIUM = "L2b"  # about 110
    HEDGE_LONG = "L2c"  # about 220


HEDGE_LAYERS = (Layer.HEDGE_SHORT, Layer.HEDGE_MEDIUM, Layer.HEDGE_LONG)


class Purpose(StrEnum):
    OPEN_CONDOR = "open_condor"
    CLOSE_CONDOR = "close_condor"
    BUY_HEDGE = "buy_hedge"
    ROLL_HEDGE = "roll_hedge"  # sell the old tranche, buy the new, as one combo
    SELL_HEDGE = "sell_hedge"  # trim, monetisation, harvest, flat deadline: the rule tells which


# What puts on something new, be it only the second half of a roll.
OPENING = frozenset({Purpose.OPEN_CONDOR, Purpose.BUY_HEDGE, Purpose.ROLL_HEDGE})


@dataclass(frozen=True, slots=True)
class Leg:
    """``ratio`` contracts per unit of the package; positive is bought, negative is sold."""

    contract: Contract
    ratio: int

    def __post_init__(self) -> None:
        if self.ratio == 0:
            raise ValueError("a leg with ratio 0")


@dataclass(frozen=True, slots=True)
class Walk:
    """How an order's limit moves until it fills: ``step`` every ``every_s`` up to ``worst``, then
    cancel.

    Limits only ever get worse for us: they rise towards ``worst`` (paying more, or taking less
    credit).
    """

    worst: Decimal
    step: Decimal
    every_s: float
    give_up_after_s: float


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What a rule wants to do. ``subject`` names the condor or tranche concerned ('' for a new
    one).
    """

    purpose: Purpose
    layer: Layer
    legs: tuple[Leg, ...]
    quantity: int
    limit: Decimal
    walk: Walk
    rule: str  # the rule that wants it, e.g. "4.3.stop"
    reason: str  # one sentence for the operator
    subject: str = ""
    inputs: tuple[tuple[str, float], ...] = ()  # the numbers the rule looked at

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError("an order for less than one unit")
        if not self.legs:
            raise ValueError("an order without legs")
        if not (self.limit.is_finite() and self.walk.worst.is_finite()):
            raise ValueError("a limit that is not a number")


class OrderStatus(StrEnum):
    ASKING = "asking"  # approved, its margin is being asked; never sent so far
    PENDING_SEND = "pending_send"  # committed to the journal, perhaps not yet on the wire
    SUBMITTED = "submitted"  # handed to the socket
    ACCEPTED = "accepted"  # the broker answered for it
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"  # by the broker; a denial of ours never becomes an order
    UNKNOWN = "unknown"  # cannot tell: the book is frozen until evidence arrives


_S = OrderStatus
TERMINAL = frozenset({_S.FILLED, _S.CANCELED, _S.REJECTED})
TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.ASKING: frozenset({_S.PENDING_SEND}),
    _S.PENDING_SEND: frozenset(
        {
            _S.SUBMITTED,
            _S.ACCEPTED,
            _S.PARTIALLY_FILLED,
            _S.FILLED,
            _S.CANCELED,
            _S.REJECTED,
            _S.UNKNOWN,
        }
    ),
    _S.SUBMITTED: frozenset(
        {_S.ACCEPTED, _S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELED, _S.REJECTED, _S.UNKNOWN}
    ),
    _S.ACCEPTED: frozenset({_S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELED, _S.REJECTED, _S.UNKNOWN}),
    _S.PARTIALLY_FILLED: frozenset({_S.FILLED, _S.CANCELED, _S.UNKNOWN}),
    # A cancel is provisional and a reject may race a fill: executions win over both.
    _S.CANCELED: frozenset({_S.PARTIALLY_FILLED, _S.FILLED}),
    _S.REJECTED: frozenset({_S.PARTIALLY_FILLED, _S.FILLED}),
    _S.FILLED: frozenset(),
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELED, _S.REJECTED}),
}


@dataclass(frozen=True, slots=True)
class Order:
    """An approved intent on its way. ``order_ref`` is deterministic and travels to the broker and
    back.

    ``leg_fills`` counts signed filled contracts per leg; ``filled`` is whole units, the least
    complete leg.
    """

    order_ref: str
    intent: OrderIntent
    created_at: datetime
    limit: Decimal
    status: OrderStatus = OrderStatus.PENDING_SEND
    limit_changed_at: datetime | None = None  # or a cancel was asked for
    cancel_requested: bool = False
    refusal: int = 0  # the broker's code when it rejected the order; 0 when it never got there
    limit_refusals: int = 0  # changes of its limit in a row that did not come to be
    leg_fills: tuple[int, ...] = ()
    exec_ids: frozenset[str] = field(default_factory=frozenset)

    @property
    def filled(self) -> int:
        if not self.leg_fills:
            return 0
        return min(
            done // leg.ratio for done, leg in zip(self.leg_fills, self.intent.legs, strict=True)
        )

    @property
    def remaining(self) -> int:
        return self.intent.quantity - self.filled

    @property
    def ever_sent(self) -> bool:
        """May have left us at some time."""
        return self.status is not OrderStatus.ASKING

    @property
    def working(self) -> bool:
        """May still fill: everything not finished, UNKNOWN included."""
        return self.status not in TERMINAL


_REFERENCE = re.compile(r"cb-(?:condor|hedge)-(\d{8})-(\d{1,9})", re.ASCII)


def order_ref(layer: Layer, day: date, number: int) -> str:
    """``cb-condor-20180116-1``: the same decision gets the same reference in every replay."""
    book = "condor" if layer is Layer.CONDOR else "hedge"
    return f"cb-{book}-{day:%Y%m%d}-{number}"


def number_of(ref: str, day: date) -> int | None:
    """The number in a reference given on ``day``; None for one of another day or of others."""
    match = _REFERENCE.fullmatch(ref)
    return int(match[2]) if match and match[1] == f"{day:%Y%m%d}" else None


class DenialCode(StrEnum):
    """Why one of our own checks refused an order, or a rule did not propose one."""

    TRADING_HALTED = "trading_halted"
    ONLY_REDUCING = "only_reducing"
    REGIME_UNKNOWN = "regime_unknown"
    REGIME_BLOCKS_ENTRY = "regime_blocks_entry"
    STRESS_HIGH = "stress_high"
    BLACKOUT = "blackout"
    ENTRY_SPACING = "entry_spacing"
    LIQUIDITY_THIN = "liquidity_thin"
    BREAK_EVEN = "break_even"
    NET_DELTA = "net_delta"
    NO_STRIKE = "no_strike"
    REGIME_BLOCKS_HEDGE_BUY = "regime_blocks_hedge_buy"
    QUOTE_MISSING = "quote_missing"
    QUOTE_STALE = "quote_stale"
    QUOTE_DELAYED = "quote_delayed"
    SESSION_CLOSED = "session_closed"
    BROKER_RESET = "broker_reset"
    PRICE_OFF_TICK = "price_off_tick"
    PRICE_OUTSIDE_COLLAR = "price_outside_collar"
    QUANTITY_LIMIT = "quantity_limit"
    NAKED_SHORT = "naked_short"
    STRIKE_COLLISION = "strike_collision"
    CREDIT_TOO_SMALL = "credit_too_small"
    MAX_LOSS_LIMIT = "max_loss_limit"
    CONDOR_COUNT_LIMIT = "condor_count_limit"
    HEDGE_SHARE_CAP = "hedge_share_cap"
    HEDGE_BUDGET = "hedge_budget"
    HEDGE_STRESS = "hedge_stress"
    HEDGE_TURNOVER = "hedge_turnover"
    HEDGE_CASH_MULTIPLE = "hedge_cash_multiple"
    QUICK_RATIO = "quick_ratio"
    DAILY_LOSS_LIMIT = "daily_loss_limit"
    ORDER_RATE = "order_rate"
    ORDER_WORKING = "order_working"
    ORDER_UNCERTAIN = "order_uncertain"
    POSITION_MISMATCH = "position_mismatch"
    FOREIGN_AT_BROKER = "foreign_at_broker"
    MARGIN_FLOOR = "margin_floor"
    RULE_VETO = "rule_veto"

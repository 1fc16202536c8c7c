"""What goes wrong with orders themselves: refused, held, filled in part, too late or unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from sim.exchange.matching import Execution
from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.faults.words import CANCEL, OPEN_ORDER, Asked, Said, status_message
from sim.gateway.order import Order, Status

if TYPE_CHECKING:
    from sim.gateway.session import Session

_ON = ("new", "change", "both")
_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Reject(Fault):
    """Orders (``on``: new, change or both) are refused with ``code``; a changed order goes on as it
    was, a new one is not taken. A new one refused with 201 is also said to be Inactive.
    """

    NAME: ClassVar[str] = "reject"
    IMITATES: ClassVar[str] = (
        "D: 201, 103, 104, 105, 106, 107, 109, 110, 163, 200, 203, 312-315, 321, 322, 355, 383, "
        "388, 392, 460, 10002, 10006, 10268, 10269, 2102"
    )

    code: int = 201
    text: str = "Order rejected - reason:as a fault has it"
    on: str = "new"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.on not in _ON:
            raise ValueError(f"reject: on {self.on!r} is none of {', '.join(_ON)}")

    def asked(self, armed: Armed, asked: Asked) -> bool:
        request = asked.request
        what = "new" if asked.order is None else "change"
        if request is None or self.on not in (what, "both") or not armed.strikes(asked.ref):
            return False
        asked.refuse(self.code, self.text)
        if self.code == 201 and asked.order is None:
            session, gateway = asked.session, asked.session.gateway
            made = gateway.orders.draft(session.client_id, request, gateway.now())
            if isinstance(made, Order):
                session.send(status_message(made, Status.INACTIVE))
        return True


@dataclass(frozen=True, kw_only=True)
class Remark(Fault):
    """An accepted order is remarked on with ``code``, as an error about its id, and lives on."""

    NAME: ClassVar[str] = "remark"
    IMITATES: ClassVar[str] = (
        "D: 10349, 399, 404, 481, 2109, 2137, 2148, 2161, 10311, 10329, 10233, 202 in error"
    )

    code: int = 10349
    text: str = "Order TIF was set to DAY based on order preset."

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        order = said.order if said.kind == OPEN_ORDER else None
        if order is None or order in armed.memory.values() or not armed.strikes(said.ref):
            return None
        armed.memory[order.perm_id] = order
        session, order_id = said.session, order.order_id
        armed.later(0.1, lambda: session.tell(order_id, self.code, self.text))
        return None


@dataclass(frozen=True, kw_only=True)
class CancelRefused(Fault):
    """A cancel is answered with ``code``, and the order lives on."""

    NAME: ClassVar[str] = "cancel_refused"
    IMITATES: ClassVar[str] = "D: 135, 161, 10147, 10148"

    code: int = 10147

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if asked.kind != CANCEL or not armed.strikes(asked.ref):
            return False
        asked.refuse(
            self.code, f"OrderId {asked.order_id} that needs to be cancelled is not found."
        )
        return True


@dataclass(frozen=True, kw_only=True)
class CancelNoAck(Fault):
    """A cancel is not answered, and done ``by_s`` later; never, if that is 0."""

    NAME: ClassVar[str] = "cancel_no_ack"
    IMITATES: ClassVar[str] = "D: cancel never acknowledged until the market opens again"

    by_s: float = 0.0

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if asked.kind != CANCEL or not armed.strikes(asked.ref):
            return False
        if self.by_s:
            armed.later(self.by_s, asked.serve)
        return True


@dataclass(frozen=True, kw_only=True)
class Inactive(Fault):
    """A new order becomes Inactive, and Submitted again ``revive_s`` later; a cancel is obeyed."""

    NAME: ClassVar[str] = "inactive"
    IMITATES: ClassVar[str] = "D: Inactive, which may come back to life"

    revive_s: float = 60.0

    def asked(self, armed: Armed, asked: Asked) -> bool:
        gateway, session = asked.session.gateway, asked.session
        if asked.kind == CANCEL and asked.order is not None:
            if asked.order.status is Status.INACTIVE and asked.order in armed.memory.values():
                gateway.orders.cancel(asked.order, gateway.now(), "")
                return True
            return False
        if asked.request is None or asked.order is not None or not armed.strikes(asked.ref):
            return False
        asked.serve()
        order = gateway.orders.known(session.client_id, asked.request.order_id)
        if order is not None:
            armed.memory[order.perm_id] = order
            order.status = Status.INACTIVE
            gateway.order_changed(order)
            armed.later(self.revive_s, lambda: _revive(armed, order))
        return True


@dataclass(frozen=True, kw_only=True)
class Partial(Fault):
    """No execution is of more than ``units``; ``only``: the rest never comes."""

    NAME: ClassVar[str] = "partial"
    IMITATES: ClassVar[str] = "D: partial fills"

    units: int = 1
    only: bool = False

    def execution(self, armed: Armed, order: Order, found: Execution) -> Execution | None:
        if self.only and order.filled:
            return None if armed.strikes(order.request.order_ref) else found
        if not armed.strikes(order.request.order_ref):
            return found
        quantity = min(self.units, found.quantity)
        return Execution(quantity, found.net_price, found.leg_prices)


@dataclass(frozen=True, kw_only=True)
class LegImbalance(Fault):
    """Of a combo only the legs at ``legs`` (``0+1``) trade; the others ``rest_s`` later, or never
    if that is 0.
    """

    NAME: ClassVar[str] = "leg_imbalance"
    IMITATES: ClassVar[str] = "D: a combo that is not guaranteed leaves a leg hanging"

    legs: str = "0"
    rest_s: float = 30.0

    def execution(self, armed: Armed, order: Order, found: Execution) -> Execution | None:
        if order in armed.memory.values():
            return None
        if len(order.legs) < 2 or not armed.strikes(order.request.order_ref):
            return found
        armed.memory[order.perm_id] = order
        places = [int(place) for place in str(self.legs).split("+")]
        orders, director = armed.director.gateway.orders, armed.director
        orders.execute_legs(order, found, places, director.now())
        if self.rest_s:
            armed.later(self.rest_s, lambda: self._rest(armed, order, found, places))
        return None

    def _rest(self, armed: Armed, order: Order, found: Execution, places: Sequence[int]) -> None:
        if not order.done:
            rest = [place for place in range(len(order.legs)) if place not in places]
            gateway = armed.director.gateway
            gateway.orders.finish_legs(order, found, rest, gateway.now())


@dataclass(frozen=True, kw_only=True)
class FillAfterCancel(Fault):
    """A cancel is confirmed, and ``by_s`` later it turns out that the order had filled."""

    NAME: ClassVar[str] = "fill_after_cancel"
    IMITATES: ClassVar[str] = "D: fill after Cancelled (202)"

    by_s: float = 2.0

    def asked(self, armed: Armed, asked: Asked) -> bool:
        order = asked.order
        working = asked.kind == CANCEL and order is not None and not order.done
        if order is not None and working and armed.strikes(asked.ref):
            armed.later(self.by_s, lambda: fill(armed, order))
        return False


@dataclass(frozen=True, kw_only=True)
class LateFillWhileDown(Fault):
    """Working orders of a client fill ``by_s`` after it has left; nobody is there to hear it."""

    NAME: ClassVar[str] = "late_fill_while_down"
    IMITATES: ClassVar[str] = "A, B: a fill during the gap is only in the executions"

    by_s: float = 1.0

    def gone(self, armed: Armed, session: "Session") -> None:
        for order in armed.director.gateway.orders.orders(session.client_id):
            if armed.strikes(order.request.order_ref):
                # mypy cannot infer a lambda with a default, without which all would fill one order.
                armed.later(self.by_s, lambda order=order: fill(armed, order))  # type: ignore[misc]


@dataclass(frozen=True, kw_only=True)
class FillNow(Fault):
    """Working orders fill at their limits, all at once."""

    NAME: ClassVar[str] = "fill"
    IMITATES: ClassVar[str] = "a market that comes to the order"

    def begin(self, armed: Armed) -> None:
        for order in armed.director.gateway.orders.orders():
            if armed.strikes(order.request.order_ref):
                fill(armed, order)


def fill(armed: Armed, order: Order) -> None:
    """What is left of ``order``, at its limit, whatever the market says."""
    gateway = armed.director.gateway
    if order.remaining and order.package_limit is not None:
        gateway.orders.execute(order, _at_limit(armed, order), gateway.now())


def _at_limit(armed: Armed, order: Order) -> Execution:
    """Legs near their mids; what is missing to the limit goes to a leg that it makes dearer."""
    limit = order.package_limit
    assert limit is not None
    prices = [_mid(armed, leg.listing.con_id) for leg in order.legs]
    missing = limit - sum(leg.ratio * price for leg, price in zip(order.legs, prices, strict=True))
    for place, leg in enumerate(order.legs):
        if (missing > 0) == (leg.ratio > 0):
            prices[place] += missing / leg.ratio
            break
    return Execution(order.remaining, limit, tuple(prices))


def _mid(armed: Armed, con_id: int) -> Decimal:
    quote = armed.director.gateway.quote(con_id)
    sides = [side for side in (quote.bid, quote.ask) if side is not None]
    return Decimal(str(sum(sides) / max(len(sides), 1))).quantize(_CENT)


def _revive(armed: Armed, order: Order) -> None:
    if order.status is Status.INACTIVE:
        order.status = Status.SUBMITTED
        armed.director.gateway.order_changed(order)

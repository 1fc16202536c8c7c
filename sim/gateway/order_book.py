"""All orders of all clients and what becomes of them: accepted, changed, canceled, filled, expired.

Outlives every connection. Decides on orders only; it tells a ``Listener`` what happened and does
not know how that is said. Ids are counted from a number drawn from the seed, so a run repeats them
exactly.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

from domain.session import new_york
from sim.exchange.matching import Execution, FillModel, LegQuote
from sim.exchange.quotes import MarketQuote
from sim.gateway.account import Account
from sim.gateway.fees import commission
from sim.gateway.order import Fill, Order, OrderLeg, Status
from sim.gateway.order_request import OrderRequest
from sim.gateway.order_rules import Refusal, Resolved, check_terms, increment, resolve
from sim.gateway.settings import GatewaySettings
from sim.gateway.venue import Venue
from sim.gateway.wire_contract import described

Affords: TypeAlias = Callable[[Order], Refusal | None]

_ZERO = Decimal(0)
_FILLED_CHANGE = Refusal(104, "Cannot modify a filled order.")
_MISMATCH = Refusal(105, "Order being modified does not match original order.")


class Listener(Protocol):
    """Who says it on the wire, and may hold an execution back."""

    def may_execute(self, order: Order, found: Execution) -> Execution | None: ...

    def order_accepted(self, order: Order) -> None: ...

    def order_changed(self, order: Order) -> None: ...

    def order_canceled(self, order: Order, reason: str) -> None: ...

    def order_filled(self, order: Order, fills: Sequence[Fill]) -> None: ...


class OrderBook:
    """Live orders by (client id, order id), finished ones of the day, and the day's executions."""

    def __init__(
        self,
        market: Venue,
        account: Account,
        fills: FillModel,
        settings: GatewaySettings,
        listener: Listener,
        *,
        seed: int,
    ) -> None:
        self._market = market
        self._account = account
        self._fills = fills
        self._settings = settings
        self._listener = listener
        self.live: dict[tuple[int, int], Order] = {}
        self.finished: list[Order] = []
        self._finished_ids: dict[tuple[int, int], Order] = {}
        self._highest: dict[int, int] = {}
        digest = zlib.crc32(f"orders/{seed}".encode())
        self._perm_id = 1_000_000_000 + digest % 900_000_000
        self._exec_prefix = f"{digest & 0xFFFF:08x}"
        self._executions = 0

    def next_order_id(self, client_id: int) -> int:
        """One more than the highest this client has ever used."""
        return self._highest.get(client_id, 0) + 1

    def orders(self, client_id: int | None = None) -> list[Order]:
        """Live orders in the order of their arrival; of all clients if None."""
        return [o for o in self.live.values() if client_id is None or o.client_id == client_id]

    def known(self, client_id: int, order_id: int) -> Order | None:
        """Live, or finished today."""
        key = (client_id, order_id)
        return self.live.get(key) or self._finished_ids.get(key)

    def place(
        self, client_id: int, request: OrderRequest, afford: Affords, now: datetime
    ) -> Refusal | None:
        """Take a new order or change one; a Refusal leaves everything as it was."""
        key = (client_id, request.order_id)
        existing = self.live.get(key)
        if existing is None and key in self._finished_ids:
            return _done_refusal(self._finished_ids[key])
        if existing is None and request.order_id < self.next_order_id(client_id):
            return Refusal(103, "Duplicate order id")
        self._highest[client_id] = max(request.order_id, self._highest.get(client_id, 0))
        made = self.draft(client_id, request, now, perm_id=self._perm_id + 1)
        if isinstance(made, Refusal):
            return made
        if existing is not None:
            return self._modify(existing, made, afford, now)
        if request.parent_id and self.live.get((client_id, request.parent_id)) is None:
            return Refusal(10006, "Missing parent order")
        refusal = afford(made)
        if refusal is not None:
            return refusal
        self._perm_id += 1
        self.live[key] = made
        self._listener.order_accepted(made)
        self._release(made, now)
        return None

    def draft(
        self, client_id: int, request: OrderRequest, now: datetime, *, perm_id: int = 0
    ) -> Order | Refusal:
        """The order this request would make, without placing it."""
        resolved = resolve(request, self._market)
        if isinstance(resolved, Refusal):
            return resolved
        refusal = check_terms(request, resolved, self._settings.account)
        if refusal is not None:
            return refusal
        request = replace(request, tif=request.tif or "DAY")
        return Order(client_id, perm_id, request, resolved.contract, resolved.legs, now)

    def cancel(self, order: Order, now: datetime, reason: str) -> None:
        """Finish a live order; orders waiting for it go with it."""
        self._finish(order, Status.CANCELED, now, f"Cancelled by Trader {reason}".strip())
        self._listener.order_canceled(order, reason)
        for child in self._children(order):
            self.cancel(child, now, "parent canceled")

    def step(self, quotes: dict[int, MarketQuote], now: datetime) -> None:
        """Meet the market: release, expire and fill."""
        today = new_york(now).date()
        for order in list(self.live.values()):
            if order.done:
                continue  # finished by an order before it in this very loop
            if self._expired(order, today):
                self.cancel(order, now, "the order has expired")
                continue
            self._release(order, now)
            if order.status is Status.SUBMITTED and self._open(order):
                order.open_on = today
                self._match(order, quotes, now)
                waited = (now - order.since).total_seconds()
                immediate = order.request.tif == "IOC" and waited >= self._settings.match_after_s
                if immediate and not order.done:
                    self.cancel(order, now, "immediate or cancel")

    def start_day(self) -> None:
        """Completed orders and executions are kept for their day only."""
        self.finished.clear()
        self._finished_ids.clear()

    def executions(self) -> Iterable[tuple[Order, Fill]]:
        """Today's, in order."""
        orders = [*self.finished, *self.live.values()]
        found = [(order, fill) for order in orders for fill in order.fills]
        return sorted(found, key=lambda pair: pair[1].exec_id)

    def _modify(self, order: Order, draft: Order, afford: Affords, now: datetime) -> Refusal | None:
        """Price, quantity, time in force and transmit may change; the limit's age starts again."""
        same = [(leg.listing.con_id, leg.ratio) for leg in order.legs]
        if same != [(leg.listing.con_id, leg.ratio) for leg in draft.legs]:
            return _MISMATCH
        if draft.request.order_ref != order.request.order_ref or draft.quantity <= order.filled:
            return _MISMATCH
        refusal = afford(draft)
        if refusal is not None:
            return refusal
        moved = draft.package_limit != order.package_limit
        order.request = draft.request
        if moved:
            order.since = now
        self._listener.order_changed(order)
        self._release(order, now)
        return None

    def _release(self, order: Order, now: datetime) -> None:
        """To the exchange, unless it is held back, closed, or waiting for its parent."""
        request = order.request
        if order.status is not Status.PRE_SUBMITTED or not request.transmit:
            return
        parent = self.live.get((order.client_id, request.parent_id)) if request.parent_id else None
        if parent is not None and not parent.request.transmit:
            parent.request = replace(
                parent.request, transmit=True
            )  # the last of a bracket releases all
            self._release(parent, now)
        if parent is not None or not self._open(order):
            return
        order.status = Status.SUBMITTED
        order.open_on = new_york(now).date()
        self._listener.order_changed(order)

    def _open(self, order: Order) -> bool:
        return all(self._market.is_open(leg.listing.con_id) for leg in order.legs)

    def _expired(self, order: Order, today: date) -> bool:
        """A DAY order once the session it was in has ended; any order once a leg is no longer
        traded.
        """
        if any(self._market.settled(leg.listing.con_id) is not None for leg in order.legs):
            return True
        if order.request.tif != "DAY" or order.open_on is None:
            return False
        return order.open_on != today or not self._open(order)

    def _match(self, order: Order, quotes: dict[int, MarketQuote], now: datetime) -> None:
        found = self._fills.try_fill(
            f"{order.perm_id}",
            [_leg_quote(leg, quotes[leg.listing.con_id]) for leg in order.legs],
            quantity=order.remaining,
            limit=order.package_limit,
            since=order.since,
            now=now,
            increment=increment(Resolved(order.contract, order.legs), _ZERO),
        )
        if found is not None:
            found = self._listener.may_execute(order, found)
        if found is not None and not (
            order.request.all_or_none and found.quantity < order.remaining
        ):
            self._fill(order, found, now)

    def execute(self, order: Order, found: Execution, now: datetime) -> None:
        """Fill a live order, or one that was canceled and turns out not to be, as ``found`` says;
        for faults.
        """
        if order.done:
            order.status, order.done_at = Status.SUBMITTED, None
            key = (order.client_id, order.order_id)
            self.finished.remove(order)
            del self._finished_ids[key]
            self.live[key] = order
        self._fill(order, found, now)

    def execute_legs(
        self, order: Order, found: Execution, numbers: Sequence[int], now: datetime
    ) -> None:
        """Trade some legs of a combo only, which leaves the combo itself unfilled; for faults."""
        self._executions += 1
        fills = [
            self._leg_fill(order, leg, place + 2, found.quantity, found.leg_prices[place], now)
            for place, leg in enumerate(order.legs)
            if place in numbers
        ]
        order.fills += fills
        self._listener.order_filled(order, fills)

    def finish_legs(
        self, order: Order, found: Execution, numbers: Sequence[int], now: datetime
    ) -> None:
        """Trade the legs that ``execute_legs`` left over; now the combo has filled as well."""
        self._fill(order, found, now, numbers)

    def _fill(
        self, order: Order, found: Execution, now: datetime, only: Sequence[int] | None = None
    ) -> None:
        """``only``: the others have traded before."""
        self._executions += 1
        net = found.net_price if order.buys else -found.net_price
        if len(order.legs) == 1:
            net = found.leg_prices[0]
        order.filled += found.quantity
        order.paid += net * found.quantity
        order.last_price = net
        fills = []
        if order.contract.is_bag:
            fills.append(self._summary(order, found.quantity, net, now))
        for number, (leg, price) in enumerate(zip(order.legs, found.leg_prices, strict=True)):
            if only is None or number in only:
                place = number + 1 + order.contract.is_bag
                fills.append(self._leg_fill(order, leg, place, found.quantity, price, now))
        order.fills += fills
        if not order.remaining:
            self._finish(order, Status.FILLED, now, f"Filled Size: {order.quantity}")
        self._listener.order_filled(order, fills)
        if order.done:
            self._after_fill(order, now)

    def _summary(self, order: Order, quantity: int, net: Decimal, now: datetime) -> Fill:
        side = "BOT" if order.buys else "SLD"
        return Fill(
            self._exec_id(1), now, order.contract, None, side, quantity, net, order.filled,
            order.average,
        )  # fmt: skip

    def _leg_fill(
        self, order: Order, leg: OrderLeg, number: int, units: int, price: Decimal, now: datetime
    ) -> Fill:
        """Booked in the account at once; the average of a leg is over this order's fills of it."""
        quantity = units * abs(leg.ratio)
        before = [f for f in order.fills if f.leg is leg]
        cumulative = quantity + sum(f.quantity for f in before)
        spent = price * quantity + sum((f.price * f.quantity for f in before), _ZERO)
        fee = commission(leg.listing, quantity, price, self._settings.commissions)
        order.commission += fee
        signed = quantity if leg.ratio > 0 else -quantity
        realized = self._account.execute(leg.listing, signed, price, fee)
        exchange = "CBOE" if order.contract.is_bag else order.contract.exchange
        return Fill(
            self._exec_id(number), now, described(leg.listing, exchange), leg,
            "BOT" if leg.ratio > 0 else "SLD", quantity, price, cumulative,
            (spent / cumulative).quantize(Decimal("0.000001")), fee, realized,
        )  # fmt: skip

    def _exec_id(self, number: int) -> str:
        return f"{self._exec_prefix}.{self._executions:08x}.{number:02x}.01"

    def _finish(self, order: Order, status: Status, now: datetime, text: str) -> None:
        order.status, order.done_at, order.done_text = status, now, text
        key = (order.client_id, order.order_id)
        self.live.pop(key, None)
        self.finished.append(order)
        self._finished_ids[key] = order
        self._fills.forget(f"{order.perm_id}")

    def _after_fill(self, order: Order, now: datetime) -> None:
        """Children wake up with a full wait before them; the rest of the OCA group goes."""
        for child in self._children(order):
            child.since = now
            self._release(child, now)
        group = order.request.oca_group
        for other in list(self.live.values()):
            if group and other.request.oca_group == group and other.client_id == order.client_id:
                self.cancel(other, now, "OCA group")

    def _children(self, order: Order) -> list[Order]:
        return [
            other
            for other in self.live.values()
            if other.request.parent_id == order.order_id and other.client_id == order.client_id
        ]


def _done_refusal(order: Order) -> Refusal:
    if order.status is Status.FILLED:
        return _FILLED_CHANGE
    return Refusal(
        161,
        f"Cancel attempted when order is not in a cancellable state. Order permId ={order.perm_id}",
    )


def _leg_quote(leg: OrderLeg, quote: MarketQuote) -> LegQuote:
    return LegQuote(
        leg.listing.con_id, leg.ratio, quote.bid, quote.ask, quote.bid_size, quote.ask_size,
        quote.halted,
    )  # fmt: skip

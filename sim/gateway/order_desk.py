"""One client's orders: its requests about them, and what it hears of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sim.gateway import order_answers as say
from sim.gateway.desk import Desk
from sim.gateway.order import Fill, Order, Status
from sim.gateway.order_request import OrderRequest
from sim.gateway.order_rules import Refusal
from sim.gateway.requests import CompletedOrders, Executions
from sim.gateway.spans import BadSpan, instant

_LIVE = -1
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class OrderDesk(Desk):
    def requests(self) -> dict[type, Callable[[Any], None]]:
        return {
            OrderRequest: self._place,
            Executions: self._executions,
            CompletedOrders: self._completed,
        }

    def plain_requests(self) -> dict[str, Callable[[int], None]]:
        return {
            "cancelOrder": self._cancel,
            "reqOpenOrders": lambda _: self._open_orders(self._session.client_id),
            "reqAllOpenOrders": lambda _: self._open_orders(None),
            "reqAutoOpenOrders": lambda _: None,  # nobody places orders by hand here
            "reqGlobalCancel": self._cancel_all,
        }

    def say_accepted(self, order: Order) -> None:
        """First word of a new order."""
        self.say(order)
        if order.request.transmit and not all(
            self._gateway.is_open(leg.listing.con_id) for leg in order.legs
        ):
            self._error(
                order.order_id, 399,
                "Order Message:\nWarning: your order will not be placed at the exchange until the "
                "market opens.",
            )  # fmt: skip

    def say(self, order: Order) -> None:
        """The order as it is now."""
        self._send(say.open_order(self._session.version, order, self._account))
        self._send(say.order_status(order))

    def say_canceled(self, order: Order, reason: str) -> None:
        self._send(say.order_status(order))
        self._error(order.order_id, 202, f"Order Canceled - reason:{reason}")

    def say_filled(self, order: Order, fills: Sequence[Fill]) -> None:
        """Executions, then the order, then its commissions, as a real gateway is seen to do."""
        version = self._session.version
        for fill in fills:
            self._send(say.exec_details(version, _LIVE, order, fill, self._account))
        self.say(order)
        if order.status is Status.FILLED:
            self._send(say.open_order(version, order, self._account, final_commission=True))
        for fill in fills:
            if fill.commission is not None:
                self._send(say.commission_report(fill))

    @property
    def _account(self) -> str:
        return self._gateway.settings.account

    def _place(self, request: OrderRequest) -> None:
        gateway, client_id = self._gateway, self._session.client_id
        if request.what_if:
            self._preview(request)
            return
        refusal = gateway.orders.place(client_id, request, gateway.afford, gateway.now())
        if refusal is not None:
            self._refuse(request, refusal)
        gateway.order_arrived()

    def _refuse(self, request: OrderRequest, refusal: Refusal) -> None:
        """A new order that is rejected is Inactive; a rejected change leaves the original alone."""
        self._error(request.order_id, refusal.code, refusal.text)
        client_id = self._session.client_id
        if refusal.code == 201 and not self._gateway.orders.known(client_id, request.order_id):
            made = self._gateway.orders.draft(client_id, request, self._gateway.now())
            if isinstance(made, Order):
                made.status = Status.INACTIVE
                self._send(say.order_status(made))

    def _preview(self, request: OrderRequest) -> None:
        gateway = self._gateway
        made = gateway.orders.draft(self._session.client_id, request, gateway.now())
        if isinstance(made, Refusal):
            self._error(request.order_id, made.code, made.text)
            return
        preview = gateway.preview(made)
        self._send(say.open_order(self._session.version, made, self._account, preview=preview))

    def _cancel(self, order_id: int) -> None:
        orders = self._gateway.orders
        order = orders.known(self._session.client_id, order_id)
        if order is None:
            text = f"OrderId {order_id} that needs to be cancelled is not found."
            self._error(order_id, 10147, text)
        elif order.done:
            text = f"OrderId {order_id} that needs to be cancelled can not be cancelled"
            self._error(order_id, 10148, f"{text}, state: {order.status}.")
        else:
            orders.cancel(order, self._gateway.now(), "")

    def _cancel_all(self, _: int) -> None:
        """Every order of every client, as the real one does."""
        for order in self._gateway.orders.orders():
            if not order.done:
                self._gateway.orders.cancel(order, self._gateway.now(), "global cancel")

    def _open_orders(self, client_id: int | None) -> None:
        for order in self._gateway.orders.orders(client_id):
            self.say(order)
        self._send(say.open_order_end())

    def _completed(self, _request: CompletedOrders) -> None:
        """Today's, of all clients; everything here came through the API."""
        for order in self._gateway.orders.finished:
            self._send(say.completed_order(self._session.version, order, self._account))
        self._send(say.completed_orders_end())

    def _executions(self, request: Executions) -> None:
        """Today's, of all clients unless the filter names one; each followed by its commission."""
        version = self._session.version
        try:
            since = instant(request.since, empty=_LONG_AGO)
        except BadSpan as bad:
            self._error(request.req_id, 321, f"Error validating request.-'b8' : cause - {bad}")
            return
        for order, fill in self._gateway.orders.executions():
            if _matches(request, since, order, fill):
                self._send(say.exec_details(version, request.req_id, order, fill, self._account))
                if fill.commission is not None:
                    self._send(say.commission_report(fill))
        self._send(say.exec_details_end(request.req_id))


def _matches(request: Executions, since: datetime, order: Order, fill: Fill) -> bool:
    side = {"BUY": "BOT", "SELL": "SLD"}.get(request.side.upper(), request.side.upper())
    return (
        request.client_id in (0, order.client_id)
        and request.symbol in ("", fill.contract.symbol)
        and request.sec_type in ("", fill.contract.sec_type)
        and request.exchange in ("", fill.contract.exchange)
        and side in ("", fill.side)
        and fill.at >= since
    )

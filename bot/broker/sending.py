"""The only door through which an order can leave: every check that must hold at the last moment.

Synchronous from the first check to the write, so that nothing can change in between. Decides
nothing about the order itself; refuses by BrokerUnavailable, after which nothing was handed to the
socket.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from bot.broker.door import Door
from bot.broker.guard import live_reason
from bot.broker.link import Link
from bot.broker.orders import OrderBook, Standing, Tracked
from bot.broker.translate import Ticket, Untranslatable, ticket
from bot.ports import BrokerUnavailable, Clock, LiveAccountRefused, OrderGate
from domain.instruments import Contract
from domain.orders import Order


class Sender:
    """``link`` is set while the broker is synchronised and reachable, else ``None``."""

    def __init__(
        self, door: Door, pinned: str, clock: Clock, gate: OrderGate,
        book: OrderBook, con_ids: Mapping[Contract, int],
    ) -> None:  # fmt: skip
        self.link: Link | None = None
        self._door = door
        self._pinned = pinned
        self._clock = clock
        self._gate = gate
        self._book = book
        self._con_ids = con_ids

    def place(self, order: Order) -> int:
        link = self._checked_link()
        self._check_gate(link, order)
        order_id = link.next_id()
        self._write(link, order, order.limit, order_id, new=True)
        return order_id

    def ask_margin(self, order: Order) -> None:
        """A what-if: the same order with another id, which the broker judges and forgets."""
        link = self._checked_link()
        self._check_gate(link, order)
        order_id = link.next_id()
        spelled = self._spelled(link, order, order.limit)
        self._book.questions.asked(order_id, order.order_ref)
        question = {**spelled.order, "orderRef": "", "whatIf": True}
        link.send_order(order_id, replace(spelled, order=question))

    def modify(self, order_ref: str, limit: Decimal) -> None:
        link = self._checked_link()
        tracked = self._unfinished(order_ref)
        self._check_gate(link, tracked.order)
        if tracked.standing is not Standing.LIVE or tracked.asked_limit is not None:
            raise BrokerUnavailable(f"{order_ref} has not been answered for yet")
        self._write(link, tracked.order, limit, tracked.order_id, new=False)

    def cancel(self, order_ref: str) -> None:
        """Needs no gate: a cancel is never forbidden."""
        link = self._checked_link()
        tracked = self._unfinished(order_ref)
        if not link.room_for_cancel():
            raise BrokerUnavailable("too many messages in this second")
        self._book.cancel_sent(self._clock.now(), order_ref)
        link.send_cancel(tracked.order_id)

    def _checked_link(self) -> Link:
        """The paper guard comes first: on a live account nothing may leave, cancels included."""
        link = self.link
        if link is None or not link.alive:
            raise BrokerUnavailable("not connected and synchronised")
        if (reason := live_reason(self._door.port, link.accounts, self._pinned)) is not None:
            raise LiveAccountRefused(reason)
        if (blockage := link.blockage()) is not None:
            raise BrokerUnavailable(blockage)
        return link

    def _check_gate(self, link: Link, order: Order) -> None:
        if (reason := self._gate.may_send(self._clock.now(), order)) is not None:
            raise BrokerUnavailable(reason)
        if not link.room_for_order():
            raise BrokerUnavailable("too many messages in this second")

    def _unfinished(self, order_ref: str) -> Tracked:
        tracked = self._book.find(order_ref)
        if tracked is None or tracked.standing is Standing.DONE or tracked.order_id <= 0:
            raise BrokerUnavailable(f"no working order {order_ref} of this client")
        return tracked

    def _write(self, link: Link, order: Order, limit: Decimal, order_id: int, *, new: bool) -> None:
        spelled = self._spelled(link, order, limit)
        if new:
            self._book.sent(self._clock.now(), order, order_id)
        else:
            self._book.modify_sent(self._clock.now(), order.order_ref, limit)
        link.send_order(order_id, spelled)

    def _spelled(self, link: Link, order: Order, limit: Decimal) -> Ticket:
        account = self._pinned or link.accounts[0]
        try:
            return ticket(order, limit, self._con_ids, account)
        except Untranslatable as error:
            raise BrokerUnavailable(str(error)) from error

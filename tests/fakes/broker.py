"""A broker that writes down what it is asked to do."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from bot.ports import BrokerUnavailable
from domain.instruments import Contract
from domain.orders import Order


class FakeBroker:
    """``unavailable``: a reason to refuse everything. ``calls`` in the order they were made."""

    def __init__(self, calls: list[tuple[str, object]] | None = None) -> None:
        self.calls: list[tuple[str, object]] = [] if calls is None else calls
        self.unavailable = ""

    async def run(self) -> None:
        await asyncio.Event().wait()

    def adopt(self, orders: Sequence[Order]) -> None:
        self.calls.append(("adopt", tuple(order.order_ref for order in orders)))

    def compare_with(self, held: Callable[[], Mapping[Contract, int]]) -> None:
        self.calls.append(("compare_with", held()))

    def ask_margin(self, order: Order) -> None:
        self._check()
        self.calls.append(("ask_margin", order.order_ref))

    def place(self, order: Order) -> int:
        self._check()
        self.calls.append(("place", order.order_ref))
        return 100 + sum(1 for name, _ in self.calls if name == "place")

    def modify(self, order_ref: str, limit: Decimal) -> None:
        self._check()
        self.calls.append(("modify", (order_ref, limit)))

    def cancel(self, order_ref: str) -> None:
        self._check()
        self.calls.append(("cancel", order_ref))

    def watch(self, contracts: Sequence[Contract]) -> None:
        self.calls.append(("watch", tuple(contracts)))

    def _check(self) -> None:
        if self.unavailable:
            raise BrokerUnavailable(self.unavailable)

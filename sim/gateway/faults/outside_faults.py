"""What others do to the same account: orders and trades nobody here asked for, a second order."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from sim.exchange.listings import ContractQuery
from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.faults.words import Asked
from sim.gateway.order_request import OrderRequest
from sim.gateway.wire_contract import described

_STRANGER = 77  # a client id that nobody uses here
_TWIN_IDS = 900_000
_STOCK = ContractQuery(symbol="VIXY", sec_type="STK")


@dataclass(frozen=True, kw_only=True)
class ForeignOrder(Fault):
    """Another client has an order of reference ``who`` at work in this account, to buy ``shares``
    of a stock far below the market; canceled after ``for_s``. ``fills``: it fills at once.
    """

    NAME: ClassVar[str] = "foreign_order"
    IMITATES: ClassVar[str] = "B: an order or holding at the broker that is not ours"

    who: str = "somebody"
    shares: int = 10
    fills: bool = False

    def begin(self, armed: Armed) -> None:
        gateway = armed.director.gateway
        listing = gateway.market.find(_STOCK)[0]
        request = OrderRequest(
            gateway.orders.next_order_id(_STRANGER), described(listing, "SMART"), "BUY",
            Decimal(self.shares), "LMT", Decimal("0.05"), None, "GTC", "",
            gateway.settings.account, "", 0, self.who,
            transmit=True, parent_id=0, outside_rth=False, hidden=False,
        )  # fmt: skip
        gateway.orders.place(_STRANGER, request, gateway.afford, gateway.now())
        armed.hits += 1
        if self.fills:
            gateway.account.execute(listing, self.shares, Decimal(20), Decimal(1))
            for session in gateway.sessions:
                session.account.positions_changed([listing.con_id])
            self.end(armed)

    def end(self, armed: Armed) -> None:
        orders = armed.director.gateway.orders
        for order in orders.orders(_STRANGER):
            orders.cancel(order, armed.director.now(), "")


@dataclass(frozen=True, kw_only=True)
class ForeignTrade(Fault):
    """Somebody trades ``contracts`` of what the account holds at ``place``, without a word to the
    clients but the new position; ``told``: not even that, until it is asked for.
    """

    NAME: ClassVar[str] = "foreign_trade"
    IMITATES: ClassVar[str] = "B: an operator trades our legs by hand; exercise and assignment"

    place: int = 0
    contracts: int = 1
    told: bool = True

    def begin(self, armed: Armed) -> None:
        gateway = armed.director.gateway
        held = [p for p in gateway.account.positions.values() if p.quantity]
        if self.place >= len(held):
            return
        listing = held[self.place].listing
        gateway.account.execute(listing, self.contracts, Decimal(1), Decimal(1))
        armed.hits += 1
        for session in gateway.sessions if self.told else ():
            session.account.positions_changed([listing.con_id])


@dataclass(frozen=True, kw_only=True)
class TwinOrder(Fault):
    """A change of an order is taken for a second order of the same reference; the first lives on
    at its old limit.
    """

    NAME: ClassVar[str] = "twin_order"
    IMITATES: ClassVar[str] = "D: a change during a loss of connectivity leaves two live orders"

    def asked(self, armed: Armed, asked: Asked) -> bool:
        order, request = asked.order, asked.request
        if request is None or order is None or not armed.strikes(asked.ref):
            return False
        gateway = asked.session.gateway
        second = replace(request, order_id=_TWIN_IDS + armed.hits)
        gateway.orders.place(asked.session.client_id, second, gateway.afford, gateway.now())
        return True


@dataclass(frozen=True, kw_only=True)
class WhatIfRefused(Fault):
    """A question what an order would do to the margin is refused with ``code``; with 0 it is never
    answered.
    """

    NAME: ClassVar[str] = "what_if_refused"
    IMITATES: ClassVar[str] = "D: 360, no what-if for a smart combo; a what-if never answered"

    code: int = 360

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if not asked.what_if or not armed.strikes():
            return False
        if self.code:
            asked.refuse(self.code, "The What-If order is not supported for a smart combo order.")
        return True

"""Closing orders that became too large: more would be closed than is still held.

A canceled order may turn out to have been filled after all, when the order that took its place is
at work already. Two closes of one condor would open it the other way round, so the younger one is
withdrawn as soon as the book says so.
"""

from domain.desk import Desk
from domain.effects import CancelOrder
from domain.instruments import Contract
from domain.orders import Order, OrderStatus, Purpose

_CANCELABLE = frozenset({OrderStatus.SUBMITTED, OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


def overtaken(desk: Desk) -> tuple[CancelOrder, ...]:
    """Cancels of working orders that take away more than their condor or tranche still has, older
    orders served first; an order without a subject takes nothing away.
    """
    left: dict[tuple[str, Contract], int] = {}
    found = []
    for order in desk.orders.values():
        if not (order.working and order.ever_sent and order.intent.subject):
            continue
        takes = _takes(order)
        held = {c: left.get((order.intent.subject, c), _held(desk, order, c)) for c in takes}
        if all(held[c] * n < 0 and abs(n) <= abs(held[c]) for c, n in takes.items()):
            left |= {(order.intent.subject, c): held[c] + n for c, n in takes.items()}
        elif order.status in _CANCELABLE and not order.cancel_requested:
            why = "less is held than it would close"
            found.append(CancelOrder(order.order_ref, why, desk.now))
    return tuple(found)


def _takes(order: Order) -> dict[Contract, int]:
    """Signed contracts of its subject that it may still trade; of a roll what it sells."""
    intent = order.intent
    done = order.leg_fills or (0,) * len(intent.legs)
    takes = {
        leg.contract: leg.ratio * intent.quantity - count
        for leg, count in zip(intent.legs, done, strict=True)
        if intent.purpose is not Purpose.ROLL_HEDGE or leg.ratio < 0
    }
    return {contract: count for contract, count in takes.items() if count}


def _held(desk: Desk, order: Order, contract: Contract) -> int:
    """Of the subject of ``order``, signed."""
    subject = order.intent.subject
    condor, tranche = desk.book.condors.get(subject), desk.book.tranches.get(subject)
    if condor is not None and contract in condor.combo.contracts:
        return condor.positions[condor.combo.contracts.index(contract)].quantity
    return tranche.quantity if tranche is not None and tranche.contract == contract else 0

"""What must hold between the broker's records and the journal at any instant. Pure.

``before`` and ``after`` are the broker's records around the reading of the journal: what was at the
broker before must be in the journal, what is in the journal must be at the broker after.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.broker.translate import split_exec_id
from bot.cli.checks import naked_short
from domain.desk import Desk
from domain.effects import Effect, PlaceOrder
from domain.events import Event, OrderSubmitted
from domain.instruments import Contract
from domain.orders import OrderStatus

_NEVER_ARRIVED = (OrderStatus.REJECTED, OrderStatus.CANCELED)


@dataclass(frozen=True)
class OrderAtBroker:
    perm_id: int
    order_ref: str
    done: bool


@dataclass(frozen=True)
class Broker:
    """The broker's records at one instant."""

    orders: tuple[OrderAtBroker, ...]
    executions: frozenset[str]
    positions: Mapping[Contract, int]


def differences(
    before: Broker, after: Broker, records: Sequence[Event | Effect], desk: Desk
) -> list[str]:
    return [
        *_duplicates(after, records),
        *_forgotten(before, after, records, desk),
        *_fills(before, after, desk),
        *_positions(before, after, desk),
    ]


def _duplicates(after: Broker, records: Sequence[Event | Effect]) -> list[str]:
    """One order at the broker, one intent and one send per reference."""
    sightings = {
        "at the broker": Counter(order.order_ref for order in after.orders),
        "recorded": Counter(r.order.order_ref for r in records if isinstance(r, PlaceOrder)),
        "sent": Counter(r.order_ref for r in records if isinstance(r, OrderSubmitted)),
    }
    return [
        f"duplicate: {ref} is {count} times {where}"
        for where, counts in sightings.items()
        for ref, count in counts.items()
        if count > 1
    ]


def _forgotten(
    before: Broker, after: Broker, records: Sequence[Event | Effect], desk: Desk
) -> list[str]:
    intended = {r.order.order_ref for r in records if isinstance(r, PlaceOrder)}
    working = {order.order_ref for order in desk.working}
    found = [
        f"forgotten: the journal does not know {order.order_ref}"
        for order in before.orders
        if order.order_ref not in intended
    ]
    at_broker = {order.order_ref for order in after.orders}
    live_throughout = {o.order_ref for o in before.orders if not o.done} & {
        o.order_ref for o in after.orders if not o.done
    }
    found += [f"forgotten: {ref} is still working" for ref in sorted(live_throughout - working)]
    for record in records:
        if isinstance(record, OrderSubmitted) and record.order_ref not in at_broker:
            order = desk.orders.get(record.order_ref)
            if order is None or order.status not in _NEVER_ARRIVED:
                found.append(f"lost: the broker does not know {record.order_ref}")
    return found


def _fills(before: Broker, after: Broker, desk: Desk) -> list[str]:
    ours = set(desk.book.fills)
    missing = {split_exec_id(exec_id)[0] for exec_id in before.executions} - ours
    invented = ours - {split_exec_id(exec_id)[0] for exec_id in after.executions}
    return [
        *(f"execution {stem} is not in the journal" for stem in sorted(missing)),
        *(f"execution {stem} is not at the broker" for stem in sorted(invented)),
    ]


def _positions(before: Broker, after: Broker, desk: Desk) -> list[str]:
    naked = [problem for side in (before, after) if (problem := naked_short(side.positions))]
    if before.positions != after.positions:  # moving: the fills have been compared
        return naked
    ours = desk.book.positions()
    apart = [
        contract.label
        for contract in {**ours, **after.positions}
        if ours.get(contract, 0) != after.positions.get(contract, 0)
    ]
    return naked + [f"positions differ in {label}" for label in sorted(apart)]

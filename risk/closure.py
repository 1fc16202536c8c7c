"""Every position that working orders may lead to, without listing them.

The closure is the set of books reachable when any subset of working orders fills in any number of
whole packages. Each quantity of interest is a sum over positions and packages, so its extreme over
the closure is reached by taking every order that pushes it that way, whole, and none of the others.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeAlias

from domain.book import Condor
from domain.desk import Desk
from domain.instruments import Contract
from domain.orders import Leg, Order, OrderIntent, Purpose
from domain.recalled import recalled
from risk.trading_state import adds_risk

Series: TypeAlias = tuple[str, str, date | None, str]


def series(contract: Contract) -> Series:
    """Underlying, class, expiration and right: inside one of these a long call or put covers a
    short one.

    The class decides AM or PM settlement.
    """
    return (contract.symbol, contract.trading_class, contract.expiration, str(contract.right))


def uncovered(desk: Desk, intent: OrderIntent | None = None) -> tuple[Series, ...]:
    """Series in which shorts could outnumber longs, if ``intent`` were sent, in a fixed order."""
    worst = dict(_held_by_series(desk))
    packages: list[tuple[Iterable[Leg], int]] = []
    if intent is not None:
        packages.append((intent.legs, intent.quantity))
    for order in desk.working:
        touched = _touched(order)
        for leg, done in zip(order.intent.legs, order.leg_fills or (), strict=False):
            _add(worst, leg.contract, leg.ratio * touched - done)  # executions still being reported
        packages.append((order.intent.legs, order.intent.quantity - touched))
    for legs, quantity in packages:
        net: dict[Series, int] = {}
        for leg in legs:
            _add(net, leg.contract, leg.ratio * quantity)
        for key, change in net.items():
            worst[key] = worst.get(key, 0) + min(0, change)
    return tuple(sorted((key for key, net_count in worst.items() if net_count < 0), key=str))


def oversold(desk: Desk, intent: OrderIntent) -> tuple[Contract, ...]:
    """Legs whose sale could leave a short at the broker, by its own last report, where that differs
    from our book. Working sales count as filled.
    """
    told, found = desk.broker_positions or {}, []
    for leg in intent.legs:
        if leg.ratio > 0 or leg.contract not in desk.mismatched:
            continue
        working = sum(
            order.remaining * -other.ratio
            for order in desk.working
            for other in order.intent.legs
            if other.contract == leg.contract and other.ratio < 0
        )
        if told.get(leg.contract, 0) - working + leg.ratio * intent.quantity < 0:
            found.append(leg.contract)
    return tuple(found)


def net_in(intent: OrderIntent, key: Series) -> int:
    """Contracts that one unit of ``intent`` adds in a series; negative when it sells more."""
    return sum(leg.ratio for leg in intent.legs if series(leg.contract) == key)


def collisions(desk: Desk, intent: OrderIntent) -> tuple[Contract, ...]:
    """Legs put on that would offset something held, adopted, or worked for another condor or
    tranche.

    The broker nets a contract over the whole account; a long of one condor must never become the
    short of another, or neither can be closed as it was opened. Legs that close something are free
    to.
    """
    if not adds_risk(intent):
        return ()
    put_on = [leg for leg in intent.legs if leg.ratio > 0 or intent.purpose is Purpose.OPEN_CONDOR]
    held, adopted = desk.book.positions(), desk.approvals.adopted
    found = []
    for leg in put_on:
        others = [held.get(leg.contract, 0), adopted.get(leg.contract, 0)] + [
            other.ratio * order.remaining
            for order in desk.working
            for other in order.intent.legs
            if other.contract == leg.contract
        ]
        if any(quantity * leg.ratio < 0 for quantity in others):
            found.append(leg.contract)
    return tuple(found)


def closable(desk: Desk, intent: OrderIntent) -> int:
    """Whole units of the subject that ``intent`` could take away, working orders on it taken
    off.
    """
    book, own = desk.book, intent.subject
    taken = sum(order.remaining for order in desk.working if order.intent.subject == own)
    if own in book.condors:
        condor = book.condors[own]
        held = min(_held(condor, leg) for leg in intent.legs)
        taken = _taken(desk, intent)
    else:
        held = book.tranches[own].quantity if own in book.tranches else 0
    return max(0, held - taken)


@recalled("book", "calendar")
def _held_by_series(desk: Desk) -> Mapping[Series, int]:
    net: dict[Series, int] = {}
    for contract, quantity in desk.book.positions().items():
        _add(net, contract, quantity)
    return net


def _held(condor: Condor, leg: Leg) -> int:
    """Units of ``leg`` that would make the position in its contract smaller."""
    if leg.contract not in condor.combo.contracts:
        return 0
    quantity = condor.positions[condor.combo.contracts.index(leg.contract)].quantity
    return abs(quantity) // abs(leg.ratio) if quantity * leg.ratio < 0 else 0


def _taken(desk: Desk, intent: OrderIntent) -> int:
    """Units of the subject on which working orders already count, leg by leg, the most of any."""
    return max(
        sum(
            order.remaining * abs(other.ratio)
            for order in desk.working
            if order.intent.subject == intent.subject
            for other in order.intent.legs
            if other.contract == leg.contract
        )
        for leg in intent.legs
    )


def _touched(order: Order) -> int:
    """Packages of which at least one leg was reported filled: they will fill whole."""
    if not order.leg_fills:
        return 0
    return max(
        -(-done // leg.ratio) for done, leg in zip(order.leg_fills, order.intent.legs, strict=True)
    )


def _add(counts: dict[Series, int], contract: Contract, quantity: int) -> None:
    key = series(contract)
    counts[key] = counts.get(key, 0) + quantity

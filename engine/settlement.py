"""Taking expired legs out of the book once the broker no longer shows them.

The broker pays in cash and drops the position without an execution. The price is our estimate,
intrinsic value at the index level known for that moment, and the decision says so.
"""

from datetime import date

from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.instruments import SPX, VIX, Contract, Right, Settlement
from domain.orders import Layer


def settlements(desk: Desk) -> tuple[RecordDecision, ...]:
    """One decision per expired leg still in the book and gone from a broker report made after
    expiry.
    """
    found: list[RecordDecision] = []
    for condor in desk.book.open_condors:
        for place, (contract, position) in enumerate(
            zip(condor.combo.contracts, condor.positions, strict=True)
        ):
            if position.quantity and _gone(desk, contract):
                found += _settled(desk, condor.id, Layer.CONDOR, contract, place, position.quantity)
    for tranche in desk.book.open_tranches:
        if _gone(desk, tranche.contract):
            found += _settled(
                desk, tranche.id, tranche.layer, tranche.contract, 0, tranche.quantity
            )
    return tuple(found)


def settlement_level(desk: Desk, contract: Contract) -> float | None:
    """The close of the last trading day for a PM series, else the newest level known."""
    underlying = SPX if contract.symbol == "SPX" else VIX
    if contract.settlement is Settlement.PM:
        close = _close_on(desk, underlying.symbol, contract.expiration)
        if close is not None:
            return close
    return desk.level(underlying)


def _gone(desk: Desk, contract: Contract) -> bool:
    if desk.positions_at is None or desk.broker_positions is None:
        return False
    if contract in desk.broker_positions:
        return False
    return desk.positions_at > desk.calendar.settles_at(contract)


def _settled(
    desk: Desk, owner: str, layer: Layer, contract: Contract, place: int, quantity: int
) -> list[RecordDecision]:
    level = settlement_level(desk, contract)
    if level is None:
        return []
    sign = 1.0 if contract.right is Right.CALL else -1.0
    price = round(max(0.0, sign * (level - contract.strike)), 2)
    text = f"{quantity:+d} {contract.label} settled at an estimated {price:.2f}"
    inputs = (
        ("leg", float(place)),
        ("price", price),
        ("level", level),
        ("quantity", float(quantity)),
        ("estimated", 1.0),
    )
    return [
        RecordDecision(
            desk.now,
            Verdict.CHANGED,
            "settlement",
            "settlement",
            text,
            layer=layer,
            subject=owner,
            inputs=inputs,
        )
    ]


def _close_on(desk: Desk, symbol: str, day: date | None) -> float | None:
    return next((close for on, close in desk.closes.get(symbol, ()) if on == day), None)

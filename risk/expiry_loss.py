"""The worst that condors can be worth at expiration, over every book that working orders may lead
to.

At one settlement level the value of the closure is what is held plus, of every working order, what
makes it worse: that order whole, or not at all. Between two strikes the value is a straight line,
so only strikes, zero and the slope beyond the last strike need looking at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.desk import Desk
from domain.instruments import Contract, Right
from domain.orders import Layer, Order, OrderIntent

_ZERO = Decimal(0)
_UNBOUNDED = Decimal("-Infinity")


@dataclass(frozen=True, slots=True)
class _Package:
    """Signed contracts that come together, and the USD they cost."""

    legs: tuple[tuple[Contract, int], ...]
    cost: Decimal

    def value(self, level: Decimal) -> Decimal:
        """USD at a settlement ``level``, cost taken off."""
        return -self.cost + sum(
            (quantity * contract.multiplier * _intrinsic(contract, level)
             for contract, quantity in self.legs),
            _ZERO,
        )  # fmt: skip


def worst_by_expiration(desk: Desk, intent: OrderIntent | None = None) -> Mapping[date, Decimal]:
    """USD gained (positive) or lost on the condors of each expiration at its worst settlement.

    ``intent`` counts as working. Minus infinity where a loss has no bound.
    """
    held: dict[date, list[_Package]] = {}
    perhaps: dict[date, list[_Package]] = {}
    for condor in desk.live_condors:
        pairs = zip(condor.combo.contracts, condor.positions, strict=True)
        legs = [(c, p.quantity, p.cost) for c, p in pairs if p.quantity]
        package = _Package(
            tuple((c, quantity) for c, quantity, _ in legs), sum((cost for *_, cost in legs), _ZERO)
        )
        held.setdefault(_expiration(package.legs), []).append(package)
    for order in desk.working:
        if order.intent.layer is Layer.CONDOR:
            certain, open_part = _parts(desk, order)
            held.setdefault(_expiration(certain.legs), []).append(certain)
            perhaps.setdefault(_expiration(open_part.legs), []).append(open_part)
    if intent is not None and intent.layer is Layer.CONDOR:
        asked = _whole(intent, intent.quantity, intent.limit)
        perhaps.setdefault(_expiration(asked.legs), []).append(asked)
    days = sorted({*held, *perhaps})
    return {day: _worst(held.get(day, []), perhaps.get(day, [])) for day in days}


def _worst(held: list[_Package], perhaps: list[_Package]) -> Decimal:
    packages = [*held, *perhaps]
    strikes = {Decimal(str(c.strike)) for package in packages for c, _ in package.legs}

    def value(level: Decimal) -> Decimal:
        certain = sum((package.value(level) for package in held), _ZERO)
        return certain + sum((min(_ZERO, package.value(level)) for package in perhaps), _ZERO)

    # Between strikes the smaller of zero and a straight line is concave, so its least value lies at
    # an end; beyond the last strike only the slopes matter.
    slope = sum((_slope(package) for package in held), _ZERO) + sum(
        (min(_ZERO, _slope(package)) for package in perhaps), _ZERO
    )
    if slope < 0:
        return _UNBOUNDED
    return min(value(level) for level in (_ZERO, *sorted(strikes)))


def _parts(desk: Desk, order: Order) -> tuple[_Package, _Package]:
    """What of ``order`` must still come because a leg of its package was reported, and what may."""
    legs, done = order.intent.legs, order.leg_fills or (0,) * len(order.intent.legs)
    touched = max(-(-count // leg.ratio) for count, leg in zip(done, legs, strict=True))
    whole = _whole(order.intent, touched, order.limit)
    paid = sum(
        (fill.price * fill.contract.multiplier * fill.quantity
         for fill in desk.book.fills.values() if fill.order_ref == order.order_ref),
        _ZERO,
    )  # fmt: skip
    missing = tuple(
        (leg.contract, leg.ratio * touched - count) for count, leg in zip(done, legs, strict=True)
    )
    certain = _Package(missing, whole.cost - paid)
    return certain, _whole(order.intent, order.intent.quantity - touched, order.limit)


def _whole(intent: OrderIntent, units: int, limit: Decimal) -> _Package:
    """``units`` packages at the worst price the order may be filled at."""
    worst = max(limit, intent.walk.worst)
    multiplier = intent.legs[0].contract.multiplier
    legs = tuple((leg.contract, leg.ratio * units) for leg in intent.legs)
    return _Package(legs, worst * multiplier * units)


def _slope(package: _Package) -> Decimal:
    """USD per point above every strike."""
    return sum(
        (Decimal(quantity * contract.multiplier)
         for contract, quantity in package.legs if contract.right is Right.CALL),
        _ZERO,
    )  # fmt: skip


def _intrinsic(contract: Contract, level: Decimal) -> Decimal:
    strike = Decimal(str(contract.strike))
    return max(_ZERO, level - strike if contract.right is Right.CALL else strike - level)


def _expiration(legs: tuple[tuple[Contract, int], ...]) -> date:
    day = legs[0][0].expiration
    assert day is not None
    return day

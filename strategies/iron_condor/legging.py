"""Which legs of a condor to trade next when it cannot be traded as one, and at what price.

A refused combo is closed as two verticals; after a refused vertical, or where a leg stands alone,
shorts are bought back first and longs are sold only when no short is left. Every package this
module names makes the position smaller.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.book import Condor
from domain.combos import on_grid, on_ticks, package_quote
from domain.desk import Desk
from domain.instruments import COMBO_INCREMENT, price_increment
from domain.orders import Leg, OrderStatus, Purpose, Walk
from strategies.iron_condor.parameters import IronCondorParams

COMBO, VERTICALS, SINGLES = 0, 1, 2
_SIDES = ((1, 0), (2, 3))  # places of short and long: puts, calls
_STEPS = 4  # of a single leg from mid to the other side


@dataclass(frozen=True, slots=True)
class Package:
    legs: tuple[Leg, ...]
    units: int


def stage(desk: Desk, condor: Condor) -> int:
    """How far down closing ``condor`` has been refused by the broker today."""
    refused = [
        len(order.intent.legs)
        for order in desk.orders.values()
        if order.intent.subject == condor.id
        and order.intent.purpose is Purpose.CLOSE_CONDOR
        and order.status is OrderStatus.REJECTED
        and order.refusal
        and order.created_at >= desk.calendar.open_at(desk.today)
    ]
    if not refused:
        return COMBO
    return SINGLES if min(refused) < len(condor.combo.contracts) else VERTICALS


def whole(condor: Condor) -> bool:
    """All four legs in equal number."""
    return len({abs(position.quantity) for position in condor.positions}) == 1


def to_close(desk: Desk, condor: Condor) -> Package | None:
    """The next package on the way out of everything that is held."""
    reached = stage(desk, condor)
    if reached == COMBO and whole(condor):
        return Package(condor.combo.closing, condor.quantity)
    return _next(condor, tuple(abs(p.quantity) for p in condor.positions), reached)


def to_repair(desk: Desk, condor: Condor) -> Package | None:
    """The next package that makes the legs equal again; None when they are."""
    held = tuple(abs(position.quantity) for position in condor.positions)
    surplus = tuple(count - min(held) for count in held)
    return _next(condor, surplus, max(stage(desk, condor), VERTICALS))


def _next(condor: Condor, pending: tuple[int, ...], reached: int) -> Package | None:
    closing = condor.combo.closing
    if reached < SINGLES:
        for short, long in _SIDES:
            if units := min(pending[short], pending[long]):
                return Package((closing[short], closing[long]), units)
    for short, _ in _SIDES:
        if pending[short]:
            return Package((closing[short],), pending[short])
    for _, long in _SIDES:
        if pending[long]:
            return Package((closing[long],), pending[long])
    return None


def asked(desk: Desk, package: Package, params: IronCondorParams) -> tuple[Decimal, Walk] | None:
    """From mid to the other side of the market in a few steps; None when nobody would trade it."""
    market = package_quote(package.legs, desk.quote, worthless_bid=True)
    if market is None:
        return None
    if len(package.legs) == 1:
        leg = package.legs[0]
        buying = leg.ratio > 0
        near = on_ticks(abs(market.mid), leg.contract, "nearest" if buying else "up")
        far = on_ticks(abs(market.ask), leg.contract, "up" if buying else "down")
        tick = price_increment(leg.contract, near)
        if not buying and far <= 0:
            return None
        limit, worst = (max(tick, near), max(tick, near, far)) if buying else (-near, -far)
    else:
        tick = COMBO_INCREMENT
        strikes = [leg.contract.strike for leg in package.legs]
        most = on_grid(max(strikes) - min(strikes), tick, "down")
        limit = min(max(tick, on_grid(market.mid, tick, "nearest")), most)
        worst = min(max(limit, on_grid(market.ask, tick, "up")), most)
    step = max(tick, on_grid(float(worst - limit) / _STEPS, tick, "up"))
    return limit, Walk(worst, step, params.exit_every_s, params.give_up_after_s)

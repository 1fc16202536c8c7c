"""The cap on the hedge layer: what fits under it before buying, what is over it after the market
moved.

The share is hedge / (hedge + condors), both by the enforced basis (``risk.exposure``). A purchase x
raises both numerator and denominator: (h + x) / (h + x + c) <= s, hence x <= (s t - h) / (1 - s)
with t = h + c, which is s c / (1 - s) - h. The naive s t - h forgets that the denominator grows and
grants too little.

Before buying, everything that may still happen counts against us: working hedge orders as filled,
working sales as not filled, condors with a working close as closed, unmeasurable calls at delta 1.
So no fill of anything approved can take the share above the buying limit at the prices it was
judged on. Once no condor is open there is nothing to compare with: the cap sleeps, and the hedge
may cost only a share of net liquidation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite

from domain.desk import Desk
from domain.instruments import Contract
from domain.orders import Leg, Order, Purpose
from risk.exposure import adopted_calls, condor_notional, hedge_units, held_calls, worst_unit
from risk.limits import RiskLimits

_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class CapJudgement:
    """USD of hedge notional: ``used`` of ``cap`` before, ``asked`` for, ``granted``; ``units``
    contracts.
    """

    cap: float
    used: float
    asked: float
    granted: float
    units: int

    @property
    def inputs(self) -> tuple[tuple[str, float], ...]:
        return (
            ("cap", self.cap),
            ("used", self.used),
            ("asked", self.asked),
            ("granted", self.granted),
            ("granted_units", float(self.units)),
        )


def headroom(hedge: float, condor: float, share: float) -> float:
    """How much hedge notional may be added so that the share becomes exactly ``share``; may be
    negative.

    (share (hedge + condor) - hedge) / (1 - share).
    """
    return (share * (hedge + condor) - hedge) / (1.0 - share)


def judge_purchase(
    desk: Desk, limits: RiskLimits, bought: Contract, quantity: int, sold: Contract | None = None
) -> CapJudgement:
    """How many of ``quantity`` contracts of ``bought`` fit, each selling one ``sold`` when that is
    given.

    A roll that does not raise the notional fits whatever the share is.
    """
    if not desk.book.open_condors:
        return _judge_alone(desk, limits, bought, quantity, sold)
    held = hedge_contracts(desk)
    pair = [bought] if sold is None else [bought, sold]
    units = hedge_units(desk, [*held, *pair], limits, limits.cap_basis)
    condor = condor_notional(desk, limits.cap_basis, closing(desk))
    share = limits.hedge_share_buy_max
    used = closure_hedge(desk, limits, units)
    new = worst_unit(desk, bought, units[bought], limits)
    old = 0.0 if sold is None else units[sold] or 0.0  # an unmeasured sale frees nothing
    room = headroom(used, condor, share) if isfinite(used) else 0.0
    fits = _fitting(room, max(0.0, new - old), quantity)
    added = max(0.0, new - old)
    return CapJudgement(
        cap=share * condor / (1.0 - share),
        used=used,
        asked=added * quantity,
        granted=added * fits if fits else 0.0,
        units=fits,
    )


def closing(desk: Desk) -> frozenset[str]:
    """Condors that a working order may take away, and those whose result is decided already."""
    subjects = {o.intent.subject for o in desk.working if o.intent.purpose is Purpose.CLOSE_CONDOR}
    decided = {c.id for c in desk.book.open_condors} - {c.id for c in desk.live_condors}
    return frozenset(subjects | decided)


def closure_share(desk: Desk, limits: RiskLimits) -> float:
    """The share if every working hedge purchase filled and every working close did; 0 with no
    condor open.
    """
    if not desk.book.open_condors:
        return 0.0
    units = hedge_units(desk, hedge_contracts(desk), limits, limits.cap_basis)
    hedge = closure_hedge(desk, limits, units)
    condor = condor_notional(desk, limits.cap_basis, closing(desk))
    if not isfinite(hedge):
        return 1.0
    return hedge / (hedge + condor) if hedge + condor > 0 else 0.0


def bought_and_sold(legs: Sequence[Leg]) -> tuple[Contract | None, Contract | None]:
    """The call a hedge order buys and the one it sells."""
    bought = next((leg.contract for leg in legs if leg.ratio > 0), None)
    sold = next((leg.contract for leg in legs if leg.ratio < 0), None)
    return bought, sold


def hedge_contracts(desk: Desk) -> list[Contract]:
    """Calls held or adopted, and those of working purchases and rolls."""
    found = [contract for contract, _ in held_calls(desk)]
    for order in _hedge_orders(desk):
        found += [leg.contract for leg in order.intent.legs]
    return list(dict.fromkeys(found))


def closure_hedge(desk: Desk, limits: RiskLimits, units: dict[Contract, float | None]) -> float:
    """Hedge notional with every working purchase filled and no sale, adopted calls included; a
    roll counts its larger side.
    """
    total = sum(
        quantity * worst_unit(desk, contract, units[contract], limits)
        for contract, quantity in held_calls(desk)
    )
    for order in _hedge_orders(desk):
        bought, sold = bought_and_sold(order.intent.legs)
        assert bought is not None
        new = worst_unit(desk, bought, units[bought], limits)
        old = 0.0 if sold is None else units[sold] or 0.0
        total += order.remaining * max(0.0, new - old)
    return total


def _hedge_orders(desk: Desk) -> list[Order]:
    buying = (Purpose.BUY_HEDGE, Purpose.ROLL_HEDGE)
    return [order for order in desk.working if order.intent.purpose in buying]


def _judge_alone(
    desk: Desk, limits: RiskLimits, bought: Contract, quantity: int, sold: Contract | None
) -> CapJudgement:
    """Without condors: what the hedge has cost stays within a share of net liquidation.

    A roll is charged its full purchase at the ask, the old tranche's cost being given back. What
    adopted calls have cost nobody knows: they count at the ask, without one nothing fits.
    """
    total = desk.account.net_liquidation
    cap = limits.hedge_cost_share_alone * float(total) if total is not None else 0.0
    used = float(sum(tranche.position.cost for tranche in desk.book.open_tranches))
    for contract, count in adopted_calls(desk):
        used += count * _ask(desk, contract) * contract.multiplier
    for order in _hedge_orders(desk):
        used += order.remaining * max(0.0, float(order.intent.walk.worst)) * bought.multiplier
    price = _ask(desk, bought)
    given_back = next(
        (float(t.unit_cost) for t in desk.book.open_tranches if t.contract == sold), 0.0
    )
    added = max(0.0, price - given_back) * bought.multiplier
    fits = _fitting(cap - used, added, quantity)
    return CapJudgement(cap, used, added * quantity, added * fits if fits else 0.0, fits)


def _ask(desk: Desk, contract: Contract) -> float:
    """Points; infinite when nobody offers."""
    quote = desk.quote(contract)
    return float("inf") if quote is None or quote.ask is None else quote.ask


def _fitting(room: float, unit: float, quantity: int) -> int:
    if unit <= 0.0:
        return quantity
    if not isfinite(unit) or room <= 0.0:
        return 0
    return min(quantity, floor(room / unit + _NOISE))

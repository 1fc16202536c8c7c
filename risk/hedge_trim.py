"""When the hedge outgrew its cap, and which calls go then. Methodology 4.5.

Judged at marks a few minutes apart; a trim takes the richest calls of the shortest layer first.
"""

from collections.abc import Mapping
from math import ceil

from domain.book import Tranche
from domain.desk import Desk, Regime
from domain.gates import Gate
from domain.instruments import VIX
from domain.orders import HEDGE_LAYERS, DenialCode, OrderIntent, Purpose
from domain.proposals import Proposal
from risk.exposure import cap_shares, condor_notional, hedge_units, notionals
from risk.hedge_orders import Urgency, sell
from risk.hedge_sale import bid_multiple, busy
from risk.hedge_timing import must_be_flat
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams

CAP = "hedge:cap"
_SPIKE = (Regime.HIGH, Regime.PRESS)


def conditions(desk: Desk, limits: RiskLimits, regime: RegimeParams) -> Mapping[str, bool | None]:
    """Whether the measured share is above the cap at this mark, where the cap is awake.

    It is awake in HIGH and PRESS, at once when VIX stands at the HIGH threshold (two marks are
    persistence enough), and in any regime when the condors shrank since the share was last inside.
    Without condors it sleeps; without quotes it cannot be measured.
    """
    measure = notionals(desk, limits, limits.cap_basis)
    if not desk.book.open_condors:
        return {CAP: False}
    if measure.hedge is None:
        return {CAP: None}
    over = measure.share > limits.hedge_share_max
    return {CAP: over and cap_awake(desk, limits, regime)}


def cap_awake(desk: Desk, limits: RiskLimits, regime: RegimeParams) -> bool:
    """Whether a share above the cap would count, as ``conditions`` says."""
    if not desk.book.open_condors:
        return False
    within = desk.memory.condors_at_risk_within
    shrank = within is not None and condor_notional(desk, limits.cap_basis) < within
    spiking = (desk.level(VIX) or 0.0) >= regime.vix_high
    return desk.regime.regime in _SPIKE or spiking or shrank


def condors_within(desk: Desk, limits: RiskLimits) -> float | None:
    """What to remember as the condor notional of the last mark inside the cap."""
    measure = notionals(desk, limits, limits.cap_basis)
    if measure.hedge is not None and measure.share <= limits.hedge_share_max:
        return measure.condor
    return desk.memory.condors_at_risk_within


def propose_trim(
    desk: Desk, params: HedgeParams, limits: RiskLimits, also: tuple[OrderIntent, ...] = ()
) -> Proposal:
    """Once the share was above the cap for ``cap_marks`` marks: sell down to the trimmed share.

    One contract at a time in thought, one order per tranche in deed. Working sales count as sold,
    and so do sales another rule proposes in the same look (``also``), and all of a tranche that
    must be flat today: two rules that sell the same call would take turns at withdrawing it.
    """
    if desk.memory.marks.get(CAP, 0) < limits.cap_marks or not desk.book.open_condors:
        return Proposal()
    measure = notionals(desk, limits, limits.cap_basis)
    if measure.hedge is None:
        return Proposal()
    held = desk.book.open_tranches
    units = hedge_units(desk, [tranche.contract for tranche in held], limits, limits.cap_basis)
    selling = _selling(desk, also, params)
    taken = {intent.subject for intent in also}
    wanted = limits.hedge_share_trimmed / (1 - limits.hedge_share_trimmed) * measure.condor
    cap = limits.hedge_share_max / (1 - limits.hedge_share_max) * measure.condor
    left = measure.hedge - sum(
        (units[tranche.contract] or 0.0) * selling.get(tranche.id, 0) for tranche in held
    )
    asked, sales = max(0.0, left - wanted), []
    for tranche in sorted(held, key=lambda tranche: _richest_first(desk, tranche)):
        unit = units[tranche.contract] or 0.0
        free = tranche.quantity - selling.get(tranche.id, 0)
        if left <= wanted or unit <= 0 or free < 1 or tranche.id in taken or busy(desk, tranche):
            continue
        count = min(free, ceil((left - wanted) / unit - 1e-9))
        left -= count * unit
        sales.append((tranche, count, unit))
    shares = tuple(
        (f"share_{name}", share) for name, share in cap_shares(desk, limits) if share is not None
    )
    intents: list[OrderIntent] = []
    for tranche, count, unit in sales:
        inputs = (
            ("cap", cap),
            ("used", measure.hedge),
            ("asked", asked),
            ("granted", count * unit),
            ("granted_units", float(count)),
            ("share", measure.share),
            *shares,
        )
        intent = sell(
            desk,
            tranche,
            count,
            Urgency.FIRM,
            params,
            rule="4.5.trim",
            reason=f"hedge share {measure.share:.1%}, cap {limits.hedge_share_max:.0%}: "
            f"sold down to {limits.hedge_share_trimmed:.0%}",
            inputs=inputs,
        )
        if intent is not None:
            intents.append(intent)
    return Proposal(tuple(intents))


def gates(desk: Desk, limits: RiskLimits, regime: RegimeParams) -> tuple[Gate, ...]:
    """What must hold before the hedge is trimmed; every other basis follows as information."""
    topic, rule = "hedge.trim", "4.5.trim"
    measure = notionals(desk, limits, limits.cap_basis)
    awake = cap_awake(desk, limits, regime)
    marks = desk.memory.marks.get(CAP, 0)
    over = None if measure.hedge is None else measure.share > limits.hedge_share_max
    shares = ", ".join(
        f"{name} {'unknown' if share is None else f'{share:.1%}'}"
        for name, share in cap_shares(desk, limits)
    )
    return (
        Gate(topic, "awake", rule, awake, f"cap awake in {desk.regime.regime}", desk.level(VIX),
             regime.vix_high, reason="" if awake else "the cap sleeps"),
        Gate(topic, "share", rule, over, f"hedge share on {limits.cap_basis}; all: {shares}",
             None if measure.hedge is None else measure.share, limits.hedge_share_max,
             reason="" if over else ("a hedge call has no quote" if over is None else "inside"),
             denial=DenialCode.QUOTE_MISSING if over is None else None),
        Gate(topic, "marks", rule, marks >= limits.cap_marks, "marks in a row above the cap",
             float(marks), float(limits.cap_marks),
             reason="" if marks >= limits.cap_marks else "not for long enough"),
    )  # fmt: skip


def _richest_first(desk: Desk, tranche: Tranche) -> tuple[int, float, str]:
    """Short layer before long; inside a layer the highest multiple first."""
    return (HEDGE_LAYERS.index(tranche.layer), -(bid_multiple(desk, tranche) or 0.0), tranche.id)


def _selling(desk: Desk, also: tuple[OrderIntent, ...], params: HedgeParams) -> dict[str, int]:
    """Contracts in working and proposed outright sales and in what must go today, by tranche."""
    found: dict[str, int] = {}
    for intent in also:
        found[intent.subject] = found.get(intent.subject, 0) + intent.quantity
    for order in desk.working:
        if order.intent.purpose is Purpose.SELL_HEDGE:
            subject = order.intent.subject
            found[subject] = found.get(subject, 0) + order.remaining
    leaving = (t for t in desk.book.open_tranches if must_be_flat(desk, t, params))
    return found | {tranche.id: tranche.quantity for tranche in leaving}

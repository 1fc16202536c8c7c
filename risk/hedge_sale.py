"""When calls are sold for their gain, and when because the hedge outgrew its cap. Methodology 4.5,
4.6.

Rungs are judged on bid over cost and remembered: a rung once reached is owed, whatever the price
does before the sale fills. A trim takes the richest calls of the shortest layer first.
"""

from collections.abc import Mapping
from math import ceil

from domain.book import Tranche
from domain.desk import CurveState, Desk, Regime
from domain.effects import RecordDecision, Verdict
from domain.instruments import VIX
from domain.orders import HEDGE_LAYERS, OrderIntent, Purpose
from domain.proposals import Proposal
from risk.exposure import cap_shares, hedge_units, notionals
from risk.hedge_orders import Urgency, sell
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams

CAP = "hedge:cap"
_SPIKE = (Regime.HIGH, Regime.PRESS)
_INVERTED = (CurveState.INVERTED, CurveState.DEEP)


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
    within = desk.memory.condors_at_risk_within
    shrank = within is not None and measure.condor < within
    spiking = (desk.level(VIX) or 0.0) >= regime.vix_high
    awake = desk.regime.regime in _SPIKE or spiking or shrank
    return {CAP: awake and measure.share > limits.hedge_share_max}


def condors_within(desk: Desk, limits: RiskLimits) -> float | None:
    """What to remember as the condor notional of the last mark inside the cap."""
    measure = notionals(desk, limits, limits.cap_basis)
    if measure.hedge is not None and measure.share <= limits.hedge_share_max:
        return measure.condor
    return desk.memory.condors_at_risk_within


def rungs(desk: Desk, params: HedgeParams, regime: RegimeParams) -> tuple[RecordDecision, ...]:
    """Rungs of the ladder reached now for the first time, and harvests of a spike that is over."""
    changes: list[RecordDecision] = []
    harvesting = harvest_due(desk, regime)
    for tranche in desk.book.open_tranches:
        multiple = bid_multiple(desk, tranche)
        if multiple is None or tranche.quantity < 1:
            continue
        reached = sum(multiple >= rung for rung in params.ladder_multiples)
        owned = tranche.quantity if tranche.keep is None else min(tranche.quantity, tranche.keep)
        if reached > tranche.rung:
            keep = kept_after(owned, tranche.rung, reached, params)
            text = f"{tranche.id} bid at {multiple:.1f} times its cost: keep {keep} of {owned}"
            inputs = (("rung", float(reached)), ("multiple", multiple), ("keep", float(keep)))
            changes.append(_keep(desk, tranche, "4.6.ladder", text, inputs))
        share = params.press_sell_share[HEDGE_LAYERS.index(tranche.layer)]
        if harvesting and share > 0 and not tranche.harvested:
            keep = owned - ceil(share * owned - 1e-9)
            text = f"{tranche.id}: the curve is upright again after the spike, keep {keep}"
            inputs = (("harvest", 1.0), ("multiple", multiple), ("keep", float(keep)))
            changes.append(_keep(desk, tranche, "4.6.press", text, inputs))
    return tuple(changes)


def kept_after(quantity: int, rung: int, reached: int, params: HedgeParams) -> int:
    """Contracts left after selling at rungs ``rung`` + 1 to ``reached``; sales round up.

    A single contract is not sold in half: where the first rung sells a part, it goes at the second.
    """
    for place in range(rung, reached):
        if quantity == 1 and place == 0 and params.ladder_shares[0] < 1.0:
            continue
        quantity -= min(quantity, ceil(params.ladder_shares[place] * quantity - 1e-9))
    return quantity


def bid_multiple(desk: Desk, tranche: Tranche) -> float | None:
    """Bid over unit cost; None without a real two-sided quote."""
    quote = desk.quote(tranche.contract)
    cost = float(tranche.unit_cost)
    if quote is None or quote.mid is None or not quote.bid or cost <= 0:
        return None
    return quote.bid / cost


def harvest_due(desk: Desk, regime: RegimeParams) -> bool:
    """PRESS, and the curve, inverted during the episode, slopes up again."""
    state, inverted_on = desk.regime, desk.regime.inverted_on
    if state.regime is not Regime.PRESS or inverted_on is None:
        return False
    recent = desk.calendar.sessions_after(inverted_on, desk.today) < regime.press_sessions
    return recent and state.curve in (CurveState.CONTANGO, CurveState.FLAT)


def contango_collapsed(desk: Desk, regime: RegimeParams) -> bool:
    """CONTANGO within the last ``collapse_sessions``, inverted now: sales may chase the bid."""
    on = desk.regime.contango_on
    if desk.regime.curve not in _INVERTED or on is None:
        return False
    return desk.calendar.sessions_after(on, desk.today) < regime.collapse_sessions


def propose_profit(desk: Desk, params: HedgeParams, regime: RegimeParams) -> Proposal:
    """Sell what a tranche may no longer keep."""
    urgency = Urgency.NOW if contango_collapsed(desk, regime) else Urgency.PATIENT
    intents = []
    for tranche in desk.book.open_tranches:
        if tranche.keep is None or tranche.quantity <= tranche.keep or _busy(desk, tranche):
            continue
        intent = sell(
            desk,
            tranche,
            tranche.quantity - tranche.keep,
            urgency,
            params,
            rule="4.6.press" if tranche.harvested else "4.6.ladder",
            reason=f"taking profit, {tranche.keep} kept",
            inputs=(
                ("multiple", bid_multiple(desk, tranche) or 0.0),
                ("rung", float(tranche.rung)),
            ),
        )
        if intent is not None:
            intents.append(intent)
    return Proposal(tuple(intents))


def propose_trim(
    desk: Desk, params: HedgeParams, limits: RiskLimits, also: tuple[OrderIntent, ...] = ()
) -> Proposal:
    """Once the share was above the cap for ``cap_marks`` marks: sell down to the trimmed share.

    One contract at a time in thought, one order per tranche in deed. Working sales count as sold,
    and so do sales another rule proposes in the same look (``also``).
    """
    if desk.memory.marks.get(CAP, 0) < limits.cap_marks or not desk.book.open_condors:
        return Proposal()
    measure = notionals(desk, limits, limits.cap_basis)
    if measure.hedge is None:
        return Proposal()
    held = desk.book.open_tranches
    units = hedge_units(desk, [tranche.contract for tranche in held], limits, limits.cap_basis)
    selling = _selling(desk, also)
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
        if left <= wanted or unit <= 0 or free < 1 or tranche.id in taken or _busy(desk, tranche):
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
            reason=f"hedge share {measure.share:.1%} above {limits.hedge_share_max:.0%}",
            inputs=inputs,
        )
        if intent is not None:
            intents.append(intent)
    return Proposal(tuple(intents))


def _keep(
    desk: Desk, tranche: Tranche, rule: str, text: str, inputs: tuple[tuple[str, float], ...]
) -> RecordDecision:
    return RecordDecision(
        desk.now,
        Verdict.CHANGED,
        "hedge.rung",
        rule,
        text,
        layer=tranche.layer,
        subject=tranche.id,
        inputs=inputs,
    )


def _richest_first(desk: Desk, tranche: Tranche) -> tuple[int, float, str]:
    """Short layer before long; inside a layer the highest multiple first."""
    return (HEDGE_LAYERS.index(tranche.layer), -(bid_multiple(desk, tranche) or 0.0), tranche.id)


def _selling(desk: Desk, also: tuple[OrderIntent, ...]) -> dict[str, int]:
    """Contracts in working and proposed outright sales, by tranche."""
    found: dict[str, int] = {}
    for intent in also:
        found[intent.subject] = found.get(intent.subject, 0) + intent.quantity
    for order in desk.working:
        if order.intent.purpose is Purpose.SELL_HEDGE:
            subject = order.intent.subject
            found[subject] = found.get(subject, 0) + order.remaining
    return found


def _busy(desk: Desk, tranche: Tranche) -> bool:
    """An order out of this tranche, or the one that buys it, is still working."""
    return any(tranche.id in (order.intent.subject, order.order_ref) for order in desk.working)

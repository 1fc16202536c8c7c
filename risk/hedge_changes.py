"""What the hedge rules must remember: turns of momentum, new ratios, calls nobody would buy."""

from datetime import timedelta

from domain.book import Tranche
from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.signals import UNKNOWN, Signal
from risk.hedge_ratio import ratio_changes
from risk.hedge_target import deficit_changes, worthless
from risk.hedge_timing import flat_by
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams

_BEFORE_CLOSE = timedelta(minutes=20)


def changes(
    desk: Desk, params: HedgeParams, limits: RiskLimits, regime: RegimeParams
) -> tuple[RecordDecision, ...]:
    """Everything of the hedge that became different since the last look."""
    return (
        *ratio_changes(desk, params, limits, regime),
        *deficit_changes(desk, params),
        *momentum_changes(desk),
        *unsellable_changes(desk, params),
    )


def momentum_changes(desk: Desk) -> tuple[RecordDecision, ...]:
    """The sign of MACD(VIXY) late in the session, when today's level is nearly a close (S11)."""
    if desk.now < desk.calendar.close_at(desk.today) - _BEFORE_CLOSE:
        return ()
    histogram = desk.memory.signals.get(Signal.MACD_VIXY, UNKNOWN).value
    if histogram is None or (histogram > 0) is desk.hedge.momentum_up:
        return ()
    way = "up" if histogram > 0 else "down"
    text = f"MACD of VIXY turned {way}: histogram {histogram:.3f}"
    inputs = (("histogram", histogram),)
    return (_changed(desk, "hedge.momentum", "S11", way, text, inputs),)


def unsellable_changes(desk: Desk, params: HedgeParams) -> tuple[RecordDecision, ...]:
    """Calls that nobody bid for from the beginning of the deadline window to its end (T8)."""
    if not desk.book.open_tranches or desk.now < flat_by(desk, params):
        return ()
    found = []
    for tranche in desk.book.open_tranches:
        ends = tranche.contract.expiration == desk.today and tranche.unsellable_on is None
        if not ends or not worthless(desk, tranche) or _was_bid_for(desk, tranche):
            continue
        text = (
            f"{tranche.quantity} {tranche.contract.label}: no bid through the whole deadline "
            "window, worth nothing and carried into settlement"
        )
        inputs = (("quantity", float(tranche.quantity)), ("cost", float(tranche.position.cost)))
        found.append(_changed(desk, "hedge.unsellable", "T8", tranche.id, text, inputs))
    return tuple(found)


def _was_bid_for(desk: Desk, tranche: Tranche) -> bool:
    """A sale at a bid was tried today: the orders remember it, through a restart too."""
    return any(
        order.intent.subject == tranche.id
        and order.intent.rule == "4.4.flat"
        and dict(order.intent.inputs).get("bid", 0.0) > 0
        for order in desk.orders.values()
    )


def _changed(
    desk: Desk,
    topic: str,
    rule: str,
    subject: str,
    text: str,
    inputs: tuple[tuple[str, float], ...],
) -> RecordDecision:
    return RecordDecision(
        desk.now, Verdict.CHANGED, topic, rule, text, subject=subject, inputs=inputs
    )

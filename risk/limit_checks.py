"""Checks against what may be lost, held and spent: maximum loss, counts, cap, budget, day."""

from decimal import Decimal

from domain.desk import Desk
from domain.orders import DenialCode, OrderIntent, Purpose
from domain.quick_ratio import quick_ratio
from risk.denial import Denied
from risk.expiry_loss import worst_by_expiration
from risk.hedge_conditions import budget_left
from risk.hedge_layer import bought_and_sold, judge_purchase
from risk.limits import RiskLimits
from risk.margin import entry_risk
from risk.trading_state import adds_risk

_BUYS_HEDGE = (Purpose.BUY_HEDGE, Purpose.ROLL_HEDGE)


def max_loss_within_limits(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Maximum loss of this entry, and of all condors filled, working and asked, as shares of
    NLV.
    """
    if intent.purpose is not Purpose.OPEN_CONDOR:
        return None
    total = desk.account.net_liquidation
    if total is None or total <= 0:
        return Denied(DenialCode.MAX_LOSS_LIMIT, "net liquidation unknown")
    asked = entry_risk(intent, intent.quantity)
    used = sum((condor.max_loss_usd for condor in desk.live_condors), Decimal(0)) + sum(
        (entry_risk(order.intent, order.remaining) for order in desk.working), Decimal(0)
    )
    each = Decimal(str(limits.max_loss_share_entry)) * total
    whole = Decimal(str(limits.max_loss_share_total)) * total
    if asked <= each and used + asked <= whole:
        return None
    inputs = (
        ("asked", float(asked)),
        ("used", float(used)),
        ("limit_entry", float(each)),
        ("limit_total", float(whole)),
    )
    return Denied(DenialCode.MAX_LOSS_LIMIT, f"maximum loss {asked} on top of {used}", inputs)


def expiry_loss_within_limits(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """The worst settlement of each expiration, and of all together, over the whole closure."""
    if intent.purpose is not Purpose.OPEN_CONDOR:
        return None
    total = desk.account.net_liquidation
    if total is None or total <= 0:
        return Denied(DenialCode.MAX_LOSS_LIMIT, "net liquidation unknown")
    worst = worst_by_expiration(desk, intent)
    lowest = min(worst.values())
    together = sum((min(Decimal(0), value) for value in worst.values()), Decimal(0))
    each = -Decimal(str(limits.max_loss_share_expiration)) * total
    whole = -Decimal(str(limits.max_loss_share_total)) * total
    if lowest >= each and together >= whole:
        return None
    inputs = (
        ("worst_expiration", float(lowest)),
        ("worst_total", float(together)),
        ("limit_expiration", float(each)),
        ("limit_total", float(whole)),
    )
    text = f"one expiration could lose {-lowest:.0f}, all {-together:.0f}"
    return Denied(DenialCode.MAX_LOSS_LIMIT, text, inputs)


def condor_count_within_limit(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Open condors and working entries together."""
    if intent.purpose is not Purpose.OPEN_CONDOR:
        return None
    refs = {condor.id for condor in desk.live_condors} | {
        order.order_ref for order in desk.working if order.intent.purpose is Purpose.OPEN_CONDOR
    }
    if len(refs) < limits.condors_max:
        return None
    inputs = (("open", float(len(refs))), ("limit", float(limits.condors_max)))
    return Denied(DenialCode.CONDOR_COUNT_LIMIT, f"{len(refs)} condors are open or working", inputs)


def hedge_within_cap(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """The share after this purchase, with everything working filled, stays at or below the buying
    limit.
    """
    if intent.purpose not in _BUYS_HEDGE:
        return None
    bought, sold = bought_and_sold(intent.legs)
    assert bought is not None
    judged = judge_purchase(desk, limits, bought, intent.quantity, sold)
    if judged.units >= intent.quantity:
        return None
    inputs = (
        ("cap", judged.cap),
        ("used", judged.used),
        ("asked", judged.asked),
        ("granted", 0.0),
        ("units_that_fit", float(judged.units)),
    )
    return Denied(DenialCode.HEDGE_SHARE_CAP, "the hedge would outgrow its cap", inputs)


def hedge_within_budget(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Net premium of 365 days, working orders and this one at its worst price."""
    if intent.purpose not in _BUYS_HEDGE:
        return None
    asked = max(0.0, float(intent.walk.worst)) * intent.quantity * 100
    left = budget_left(desk, limits)
    if asked <= left:
        return None
    inputs = (("asked", asked), ("left", left))
    return Denied(DenialCode.HEDGE_BUDGET, f"{asked:.0f} USD asked, {left:.0f} left", inputs)


def quick_ratio_above_floor(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """What could be had at once covers the margin (S43); unknown when the broker gave no values."""
    if not adds_risk(intent):
        return None
    ratio = quick_ratio(desk)
    if ratio is None:
        return Denied(DenialCode.QUICK_RATIO, "quick ratio unknown")
    if ratio >= limits.quick_ratio_floor:
        return None
    inputs = (("quick_ratio", ratio), ("limit", limits.quick_ratio_floor))
    return Denied(DenialCode.QUICK_RATIO, f"quick ratio {ratio:.2f} is too low", inputs)


def daily_loss_within_limit(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """After a loss of the limit since the day began nothing new is put on that day."""
    if not adds_risk(intent):
        return None
    start, total = desk.account.day_start, desk.account.net_liquidation
    if start is None or total is None or start <= 0:
        return Denied(DenialCode.DAILY_LOSS_LIMIT, "net liquidation unknown")
    lost = float((start - total) / start)
    if lost < limits.daily_loss_share:
        return None
    inputs = (("lost_share", lost), ("limit", limits.daily_loss_share))
    return Denied(DenialCode.DAILY_LOSS_LIMIT, f"down {lost:.2%} today", inputs)

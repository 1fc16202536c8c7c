"""Every pre-trade check, one small function per limit. Each looks at one intent and refuses or not.

They judge the desk as it would be with every earlier approval of the same batch already working. A
check never repairs an order: what is refused is proposed anew or not at all.
"""

from datetime import timedelta
from typing import Final

from domain.desk import Desk, Regime, TradingState
from domain.orders import DenialCode, OrderIntent, Purpose
from domain.session import at_new_york, days_to_expiration
from risk.closure import closable, collisions, net_in, oversold, uncovered
from risk.denial import Check, Denied
from risk.hedge_checks import (
    hedge_turnover_within_limit,
    hedge_within_stress,
    hedge_worth_its_cash,
)
from risk.limit_checks import (
    condor_count_within_limit,
    daily_loss_within_limit,
    expiry_loss_within_limits,
    hedge_within_budget,
    hedge_within_cap,
    max_loss_within_limits,
    quick_ratio_above_floor,
)
from risk.limits import RiskLimits
from risk.margin import margin_above_floor
from risk.price_checks import price_on_tick, price_within_collar, quotes_usable
from risk.trading_state import adds_risk, permits


def trading_state_permits(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """HALTED lets only loss-limiting closes through, REDUCING every close."""
    if permits(desk.trading, intent):
        return None
    halted = desk.trading is TradingState.HALTED
    code = DenialCode.TRADING_HALTED if halted else DenialCode.ONLY_REDUCING
    return Denied(code, f"trading is {desk.trading}: {desk.trading_why}")


def regime_permits(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """UNKNOWN takes no new risk; condors only in LOW and NORMAL; hedge buys there, rolls up to
    ELEVATED.

    From HIGH on a roll must not cost anything.
    """
    regime = desk.regime.regime
    if not adds_risk(intent):
        return None
    if regime is Regime.UNKNOWN:
        return Denied(DenialCode.REGIME_UNKNOWN, "regime unknown")
    if regime in (Regime.LOW, Regime.NORMAL):
        return None
    if intent.purpose is Purpose.OPEN_CONDOR:
        return Denied(DenialCode.REGIME_BLOCKS_ENTRY, f"no new condor in {regime}")
    if intent.purpose is Purpose.ROLL_HEDGE and (
        regime is Regime.ELEVATED or intent.walk.worst <= 0
    ):
        return None
    return Denied(DenialCode.REGIME_BLOCKS_HEDGE_BUY, f"no net hedge purchase in {regime}")


def nothing_uncertain(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """An order nobody can answer for freezes new risk, and closing of what it may be closing."""
    for order in desk.uncertain:
        if adds_risk(intent) or intent.subject in (order.intent.subject, order.order_ref):
            return Denied(DenialCode.ORDER_UNCERTAIN, f"{order.order_ref} is uncertain")
    return None


def positions_agree(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """While book and broker disagree nothing new is put on."""
    if adds_risk(intent) and desk.mismatched:
        return Denied(
            DenialCode.POSITION_MISMATCH, f"broker disagrees on {desk.mismatched[0].label}"
        )
    return None


def nothing_foreign(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """While the broker holds orders or positions that are not ours nothing new is put on."""
    if adds_risk(intent) and desk.foreign:
        return Denied(DenialCode.FOREIGN_AT_BROKER, f"not ours: {desk.foreign[0]}")
    return None


def nothing_working_on_subject(
    intent: OrderIntent, desk: Desk, limits: RiskLimits
) -> Denied | None:
    """One working order per condor or tranche; one entry; one purchase per hedge layer."""
    for order in desk.working:
        other = order.intent
        same_new = not intent.subject and (other.purpose, other.layer) == (
            intent.purpose,
            intent.layer,
        )
        own = intent.subject and intent.subject in (other.subject, order.order_ref)
        if same_new or own:
            return Denied(DenialCode.ORDER_WORKING, f"{order.order_ref} is working")
    return None


def order_rate_within_limit(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Closing orders may use the whole allowance, opening ones only their part of it."""
    tally = desk.tally
    recent = [
        opening for at, opening in tally.recent_sends if desk.now - at < timedelta(seconds=60)
    ]
    counts: list[tuple[int, int, str]] = [
        (len(recent), limits.orders_per_minute_max, "minute"),
        (tally.orders_today, limits.orders_per_day_max, "day"),
    ]
    if adds_risk(intent):
        counts += [
            (sum(recent), limits.opening_orders_per_minute_max, "minute"),
            (tally.opening_today, limits.opening_orders_per_day_max, "day"),
        ]
    for count, limit, span in counts:
        if count >= limit:
            inputs = (("sent", float(count)), ("limit", float(limit)))
            return Denied(DenialCode.ORDER_RATE, f"{count} orders this {span}", inputs)
    return None


def not_repeated_too_often(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """The same wish of the same rule may lead to so many orders in the window, whatever became of
    them. Counted from the orders themselves, which a restart brings back.
    """
    since = desk.now - timedelta(seconds=limits.repeat_window_s)
    signal = _signal(intent)
    count = sum(
        order.created_at > since and _signal(order.intent) == signal
        for order in desk.orders.values()
    )
    if count < limits.repeats_max:
        return None
    inputs = (("sent", float(count)), ("limit", float(limits.repeats_max)))
    return Denied(DenialCode.ORDER_RATE, f"{count} orders for the same reason", inputs)


def _signal(intent: OrderIntent) -> tuple[str, str, str, str]:
    return (intent.purpose, intent.layer, intent.subject, intent.rule)


def session_open(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Regular hours, for opening orders without their edges and only where the broker's own hours
    agree; no leg past its last trading moment.
    """
    calendar, now, today = desk.calendar, desk.now, desk.today
    if not calendar.is_open(now):
        return Denied(DenialCode.SESSION_CLOSED, "the market is closed")
    closes = calendar.close_at(today)
    for leg in intent.legs:
        left = days_to_expiration(leg.contract, now)
        if left < 0:
            return Denied(DenialCode.SESSION_CLOSED, f"{leg.contract.label} has expired")
        if left == 0:
            pm = leg.contract.trading_class == "SPXW"
            closes = min(closes, calendar.close_at(today, expiring_pm=pm))
    first, last = calendar.open_at(today), closes
    if adds_risk(intent):
        if limits.broker_hours_needed:
            told = desk.hours.get(today)
            if told is None or told.opens_at is None or told.closes_at is None:
                word = "does not tell its hours" if told is None else "says the market stays shut"
                return Denied(DenialCode.SESSION_CLOSED, f"the broker {word}")
            first, last = max(first, told.opens_at), min(last, told.closes_at)
        first += timedelta(seconds=limits.open_guard_s)
        last -= timedelta(seconds=limits.close_guard_s)
    if first <= now < last:
        return None
    return Denied(DenialCode.SESSION_CLOSED, "too close to an edge of the session")


def no_reset_ahead(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Nothing new is put on when the gateway is about to restart or to log off, or does so now."""
    if adds_risk(intent) and reset_ahead(desk, limits):
        return Denied(DenialCode.BROKER_RESET, "the gateway restarts or logs off")
    return None


def reset_ahead(desk: Desk, limits: RiskLimits) -> bool:
    """From the notice before tonight's restart, or this week's log-off, until it is over."""
    resets = []
    for day in (desk.today - timedelta(days=1), desk.today):  # one may last beyond midnight
        resets.append(at_new_york(day, limits.reset_at))
        if day.weekday() == limits.logoff_weekday:
            resets.append(at_new_york(day, limits.logoff_at))
    notice = timedelta(seconds=limits.reset_notice_s)
    lasts = timedelta(seconds=limits.reset_lasts_s)
    return any(reset - notice <= desk.now < reset + lasts for reset in resets)


def quantity_within_limit(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """1 to the maximum; never more of a condor or tranche than is held and not already being
    sold.
    """
    asked, most = intent.quantity, limits.order_quantity_max
    if intent.subject:
        most = min(most, closable(desk, intent)) if adds_risk(intent) else closable(desk, intent)
    if asked <= most:
        return None
    inputs = (("asked", float(asked)), ("limit", float(most)))
    return Denied(DenialCode.QUANTITY_LIMIT, f"{asked} units, at most {most}", inputs)


def no_naked_short(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """No reachable book may hold a short that no long of the same series covers, if this order has
    a part in it: one that buys back what is bare already must never be stopped by that. Nor is a
    long sold that the broker says it does not hold.
    """
    if gone := oversold(desk, intent):
        return Denied(DenialCode.NAKED_SHORT, f"the broker has not so many {gone[0].label}")
    bare = [key for key in uncovered(desk, intent) if net_in(intent, key) < 0]
    if not bare:
        return None
    return Denied(DenialCode.NAKED_SHORT, f"shorts could outnumber longs in {bare[0]}")


def no_strike_collision(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """No leg on the other side of something another condor, tranche or order holds."""
    found = collisions(desk, intent)
    if not found:
        return None
    return Denied(DenialCode.STRIKE_COLLISION, f"{found[0].label} is held on the other side")


PRE_TRADE_CHECKS: Final[tuple[Check, ...]] = (
    trading_state_permits,
    regime_permits,
    nothing_uncertain,
    positions_agree,
    nothing_foreign,
    nothing_working_on_subject,
    order_rate_within_limit,
    not_repeated_too_often,
    session_open,
    no_reset_ahead,
    quantity_within_limit,
    quotes_usable,
    price_on_tick,
    price_within_collar,
    no_naked_short,
    no_strike_collision,
    max_loss_within_limits,
    expiry_loss_within_limits,
    condor_count_within_limit,
    hedge_within_cap,
    hedge_within_budget,
    hedge_within_stress,
    hedge_worth_its_cash,
    hedge_turnover_within_limit,
    daily_loss_within_limit,
    quick_ratio_above_floor,
    margin_above_floor,
)

"""Conditions an operator must hear of, one small function each. Edges, not levels: the desk
remembers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from domain.desk import Desk, Regime, TradingState
from domain.effects import RaiseAlert, Severity
from domain.session import at_new_york
from risk.exposure import notionals
from risk.hedge_sale import CAP
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters alert rules look at."""

    limits: RiskLimits
    hedge: HedgeParams
    regime: RegimeParams


AlertRule: TypeAlias = Callable[[Desk, Rules], str | None]


def trading_halted(desk: Desk, rules: Rules) -> str | None:
    return desk.trading_why or "halted" if desk.trading is TradingState.HALTED else None


def broker_lost(desk: Desk, rules: Rules) -> str | None:
    """Away for longer than a start or a reconnect takes."""
    if desk.ready_at is not None or desk.away_since is None:
        return None
    away_s = (desk.now - desk.away_since).total_seconds()
    known = "broker_lost" in desk.alerts
    return "no broker connection" if known or away_s >= rules.limits.broker_away_s else None


def order_uncertain(desk: Desk, rules: Rules) -> str | None:
    refs = ", ".join(order.order_ref for order in desk.uncertain)
    return f"nobody answers for {refs}: no new risk" if refs else None


def position_mismatch(desk: Desk, rules: Rules) -> str | None:
    if not desk.mismatched:
        return None
    names = ", ".join(contract.label for contract in desk.mismatched[:4])
    return f"book and broker disagree on {names}: no new risk"


def market_data_unknown(desk: Desk, rules: Rules) -> str | None:
    """VIX or the curve missing during the session, ten minutes of start-up left out."""
    settled = desk.ready_at is not None and desk.now - desk.ready_at > timedelta(minutes=10)
    started = desk.now >= at_new_york(desk.today, rules.regime.watch_from) + timedelta(minutes=10)
    open_now = desk.calendar.is_open(desk.now)
    if settled and started and open_now and desk.regime.regime is Regime.UNKNOWN:
        return "VIX or VX curve missing or stale: no new risk"
    return None


def hours_disagree(desk: Desk, rules: Rules) -> str | None:
    """Today's session of our table and the broker's hours differ by more than a quarter hour."""
    told, today = desk.hours.get(desk.today), desk.today
    if told is None or desk.ready_at is None:
        return None
    if told.opens_at is None or told.closes_at is None:
        known = desk.calendar.is_session(today)
        return "the broker says that the market stays shut today" if known else None
    if not desk.calendar.is_session(today):
        return "the broker says that the market opens today"
    apart = max(
        abs(told.opens_at - desk.calendar.open_at(today)),
        abs(told.closes_at - desk.calendar.close_at(today)),
    )
    return "trading hours differ from the broker's" if apart > timedelta(minutes=15) else None


def daily_loss(desk: Desk, rules: Rules) -> str | None:
    start, total = desk.account.day_start, desk.account.net_liquidation
    if start is None or total is None or start <= 0:
        return None
    lost = float((start - total) / start)
    reached = lost >= rules.limits.daily_loss_share
    return f"down {lost:.2%} today: no new risk" if reached else None


def margin_low(desk: Desk, rules: Rules) -> str | None:
    excess, total = desk.account.excess_liquidity, desk.account.net_liquidation
    if excess is None or total is None or total <= 0:
        return None
    share = float(excess / total)
    low = share < rules.limits.excess_liquidity_min
    return f"excess liquidity at {share:.1%} of net liquidation" if low else None


def hedge_above_cap(desk: Desk, rules: Rules) -> str | None:
    """Above the cap at as many marks as start a trim."""
    if desk.memory.marks.get(CAP, 0) < rules.limits.cap_marks:
        return None
    share = notionals(desk, rules.limits, rules.limits.cap_basis).share
    return f"hedge share {share:.1%} above {rules.limits.hedge_share_max:.0%}"


def hedge_not_flat(desk: Desk, rules: Rules) -> str | None:
    """Something that could be sold is still held after the deadline of its last trading day."""
    if desk.now < at_new_york(desk.today, rules.hedge.flat_by):
        return None
    held = [t.id for t in desk.book.open_tranches if t.contract.expiration == desk.today]
    return f"{', '.join(held)} held past the flat deadline" if held else None


# Name, severity and rule of every alert.
ALERT_RULES: Final[tuple[tuple[str, Severity, AlertRule], ...]] = (
    ("trading_halted", Severity.CRITICAL, trading_halted),
    ("broker_lost", Severity.WARNING, broker_lost),
    ("order_uncertain", Severity.CRITICAL, order_uncertain),
    ("position_mismatch", Severity.CRITICAL, position_mismatch),
    ("market_data_unknown", Severity.WARNING, market_data_unknown),
    ("hours_disagree", Severity.WARNING, hours_disagree),
    ("daily_loss", Severity.CRITICAL, daily_loss),
    ("margin_low", Severity.CRITICAL, margin_low),
    ("hedge_above_cap", Severity.WARNING, hedge_above_cap),
    ("hedge_not_flat", Severity.WARNING, hedge_not_flat),
)


def raised(desk: Desk, rules: Rules) -> tuple[RaiseAlert, ...]:
    """Edges since the last look: raised now, or cleared now."""
    edges = []
    for code, severity, rule in ALERT_RULES:
        text = rule(desk, rules)
        if text is not None and code not in desk.alerts:
            edges.append(RaiseAlert(desk.now, code, severity, text))
        elif text is None and code in desk.alerts:
            edges.append(RaiseAlert(desk.now, code, severity, f"{code} cleared", active=False))
    return tuple(edges)

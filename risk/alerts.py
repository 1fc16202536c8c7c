"""Conditions an operator must hear of, one small function each. Edges, not levels: the desk
remembers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final, TypeAlias

from domain.desk import Desk, Regime, TradingState
from domain.effects import RaiseAlert, Severity
from domain.liquidity import thin
from domain.missing import campaigns_missing
from domain.orders import Order, OrderStatus
from domain.releases import ReleaseCalendar
from domain.session import at_new_york
from domain.signals import Signal
from risk import box_rate, hedge_parity
from risk.exposure import adopted_calls, notionals
from risk.hedge_cash import cash_multiple
from risk.hedge_timing import flat_by
from risk.hedge_trim import CAP
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from risk.signals.parameters import SignalParams


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters alert rules look at."""

    limits: RiskLimits
    hedge: HedgeParams
    regime: RegimeParams
    signals: SignalParams = field(default_factory=SignalParams)
    releases: ReleaseCalendar = field(default_factory=ReleaseCalendar)


_LEGS_TOGETHER = timedelta(seconds=10)

AlertRule: TypeAlias = Callable[[Desk, Rules], str | None]


def trading_halted(desk: Desk, rules: Rules) -> str | None:
    """Halted by an operator, a broken invariant, or as many rejections of the broker as halt."""
    return desk.trading_why or "halted" if desk.trading is TradingState.HALTED else None


def broker_lost(desk: Desk, rules: Rules) -> str | None:
    """Away for longer than a start or a reconnect takes."""
    if desk.ready_at is not None or desk.away_since is None:
        return None
    away_s = (desk.now - desk.away_since).total_seconds()
    known = "broker_lost" in desk.alerts
    return "no broker connection" if known or away_s >= rules.limits.broker_away_s else None


def order_uncertain(desk: Desk, rules: Rules) -> str | None:
    """An order was sent, or perhaps sent, and the broker does not answer for it."""
    refs = ", ".join(order.order_ref for order in desk.uncertain)
    return f"nobody answers for {refs}: no new risk" if refs else None


def position_mismatch(desk: Desk, rules: Rules) -> str | None:
    """The broker holds something else than our book says; the text has both, by contract, and
    names what to write off if it was closed by hand.
    """
    if not desk.mismatched:
        return None
    ours, theirs = desk.book.positions(), desk.broker_positions or {}
    apart = "; ".join(
        f"{contract.label}: ours {ours.get(contract, 0)}, broker {theirs.get(contract, 0)}"
        for contract in desk.mismatched[:4]
    )
    more = f" and {len(desk.mismatched) - 4} more" if len(desk.mismatched) > 4 else ""
    gone = campaigns_missing(desk)
    closed = f"; if closed by hand: condorbot propose write-off {gone[0]}" if gone else ""
    return f"book and broker disagree on {apart}{more}: no new risk{closed}"


def foreign_at_broker(desk: Desk, rules: Rules) -> str | None:
    """Orders or holdings that nobody here asked for; they are never touched."""
    if not desk.foreign:
        return None
    more = f" and {len(desk.foreign) - 4} more" if len(desk.foreign) > 4 else ""
    return f"not ours: {', '.join(desk.foreign[:4])}{more}: no new risk"


def leg_imbalance(desk: Desk, rules: Rules) -> str | None:
    """Some legs of a combo traded and the others did not follow within ten seconds. Over when they
    have followed, or when what hung was repaired.
    """
    hanging = [order for order in desk.orders.values() if _legs_apart(desk, order)]
    late = [o.order_ref for o in hanging if desk.now - _executed_at(desk, o) >= _LEGS_TOGETHER]
    return f"legs of {', '.join(late)} did not fill together" if late else None


def _legs_apart(desk: Desk, order: Order) -> bool:
    """Unlike numbers of its legs are filled, and the order works on or left its condor lopsided."""
    legs = order.intent.legs
    if not order.leg_fills or order.status is OrderStatus.FILLED:
        return False
    units = {Fraction(n, leg.ratio) for n, leg in zip(order.leg_fills, legs, strict=False)}
    if len(units) < 2:
        return False
    condor = desk.book.condors.get(order.intent.subject or order.order_ref)
    lopsided = condor is not None and len({abs(p.quantity) for p in condor.positions}) > 1
    return order.working or lopsided


def _executed_at(desk: Desk, order: Order) -> datetime:
    known = (desk.book.fills[e].at for e in order.exec_ids if e in desk.book.fills)
    return max(known, default=order.created_at)


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
    """The account lost as much today as ends new risk for the day."""
    start, total = desk.account.day_start, desk.account.net_liquidation
    if start is None or total is None or start <= 0:
        return None
    lost = float((start - total) / start)
    reached = lost >= rules.limits.daily_loss_share
    return f"down {lost:.2%} today: no new risk" if reached else None


def margin_low(desk: Desk, rules: Rules) -> str | None:
    """Excess liquidity is below its floor."""
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
    adopted = sum(quantity for _, quantity in adopted_calls(desk))
    told = f", {adopted} adopted calls with it, which only you can sell" if adopted else ""
    return f"hedge share {share:.1%} above {rules.limits.hedge_share_max:.0%}{told}"


def hedge_not_flat(desk: Desk, rules: Rules) -> str | None:
    """Something that could be sold is still held after the deadline of its last trading day."""
    if not desk.book.open_tranches or desk.now < flat_by(desk, rules.hedge):
        return None
    held = [
        t.id
        for t in desk.book.open_tranches
        if t.contract.expiration == desk.today and t.unsellable_on is None
    ]
    return f"{', '.join(held)} held past the flat deadline" if held else None


def hedge_unsellable(desk: Desk, rules: Rules) -> str | None:
    """Worth nothing: nobody bid through the whole deadline window, settlement will take it."""
    names = [
        f"{t.id} ({t.quantity} {t.contract.label})"
        for t in desk.book.open_tranches
        if t.unsellable_on == desk.today
    ]
    return f"{', '.join(names)} cannot be sold and expires worthless" if names else None


def hedge_cash_multiple(desk: Desk, rules: Rules) -> str | None:
    """The hedge is worth many months of condor cash (S37)."""
    if not desk.book.open_tranches:
        return None
    multiple = cash_multiple(desk)
    if multiple is None or multiple <= rules.limits.hedge_cash_multiple_warn:
        return None
    return f"hedge worth {multiple:.1f} times the condor cash of 30 days"


def parity_gap(desk: Desk, rules: Rules) -> str | None:
    """Conversion or reversal of a call we hold would pay; only told, never traded."""
    return hedge_parity.parity_gap(desk, rules.hedge, rules.limits)


def box_gap(desk: Desk, rules: Rules) -> str | None:
    """A box of SPX options lends or borrows far from a Treasury bill; only told, never traded."""
    return box_rate.box_gap(desk, rules.hedge, rules.limits)


def liquidity_thin(desk: Desk, rules: Rules) -> str | None:
    """Half the legs of an open condor trade far worse than at this hour of past sessions. Over when
    no leg does any more: one thin leg comes and goes, and tells nothing of the package.
    """
    lasting = rules.limits.liquidity_for_s
    for condor in desk.book.open_condors:
        legs = condor.combo.contracts
        bad = thin(desk.memory.liquidity, legs, desk.now, lasting)
        if len(bad) * 2 >= len(legs) or (bad and "liquidity_thin" in desk.alerts):
            return f"{len(bad)} of {len(legs)} legs of a condor trade thinly, {bad[0].label} first"
    return None


def stress_high(desk: Desk, rules: Rules) -> str | None:
    """The stress score as of the last look; once raised it stays up one below the limit too."""
    reading = desk.memory.signals.get(Signal.STRESS)
    if reading is None or reading.value is None:
        return None
    if reading.value < rules.signals.stress_block - ("stress_high" in desk.alerts):
        return None
    block = rules.signals.stress_block
    return f"stress {reading.value:.0f} ({reading.source}): no new condors from {block} on"


def releases_ending(desk: Desk, rules: Rules) -> str | None:
    """Announced days of a kind of release run out, or have. A desk without a calendar says so
    elsewhere.
    """
    if not rules.releases.releases:
        return None
    days = rules.signals.calendar_days
    ending = rules.releases.ending(desk.now, timedelta(days=days))
    if not ending:
        return None
    return f"no day of {', '.join(ending)} announced beyond the next {days:.0f} days"


# Name, severity and rule of every alert.
ALERT_RULES: Final[tuple[tuple[str, Severity, AlertRule], ...]] = (
    ("trading_halted", Severity.CRITICAL, trading_halted),
    ("broker_lost", Severity.WARNING, broker_lost),
    ("order_uncertain", Severity.CRITICAL, order_uncertain),
    ("position_mismatch", Severity.CRITICAL, position_mismatch),
    ("foreign_at_broker", Severity.CRITICAL, foreign_at_broker),
    ("leg_imbalance", Severity.CRITICAL, leg_imbalance),
    ("market_data_unknown", Severity.WARNING, market_data_unknown),
    ("hours_disagree", Severity.WARNING, hours_disagree),
    ("stress_high", Severity.WARNING, stress_high),
    ("liquidity_thin", Severity.WARNING, liquidity_thin),
    ("releases_ending", Severity.WARNING, releases_ending),
    ("daily_loss", Severity.CRITICAL, daily_loss),
    ("margin_low", Severity.CRITICAL, margin_low),
    ("hedge_above_cap", Severity.WARNING, hedge_above_cap),
    ("hedge_not_flat", Severity.WARNING, hedge_not_flat),
    ("hedge_unsellable", Severity.WARNING, hedge_unsellable),
    ("hedge_cash_multiple", Severity.WARNING, hedge_cash_multiple),
    ("parity_gap", Severity.INFO, parity_gap),
    ("box_gap", Severity.INFO, box_gap),
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

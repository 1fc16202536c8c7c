"""Each condition of building and redeploying the hedge, judged once and with its numbers.

The rules stop at the first gate that is not open; explanations show all of them.
"""

from collections.abc import Iterable
from datetime import time, timedelta

from domain.desk import Desk, Regime
from domain.gates import Gate
from domain.instruments import VIX
from domain.orders import DenialCode, Layer, Order, Purpose
from domain.session import at_new_york
from risk.curve import read_curve
from risk.exposure import notionals
from risk.hedge_cash import cash_multiple, condor_cash, hedge_value
from risk.hedge_curve import build_slope, vxth_share
from risk.hedge_target import held, ratio_in_force, targets_of
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams

BUYING = (Purpose.BUY_HEDGE, Purpose.ROLL_HEDGE)
CALM = (Regime.LOW, Regime.NORMAL)


def shut(gates: Iterable[Gate]) -> Gate | None:
    """The first gate that is not open."""
    return next((gate for gate in gates if gate.open is not True), None)


def hours(desk: Desk, params: HedgeParams, topic: str) -> Gate:
    first = at_new_york(desk.today, params.build_from)
    inside = first <= desk.now < at_new_york(desk.today, params.build_until)
    return Gate(
        topic, "hours", "4.4.build", desk.calendar.is_session(desk.today) and inside,
        f"purchases from {params.build_from:%H:%M} to {params.build_until:%H:%M} New York",
        reason="" if inside else "outside the hours for purchases",
    )  # fmt: skip


def calm(desk: Desk, topic: str) -> Gate:
    """Net purchases only in LOW and NORMAL (S9: a spike is not fought head-on)."""
    regime = desk.regime.regime
    known = regime is not Regime.UNKNOWN
    return Gate(
        topic, "regime", "4.4.build", regime in CALM if known else None,
        f"regime {regime}, at VIX in points", desk.level(VIX), age_s=_age(desk),
        reason="" if regime in CALM else f"regime {regime}",
        denial=None if regime in CALM else DenialCode.REGIME_BLOCKS_HEDGE_BUY,
    )  # fmt: skip


def short_of_target(desk: Desk, layer: Layer, params: HedgeParams, topic: str) -> Gate:
    """Fewer calls held and being bought than the condors want."""
    target, has = targets_of(desk, params)[layer], held(desk, layer, params)
    ratio = ratio_in_force(desk, params)
    condors = desk.live_contracts
    text = f"{layer} has {has} of {target} calls for {condors} condors, h {ratio:g}"
    reason = "" if has < target else "nothing is missing"
    return Gate(topic, "target", "4.4.target", has < target, text, float(has), float(target),
                reason=reason)  # fmt: skip


def steep(desk: Desk, layer: Layer, params: HedgeParams, regime: RegimeParams, topic: str) -> Gate:
    """The longer layers wait for the slope, or for their time to be up (S42)."""
    name, rule = "curve", "S42"
    if layer is Layer.HEDGE_SHORT:
        return Gate(topic, name, rule, open=True, text="the short layer waits for no curve")
    curve = read_curve(desk, regime)
    slope = None if curve is None else build_slope(curve, params)
    since = desk.deficits.get(layer)
    waited = 0 if since is None else desk.calendar.sessions_after(since, desk.today)
    steep_enough = slope is not None and slope > params.build_slope
    due = since is not None and waited >= params.build_wait_sessions
    text = (
        f"slope ({params.build_basis}, {params.build_sign}), "
        f"or {waited} of {params.build_wait_sessions} sessions waited"
    )
    opened = True if steep_enough or due else (None if slope is None else False)
    reason = "" if opened else "waiting for a steeper curve"
    return Gate(topic, name, rule, opened, text, slope, params.build_slope, _age(desk), reason)


def front_band(
    desk: Desk, layer: Layer, params: HedgeParams, regime: RegimeParams, topic: str
) -> Gate:
    """X1: how much of the short layer the 30-day future permits."""
    name, rule = "vxth", "X1"
    if not params.vxth_gate or layer is not Layer.HEDGE_SHORT:
        return Gate(topic, name, rule, open=True, text="the VXTH bands are off")
    curve = read_curve(desk, regime)
    if curve is None:
        return Gate(topic, name, rule, None, "30-day VX future", reason="no VX curve")
    front = curve.constant_maturity()
    share = vxth_share(front, params.vxth_bands)
    low, middle, high = params.vxth_bands
    text = f"30-day VX future, bands {low:g}, {middle:g} and {high:g} permit {share:.0%}"
    reason = "" if share > 0 else "30-day VX future outside the bands"
    return Gate(topic, name, rule, share > 0, text, front, low, _age(desk), reason)


def cash_cover(desk: Desk, limits: RiskLimits, topic: str) -> Gate:
    """The hedge is not worth too many months of condor cash (S37)."""
    name, rule, most = "cash_multiple", "S37", limits.hedge_cash_multiple_max
    value, cash = hedge_value(desk), condor_cash(desk)
    if value is None:
        return Gate(topic, name, rule, None, "hedge over condor cash of 30 days", limit=most,
                    reason="a call has no quote", denial=DenialCode.QUOTE_MISSING)  # fmt: skip
    multiple = cash_multiple(desk)
    if multiple is None:
        text = f"no multiple: the condors brought in {cash:.0f} USD in 30 days"
        return Gate(topic, name, rule, open=True, text=text, limit=most)
    inside = multiple <= most
    return Gate(
        topic, name, rule, inside, f"hedge {value:.0f} USD over condor cash {cash:.0f} USD",
        multiple, most, reason="" if inside else "the hedge is worth too much condor cash",
        denial=None if inside else DenialCode.HEDGE_CASH_MULTIPLE,
    )  # fmt: skip


def budget(desk: Desk, limits: RiskLimits, topic: str) -> Gate:
    """Something of the annual premium is left, working orders counted at their worst."""
    left = budget_left(desk, limits)
    total = desk.account.net_liquidation
    whole = None if total is None else limits.hedge_budget_share * float(total)
    known = whole is not None
    reason = "" if left > 0 else ("budget used up" if known else "net liquidation unknown")
    return Gate(
        topic, "budget", "4.4.budget", left > 0 if known else None,
        "USD of premium left of the budget of 365 days", left, whole,
        reason=reason, denial=None if left > 0 else DenialCode.HEDGE_BUDGET,
    )  # fmt: skip


def under_cap(desk: Desk, limits: RiskLimits, topic: str) -> Gate:
    """The share as held lies below the buying limit; without condors the cap sleeps."""
    most = limits.hedge_share_buy_max
    if not desk.book.open_condors:
        return Gate(topic, "cap", "4.5.cap", open=True, text="no condor open: the cap sleeps")
    measure = notionals(desk, limits, limits.cap_basis)
    text = f"hedge share on {limits.cap_basis}"
    if measure.hedge is None:
        return Gate(topic, "cap", "4.5.cap", None, text, limit=most,
                    reason="a call has no quote", denial=DenialCode.QUOTE_MISSING)  # fmt: skip
    below = measure.share < most
    return Gate(
        topic, "cap", "4.5.cap", below, text, measure.share, most, _age(desk),
        "" if below else "no room under the cap", None if below else DenialCode.HEDGE_SHARE_CAP,
    )  # fmt: skip


def turnover(desk: Desk, limits: RiskLimits, topic: str) -> Gate:
    """Unscheduled hedge orders of this calendar week stay below their number (S4)."""
    count, most = len(unscheduled(desk)), limits.hedge_unscheduled_max
    inside = count < most
    return Gate(
        topic, "turnover", "S4", inside, "unscheduled hedge orders this week",
        float(count), float(most), reason="" if inside else "enough unscheduled orders this week",
        denial=None if inside else DenialCode.HEDGE_TURNOVER,
    )  # fmt: skip


def unscheduled(desk: Desk) -> tuple[Order, ...]:
    """Hedge orders since Monday that neither a target nor a roll date nor a deadline asked for.

    Counted from the orders themselves, which are kept longer than a week of sessions lasts and
    which a restart brings back.
    """
    monday = desk.today - timedelta(days=desk.today.weekday())
    since = at_new_york(monday, time.min)
    return tuple(
        order
        for order in desk.orders.values()
        if order.created_at >= since and order.intent.rule in UNSCHEDULED
    )


UNSCHEDULED = frozenset({"4.5.trim", "4.6.ladder", "4.6.press", "4.6.redeploy"})


def budget_left(desk: Desk, limits: RiskLimits) -> float:
    """USD of net premium that may still be spent in the 365 days ending today, working orders
    counted.
    """
    total = desk.account.net_liquidation
    if total is None:
        return 0.0
    spent = desk.book.spend_since(desk.today - timedelta(days=365))
    working = sum(
        order.remaining * max(0.0, float(order.intent.walk.worst)) * 100
        for order in desk.working
        if order.intent.purpose in BUYING
    )
    return limits.hedge_budget_share * float(total) - float(spent) - working


def _age(desk: Desk) -> float | None:
    """Seconds since VIX was last heard."""
    quote = desk.quote(VIX)
    return None if quote is None else quote.age_s(desk.now)

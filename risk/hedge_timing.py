"""When a tranche's time has come: roll date, fading bid, delayed roll, last resort, deadline.

Sells and buys nothing; ``hedge_roll`` acts on it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.book import Tranche
from domain.desk import Desk, Regime
from domain.gates import Gate
from domain.orders import HEDGE_LAYERS
from domain.session import at_new_york, days_to_expiration
from domain.signals import UNKNOWN, Signal
from risk.hedge_target import roll_on, worthless
from risk.parameters import HedgeParams

_CALM = (Regime.LOW, Regime.NORMAL)
_BEFORE_EARLY_CLOSE = timedelta(minutes=75)


def roll_gates(desk: Desk, tranche: Tranche, params: HedgeParams) -> Iterator[Gate]:
    """What must hold before a tranche is replaced; where it is replaced to comes after that."""
    topic = f"hedge.roll.{tranche.id}"
    yield _hours(desk, params, topic)
    yield _date(desk, tranche, params, topic)
    yield _not_delayed(desk, tranche, params, topic)
    yield _regime_known(desk, topic)


def in_roll_hours(desk: Desk, params: HedgeParams) -> bool:
    first = at_new_york(desk.today, params.roll_from)
    return first <= desk.now < at_new_york(desk.today, params.roll_until)


def roll_due(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    """The date has come, or the bid fades."""
    return desk.today >= roll_on(tranche, params) or fading(desk, tranche, params)


def flat_gates(desk: Desk, tranche: Tranche, params: HedgeParams) -> tuple[Gate, ...]:
    """The deadline before settlement, and whether anybody bids."""
    topic, left = f"hedge.flat.{tranche.id}", days_to_expiration(tranche.contract, desk.now)
    now = must_be_flat(desk, tranche, params)
    quote = desk.quote(tranche.contract)
    bid = None if quote is None else quote.bid or 0.0
    return (
        Gate(topic, "deadline", "4.4.flat", now,
             f"days to the last trading day; sold outright on it from {params.flat_from:%H:%M}",
             float(left), 0.0, reason="" if now else "not its last trading day, or too early"),
        Gate(topic, "bid", "4.4.flat", None if bid is None else bid > 0, "bid in points", bid, 0.0,
             None if quote is None else quote.age_s(desk.now),
             "no quote" if bid is None else "" if bid > 0 else "nobody bids"),
    )  # fmt: skip


def fading(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    """Hardly bid for any more, and soon enough to expire: it is replaced while somebody bids."""
    quote = desk.quote(tranche.contract)
    if quote is None or quote.ask is None or not quote.bid or quote.bid > params.fade_bid:
        return False
    near = params.fade_dte[HEDGE_LAYERS.index(tranche.layer)]
    return days_to_expiration(tranche.contract, desk.now) <= near


def delayed(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    """A due roll waits while volatility falls: "shift back" of methodology 4.4.

    MACD(VIXY) below 0 and RSI(VIX) at most ``delay_rsi_max`` in LOW or NORMAL, for at most
    ``delay_sessions_max`` sessions after the roll date, never into the last session before the last
    trading day, never with a fading bid. A signal that is not known delays nothing.
    """
    expiration = tranche.contract.expiration
    assert expiration is not None
    momentum = desk.memory.signals.get(Signal.MACD_VIXY, UNKNOWN).value
    strength = desk.memory.signals.get(Signal.RSI_VIX, UNKNOWN).value
    if momentum is None or strength is None or desk.regime.regime not in _CALM:
        return False
    falling = momentum < 0 and strength <= params.delay_rsi_max
    waited = desk.calendar.sessions_after(roll_on(tranche, params), desk.today)
    late = desk.today >= desk.calendar.previous_session(expiration)
    in_time = waited < params.delay_sessions_max and not late
    return falling and in_time and not fading(desk, tranche, params)


def offered(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    """Due, near its end, and nobody bids: offered at one tick rather than left to settle."""
    near = days_to_expiration(tranche.contract, desk.now) <= params.offer_dte
    return near and worthless(desk, tranche)


def flat_from(desk: Desk, params: HedgeParams) -> datetime:
    """When outright selling starts today; before an early close correspondingly earlier."""
    usual = at_new_york(desk.today, params.flat_from)
    return min(usual, desk.calendar.close_at(desk.today) - _BEFORE_EARLY_CLOSE)


def flat_by(desk: Desk, params: HedgeParams) -> datetime:
    """When nothing of a series may be left on its last trading day, earlier before an early
    close.
    """
    window = at_new_york(desk.today, params.flat_by) - at_new_york(desk.today, params.flat_from)
    return flat_from(desk, params) + window


def must_be_flat(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    return tranche.contract.expiration == desk.today and desk.now >= flat_from(desk, params)


def _hours(desk: Desk, params: HedgeParams, topic: str) -> Gate:
    inside = in_roll_hours(desk, params)
    text = f"rolls from {params.roll_from:%H:%M} to {params.roll_until:%H:%M} New York"
    reason = "" if inside else "outside the hours for rolls"
    return Gate(topic, "hours", "4.4.roll", inside, text, reason=reason)


def _date(desk: Desk, tranche: Tranche, params: HedgeParams, topic: str) -> Gate:
    left = days_to_expiration(tranche.contract, desk.now)
    until = (roll_on(tranche, params) - desk.today).days
    fades = fading(desk, tranche, params)
    due = until <= 0 or fades
    text = f"days past the roll date, {left} days to expiration"
    if fades:
        text += f", bid at {params.fade_bid:g} or less"
    return Gate(topic, "date", "4.4.roll", due, text, float(-until), 0.0,
                reason="" if due else "not due yet")  # fmt: skip


def _not_delayed(desk: Desk, tranche: Tranche, params: HedgeParams, topic: str) -> Gate:
    waits = delayed(desk, tranche, params)
    strength = desk.memory.signals.get(Signal.RSI_VIX, UNKNOWN)
    momentum = desk.memory.signals.get(Signal.MACD_VIXY, UNKNOWN).value
    sign = "unknown" if momentum is None else ("below 0" if momentum < 0 else "not below 0")
    age = None if strength.at is None else (desk.now - strength.at).total_seconds()
    return Gate(
        topic, "delay", "4.4.delay", not waits, f"RSI(VIX), with MACD(VIXY) {sign}",
        strength.value, params.delay_rsi_max, age,
        "volatility falls: the roll waits" if waits else "",
    )  # fmt: skip


def _regime_known(desk: Desk, topic: str) -> Gate:
    known = desk.regime.regime is not Regime.UNKNOWN
    text = f"regime {desk.regime.regime}"
    reason = "" if known else "regime unknown"
    return Gate(topic, "regime", "4.4.roll", True if known else None, text, reason=reason)

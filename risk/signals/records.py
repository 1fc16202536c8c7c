"""What only we keep a history of, written down as decisions so that it outlives a restart.

Once a session: breadth and the front future's return at the close, volatility, skew, slope and rate
difference at the daily reading. Around releases: the levels just before and just after.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from math import log, sqrt

from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.instruments import AD_NYSE, SPX, VIX, Contract, Kind, Right
from domain.option_readings import read_options, read_parity
from domain.quotes import Quote
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.session import at_new_york, new_york
from risk.curve import monthly_pair, read_curve
from risk.parameters import RegimeParams
from risk.signals.breadth import BREADTH, NET
from risk.signals.lines import minutes, near, probes, rate_contracts, reading_due, release_contracts
from risk.signals.macro import RATES
from risk.signals.parameters import SignalParams
from risk.signals.shifts import ATM_VOL, SKEW_25, SLOPE
from risk.signals.shocks import VX_RETURN
from risk.signals.surprises import AFTER, BEFORE, OPEN, PRICES, mark_key

SERIES = (ATM_VOL, SKEW_25, SLOPE, RATES, BREADTH, NET, VX_RETURN)
_AGE_S_MAX = 120.0  # of a level that is to stand for a moment
_DAY_AGE_S_MAX = 900.0
_MARKED_WITHIN = timedelta(minutes=10)
_QUARTER_SIGMA = 0.6745
_DAYS_A_YEAR = 365.0


def daily(desk: Desk, params: SignalParams, regime: RegimeParams) -> tuple[RecordDecision, ...]:
    """The readings of today that are due and not written down yet."""
    found: list[tuple[str, float]] = []
    if reading_due(desk, params):
        found += _when_missing(desk, (ATM_VOL, SKEW_25), lambda: surface(desk, params))
        found += _when_missing(desk, (SLOPE,), lambda: _slope(desk, regime))
        found += _when_missing(desk, (RATES,), lambda: _rates(desk))
    elif _just_closed(desk):
        found += _when_missing(desk, (BREADTH, NET), lambda: breadth(desk))
        found += _when_missing(desk, (VX_RETURN,), lambda: _front_return(desk, regime))
    return tuple(_recorded(desk, name, value) for name, value in found)


def releases(
    desk: Desk, params: SignalParams, regime: RegimeParams, calendar: ReleaseCalendar
) -> tuple[RecordDecision, ...]:
    """Levels around releases that are due and not marked yet."""
    found: list[RecordDecision] = []
    for release in near(desk, params, calendar):
        before, after = minutes(release, params)
        if release.at - before <= desk.now < release.at:
            found += _marked(desk, regime, release, BEFORE)
        elif release.at + after <= desk.now <= release.at + after + _MARKED_WITHIN:
            found += _marked(desk, regime, release, AFTER)
    opening = at_new_york(desk.today, regime.watch_from)
    if desk.calendar.is_open(desk.now) and opening <= desk.now <= opening + _MARKED_WITHIN:
        morning = calendar.between(desk.now - timedelta(hours=3), desk.now)
        for release in morning:
            if release.kind in PRICES and not release.days:
                found += _marked(desk, regime, release, OPEN)
    return tuple(found)


def surface(desk: Desk, params: SignalParams) -> tuple[float, ...] | None:
    """Volatility at the forward and 25-delta put less call volatility, from the probes.

    The strikes are listed ones near 25 delta; their difference is scaled to the distance of true
    25-delta strikes, 2 x 0.6745 standard deviations, so that rounding of strikes does not pass for
    a change of skew.
    """
    options = probes(desk, params)
    mids = [_mid(desk, contract) for contract in options]
    if not options or any(mid is None for mid in mids):
        return None
    put, _, at_money, call = options
    parity = read_parity(desk.quotes, lambda c: _quote(desk, c), at_money, desk.calendar, desk.now)
    if parity is None:
        return None
    pairs = [(c, mid) for c, mid in zip(options, mids, strict=True) if mid is not None]
    readings = read_options(pairs, parity.forward, desk.calendar, desk.now, parity.discount)
    vols = {(r.contract.strike, r.contract.right): r.vol for r in readings}
    if len(vols) < len(options) or min(vols.values()) <= 0:
        return None
    middle = at_money.strike
    atm = 0.5 * (vols[middle, Right.PUT] + vols[middle, Right.CALL])
    years = desk.calendar.years_to_settlement(at_money, desk.now)
    apart = log(call.strike / put.strike)
    full = 2.0 * _QUARTER_SIGMA * atm * sqrt(years)
    skew = (vols[put.strike, Right.PUT] - vols[call.strike, Right.CALL]) * full / apart
    return atm, skew


def breadth(desk: Desk) -> tuple[float, ...] | None:
    """(A - D) / (A + D) and A - D; the broker sends advances as bid and declines as ask."""
    quote = desk.quote(AD_NYSE)
    if quote is None or quote.bid is None or quote.ask is None:
        return None
    if quote.at < desk.calendar.open_at(desk.today) or quote.bid + quote.ask <= 0:
        return None
    net = quote.bid - quote.ask
    return net / (quote.bid + quote.ask), net


def _when_missing(
    desk: Desk, names: tuple[str, ...], read: Callable[[], tuple[float, ...] | None]
) -> Iterator[tuple[str, float]]:
    known = desk.closes.get(names[0], ())
    if known and known[-1][0] >= desk.today:
        return
    yield from zip(names, read() or (), strict=False)


def _slope(desk: Desk, regime: RegimeParams) -> tuple[float, ...] | None:
    curve = read_curve(desk, regime)
    return None if curve is None else (curve.slope,)


def _rates(desk: Desk) -> tuple[float, ...] | None:
    """(F / S - 1) / T in percent a year: the dollar's rate less the euro's by covered parity."""
    future, spot = rate_contracts(desk)
    forward, now = _mid(desk, future), _mid(desk, spot)
    assert future.expiration is not None
    # The future delivers two business days after its last trading day, spot two after today.
    years = (future.expiration - desk.today).days / _DAYS_A_YEAR
    if forward is None or now is None or years <= 0:
        return None
    return (100.0 * (forward / now - 1.0) / years,)


def _front_return(desk: Desk, regime: RegimeParams) -> tuple[float, ...] | None:
    """F1 over its own settlement of the session before, less 1."""
    pair = monthly_pair(desk, regime)
    quote = None if pair is None else desk.quote(pair[0])
    if quote is None or not quote.close or quote.at < desk.calendar.open_at(desk.today):
        return None
    price = quote.mid if quote.mid is not None else quote.last
    return None if price is None else (price / quote.close - 1.0,)


def _just_closed(desk: Desk) -> bool:
    """In the hour after the close, while the closing levels still stand."""
    if not desk.calendar.is_session(desk.today):
        return False
    since = desk.now - desk.calendar.close_at(desk.today)
    return timedelta() <= since <= timedelta(hours=1)


def _marked(
    desk: Desk, regime: RegimeParams, release: Release, side: str
) -> Iterator[RecordDecision]:
    key = mark_key(release, side)
    if key in desk.release_marks:
        return
    levels = dict(_levels(desk, regime, release, side))
    if not levels:
        return
    shown = ", ".join(f"{name} {level:g}" for name, level in levels.items())
    rule = "S14" if release.kind is ReleaseKind.FOMC else "S26"
    yield RecordDecision(
        desk.now, Verdict.CHANGED, "release", rule, f"{release.kind} {side}: {shown}",
        subject=key, inputs=tuple(levels.items()),
    )  # fmt: skip


def _levels(
    desk: Desk, regime: RegimeParams, release: Release, side: str
) -> Iterator[tuple[str, float]]:
    """Whatever is fresh now; at the open also what it is to be compared with."""
    named: list[tuple[str, Contract]] = [
        ("ZQ" if contract.symbol == "ZQ" else "ES", contract)
        for contract in release_contracts(release, desk.calendar, desk.now)
    ]
    named += [("SPX", SPX), ("VIX", VIX)] if desk.calendar.is_open(desk.now) else []
    pair = monthly_pair(desk, regime)
    named += [("VX", pair[0])] if pair is not None else []
    for name, contract in named:
        level = _level(desk, contract)
        if level is not None:
            yield name, level
    if side == OPEN:
        yield from _before_open(desk, pair[0] if pair is not None else None)


def _before_open(desk: Desk, front: Contract | None) -> Iterator[tuple[str, float]]:
    closes = [close for on, close in desk.closes.get("SPX", ()) if on < desk.today]
    if closes:
        yield "SPX_CLOSE", closes[-1]
    quote = desk.quote(front) if front is not None else None
    if quote is not None and quote.close:
        yield "VX_CLOSE", quote.close


def _level(desk: Desk, contract: Contract) -> float | None:
    quote = desk.quote(contract)
    age = _DAY_AGE_S_MAX if contract.kind is Kind.INDEX else _AGE_S_MAX
    if quote is None or quote.age_s(desk.now) > age:
        return None
    tradable = contract.kind is Kind.FUTURE
    level = quote.mid if tradable and quote.mid is not None else quote.level
    return level if level is not None and level > 0 else None


def _mid(desk: Desk, contract: Contract) -> float | None:
    quote = _quote(desk, contract)
    return None if quote is None else quote.mid


def _quote(desk: Desk, contract: Contract) -> Quote | None:
    quote = desk.quote(contract)
    fresh = quote is not None and quote.age_s(desk.now) <= _DAY_AGE_S_MAX and not quote.delayed
    return quote if fresh else None


def _recorded(desk: Desk, name: str, value: float) -> RecordDecision:
    on = new_york(desk.now).date()
    return RecordDecision(
        desk.now, Verdict.CHANGED, "signal.record", "S8" if name in (ATM_VOL, SKEW_25) else "4.1",
        f"{name} of {on} is {value:.6g}", subject=name, inputs=(("close", value),),
    )  # fmt: skip

"""What operator rules may look at: every name with its type, its meaning and how it is read.

A fact that is missing or not a number is left out, never replaced; ``known`` tells which are there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import isnan
from typing import Final, TypeAlias

from domain.desk import Desk
from domain.instruments import SPX, VIX, VIX3M, VIX9D, Contract, Kind
from domain.liquidity import LegLiquidity
from domain.orders import Purpose
from domain.quick_ratio import quick_ratio
from domain.quotes import Quote
from domain.rulesets import Fact, Facts
from domain.signals import UNKNOWN, Signal
from engine.policy import Policy
from risk.curve import read_curve
from risk.exposure import cap_shares, notionals
from risk.hedge_cash import cash_multiple
from risk.limits import CapBasis

NUMBER: Final = "double"
COUNT: Final = "int"
TEXT: Final = "string"
NUMBERS: Final = "map(string, double)"
FLAGS: Final = "map(string, bool)"
LEGS: Final = "list(map(string, double))"
KNOWN: Final = "known"


@dataclass(frozen=True, slots=True)
class _View:
    desk: Desk
    policy: Policy


_Read: TypeAlias = Callable[[_View], Fact | None]


@dataclass(frozen=True, slots=True)
class Name:
    """One word of the language of rules."""

    type: str
    meaning: str
    read: _Read


def facts(desk: Desk, policy: Policy, names: frozenset[str]) -> Facts:
    """Those of ``names`` that can be known now. Names nobody declared raise KeyError."""
    view = _View(desk, policy)
    found: dict[str, Fact] = {}
    for name in sorted(names - {KNOWN}):
        value = NAMES[name].read(view)
        if value is not None and not (isinstance(value, float) and isnan(value)):
            found[name] = value
    if KNOWN in names:
        found[KNOWN] = {name: name in found for name in sorted(names - {KNOWN})}
    return found


def _level(contract: Contract, view: _View) -> float | None:
    """A level as fresh as the rules ask of it; old levels are as good as none."""
    quote = view.desk.quote(contract)
    if quote is None or quote.age_s(view.desk.now) > view.policy.regime.quiet_s_max:
        return None
    return quote.level


def _curve(field: str, view: _View) -> float | None:
    curve = read_curve(view.desk, view.policy.regime)
    if curve is None:
        return None
    return curve.constant_maturity() if field == "cmf30" else float(getattr(curve, field))


def _signal(signal: Signal, view: _View) -> float | None:
    return view.desk.memory.signals.get(signal, UNKNOWN).value


def _stressed(view: _View) -> Mapping[str, bool]:
    readings = view.desk.memory.signals
    return {
        signal.value: reading.stressed
        for signal, reading in readings.items()
        if reading.stressed is not None
    }


def _share_of_worth(field: str, view: _View) -> float | None:
    amount = getattr(view.desk.account, field)
    worth = view.desk.account.net_liquidation
    return None if amount is None or not worth else float(amount / worth)


def _day_loss(view: _View) -> float | None:
    start, worth = view.desk.account.day_start, view.desk.account.net_liquidation
    return None if not start or worth is None else float((start - worth) / start)


def _condor_risk(view: _View) -> float | None:
    worth = view.desk.account.net_liquidation
    at_risk = sum(float(condor.max_loss_usd) for condor in view.desk.book.open_condors)
    return None if not worth else at_risk / float(worth)


def _shares(view: _View) -> Mapping[str, float]:
    shares = cap_shares(view.desk, view.policy.limits)
    return {basis: share for basis, share in shares if share is not None}


def _premium_share(view: _View) -> float | None:
    """The one basis that needs no model."""
    measure = notionals(view.desk, view.policy.limits, CapBasis.PREMIUM)
    return None if measure.hedge is None else measure.share


def _minutes_open(view: _View) -> float | None:
    desk = view.desk
    if not desk.calendar.is_session(desk.today):
        return None
    return (desk.now - desk.calendar.open_at(desk.today)).total_seconds() / 60.0


def _minutes_left(view: _View) -> float | None:
    desk = view.desk
    if not desk.calendar.is_session(desk.today):
        return None
    return (desk.calendar.close_at(desk.today) - desk.now).total_seconds() / 60.0


def _rejections(view: _View) -> int:
    window = timedelta(seconds=view.policy.limits.rejections_window_s)
    return sum(at > view.desk.now - window for at, _ in view.desk.rejections)


def _calls(view: _View) -> int:
    return sum(tranche.quantity for tranche in view.desk.book.open_tranches)


def _condor_legs(view: _View) -> tuple[Mapping[str, float], ...]:
    """The four of the condor that would be opened, and those of openings at work."""
    openings = (
        leg.contract
        for order in view.desk.working
        if order.intent.purpose is Purpose.OPEN_CONDOR
        for leg in order.intent.legs
    )
    legs = dict.fromkeys((*view.desk.memory.legs, *openings))
    return tuple(_leg(view, contract) for contract in legs)


def _calls_asked_for(view: _View) -> tuple[Mapping[str, float], ...]:
    wanted = (c for c in view.desk.memory.wanted if c.kind is Kind.OPTION and c.symbol == "VIX")
    return tuple(_leg(view, contract) for contract in wanted)


def _leg(view: _View, contract: Contract) -> Mapping[str, float]:
    found = {"strike": contract.strike}
    seen = view.desk.memory.liquidity.get(contract)
    if seen is not None:
        _add_usual(found, seen)
    quote = view.desk.quote(contract)
    if quote is not None:
        found["age_s"] = quote.age_s(view.desk.now)
        found["size"] = min(quote.bid_size, quote.ask_size)
        _add_prices(found, quote)
    return found


def _add_usual(found: dict[str, float], seen: LegLiquidity) -> None:
    """Against the median of the same time of day (S47); nothing while that is being learned."""
    found["rate"] = seen.rate
    if seen.spread_ratio is not None:
        found["spread_ratio"] = seen.spread_ratio
    if seen.size_ratio is not None:
        found["size_ratio"] = seen.size_ratio
    if seen.rate_ratio is not None:
        found["rate_ratio"] = seen.rate_ratio


def _add_prices(found: dict[str, float], quote: Quote) -> None:
    if quote.bid is not None:
        found["bid"] = quote.bid
    if quote.ask is not None:
        found["ask"] = quote.ask
    mid, spread = quote.mid, quote.spread
    if spread is not None and mid:
        found["spread"] = spread
        found["relative_spread"] = spread / mid


_SIGNAL_NAMES: Final = {
    signal.value: Name(NUMBER, f"the signal {signal.value}", partial(_signal, signal))
    for signal in Signal
}
NAMES: Final[Mapping[str, Name]] = {
    "vix": Name(NUMBER, "VIX, points", partial(_level, VIX)),
    "vix9d": Name(NUMBER, "VIX9D, points", partial(_level, VIX9D)),
    "vix3m": Name(NUMBER, "VIX3M, points", partial(_level, VIX3M)),
    "spx": Name(NUMBER, "SPX, points", partial(_level, SPX)),
    "regime": Name(TEXT, "low, normal, ...", lambda v: v.desk.regime.regime.value),
    "curve": Name(TEXT, "contango, flat, inverted, deep", lambda v: v.desk.regime.curve.value),
    "trading": Name(TEXT, "active, reducing, halted", lambda v: v.desk.trading.value),
    "front": Name(NUMBER, "F1, VIX points", partial(_curve, "front")),
    "second": Name(NUMBER, "F2, VIX points", partial(_curve, "second")),
    "slope": Name(NUMBER, "F2 - F1, VIX points", partial(_curve, "slope")),
    "cmf30": Name(NUMBER, "future of constant 30 days, points", partial(_curve, "cmf30")),
    "roll_yield": Name(NUMBER, "(F2 - F1) / F1 a year", partial(_curve, "roll_yield")),
    **_SIGNAL_NAMES,
    "stressed": Name(FLAGS, "alarm of each signal that has one", _stressed),
    "shares": Name(NUMBERS, "hedge share by every basis of the cap", _shares),
    "premium_share": Name(NUMBER, "hedge share by premium at the bid", _premium_share),
    "quick_ratio": Name(NUMBER, "cash and hedge over margin", lambda v: quick_ratio(v.desk)),
    "excess_liquidity": Name(
        NUMBER, "share of net liquidation", partial(_share_of_worth, "excess_liquidity")
    ),
    "cash": Name(NUMBER, "share of net liquidation", partial(_share_of_worth, "cash")),
    "day_loss": Name(NUMBER, "share lost since the day began", _day_loss),
    "condor_risk": Name(NUMBER, "maximum loss of open condors, share of NLV", _condor_risk),
    "price_to_cash": Name(NUMBER, "S37", lambda v: cash_multiple(v.desk)),
    "condors": Name(COUNT, "open condors", lambda v: len(v.desk.book.open_condors)),
    "units": Name(COUNT, "open condor units", lambda v: v.desk.book.condor_contracts),
    "calls": Name(COUNT, "calls held", _calls),
    "working": Name(COUNT, "orders at work", lambda v: len(v.desk.working)),
    "orders_today": Name(COUNT, "orders numbered today", lambda v: v.desk.tally.orders_today),
    "rejections": Name(COUNT, "by the broker, as many as count towards a halt", _rejections),
    "minutes_open": Name(NUMBER, "since the session opened", _minutes_open),
    "minutes_left": Name(NUMBER, "until the session closes", _minutes_left),
    "legs": Name(LEGS, "SPX options about to be traded", _condor_legs),
    "vix_legs": Name(LEGS, "VIX options looked at for the hedge", _calls_asked_for),
    KNOWN: Name(FLAGS, "which facts are there now", lambda v: None),
}
LEG_KEYS: Final = {
    "strike": "points",
    "bid": "points",
    "ask": "points",
    "spread": "ask less bid, points",
    "relative_spread": "spread over mid",
    "size": "contracts, the smaller side",
    "age_s": "seconds since the last change",
    "rate": "quote updates a minute",
    "spread_ratio": "relative spread over its usual one at this time of day",
    "size_ratio": "size over its usual one",
    "rate_ratio": "quote updates over their usual number",
}

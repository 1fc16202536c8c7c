"""Desks, books, quotes and a small priced market for tests of the core, written as a trader would
say it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from domain.chain import OptionChain
from domain.combos import IronCondor
from domain.desk import CurveState, Desk, Regime, RegimeState
from domain.effects import PlaceOrder
from domain.events import OrderAccepted, OrderFilled
from domain.instruments import (
    SPX,
    VIX,
    VIX3M,
    VIX9D,
    Contract,
    Kind,
    Right,
    spxw_option,
    vix_option,
    vx_future,
)
from domain.orders import Layer, Leg, Order, OrderIntent, Purpose, Walk
from domain.pricing import price
from domain.quotes import Quote
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.session import Session, SessionCalendar, at_new_york
from domain.signals import Reading, Signal
from engine.fold import apply_effect, fold

CALENDAR = SessionCalendar(
    date(2017, 1, 1),
    date(2018, 12, 31),
    frozenset(
        {
            date(2017, 12, 25),
            date(2018, 1, 1),
            date(2018, 1, 15),
            date(2018, 2, 19),
            date(2018, 3, 30),
            date(2018, 5, 28),
            date(2018, 7, 4),
            date(2018, 9, 3),
            date(2018, 11, 22),
            date(2018, 12, 5),
            date(2018, 12, 25),
        }
    ),
    frozenset({date(2018, 7, 3), date(2018, 11, 23), date(2018, 12, 24)}),
)

# Settlement days of the monthly VX futures of 2018.
VX_DAYS = (
    date(2018, 1, 17),
    date(2018, 2, 14),
    date(2018, 3, 21),
    date(2018, 4, 18),
    date(2018, 5, 16),
    date(2018, 6, 20),
    date(2018, 7, 18),
    date(2018, 8, 22),
    date(2018, 9, 19),
    date(2018, 10, 17),
)
# What the broker says of its hours: the same as the table.
HOURS = {
    day: Session(day, CALENDAR.open_at(day), CALENDAR.close_at(day))
    for day in (date(2018, 1, 2) + timedelta(days=i) for i in range(360))
    if CALENDAR.is_session(day)
}
# One release of each kind long before and long after everything that tests do.
RELEASES = ReleaseCalendar.of(
    Release(at_new_york(day, time(8, 30)), kind)
    for day in (date(2017, 2, 15), date(2018, 12, 28))
    for kind in ReleaseKind
)
EXPIRATION = date(2018, 3, 2)  # a Friday, 45 days after 2018-01-16


def ny(
    year: int, month: int, day: int, hour: int = 11, minute: int = 0, second: int = 0
) -> datetime:
    """A New York wall-clock time as a UTC instant."""
    return at_new_york(date(year, month, day), time(hour, minute, second))


TUESDAY = ny(2018, 1, 16, 11, 0)


@dataclass
class Market:
    """Prices of everything from a few levels: flat SPX skew, flat VIX vol-of-vol, fixed spreads.

    ``vx`` are futures prices by settlement day; missing ones follow the last.
    """

    spx: float = 2776.0
    vix: float = 11.7
    vx: dict[date, float] = field(default_factory=dict)
    vx_base: float = 11.5
    vx_step: float = 1.7  # points per month
    spx_vol: float = 0.11
    skew: float = 0.9  # volatility added per unit of log-moneyness below the forward
    vol_of_vol: float = 0.80
    half_spread: float = 0.05

    def future(self, settles_on: date) -> float:
        if settles_on in self.vx:
            return self.vx[settles_on]
        months = [day for day in VX_DAYS if day <= settles_on]
        return self.vx_base + self.vx_step * (len(months) - 1)

    def quote(self, contract: Contract, now: datetime) -> Quote:
        if contract.kind is Kind.INDEX:
            levels = {"SPX": self.spx, "VIX": self.vix, "VIX9D": self.vix, "VIX3M": self.vix + 2}
            return Quote(now, last=levels.get(contract.symbol))
        if contract.kind in (Kind.STOCK, Kind.FOREX):
            return Quote(now)
        if contract.kind is Kind.FUTURE and contract.symbol != "VIX":
            return Quote(now)
        if contract.kind is Kind.FUTURE:
            assert contract.expiration is not None
            level = self.future(contract.expiration)
            return Quote(now, round(level - 0.05, 2), round(level + 0.05, 2), 10, 10)
        mid = self.option(contract, now)
        half = self.half_spread if contract.symbol == "VIX" else 2 * self.half_spread
        bid, ask = max(0.0, mid - half), mid + half
        step = 0.01 if contract.symbol == "VIX" else 0.05
        return Quote(
            now, round(round(bid / step) * step, 2), round(round(ask / step) * step, 2), 50, 50
        )

    def option(self, contract: Contract, now: datetime) -> float:
        years = CALENDAR.years_to_settlement(contract, now)
        call = contract.right is Right.CALL
        if contract.symbol == "VIX":
            assert contract.expiration is not None
            forward = self.future(CALENDAR.next_session(contract.expiration))
            return float(price(forward, contract.strike, years, self.vol_of_vol, call))
        below = np.log(self.spx / contract.strike)
        vol = max(0.06, self.spx_vol + self.skew * float(below) * (1 if below > 0 else 0.35))
        return float(price(self.spx, contract.strike, years, vol, call))


def spx_chain(expirations: Sequence[date] = (EXPIRATION,)) -> OptionChain:
    strikes = tuple(float(strike) for strike in range(1500, 3505, 5))
    return OptionChain("SPX", "SPXW", tuple(sorted(expirations)), strikes)


def vix_chain() -> OptionChain:
    """Monthly last trading days and the usual coarse strikes."""
    days = tuple(CALENDAR.previous_session(day) for day in VX_DAYS)
    strikes = [10.0 + 0.5 * i for i in range(20)] + [float(s) for s in range(20, 41)]
    strikes += [45.0, 50.0, 55.0, 60.0, 70.0, 80.0]
    return OptionChain("VIX", "VIX", days, tuple(sorted(set(strikes))))


def vix_closes(
    last: float = 11.7, before: date = date(2018, 1, 16), count: int = 30
) -> tuple[tuple[date, float], ...]:
    """Falling closes of past sessions, so that ``last`` lies below their average."""
    found, day = [], before
    for i in range(count):
        day = CALENDAR.previous_session(day)
        found.append((day, last + 0.02 * (i + 1)))
    return tuple(reversed(found))


def condor(
    long_put: float = 2655,
    short_put: float = 2685,
    short_call: float = 2850,
    long_call: float = 2880,
    expiration: date = EXPIRATION,
) -> IronCondor:
    return IronCondor(
        spxw_option(expiration, long_put, Right.PUT),
        spxw_option(expiration, short_put, Right.PUT),
        spxw_option(expiration, short_call, Right.CALL),
        spxw_option(expiration, long_call, Right.CALL),
    )


def ready_desk(now: datetime = TUESDAY, regime: Regime = Regime.LOW, nlv: str = "1000000") -> Desk:
    """Connected, with an account, chains, futures and closes, nothing held, quotes none."""
    desk = Desk(calendar=CALENDAR, now=now)
    account = replace(
        desk.account,
        net_liquidation=Decimal(nlv),
        cash=Decimal(nlv),
        excess_liquidity=Decimal(nlv),
        maintenance_margin=Decimal(0),
        initial_margin=Decimal(0),
        day_start=Decimal(nlv),
    )
    level = Regime.HIGH if regime is Regime.PRESS else regime
    known = regime is not Regime.UNKNOWN
    return replace(
        desk,
        account=account,
        hours=HOURS,
        ready_at=now - timedelta(hours=1),
        feed_at=now,
        chains={"SPXW": spx_chain(), "VIX": vix_chain()},
        futures=tuple(vx_future(day) for day in VX_DAYS if day > now.date()),
        closes={"VIX": vix_closes(before=now.date())},
        regime=RegimeState(
            level=level if known else None,
            known=known,
            press=regime is Regime.PRESS,
            high_on=now.date() if level is Regime.HIGH else None,
            curve=CurveState.CONTANGO,
        ),
        tally=replace(desk.tally, day=now.date()),
        memory=replace(desk.memory, signals={Signal.STRESS: Reading(0.0, now, stressed=False)}),
    )


def quoted(desk: Desk, market: Market, contracts: Iterable[Contract] = ()) -> Desk:
    """Fresh quotes of the indices, the futures and ``contracts``."""
    everything = [SPX, VIX, VIX9D, VIX3M, *desk.futures, *contracts]
    quotes = {contract: market.quote(contract, desk.now) for contract in everything}
    return replace(desk, quotes={**desk.quotes, **quotes}, feed_at=desk.now)


def order(
    ref: str,
    purpose: Purpose,
    layer: Layer,
    legs: Sequence[Leg],
    quantity: int,
    limit: str,
    subject: str = "",
    worst: str | None = None,
    rule: str = "test",
    at: datetime = TUESDAY,
) -> Order:
    walk = Walk(Decimal(worst or limit), Decimal("0.05"), 60.0, 600.0)
    intent = OrderIntent(
        purpose, layer, tuple(legs), quantity, Decimal(limit), walk, rule, "for a test", subject
    )
    return Order(ref, intent, at, Decimal(limit))


def fills(
    placed: Order, prices: Sequence[str], at: datetime, units: int | None = None
) -> list[OrderFilled]:
    """One execution per leg for ``units`` packages (all of them when not said)."""
    count = placed.intent.quantity if units is None else units
    return [
        OrderFilled(
            at,
            placed.order_ref,
            f"{placed.order_ref}.{place}.{count}",
            1,
            leg.contract,
            leg.ratio * count,
            Decimal(value),
        )
        for place, (leg, value) in enumerate(zip(placed.intent.legs, prices, strict=True))
    ]


def traded(desk: Desk, placed: Order, prices: Sequence[str], units: int | None = None) -> Desk:
    """The desk after ``placed`` was sent, accepted and filled at ``prices`` per leg."""
    desk = apply_effect(desk, PlaceOrder(placed))
    desk = fold(desk, OrderAccepted(placed.created_at, placed.order_ref, 1))
    for fill in fills(placed, prices, placed.created_at, units):
        desk = fold(desk, fill)
    return desk


def with_condor(
    desk: Desk,
    quantity: int = 4,
    ref: str = "cb-condor-20180116-1",
    combo: IronCondor | None = None,
    prices: Sequence[str] = ("9.00", "12.50", "7.00", "3.50"),
) -> Desk:
    """One open condor; the default prices are a credit of 7.00 on 30 wide."""
    combo = combo or condor()
    opening = order(
        ref, Purpose.OPEN_CONDOR, Layer.CONDOR, combo.opening, quantity, "-7.00", at=desk.now
    )
    return traded(desk, opening, prices)


def with_calls(
    desk: Desk,
    layer: Layer = Layer.HEDGE_SHORT,
    quantity: int = 2,
    price_paid: str = "0.70",
    strike: float = 15.0,
    expiration: date = date(2018, 2, 13),
    ref: str = "cb-hedge-20180116-2",
    at: datetime | None = None,
) -> Desk:
    """One hedge tranche."""
    legs = (Leg(vix_option(expiration, strike), 1),)
    buying = order(ref, Purpose.BUY_HEDGE, layer, legs, quantity, price_paid, at=at or desk.now)
    return traded(desk, buying, (price_paid,))

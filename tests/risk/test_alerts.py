"""Alerts are edges: raised once, cleared once."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk, Regime, TradingState
from domain.effects import PlaceOrder
from domain.events import OrderCanceled, OrderFilled, OrderUncertain
from domain.instruments import SPX, Right, spxw_option, vix_option
from domain.liquidity import LegLiquidity
from domain.orders import Layer, Purpose
from domain.quotes import Quote
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.session import Session
from domain.signals import Reading, Signal
from engine.fold import apply_effect, fold
from risk.alerts import ALERT_RULES, Rules, raised
from risk.hedge_trim import CAP
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from risk.signals import SignalParams
from tests.builders import (
    EXPIRATION,
    Market,
    condor,
    ny,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

RELEASES = ReleaseCalendar.of([Release(ny(2018, 3, 21), kind) for kind in ReleaseKind])
RULES = Rules(
    RiskLimits(),
    HedgeParams(parity_monitor=True, bill_rate=0.02),
    RegimeParams(),
    SignalParams(),
    RELEASES,
)


def quiet() -> Desk:
    return quoted(ready_desk(), Market())


def uncertain() -> Desk:
    placed = order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-7.00")
    desk = apply_effect(quiet(), PlaceOrder(placed))
    return fold(desk, OrderUncertain(desk.now, "o", "silence"))


def hanging(after_s: float = 10.0, legs: int = 2, *, ended: bool = False) -> Desk:
    """An entry of which only so many legs have executed, so long ago."""
    placed = order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-7.00")
    desk = apply_effect(quiet(), PlaceOrder(placed))
    for number, leg in enumerate(placed.intent.legs[:legs]):
        price = Decimal("5.00")
        event = OrderFilled(desk.now, "o", f"e{number}", 1, leg.contract, leg.ratio, price)
        desk = fold(desk, event)
    if ended:
        desk = fold(desk, OrderCanceled(desk.now, "o", "cancelled"))
    return replace(desk, now=desk.now + timedelta(seconds=after_s))


def poorer(nlv: int, excess: int) -> Desk:
    desk = quiet()
    values = {"net_liquidation": Decimal(nlv), "excess_liquidity": Decimal(excess)}
    return replace(desk, account=replace(desk.account, **values))


def stressed(score_now: float = 4.0) -> Desk:
    score = Reading(score_now, quiet().now, source="RSI, MACD, dollar, REIT of 7")
    return replace(quiet(), memory=replace(quiet().memory, signals={Signal.STRESS: score}))


def above_cap() -> Desk:
    desk = with_condor(quiet())
    return replace(desk, memory=replace(desk.memory, marks={CAP: 2}))


def away(seconds: float) -> Desk:
    desk = quiet()
    return replace(desk, ready_at=None, away_since=desk.now - timedelta(seconds=seconds))


def not_flat() -> Desk:
    held = with_calls(ready_desk(), expiration=date(2018, 2, 13)).book
    return replace(quoted(ready_desk(ny(2018, 2, 13, 14, 0)), Market()), book=held)


CALL = vix_option(date(2018, 2, 13), 15.0)


def unsellable() -> Desk:
    desk = not_flat()
    (tranche,) = desk.book.open_tranches
    known = replace(tranche, unsellable_on=date(2018, 2, 13))
    return replace(desk, book=replace(desk.book, tranches={tranche.id: known}))


def dear() -> Desk:
    """2 calls bid at 100, 20,000 USD, over the 2,800 USD of one entry: 7.1."""
    desk = with_calls(with_condor(quiet()))
    return replace(desk, quotes={**desk.quotes, CALL: Quote(desk.now, 100.0, 101.0)})


def thin(legs: int = 2) -> Desk:
    desk = with_condor(quiet())
    bad = desk.book.open_condors[0].combo.contracts[:legs]
    seen = LegLiquidity(0.1, 1.0, 2.0, 20, 3.0, thin_since=desk.now - timedelta(seconds=30))
    return replace(desk, memory=replace(desk.memory, liquidity=dict.fromkeys(bad, seen)))


def apart() -> Desk:
    """Call and put of strike 15 both 2.00 at 2.10, future at most 13.10: the conversion pays."""
    desk = with_calls(quiet())
    put = replace(CALL, right=Right.PUT)
    sides = {CALL: Quote(desk.now, 2.0, 2.1), put: Quote(desk.now, 2.0, 2.1)}
    return replace(desk, quotes={**desk.quotes, **sides})


def boxed() -> Desk:
    """The box from 2685 to 2850 costs 90.0 + 73.0 = 163 for 165: almost ten per cent a year."""
    desk = with_condor(quiet())
    puts = {strike: spxw_option(EXPIRATION, strike, Right.PUT) for strike in (2685.0, 2850.0)}
    sides = {puts[2685.0]: (10.0, 10.2), puts[2850.0]: (81.4, 81.6)}
    sides |= {replace(put, right=Right.CALL): (c, c + 0.2)
              for put, c in ((puts[2685.0], 99.8), (puts[2850.0], 8.2))}  # fmt: skip
    quotes = {contract: Quote(desk.now, *pair) for contract, pair in sides.items()}
    return replace(desk, quotes={**desk.quotes, **quotes})


SITUATIONS = {
    "trading_halted": lambda: replace(quiet(), trading=TradingState.HALTED),
    "broker_lost": lambda: away(60.0),
    "order_uncertain": uncertain,
    "position_mismatch": lambda: replace(quiet(), mismatched=(SPX,)),
    "foreign_at_broker": lambda: replace(quiet(), foreign=("order someone (9)",)),
    "leg_imbalance": hanging,
    "market_data_unknown": lambda: quoted(ready_desk(regime=Regime.UNKNOWN), Market()),
    "hours_disagree": lambda: replace(quiet(), hours={quiet().today: Session(quiet().today)}),
    "stress_high": stressed,
    "liquidity_thin": thin,
    "releases_ending": lambda: replace(quiet(), now=ny(2018, 2, 19)),
    "daily_loss": lambda: poorer(980_000, 980_000),
    "margin_low": lambda: poorer(1_000_000, 149_999),
    "hedge_above_cap": above_cap,
    "hedge_not_flat": not_flat,
    "hedge_unsellable": unsellable,
    "hedge_cash_multiple": dear,
    "parity_gap": apart,
    "box_gap": boxed,
}


def test_every_alert_has_a_situation_here() -> None:
    assert list(SITUATIONS) == [code for code, _, _ in ALERT_RULES]


def test_a_quiet_desk_raises_nothing() -> None:
    assert raised(quiet(), RULES) == ()
    assert raised(poorer(980_001, 980_000), RULES) == ()
    assert raised(poorer(1_000_000, 150_000), RULES) == ()


def test_a_start_or_a_short_loss_of_the_broker_is_no_alert() -> None:
    assert raised(away(59.0), RULES) == ()
    again = replace(away(5.0), alerts={"broker_lost": quiet().now})
    assert raised(again, RULES) == (), "an alert from before a restart stays up until connected"


@pytest.mark.parametrize("code", list(SITUATIONS))
def test_an_alert_is_raised_on_its_edge_and_cleared_on_the_way_back(code: str) -> None:
    desk = SITUATIONS[code]()
    (alert,) = raised(desk, RULES)
    assert (alert.code, alert.active) == (code, True)
    desk = apply_effect(desk, alert)
    assert raised(desk, RULES) == (), "once is enough"
    calm = replace(quiet(), alerts=desk.alerts)
    (cleared,) = raised(calm, RULES)
    assert (cleared.code, cleared.active) == (code, False)
    assert raised(apply_effect(calm, cleared), RULES) == ()


def told_of_legs(desk: Desk) -> bool:
    return "leg_imbalance" in [alert.code for alert in raised(desk, RULES)]


def test_legs_have_ten_seconds_to_follow_each_other() -> None:
    assert not told_of_legs(hanging(9.9))
    assert told_of_legs(hanging(10.0))
    assert not told_of_legs(hanging(60.0, legs=4))


def test_a_leg_that_was_left_alone_is_told_of_until_it_is_repaired() -> None:
    desk = hanging(60.0, legs=1, ended=True)
    assert told_of_legs(desk)
    position = desk.book.condors["o"]
    flat = replace(position, positions=tuple(type(p)() for p in position.positions))
    assert not told_of_legs(replace(desk, book=replace(desk.book, condors={"o": flat})))


def test_a_difference_is_told_contract_by_contract_ours_against_theirs() -> None:
    held = with_condor(quiet())
    legs = held.book.positions()
    missing, *_ = legs
    theirs = {contract: count for contract, count in legs.items() if contract != missing}
    desk = replace(held, mismatched=(missing,), broker_positions=theirs)
    (alert,) = [a for a in raised(desk, RULES) if a.code == "position_mismatch"]
    assert f"{missing.label}: ours {legs[missing]}, broker 0" in alert.text


def test_the_stress_alert_does_not_flap_at_its_limit() -> None:
    assert raised(stressed(3.0), RULES) == ()
    known = {"stress_high": quiet().now}
    assert raised(replace(stressed(3.0), alerts=known), RULES) == ()
    (cleared,) = raised(replace(stressed(2.0), alerts=known), RULES)
    assert not cleared.active


def test_one_thin_leg_is_no_alarm_but_keeps_one_that_rings():
    assert "liquidity_thin" not in [alert.code for alert in raised(thin(1), RULES)]
    ringing = replace(thin(1), alerts={"liquidity_thin": thin(1).now})
    cleared = [alert for alert in raised(ringing, RULES) if not alert.active]
    assert "liquidity_thin" not in [alert.code for alert in cleared]

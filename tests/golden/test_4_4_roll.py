"""Section 4.4 by hand: when a tranche is replaced, by what, at which price, and when it must go."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from math import exp, log, pi, sqrt

import pytest

from domain.book import Tranche
from domain.desk import Desk, Regime
from domain.effects import CancelOrder, ModifyLimit
from domain.instruments import Contract, vix_option
from domain.orders import HEDGE_LAYERS, DenialCode, Layer, OrderIntent, OrderStatus, Purpose
from domain.quotes import Quote
from domain.signals import Reading, Signal
from engine.walk import walk
from risk import hedge_build, hedge_roll
from risk.checks import session_open
from risk.hedge_orders import Urgency, roll, sell
from risk.hedge_target import due, roll_on
from risk.hedge_timing import delayed
from risk.limits import RiskLimits
from risk.parameters import HedgeParams
from tests.builders import Market, ny, order, quoted, ready_desk, with_calls, with_condor
from tests.golden.desks import REGIME, settled

HEDGE, LIMITS = HedgeParams(), RiskLimits()
SHORT, MEDIUM, LONG = HEDGE_LAYERS
TRANCHE = "cb-hedge-20180116-2"
CALL = vix_option(date(2018, 2, 13), 15.0)
LATER = vix_option(date(2018, 3, 20), 17.0)


@pytest.mark.parametrize(
    ("layer", "opened", "expiration", "first", "why"),
    [
        (SHORT, date(2018, 1, 16), date(2018, 3, 20), date(2018, 2, 11), "26 days held"),
        (SHORT, date(2018, 1, 16), date(2018, 2, 13), date(2018, 2, 9), "4 days left"),
        (MEDIUM, date(2018, 1, 16), date(2018, 6, 19), date(2018, 4, 21), "95 days held"),
        (MEDIUM, date(2018, 1, 16), date(2018, 4, 17), date(2018, 4, 2), "15 days left"),
        (LONG, date(2018, 1, 16), date(2018, 9, 18), date(2018, 7, 25), "190 days held"),
        (LONG, date(2018, 1, 16), date(2018, 8, 21), date(2018, 7, 22), "30 days left"),
    ],
)
def test_due_after_26_95_190_days_or_with_4_15_30_left_whichever_comes_first(
    layer: Layer, opened: date, expiration: date, first: date, why: str
) -> None:
    """01-16 + 26 = 02-11; + 95 = 04-21; + 190 = 07-25. 02-13 - 4 = 02-09; 04-17 - 15 = 04-02;
    08-21 - 30 = 07-22.
    """
    tranche = Tranche("t", layer, vix_option(expiration, 20.0), opened)
    assert roll_on(tranche, HEDGE) == first, why
    eve = replace(ready_desk(), now=ny(first.year, first.month, first.day) - timedelta(days=1))
    assert [due(desk, tranche, HEDGE) for desk in (eve, replace(
        eve, now=eve.now + timedelta(days=1)))] == [False, True]  # fmt: skip


def held_on(
    day: int, hour: int = 10, minute: int = 30, regime: Regime = Regime.ELEVATED, condors: int = 4
) -> Desk:
    """2 short calls of 02-13 bought on 01-16 at 0.70, in February."""
    book = with_calls(with_condor(ready_desk(), condors)).book
    return replace(ready_desk(ny(2018, 2, day, hour, minute), regime), book=book)


def rolled(desk: Desk, market: Market) -> tuple[OrderIntent, ...]:
    _, proposal = settled(
        quoted(desk, market, desk.book.positions()),
        market,
        lambda d: hedge_roll.propose(d, HEDGE, LIMITS),
    )
    return proposal.intents


BID_FOR = Market(vx={date(2018, 2, 14): 15.0})


@pytest.mark.parametrize(
    ("day", "hour", "minute", "rolls"),
    [
        (8, 10, 30, False),
        (9, 9, 59, False),
        (9, 10, 0, True),
        (9, 14, 59, True),
        (9, 15, 0, False),
    ],
)
def test_rolled_from_ten_to_three_as_one_package_of_the_same_number(
    day: int, hour: int, minute: int, *, rolls: bool
) -> None:
    """Due on 02-09. The month after lies 39 days away, inside 30 +- 15."""
    intents = rolled(held_on(day, hour, minute), BID_FOR)
    assert bool(intents) is rolls
    for intent in intents:
        assert (intent.purpose, intent.rule) == (Purpose.ROLL_HEDGE, "4.4.roll")
        assert [(leg.contract.expiration, leg.ratio) for leg in intent.legs] == [
            (date(2018, 2, 13), -1), (date(2018, 3, 20), 1),
        ]  # fmt: skip
        assert (intent.quantity, intent.layer) == (2, SHORT)


def test_in_elevated_due_calls_are_rolled_one_to_one_and_none_is_added() -> None:
    """10 condors want 4 short calls, 2 are held: 2 are rolled, and the 2 missing are not bought."""
    desk = held_on(9, condors=10)
    (intent,) = rolled(desk, BID_FOR)
    assert intent.quantity == 2
    _, build = settled(
        quoted(desk, BID_FOR), BID_FOR, lambda d: hedge_build.propose(d, HEDGE, LIMITS, REGIME)
    )
    assert not build.intents
    assert build.skips[0].denial is DenialCode.REGIME_BLOCKS_HEDGE_BUY


def package(
    old: tuple[float, float], new: tuple[float, float], *, funded: bool
) -> tuple[str, str] | None:
    """Limit and worst price of the roll of CALL into LATER at these quotes."""
    desk = with_calls(ready_desk())
    sides = {CALL: Quote(desk.now, *old), LATER: Quote(desk.now, *new)}
    desk = replace(desk, quotes=sides)
    (tranche,) = desk.book.open_tranches
    intent = roll(desk, tranche, SHORT, LATER, 2, HEDGE, funded=funded, rule="4.4.roll", reason="",
                  inputs=())  # fmt: skip
    return None if intent is None else (str(intent.limit), str(intent.walk.worst))


def test_a_roll_begins_at_the_net_mid_and_gives_up_forty_percent_of_the_half_spread() -> None:
    """1.40 - 0.80 = 0.60. Half of both spreads together, (0.20 + 0.30) / 2 = 0.25; 0.40 x 0.25 =
    0.10: up to 0.70, in nickels.
    """
    assert package((0.70, 0.90), (1.25, 1.55), funded=False) == ("0.60", "0.70")


@pytest.mark.parametrize(
    ("new", "limits"),
    [
        ((1.90, 2.10), ("-1.00", "-0.90")),  # -1.00 + 0.40 x 0.20 = -0.92, in nickels -0.90
        ((2.90, 3.10), ("0.00", "0.00")),  # 0.00 + 0.08 would be paid for: it stays at 0.00
        ((2.96, 3.16), None),  # 0.06 is a debit from the start
    ],
)
def test_the_shift_forward_never_costs_anything(
    new: tuple[float, float], limits: tuple[str, str] | None
) -> None:
    """The old call is worth 3.00 at mid, 0.20 wide."""
    assert package((2.90, 3.10), new, funded=True) == limits


def vega(forward: float, strike: float, years: float, vol: float) -> float:
    deviation = vol * sqrt(years)
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    return forward * exp(-0.5 * d1 * d1) / sqrt(2 * pi) * sqrt(years)


def test_in_high_a_due_call_goes_one_layer_longer_and_its_tenor_is_recorded() -> None:
    """2018-02-09: 2 short calls (4 days) into the medium layer: 05-15 is 95 days away, 110 - 15;
    06-19 is 130. Nearest to 110: 95 (15 off) before 130 (20 off). All the vega there is was at 4
    days; 2 of 2 are rolled, so afterwards all of it is at 95.
    """
    rich = Market(
        vix=35.0,
        vx={date(2018, 2, 14): 17.0, date(2018, 3, 21): 15.5, date(2018, 5, 16): 14.0},
        vx_base=14.0, vx_step=0.0,
    )  # fmt: skip
    (intent,) = rolled(held_on(9, regime=Regime.HIGH, condors=12), rich)
    inputs = dict(intent.inputs)
    assert (intent.rule, intent.layer) == ("4.4.shift", MEDIUM)
    assert intent.legs[1].contract.expiration == date(2018, 5, 15)
    assert intent.walk.worst <= 0
    assert abs(inputs["delta"] - 0.30) < 0.03
    assert (inputs["tenor_before"], inputs["tenor_after"]) == (4.0, 95.0)
    assert inputs["vega_tenor_before"] == pytest.approx(4.0)
    assert inputs["vega_tenor_after"] == pytest.approx(95.0)


def test_the_tenor_of_two_tranches_is_weighted_by_vega() -> None:
    """2 calls of 02-13, 1 of 05-15: T = sum of q vega DTE over sum of q vega."""
    desk = with_calls(with_condor(ready_desk(), 12), quantity=2)
    desk = with_calls(desk, MEDIUM, 1, strike=22.0, expiration=date(2018, 5, 15), ref="m")
    desk = quoted(desk, Market(half_spread=0.001), desk.book.positions())
    near = 2 * vega(13.2, 15.0, (28 + 22.5 / 24) / 365, 0.80)
    far = 1 * vega(18.3, 22.0, (119 + 21.5 / 24) / 365, 0.80)
    from risk.hedge_stress import vega_tenor

    held: dict[Contract, int] = {t.contract: t.quantity for t in desk.book.open_tranches}
    tenor = vega_tenor(desk, held, LIMITS)
    assert tenor == pytest.approx((near * 28 + far * 119) / (near + far), rel=0.01)


def test_in_press_too_and_when_the_sale_does_not_pay_it_stays() -> None:
    """The short call is worth about 0.30, the 30-delta call of May more than two points."""
    poor = Market(vx={date(2018, 2, 14): 14.5, date(2018, 5, 16): 35.0})
    for regime in (Regime.HIGH, Regime.PRESS):
        assert rolled(held_on(9, regime=regime, condors=12), poor) == ()


@pytest.mark.parametrize(
    ("macd", "rsi", "regime", "waits"),
    [
        (-0.01, 50.0, Regime.LOW, True),
        (-0.01, 50.0, Regime.NORMAL, True),
        (0.0, 50.0, Regime.LOW, False),
        (-0.01, 50.1, Regime.LOW, False),
        (-0.01, 50.0, Regime.ELEVATED, False),
    ],
)
def test_a_roll_is_delayed_while_macd_is_below_zero_and_rsi_at_most_50(
    macd: float, rsi: float, regime: Regime, *, waits: bool
) -> None:
    assert delayed_on(9, macd, rsi, regime) is waits


def delayed_on(
    day: int, macd: float = -0.01, rsi: float = 50.0, regime: Regime = Regime.LOW,
    expiration: date = date(2018, 2, 13),
) -> bool:  # fmt: skip
    book = with_calls(with_condor(ready_desk()), expiration=expiration).book
    desk = replace(ready_desk(ny(2018, 2, day, 10, 30), regime), book=book)
    desk = quoted(desk, BID_FOR, book.positions())
    known = {Signal.MACD_VIXY: Reading(macd, desk.now), Signal.RSI_VIX: Reading(rsi, desk.now)}
    desk = replace(desk, memory=replace(desk.memory, signals=known))
    (tranche,) = desk.book.open_tranches
    return delayed(desk, tranche, HEDGE)


def test_the_delay_lasts_three_sessions_and_never_into_the_day_before_the_deadline() -> None:
    """Held 26 days on Sunday 02-11: the 12th, 13th and 14th are one, two and three sessions after;
    on the third it is rolled. A call of 02-13 due on the 9th may wait that day; the 12th is the
    session before its last.
    """
    march = date(2018, 3, 20)
    assert [delayed_on(day, expiration=march) for day in (12, 13, 14)] == [True, True, False]
    assert [delayed_on(day) for day in (9, 12)] == [True, False]


@pytest.mark.parametrize(
    ("hour", "minute", "rule"), [(13, 29, None), (13, 30, "4.4.flat"), (14, 0, "4.4.flat")]
)
def test_on_the_last_trading_day_everything_is_sold_by_two(
    hour: int, minute: int, rule: str | None
) -> None:
    """The half hour before 14:00 on Tuesday 02-13, at the bid and up to two ticks below."""
    desk = quoted(held_on(13, hour, minute, Regime.UNKNOWN), BID_FOR, [CALL])
    desk = replace(desk, quotes={**desk.quotes, CALL: Quote(desk.now, 0.40, 0.50)})
    intents = hedge_roll.propose(desk, HEDGE, LIMITS).intents
    assert (intents[0].rule if intents else None) == rule
    for intent in intents:
        assert (intent.quantity, intent.limit) == (2, Decimal("-0.40"))
        assert intent.walk.worst == Decimal("-0.38")


def test_nothing_is_sold_into_the_settlement_of_wednesday() -> None:
    """02-14 is the day of the settlement value: the series stopped trading the evening before."""
    desk = held_on(14, 10, 0)
    (tranche,) = desk.book.open_tranches
    desk = replace(desk, quotes={CALL: Quote(desk.now, 0.40, 0.50)})
    assert hedge_roll.propose(desk, HEDGE, LIMITS).intents == ()
    intent = sell(desk, tranche, 2, Urgency.PATIENT, HEDGE, rule="4.6.ladder", reason="")
    assert intent is not None
    denied = session_open(intent, desk, LIMITS)
    assert denied is not None
    assert denied.code is DenialCode.SESSION_CLOSED


def test_a_patient_sale_walks_a_tick_a_minute_down_to_forty_percent() -> None:
    """Bid 0.60, ask 0.80: mid 0.70, then 0.69, 0.68, 0.67, 0.66 = 0.70 - 0.40 x 0.10; given up
    after ten minutes.
    """
    desk = with_calls(ready_desk())
    (tranche,) = desk.book.open_tranches
    desk = replace(desk, quotes={CALL: Quote(desk.now, 0.60, 0.80)})
    intent = sell(desk, tranche, 1, Urgency.PATIENT, HEDGE, rule="4.6.ladder", reason="")
    assert intent is not None
    resting = order("s", Purpose.SELL_HEDGE, SHORT, intent.legs, 1, str(intent.limit), TRANCHE)
    resting = replace(resting, intent=intent, status=OrderStatus.ACCEPTED)
    assert intent.limit == Decimal("-0.70")
    seen = []
    for minute in range(1, 11):
        now = desk.now + timedelta(minutes=minute)
        for move in walk(replace(desk, now=now, orders={"s": resting}), LIMITS):
            if isinstance(move, CancelOrder):
                seen.append((minute, "canceled"))
            elif isinstance(move, ModifyLimit):
                resting = replace(resting, limit=move.limit, limit_changed_at=now)
                seen.append((minute, str(-move.limit)))
    assert seen == [(1, "0.69"), (2, "0.68"), (3, "0.67"), (4, "0.66"), (10, "canceled")]

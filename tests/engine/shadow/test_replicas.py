"""CNDR and VXTH on paper: rolls, strikes, sizes and settlements worked by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.implied_vol import implied_vol
from domain.instruments import SPX, VIX, Right, spxw_option, vix_option
from domain.pricing import greeks
from domain.quotes import Quote
from domain.record import DayMark, Record
from engine.shadow.book import Heard
from engine.shadow.delta_search import better_strike, strike_at
from engine.shadow.replicas import (
    Replica,
    ReplicaState,
    look,
    opened,
    roll_day,
    wanted,
    weight,
    worth,
)
from engine.shadow.venue import PaperFills
from tests.builders import CALENDAR, Market, ny, quoted, ready_desk, spx_chain

RULES = PaperFills()
MILLION = Decimal(1_000_000)
FRIDAY = ny(2018, 1, 19, 10, 50)  # the third one of January


def desk_at(now):
    desk = ready_desk(now)
    chains = {**desk.chains, "SPXW": spx_chain((date(2018, 2, 2), date(2018, 2, 16)))}
    return quoted(replace(desk, chains=chains), Market())


def minutes(kind, state, start, count, market=None):
    """The replica after so many looks, each with fresh quotes of what it wanted before."""
    market = market or Market()
    for minute in range(count):
        now = start + timedelta(minutes=minute)
        quotes = {c: market.quote(c, now) for c in wanted(state)}
        state, _ = look(kind, state, Heard(now, quotes=quotes), desk_at(now), RULES)
    return state


def delta(contract, now, forward):
    years = CALENDAR.years_to_settlement(contract, now)
    call = contract.right is Right.CALL
    mid = Market().option(contract, now)
    vol, _ = implied_vol(mid, forward, contract.strike, years, call)
    return abs(float(greeks(forward, contract.strike, years, vol, call).delta))


def test_the_strike_of_a_delta_has_that_delta():
    for call, wish in ((True, 0.30), (False, 0.20), (True, 0.05)):
        strike = strike_at(100.0, 0.25, 0.4, wish, call=call)
        assert abs(float(greeks(100.0, strike, 0.25, 0.4, call).delta)) == pytest.approx(wish)


def test_a_mid_without_volatility_gives_no_better_strike():
    assert better_strike((90.0, 100.0), (90.0, 9.9), 100.0, 0.1, 0.3, call=True) is None


def test_cndr_waits_for_the_third_friday_and_sells_twenty_and_five_delta():
    before = minutes(Replica.CNDR, opened(MILLION), ny(2018, 1, 18, 10, 50), 30)
    assert before == opened(MILLION)
    state = minutes(Replica.CNDR, opened(MILLION), FRIDAY, 25)
    legs = [contract for contract, _ in state.held]
    assert [c.expiration for c in legs] == [date(2018, 2, 16)] * 4
    deltas = [delta(c, FRIDAY, 2776.0) for c in legs]
    assert deltas == pytest.approx([0.05, 0.20, 0.20, 0.05], abs=0.02)
    width = max(legs[1].strike - legs[0].strike, legs[3].strike - legs[2].strike)
    units = int(1_000_000 / (10 * width * 100))
    assert [quantity for _, quantity in state.held] == [units, -units, -units, units]
    assert units >= 1
    assert state.search == ()
    assert state.until == date(2018, 1, 19), "once a month"
    assert minutes(Replica.CNDR, state, FRIDAY + timedelta(minutes=30), 20) == state


def test_cndr_trades_at_the_far_side_of_every_quote_and_pays_fees():
    state = minutes(Replica.CNDR, opened(MILLION), FRIDAY, 25)
    at = FRIDAY + timedelta(minutes=10)  # 11:00, everything found by then
    brought = Decimal(0)
    for contract, quantity in state.held:
        quote = Market().quote(contract, at)
        side = quote.ask if quantity > 0 else quote.bid
        brought -= Decimal(f"{side:.2f}") * quantity * 100
        brought -= Decimal("1.25") * abs(quantity)
    assert state.cash == MILLION + brought


def test_without_quotes_nothing_is_sold_and_the_day_says_so():
    state = opened(MILLION)
    for minute in range(25):
        now = FRIDAY + timedelta(minutes=minute)
        state, _ = look(Replica.CNDR, state, Heard(now), desk_at(now), RULES)
    assert (state.held, state.cash) == ((), MILLION)
    close = ny(2018, 1, 19, 16, 15)
    desk = replace(desk_at(close), record=Record(days=(DayMark(date(2018, 1, 19), "low"),)))
    state, day = look(Replica.CNDR, state, Heard(close, live=5.0), desk, RULES)
    assert day is not None
    assert (day.worth, day.live, day.complete) == (1_000_000.0, 5.0, False)
    assert look(Replica.CNDR, state, Heard(close), desk, RULES)[1] is None, "once"


@pytest.mark.parametrize(
    ("forward", "share"),
    [(14.0, 0.0), (15.0, 0.0), (15.1, 0.01), (30.0, 0.01), (30.1, 0.005), (50.0, 0.005), (51.0, 0)],
)
def test_vxth_buys_by_the_forward(forward, share):
    assert weight(forward) == share


def test_vxth_holds_the_index_and_a_hundredth_of_it_in_thirty_delta_calls():
    market = Market(vx_base=17.0, vx_step=1.0)  # February settles at 18: one percent
    noon = ny(2018, 1, 16, 11, 50)

    def desk(now):
        return quoted(ready_desk(now), market)

    state = opened(MILLION)
    for minute in range(20):
        now = noon + timedelta(minutes=minute)
        quotes = {c: market.quote(c, now) for c in wanted(state)}
        state, _ = look(Replica.VXTH, state, Heard(now, quotes=quotes), desk(now), RULES)
    ((call, units),) = state.held
    assert call.expiration == date(2018, 2, 13)
    ask = market.quote(call, noon + timedelta(minutes=10)).ask
    assert units == int(10_000 / (ask * 100))
    paid = Decimal(f"{ask:.2f}") * units * 100 + Decimal("1.25") * units
    assert state.cash == 0
    assert state.shares == pytest.approx(float(MILLION - paid) / 2776.0)
    assert state.until == date(2018, 2, 13)


def test_what_expires_is_paid_out_at_the_level_known_and_not_before():
    call, put = vix_option(date(2018, 2, 13), 15.0), spxw_option(date(2018, 1, 26), 2700, Right.PUT)
    state = ReplicaState(MILLION, MILLION, ((call, 10), (put, -2)))
    eve = ny(2018, 1, 26, 15, 0)
    desk = ready_desk(eve)
    assert look(Replica.VXTH, state, Heard(eve), desk, RULES)[0].held == state.held
    # The put: SPX closed at 2690, 10 points in the money, two sold: 2,000 out.
    morning = ny(2018, 1, 29, 9, 45)
    desk = ready_desk(morning)
    desk = replace(desk, closes={**desk.closes, "SPX": ((date(2018, 1, 26), 2690.0),)})
    state, _ = look(Replica.CNDR, state, Heard(morning), desk, RULES)
    assert (state.cash, state.held) == (MILLION - 2000, ((call, 10),))
    # The calls: VIX at 25 on the morning after, ten at 10 points: 10,000 in.
    after = ny(2018, 2, 14, 9, 45)
    unknown, _ = look(Replica.CNDR, state, Heard(after), ready_desk(after), RULES)
    assert unknown.held == ((call, 10),), "no level, no settlement"
    desk = replace(ready_desk(after), quotes={VIX: Quote(after, last=25.0)})
    state, _ = look(Replica.CNDR, state, Heard(after), desk, RULES)
    assert (state.cash, state.held) == (MILLION + 8000, ())


def test_worth_is_unknown_while_anything_has_no_price():
    call = vix_option(date(2018, 2, 13), 15.0)
    now = ny(2018, 1, 16, 11, 0)
    state = ReplicaState(MILLION, Decimal(1000), ((call, 10),), shares=2.0)
    desk = replace(ready_desk(now), quotes={SPX: Quote(now, last=2700.0)})
    assert worth(state, Heard(now), desk) is None
    heard = Heard(now, quotes={call: Quote(now, 0.9, 1.1, 5, 5)})
    assert worth(state, heard, desk) == Decimal("7400.00"), "1,000 + 10 x 100 + 2 x 2,700"
    assert worth(state, heard, ready_desk(now)) is None


def test_a_third_friday_that_is_a_holiday_rolls_the_session_before():
    assert roll_day(ready_desk(ny(2018, 3, 5))) == date(2018, 3, 16)
    closed = replace(CALENDAR, closures=CALENDAR.closures | {date(2018, 3, 16)})
    assert roll_day(replace(ready_desk(ny(2018, 3, 5)), calendar=closed)) == date(2018, 3, 15)

"""How SPX options trade against the same hour of past sessions, by hand."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.desk import Desk
from domain.events import QuoteUpdated
from domain.instruments import Right, spxw_option
from domain.liquidity import DAYS_KEPT, LiquidityDay, Touch, keys, thin, touch, typical
from domain.orders import DenialCode
from domain.quotes import Quote
from domain.session import new_york
from engine.fold import apply_effect, fold_quotes
from engine.policy import Policy
from risk.limits import RiskLimits
from risk.liquidity import closes, listen
from strategies.iron_condor import IronCondorParams, entry_gates
from strategies.iron_condor.entry import propose
from tests.builders import CALENDAR, EXPIRATION, RELEASES, Market, ny, quoted, ready_desk

LIMITS = RiskLimits()
LEG = spxw_option(EXPIRATION, 2685.0, Right.PUT)
USUAL = Touch(0.02, 40.0, 6.0)


def day(ago: int, seen: Touch = USUAL) -> LiquidityDay:
    return LiquidityDay(date(2018, 1, 15) - timedelta(days=ago), {"11.4": seen})


def heard(desk: Desk, spread: float, size: float, updates: int = 1) -> Desk:
    """``updates`` quotes around a mid of 10.00, which is band 4."""
    for _ in range(updates):
        quote = Quote(desk.now, 10.0 - spread / 2, 10.0 + spread / 2, size, size + 5)
        desk = fold_quotes(desk, [QuoteUpdated(desk.now, LEG, quote)])
    return desk


def later(desk: Desk, seconds: float = 60.0) -> Desk:
    return replace(desk, now=desk.now + timedelta(seconds=seconds))


def listened(desk: Desk) -> Desk:
    return replace(desk, memory=listen(desk, LIMITS))


def known(days: int = 20) -> Desk:
    return replace(ready_desk(), liquidity=tuple(day(i) for i in range(days, 0, -1)))


def test_a_touch_by_hand() -> None:
    """9.90 at 10.10: 0.20 / 10.00 = 2 %, the smaller size counts, 12 updates in 2 minutes are 6."""
    at = ready_desk().now
    assert touch(Quote(at, 9.9, 10.1, 30.0, 20.0), 12, 2.0) == (
        4,
        Touch(pytest.approx(0.02), 20.0, 6.0),
    )
    assert touch(Quote(at, ask=0.05), 1, 1.0) is None


@pytest.mark.parametrize(
    ("mid", "band"), [(0.5, 0), (1.0, 1), (1.99, 1), (2.0, 2), (8.0, 4), (32.0, 6), (500.0, 6)]
)
def test_a_band_is_a_doubling_of_the_price(mid: float, band: int) -> None:
    found = touch(Quote(ready_desk().now, mid, mid), 0, 1.0)
    assert found is not None
    assert found[0] == band


def test_what_is_usual_is_the_median_of_the_sessions_that_saw_it() -> None:
    days = [day(1, Touch(0.01, 10, 1)), day(2, Touch(0.05, 50, 5)), day(3, Touch(0.02, 30, 9))]
    assert typical(days, "11.4") == (Touch(0.02, 30, 5), 3)
    assert typical(days, "12.4") == (None, 0)
    assert keys(ny(2018, 1, 16, 11, 59))[4] == "11.4"


def test_a_leg_is_compared_with_the_same_hour_of_twenty_sessions() -> None:
    """0.30 / 10 = 3 % against 2 % is 1.5 times; 20 against 40 is half; 3 against 6 a minute."""
    desk = listened(known())
    desk = listened(heard(later(desk), 0.30, 20.0, updates=3))
    leg = desk.memory.liquidity[LEG]
    assert leg.spread_ratio == pytest.approx(1.5)
    assert leg.size_ratio == pytest.approx(0.5)
    assert leg.rate_ratio == pytest.approx(0.5)
    assert leg.days == 20
    assert leg.thin_since is None


@pytest.mark.parametrize(
    ("spread", "size", "is_thin"),
    [(0.499, 10.0, False), (0.501, 10.0, True), (0.2, 10.0, False), (0.2, 9.9, True)],
)
def test_thin_is_beyond_two_and_a_half_times_the_spread_or_below_a_quarter_of_the_size(
    spread: float, size: float, *, is_thin: bool
) -> None:
    """2.5 x 2 % of 10.00 is 0.50; a quarter of 40 is 10."""
    desk = listened(heard(known(), spread, size))
    assert (desk.memory.liquidity[LEG].thin_since is not None) is is_thin


def test_half_a_minute_of_it_counts_and_one_good_look_ends_it() -> None:
    desk = listened(heard(known(), 0.9, 40.0))
    legs, began = desk.memory.liquidity, desk.now
    assert thin(legs, [LEG], began + timedelta(seconds=29), 30.0) == ()
    assert thin(legs, [LEG], began + timedelta(seconds=30), 30.0) == (LEG,)
    still = listened(heard(later(desk), 0.9, 40.0))
    assert still.memory.liquidity[LEG].thin_since == began
    good = listened(heard(later(still), 0.2, 40.0))
    assert good.memory.liquidity[LEG].thin_since is None


def test_while_learning_nothing_is_judged() -> None:
    desk = listened(heard(known(days=LIMITS.liquidity_days_min - 1), 5.0, 0.0))
    assert desk.memory.liquidity[LEG].thin_since is None
    assert desk.memory.liquidity[LEG].spread_ratio is None
    enough = listened(heard(known(days=LIMITS.liquidity_days_min), 5.0, 0.0))
    assert enough.memory.liquidity[LEG].thin_since is not None


def test_a_session_is_recorded_once_after_its_close_and_read_back_the_same() -> None:
    desk = listened(ready_desk())
    for spread in (0.1, 0.3):
        desk = listened(heard(later(desk), spread, 20.0))
    assert closes(desk, LIMITS) == ()
    evening = replace(desk, now=ny(2018, 1, 16, 16, 16))
    (decision,) = closes(evening, LIMITS)
    after = apply_effect(evening, decision)
    (seen,) = after.liquidity
    assert seen.on == new_york(decision.at).date()
    assert seen.typical == {"11.4": Touch(0.02, 20.0, 1.0)}
    assert closes(after, LIMITS) == ()
    tomorrow = listened(replace(after, now=ny(2018, 1, 17, 9, 36)))
    assert tomorrow.memory.liquidity_sums == {}


def test_no_more_than_twenty_sessions_are_kept() -> None:
    desk, on = ready_desk(), date(2018, 1, 16)
    for _ in range(DAYS_KEPT + 5):
        desk = listened(replace(desk, now=CALENDAR.open_at(on) + timedelta(hours=2)))
        desk = listened(heard(later(desk), 0.2, 20.0))
        evening = replace(desk, now=CALENDAR.close_at(on))
        (decision,) = closes(evening, LIMITS)
        desk = apply_effect(evening, decision)
        on = CALENDAR.next_session(on)
    assert len(desk.liquidity) == DAYS_KEPT
    assert desk.liquidity[-1].on == CALENDAR.previous_session(on)


def test_a_thin_leg_pauses_entries_and_says_so() -> None:
    params, allowance, market = IronCondorParams(), Policy().allowance, Market()
    desk = quoted(ready_desk(), market)
    for _ in range(3):
        proposal = propose(desk, params, allowance, RELEASES)
        desk = quoted(desk, market, proposal.wanted)
    (intent,) = propose(desk, params, allowance, RELEASES).intents
    usual = {
        f"11.{band}": Touch(0.0005, 40.0, 1.0) for band in range(7)
    }  # every quote is far wider than this
    days = tuple(LiquidityDay(date(2018, 1, i), usual) for i in range(2, 12))
    desk = listened(replace(desk, liquidity=days))
    assert propose(desk, params, allowance, RELEASES).intents, "not for half a minute yet"
    desk = later(desk, 31.0)
    (skip,) = propose(desk, params, allowance, RELEASES).skips
    assert skip.denial is DenialCode.LIQUIDITY_THIN
    gate = next(g for g in entry_gates(desk, params, allowance, RELEASES) if g.name == "liquidity")
    assert gate.value is not None
    assert gate.value > 2.5
    assert len(intent.legs) == 4

"""Roll dates, "shift back", fading bids, and the way out when nobody bids; worked by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.book import Tranche
from domain.desk import Desk, Regime
from domain.instruments import Contract, vix_option
from domain.orders import Layer, OrderIntent, Purpose
from domain.quotes import Quote
from domain.signals import Reading, Signal
from engine.fold import apply_effect
from risk import hedge_roll
from risk.checks import PRE_TRADE_CHECKS
from risk.hedge_changes import unsellable_changes
from risk.hedge_orders import offer
from risk.hedge_target import due, roll_on
from risk.hedge_timing import delayed, fading, flat_by, flat_from
from risk.limits import RiskLimits
from risk.parameters import HedgeParams
from tests.builders import Market, ny, quoted, ready_desk, with_calls, with_condor

HEDGE, LIMITS = HedgeParams(), RiskLimits()
CALL = vix_option(date(2018, 2, 13), 15.0)


def desk_on(day: int, hour: int = 10, minute: int = 30, regime: Regime = Regime.LOW) -> Desk:
    """4 condors and 2 short calls bought on 2018-01-16 that expire on Tuesday 2018-02-13."""
    book = with_calls(with_condor(ready_desk())).book
    desk = replace(ready_desk(ny(2018, 2, day, hour, minute), regime), book=book)
    return quoted(desk, Market(), book.positions())


def tranche(desk: Desk) -> Tranche:
    (found,) = desk.book.open_tranches
    return found


def quote(desk: Desk, bid: float | None, ask: float, call: Contract = CALL) -> Desk:
    return replace(desk, quotes={**desk.quotes, call: Quote(desk.now, bid, ask)})


def falling(desk: Desk, macd: float | None = -0.1, rsi: float | None = 45.0) -> Desk:
    signals = {Signal.MACD_VIXY: Reading(macd, desk.now), Signal.RSI_VIX: Reading(rsi, desk.now)}
    return replace(desk, memory=replace(desk.memory, signals=signals))


@pytest.mark.parametrize(
    ("layer", "opened", "expiration", "first"),
    [
        # held 26 days: 02-11; 4 days to 02-13 is 02-09: the earlier
        (Layer.HEDGE_SHORT, date(2018, 1, 16), date(2018, 2, 13), date(2018, 2, 9)),
        # held 26 days: 01-28; 4 days to 03-20 is 03-16: the earlier
        (Layer.HEDGE_SHORT, date(2018, 1, 2), date(2018, 3, 20), date(2018, 1, 28)),
        # held 95 days: 04-21; 15 days to 05-15 is 04-30: the earlier
        (Layer.HEDGE_MEDIUM, date(2018, 1, 16), date(2018, 5, 15), date(2018, 4, 21)),
        # held 190 days: 07-25; 30 days to 08-21 is 07-22: the earlier
        (Layer.HEDGE_LONG, date(2018, 1, 16), date(2018, 8, 21), date(2018, 7, 22)),
    ],
)
def test_the_roll_date_by_hand(layer: Layer, opened: date, expiration: date, first: date) -> None:
    assert roll_on(Tranche("t", layer, vix_option(expiration, 20.0), opened), HEDGE) == first


@pytest.mark.parametrize(("day", "late"), [(8, None), (9, True), (12, False)])
def test_a_due_roll_waits_while_volatility_falls(day: int, *, late: bool | None) -> None:
    """Due on Friday the 9th, 0 sessions waited: it may wait. On Monday the 12th, the session before
    the last trading day, it may not, although only 1 of 3 sessions has passed.
    """
    desk = falling(desk_on(day))
    assert due(desk, tranche(desk), HEDGE) is (late is not None)
    if late is not None:
        assert delayed(desk, tranche(desk), HEDGE) is late


@pytest.mark.parametrize(
    ("macd", "rsi", "regime", "waits"),
    [
        (-0.1, 50.0, Regime.LOW, True),
        (-0.1, 50.1, Regime.LOW, False),
        (0.0, 45.0, Regime.LOW, False),
        (-0.1, 45.0, Regime.ELEVATED, False),
        (None, 45.0, Regime.LOW, False),
        (-0.1, None, Regime.LOW, False),
    ],
)
def test_what_delays_a_roll(
    macd: float | None, rsi: float | None, regime: Regime, *, waits: bool
) -> None:
    desk = falling(desk_on(9, regime=regime), macd, rsi)
    assert delayed(desk, tranche(desk), HEDGE) is waits


def test_three_sessions_and_no_fourth() -> None:
    """Held 26 days on Sunday 02-11: Monday to Wednesday are sessions 1, 2 and 3 after it."""
    book = with_calls(with_condor(ready_desk()), expiration=date(2018, 3, 20)).book
    for day, waits in ((12, True), (13, True), (14, False), (15, False)):
        desk = falling(replace(ready_desk(ny(2018, 2, day, 10, 30)), book=book))
        desk = quoted(desk, Market(), book.positions())
        assert delayed(desk, tranche(desk), HEDGE) is waits, day


@pytest.mark.parametrize(
    ("day", "bid", "fades"),
    [(1, 0.05, True), (1, 0.06, False), (1, None, False)],
)
def test_a_call_bid_at_a_nickel_twelve_days_before_its_end_is_fading(
    day: int, bid: float | None, *, fades: bool
) -> None:
    desk = quote(desk_on(day), bid, 0.10)
    assert fading(desk, tranche(desk), HEDGE) is fades
    early = quote(replace(desk, now=ny(2018, 1, 31, 10, 30)), bid, 0.10)
    assert not fading(early, tranche(early), HEDGE), "13 days before"


def proposed(desk: Desk) -> OrderIntent | None:
    """What the roll rules want after they have seen the candidates they asked for."""
    own = desk.quotes.get(CALL)
    proposal = hedge_roll.propose(desk, HEDGE, LIMITS)
    for _ in range(3):
        desk = quoted(desk, Market(), proposal.wanted)
        desk = replace(desk, quotes={**desk.quotes, **({CALL: own} if own else {})})
        proposal = hedge_roll.propose(desk, HEDGE, LIMITS)
    return proposal.intents[0] if proposal.intents else None


def test_a_fading_call_is_rolled_while_somebody_bids() -> None:
    """02-05 is four days before its roll date; a bid of 0.04 may not be there for so long."""
    intent = proposed(quote(desk_on(5), 0.04, 0.09))
    assert intent is not None
    assert (intent.purpose, intent.rule) == (Purpose.ROLL_HEDGE, "4.4.roll")
    assert proposed(quote(desk_on(5), 0.40, 0.45)) is None


def test_hardly_bid_for_and_no_roll_to_be_had_it_is_sold_the_day_before() -> None:
    """In HIGH a call bid at 0.02 pays for nothing longer: from 10:30 of the 12th it is sold."""
    assert proposed(quote(desk_on(12, 10, 29, Regime.HIGH), 0.02, 0.06)) is None
    intent = proposed(quote(desk_on(12, 10, 30, Regime.HIGH), 0.02, 0.06))
    assert intent is not None
    assert (intent.rule, intent.quantity) == ("4.4.fade", 2)


def test_what_nobody_bids_for_is_offered_from_under_the_ask_down_to_one_tick() -> None:
    """Ask 0.05: offered at 0.04, 0.01 less a minute, never below 0.01."""
    intent = proposed(quote(desk_on(9), None, 0.05))
    assert intent is not None
    assert (intent.purpose, intent.rule, intent.quantity) == (
        Purpose.SELL_HEDGE, "4.4.offer", 2
    )  # fmt: skip
    assert (intent.limit, intent.walk.worst) == (Decimal("-0.04"), Decimal("-0.01"))


def test_an_offer_stays_until_the_close_and_is_not_put_there_again_and_again() -> None:
    desk = quote(desk_on(9), None, 0.05)
    intent = proposed(desk)
    assert intent is not None
    left = timedelta(seconds=intent.walk.give_up_after_s)
    assert desk.now + left == desk.calendar.close_at(desk.today)
    late = quote(replace(desk_on(9), now=desk.calendar.close_at(desk.today)), None, 0.05)
    offered = offer(late, tranche(late), HEDGE, rule="4.4.offer", reason="", rests=True)
    assert offered is not None
    assert offered.walk.give_up_after_s == HEDGE.give_up_after_s
    flat = proposed(quote(desk_on(13, 13, 30), None, 0.05))
    assert flat is not None
    assert (flat.rule, flat.walk.give_up_after_s) == ("4.4.flat", HEDGE.give_up_after_s)


def test_an_offer_without_a_bid_passes_every_check() -> None:
    desk = quote(desk_on(9), None, 0.05)
    intent = proposed(desk)
    assert intent is not None
    assert [check(intent, desk, LIMITS) for check in PRE_TRADE_CHECKS] == [None] * len(
        PRE_TRADE_CHECKS
    )
    free = replace(intent, walk=replace(intent.walk, worst=Decimal(0)))
    assert any(check(free, desk, LIMITS) for check in PRE_TRADE_CHECKS), "never for nothing"


@pytest.mark.parametrize(
    ("hour", "minute", "rule"), [(10, 30, "4.4.offer"), (13, 30, "4.4.flat"), (15, 0, "4.4.flat")]
)
def test_on_the_last_day_it_is_still_offered(hour: int, minute: int, rule: str) -> None:
    intent = proposed(quote(desk_on(13, hour, minute), None, 0.03))
    assert intent is not None
    assert (intent.rule, intent.limit) == (rule, Decimal("-0.02"))


def test_no_bid_through_the_whole_window_is_recorded_and_counted_apart() -> None:
    desk = quote(desk_on(13, 14, 0), None, 0.03)
    (change,) = unsellable_changes(desk, HEDGE)
    assert (change.topic, change.rule, change.subject) == (
        "hedge.unsellable", "T8", tranche(desk).id
    )  # fmt: skip
    told = apply_effect(desk, change)
    assert tranche(told).unsellable_on == date(2018, 2, 13)
    assert unsellable_changes(told, HEDGE) == (), "once"
    assert unsellable_changes(quote(desk, 0.01, 0.03), HEDGE) == (), "somebody bids"
    early = quote(desk_on(13, 13, 59), None, 0.03)
    assert unsellable_changes(early, HEDGE) == (), "the window is not over"


def test_before_an_early_close_the_whole_window_lies_earlier() -> None:
    """2018-12-24 closes at 13:15: 75 minutes before is 12:00, and the window lasts half an hour."""
    desk = ready_desk(ny(2018, 12, 24, 11, 0))
    assert flat_from(desk, HEDGE) == ny(2018, 12, 24, 12, 0)
    assert flat_by(desk, HEDGE) == ny(2018, 12, 24, 12, 30)


def test_the_last_calls_of_an_open_condor_are_not_sold_as_excess() -> None:
    """1 condor wants one medium call and no short one; while only the short one is there it
    stays.
    """
    market = Market(vx={date(2018, 2, 14): 16.0})
    book = with_calls(with_condor(ready_desk(), 1)).book
    desk = replace(ready_desk(ny(2018, 2, 9, 10, 30)), book=book)
    desk = quoted(desk, market, book.positions())
    proposal = hedge_roll.propose(desk, HEDGE, LIMITS)
    assert proposal.intents == ()
    assert proposal.skips[0].reason == "the only hedge of an open condor"
    medium = with_calls(desk, Layer.HEDGE_MEDIUM, 1, strike=22.0, expiration=date(2018, 5, 15),
                        ref="m")  # fmt: skip
    (intent,) = hedge_roll.propose(medium, HEDGE, LIMITS).intents
    assert intent.rule == "4.4.excess"

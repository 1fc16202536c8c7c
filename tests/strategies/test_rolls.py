"""The time-shift roll: when it starts, what it may cost, and that nothing is left half done."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.chain import OptionChain
from domain.desk import Desk, Regime, TradingState
from domain.effects import PlaceOrder
from domain.events import OrderCanceled, OrderRejected
from domain.instruments import SPX, VIX, VIX9D
from domain.orders import Order, OrderIntent, Purpose
from domain.proposals import Proposal
from domain.quotes import Quote
from domain.signals import Reading, Signal
from domain.vwap import Vwap
from engine.fold import apply_effect, fold
from engine.policy import Policy
from strategies.iron_condor import IronCondorParams
from strategies.iron_condor.gates import Entry
from strategies.iron_condor.parameters import Roll
from strategies.iron_condor.rolls import RULE, conditions, propose
from tests.builders import (
    EXPIRATION,
    RELEASES,
    Market,
    condor,
    fills,
    ny,
    quoted,
    ready_desk,
    spx_chain,
    with_condor,
)

ID = "cb-condor-20180116-1"
ON = replace(IronCondorParams(), roll=Roll.TOUCHED)
LATER = EXPIRATION + timedelta(days=14)
TOUCHED = 2684.0  # the short put is 2685


def priced(desk: Desk, debit: float, credit: float, spread: float = 0.4) -> Desk:
    """The held condor costs ``debit`` at mid, the same strikes two weeks later bring ``credit``."""
    quotes = dict(desk.quotes)
    for expiration, value in ((EXPIRATION, debit), (LATER, credit)):
        legs = condor(expiration=expiration).contracts
        mids = (1.0, 1.0 + value, 1.0, 1.0)
        for contract, mid in zip(legs, mids, strict=True):
            quotes[contract] = Quote(desk.now, mid - spread / 8, mid + spread / 8)
    return replace(desk, quotes=quotes)


def threatened(debit: float = 12.0, credit: float = 14.0, marks: int = 2) -> Desk:
    now = ny(2018, 1, 24)
    held = with_condor(ready_desk()).book
    desk = replace(quoted(ready_desk(now), Market(spx=TOUCHED)), book=held)
    desk = replace(desk, chains={**desk.chains, "SPXW": spx_chain((EXPIRATION, LATER))})
    memory = replace(desk.memory, marks={f"{ID}:touched": marks})
    return priced(replace(desk, memory=memory), debit, credit)


def answer(
    desk: Desk, params: IronCondorParams = ON, busy: frozenset[str] = frozenset()
) -> Proposal:
    return propose(Entry(desk, params, Policy().allowance, RELEASES), busy)


def test_it_is_off_unless_asked_for() -> None:
    assert answer(threatened(), IronCondorParams()) == Proposal()
    assert conditions(threatened(), IronCondorParams()) == {}


@pytest.mark.parametrize(
    ("spx", "touched"), [(2685.5, False), (2685.0, True), (2850.0, True), (2849.5, False)]
)
def test_a_short_strike_is_touched_at_it_and_beyond(spx: float, *, touched: bool) -> None:
    desk = with_condor(ready_desk())
    desk = replace(desk, quotes={SPX: Quote(desk.now, last=spx)})
    assert conditions(desk, ON) == {f"{ID}:touched": touched}


def test_a_touched_condor_is_closed_when_a_later_one_pays_more() -> None:
    """Close 12.00 + 0.25 x 0.40 = 12.10 at worst; later 14.00 - 0.10 = 13.90 at least."""
    (intent,) = answer(threatened()).intents
    assert intent.purpose is Purpose.CLOSE_CONDOR
    assert intent.rule == RULE
    assert intent.quantity == 4
    assert intent.limit == Decimal("12.00")
    assert intent.walk.worst == Decimal("12.10")


@pytest.mark.parametrize(("credit", "rolls"), [(12.15, False), (12.20, False), (12.30, True)])
def test_only_a_net_credit_at_the_worst_prices_starts_it(credit: float, *, rolls: bool) -> None:
    """12.30 - 0.10 = 12.20 is more than 12.10; 12.20 - 0.10 = 12.10 is not."""
    found = answer(threatened(credit=credit))
    assert bool(found.intents) is rolls
    assert rolls or found.skips


def test_one_mark_is_not_enough_and_a_second_roll_never_comes() -> None:
    assert not answer(threatened(marks=1)).intents
    desk = threatened()
    rolled = {ID: replace(desk.book.condors[ID], rolls=1)}
    assert not answer(replace(desk, book=replace(desk.book, condors=rolled))).intents


def test_it_does_not_start_while_a_guard_of_new_risk_is_shut() -> None:
    desk = threatened()
    stressed = {Signal.STRESS: Reading(4.0, desk.now)}
    assert not answer(replace(desk, memory=replace(desk.memory, signals=stressed))).intents
    high = replace(desk, regime=replace(desk.regime, level=Regime.HIGH))
    assert not answer(high).intents


@pytest.mark.parametrize(
    "change",
    [
        {"trading": TradingState.REDUCING},
        {"trading": TradingState.HALTED},
        {"mismatched": (SPX,)},
        {"foreign": ("order of somebody (1)",)},
    ],
)
def test_nothing_is_closed_for_a_roll_that_could_not_be_opened_again(
    change: dict[str, Any],
) -> None:
    assert not answer(replace(threatened(), **change)).intents


def test_what_something_more_urgent_closes_is_left_alone() -> None:
    assert not answer(threatened(), busy=frozenset({ID})).intents


def test_a_close_that_the_broker_refused_today_is_not_asked_for_again() -> None:
    """Every refusal counts towards a halt; a roll is not worth one."""
    desk = threatened()
    (intent,) = answer(desk).intents
    desk = apply_effect(desk, PlaceOrder(Order("r", intent, desk.now, intent.limit)))
    desk = fold(desk, OrderRejected(desk.now, "r", 201, "no combos"))
    assert not answer(desk).intents


def test_expirations_outside_a_week_to_three_are_no_target() -> None:
    desk = threatened()
    for day in (EXPIRATION + timedelta(days=6), EXPIRATION + timedelta(days=22)):
        chain = OptionChain("SPX", "SPXW", (EXPIRATION, day), desk.chains["SPXW"].strikes)
        found = answer(replace(desk, chains={**desk.chains, "SPXW": chain}))
        assert not found.intents
        assert found.skips[0].reason == "nothing to roll to"


def closed(filled: bool = True) -> Desk:
    """The desk after the first half: the close has left, and filled if so."""
    desk = threatened()
    (intent,) = answer(desk).intents
    placed = Order("cb-condor-20180124-1", intent, desk.now, intent.limit)
    desk = apply_effect(desk, PlaceOrder(placed))
    if not filled:
        return fold(desk, OrderCanceled(desk.now, placed.order_ref, "late"))
    for fill in fills(placed, ("1.00", "13.00", "1.00", "1.00"), desk.now):
        desk = fold(desk, fill)
    return replace(desk, now=desk.now + timedelta(seconds=30))


def test_then_the_same_number_is_opened_at_the_same_strikes_for_more() -> None:
    (intent,) = answer(closed()).intents
    assert intent.purpose is Purpose.OPEN_CONDOR
    assert intent.quantity == 4
    assert {leg.contract.expiration for leg in intent.legs} == {LATER}
    assert [leg.contract.strike for leg in intent.legs] == [2655, 2685, 2850, 2880]
    assert intent.limit == Decimal("-14.00")
    assert intent.walk.worst == Decimal("-13.90")
    assert dict(intent.inputs)["rolls"] == 1.0


def test_a_market_that_moved_away_leaves_the_desk_flat() -> None:
    """Closed for 12.00: 12.05 is the least that the opening must bring."""
    assert answer(priced(closed(), 12.0, 12.05)).intents
    late = priced(closed(), 12.0, 12.0)
    assert not answer(late).intents
    much_later = closed()
    much_later = replace(much_later, now=much_later.now + timedelta(seconds=1801))
    assert not answer(priced(much_later, 12.0, 14.0)).intents


def test_an_unfilled_close_is_tried_again_and_opens_nothing() -> None:
    (intent,) = answer(closed(filled=False)).intents
    assert intent.purpose is Purpose.CLOSE_CONDOR


def test_the_second_half_is_asked_for_once() -> None:
    desk = closed()
    (intent,) = answer(desk).intents
    placed = Order("cb-condor-20180124-2", intent, desk.now, intent.limit)
    desk = apply_effect(desk, PlaceOrder(placed))
    assert not answer(desk).intents, "it is working"
    desk = fold(desk, OrderCanceled(desk.now, placed.order_ref, "late"))
    assert not answer(desk).intents, "it was tried"


def test_the_condor_that_was_opened_knows_that_it_is_a_roll() -> None:
    desk = closed()
    (intent,) = answer(desk).intents
    placed = Order("cb-condor-20180124-2", intent, desk.now, intent.limit)
    desk = apply_effect(desk, PlaceOrder(placed))
    for fill in fills(placed, ("1.00", "15.00", "1.00", "1.00"), desk.now):
        desk = fold(desk, fill)
    (rolled,) = desk.book.open_condors
    assert rolled.rolls == 1
    assert rolled.quantity == 4


OTHER = "cb-condor-20180116-2"
STRIKES = (2660, 2690, 2855, 2885)


def both_closed(strikes: tuple[float, float, float, float]) -> Desk:
    """Two condors of one expiration, both touched and closed for a roll within one minute."""
    desk = threatened()
    held = with_condor(replace(ready_desk(), book=desk.book), 2, OTHER, condor(*strikes)).book
    marks = {**desk.memory.marks, f"{OTHER}:touched": 2}
    desk = replace(desk, book=held, memory=replace(desk.memory, marks=marks))
    quotes = dict(desk.quotes)
    for expiration in (EXPIRATION, LATER):
        theirs = condor(*strikes, expiration=expiration).contracts
        known = condor(expiration=expiration).contracts
        quotes |= {new: quotes[old] for new, old in zip(theirs, known, strict=True)}
    desk = replace(desk, quotes=quotes)
    for number in (1, 2):
        (intent,) = answer(desk).intents
        assert intent.subject == (ID, OTHER)[number - 1]
        desk = apply_effect(desk, PlaceOrder(named(desk, intent, number)))
    for placed in desk.working:
        for fill in fills(placed, ("1.00", "13.00", "1.00", "1.00"), desk.now):
            desk = fold(desk, fill)
    assert not desk.book.open_condors
    return replace(desk, now=desk.now + timedelta(seconds=30))


def named(desk: Desk, intent: OrderIntent, number: int) -> Order:
    return Order(f"cb-condor-20180124-{number}", intent, desk.now, intent.limit)


@pytest.mark.parametrize(
    "strikes", [STRIKES, (2655, 2685, 2850, 2880)], ids=["other strikes", "the same strikes"]
)
def test_two_condors_closed_for_a_roll_are_both_opened_again_each_once(
    strikes: tuple[float, float, float, float],
) -> None:
    desk, opened = both_closed(strikes), []
    for number in (3, 4):
        (intent,) = answer(desk).intents
        opened.append(([leg.contract.strike for leg in intent.legs], intent.quantity))
        placed = named(desk, intent, number)
        desk = apply_effect(desk, PlaceOrder(placed))
        for fill in fills(placed, ("1.00", "15.00", "1.00", "1.00"), desk.now):
            desk = fold(desk, fill)
        desk = replace(desk, now=desk.now + timedelta(seconds=30))
    assert opened == [([2655, 2685, 2850, 2880], 4), (list(strikes), 2)]
    assert all(i.purpose is not Purpose.OPEN_CONDOR for i in answer(desk).intents)


def test_a_condor_not_worth_opening_again_does_not_hold_up_the_next() -> None:
    desk = both_closed(STRIKES)
    quotes = dict(desk.quotes)
    for contract in condor(expiration=LATER).contracts:
        quotes[contract] = Quote(desk.now, 0.95, 1.05)
    (intent,) = answer(replace(desk, quotes=quotes)).intents
    assert [leg.contract.strike for leg in intent.legs] == list(STRIKES)


def by_range(vix: float, range_percent_vol: float) -> Desk:
    """VIX9D and twenty returns that give a range of ``range_percent_vol`` / sqrt(252)."""
    desk = threatened()
    quotes = {
        **desk.quotes,
        VIX: Quote(desk.now, last=vix),
        VIX9D: Quote(desk.now, last=range_percent_vol),
    }
    step = range_percent_vol / 1588.0  # moves up and down by this have about this volatility
    closes, day = [], date(2018, 1, 24)
    for i in range(25):
        day = desk.calendar.previous_session(day)
        closes.append((day, 2700.0 * (1.0 + (step if i % 2 else 0.0))))
    vix_closes = desk.closes["VIX"]
    spx = tuple(reversed(closes))
    return replace(desk, quotes=quotes, closes={"VIX": vix_closes, "SPX": spx})


@pytest.mark.parametrize(
    ("vix", "vol", "rolls"), [(15.9, 10.0, False), (16.1, 10.0, True), (15.9, 18.0, True)]
)
def test_by_range_it_also_takes_a_wide_range_or_a_high_vix(
    vix: float, vol: float, *, rolls: bool
) -> None:
    """10 / 15.87 = 0.63 % a day is narrow; 18 / 15.87 = 1.13 % is above 0.94 %."""
    params = replace(ON, roll=Roll.RANGE)
    assert bool(answer(by_range(vix, vol), params).intents) is rolls


def rolled_and_calm(last: float, vol: float = 10.0) -> Desk:
    """A rolled condor, no longer touched, with SPY at ``last`` against an average of 270."""
    desk = by_range(14.0, vol)
    today = replace(desk.book.condors[ID], rolls=1)
    vwap = Vwap(desk.today, 2000.0, last, 1000.0, 270_000.0)
    memory = replace(desk.memory, marks={}, vwap=vwap)
    nearer = desk.today + timedelta(days=2)
    chain = OptionChain("SPX", "SPXW", (nearer, EXPIRATION, LATER), desk.chains["SPXW"].strikes)
    desk = replace(
        desk,
        memory=memory,
        book=replace(desk.book, condors={ID: today}),
        chains={**desk.chains, "SPXW": chain},
    )
    legs = condor(expiration=nearer).contracts
    mids = (1.0, 7.0, 1.0, 1.0)
    quotes = {c: Quote(desk.now, mid - 0.05, mid + 0.05) for c, mid in zip(legs, mids, strict=True)}
    return replace(desk, quotes={**desk.quotes, **quotes})


def test_it_comes_back_when_the_range_is_narrow_and_spy_no_higher_than_its_average() -> None:
    params = replace(ON, roll=Roll.RANGE)
    (intent,) = answer(rolled_and_calm(270.0), params).intents
    assert intent.purpose is Purpose.CLOSE_CONDOR
    assert not answer(rolled_and_calm(270.01), params).intents
    assert not answer(rolled_and_calm(270.0, vol=18.0), params).intents

"""Section 4.3 by hand: what closes a condor, in which order, after two marks five minutes apart."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.combos import IronCondor
from domain.desk import Desk, Regime
from domain.effects import PlaceOrder
from domain.instruments import SPX, Right, spxw_option
from domain.orders import DenialCode, OrderIntent, Purpose
from domain.quotes import Quote
from engine import rules
from engine.policy import Policy
from risk.checks import regime_permits
from risk.limits import RiskLimits
from strategies.iron_condor import IronCondorParams, management, rolls
from strategies.iron_condor.entry import propose as propose_entry
from strategies.iron_condor.gates import Entry
from strategies.iron_condor.management import MARGIN, conditions, propose
from strategies.iron_condor.parameters import Roll
from tests.builders import (
    EXPIRATION,
    RELEASES,
    Market,
    condor,
    ny,
    quoted,
    ready_desk,
    spx_chain,
    with_condor,
)

PARAMS = IronCondorParams()
ALLOWANCE = Policy().allowance
ID = "cb-condor-20180116-1"
OTHER = "cb-condor-20180116-9"


def priced(desk: Desk, debit: float, combo: IronCondor | None = None) -> Desk:
    """The package costs ``debit`` at mid and is 0.80 wide; credit was 7.00, 30 wide."""
    mids = (1.0, 1.0 + debit, 1.0, 1.0)
    legs = (combo or condor()).contracts
    sides = {c: Quote(desk.now, m - 0.1, m + 0.1) for c, m in zip(legs, mids, strict=True)}
    return replace(desk, quotes={**desk.quotes, **sides}, feed_at=desk.now)


def marked(desk: Desk, marks: Mapping[str, int]) -> Desk:
    return replace(desk, memory=replace(desk.memory, marks=marks))


def at_high_noon(debit: float, regime: Regime = Regime.LOW) -> Desk:
    return priced(with_condor(ready_desk(regime=regime)), debit)


def asked(desk: Desk) -> OrderIntent | None:
    intents = propose(desk, PARAMS).intents
    return intents[0] if intents else None


def test_two_consecutive_marks_five_minutes_apart_through_the_whole_engine() -> None:
    """Debit 21.00 from 11:01 on. Marks fall on 11:05 and 11:10: the order leaves at 11:10."""
    desk = with_condor(ready_desk(ny(2018, 1, 16, 11, 0)))
    calm = priced(quoted(desk, Market()), 7.0)
    desk, _ = rules.look(calm, Policy())
    sent: list[int] = []
    for minute in range(1, 12):
        now = ny(2018, 1, 16, 11, minute)
        desk = priced(quoted(replace(desk, now=now), Market()), 21.0)
        desk, effects = rules.look(desk, Policy())
        if any(isinstance(e, PlaceOrder) and e.order.intent.rule == "4.3.stop" for e in effects):
            sent.append(minute)
    assert sent == [10]


def test_a_mark_in_between_that_is_better_begins_the_count_again() -> None:
    """11:05 at 21.00, 11:10 at 20.90, 11:15 and 11:20 at 21.00: only then."""
    desk = quoted(with_condor(ready_desk(ny(2018, 1, 16, 11, 0))), Market())
    sent = []
    for minute, debit in ((5, 21.0), (10, 20.9), (15, 21.0), (20, 21.0)):
        now = ny(2018, 1, 16, 11, minute)
        desk = priced(quoted(replace(desk, now=now), Market()), debit)
        desk, effects = rules.look(desk, Policy())
        if any(isinstance(effect, PlaceOrder) for effect in effects):
            sent.append(minute)
    assert sent == [20]


@pytest.mark.parametrize(("excess", "low"), [(150_000, False), (149_999, True)])
def test_first_excess_liquidity_below_15_percent_of_net_liquidation(
    excess: int, *, low: bool
) -> None:
    """15 % of 1,000,000 is 150,000."""
    desk = at_high_noon(7.0)
    desk = replace(desk, account=replace(desk.account, excess_liquidity=Decimal(excess)))
    assert conditions(desk, PARAMS, ALLOWANCE)[MARGIN] is low


def test_then_the_worst_condor_closes_whatever_else_is_due() -> None:
    """4 condors at 12.00: (12 - 7) x 100 x 4 = 2,000 lost; 2 at 20.00: (20 - 7) x 100 x 2 = 2,600.
    The second goes, although the first has reached its profit mark by count too.
    """
    second = condor(2605, 2635, 2900, 2930)
    desk = with_condor(with_condor(ready_desk()), 2, OTHER, second)
    desk = priced(priced(desk, 12.0), 20.0, second)
    worst = asked(marked(desk, {MARGIN: 2}))
    assert worst is not None
    assert (worst.rule, worst.subject, worst.quantity) == ("4.3.margin", OTHER, 2)
    assert asked(marked(desk, {MARGIN: 1})) is None


@pytest.mark.parametrize(
    ("debit", "stop", "profit"),
    [
        (20.99, False, False),
        (21.00, True, False),  # 3.0 x 7.00: a loss of 14.00, 200 % of the credit
        (3.51, False, False),
        (3.50, False, True),  # 50 % of 7.00
    ],
)
def test_second_the_stop_and_third_the_profit(debit: float, *, stop: bool, profit: bool) -> None:
    found = conditions(at_high_noon(debit), PARAMS, ALLOWANCE)
    assert (found[f"{ID}:stop"], found[f"{ID}:profit"]) == (stop, profit)


def test_the_stop_is_paid_up_to_the_offer_and_the_profit_never_above_half_the_credit() -> None:
    """Stop at 21.00: from 21.00 to the offer 21.40. Profit at 3.40: mid plus a quarter of 0.80 is
    3.60, but half of 7.00 is 3.50.
    """
    stop = asked(marked(at_high_noon(21.0), {f"{ID}:stop": 2}))
    profit = asked(marked(at_high_noon(3.4), {f"{ID}:profit": 2}))
    assert stop is not None
    assert profit is not None
    assert (stop.limit, stop.walk.worst) == (Decimal("21.00"), Decimal("21.40"))
    assert (profit.limit, profit.walk.worst) == (Decimal("3.40"), Decimal("3.50"))


@pytest.mark.parametrize(
    ("marks", "rule"),
    [
        ((MARGIN, f"{ID}:stop", f"{ID}:profit"), "4.3.margin"),
        ((f"{ID}:stop", f"{ID}:profit"), "4.3.stop"),
        ((f"{ID}:profit",), "4.3.profit"),
        ((), "4.3.dte"),
    ],
)
def test_of_several_reasons_the_first_in_order_counts(marks: tuple[str, ...], rule: str) -> None:
    """2018-02-09, 14:00: 21 days before 2018-03-02, so the fourth reason always holds."""
    book = with_condor(ready_desk()).book
    desk = priced(replace(ready_desk(ny(2018, 2, 9, 14, 0)), book=book), 7.0)
    closing = asked(marked(desk, dict.fromkeys(marks, 2)))
    assert closing is not None
    assert closing.rule == rule


@pytest.mark.parametrize(
    ("day", "hour", "minute", "limit"),
    [
        (8, 14, 30, None),  # 22 days
        (9, 13, 59, None),
        (9, 14, 0, "7.00"),  # 21 days: mid ...
        (9, 14, 44, "7.00"),
        (9, 14, 45, "7.40"),  # ... and the offer in the last quarter hour before 15:00
        (12, 10, 0, "7.00"),  # 18 days: overdue, at any hour
    ],
)
def test_fourth_at_21_days_it_closes_by_three(
    day: int, hour: int, minute: int, limit: str | None
) -> None:
    """March 2 less February 9 is 28 - 9 + 2 = 21 days."""
    book = with_condor(ready_desk()).book
    desk = priced(replace(ready_desk(ny(2018, 2, day, hour, minute)), book=book), 7.0)
    closing = asked(desk)
    assert (closing.limit if closing else None) == (Decimal(limit) if limit else None)


def test_fifth_in_high_nothing_is_added_or_rolled_and_closing_goes_on() -> None:
    desk = quoted(at_high_noon(21.0, Regime.HIGH), Market(vix=32.0))
    (skip,) = propose_entry(desk, PARAMS, ALLOWANCE, RELEASES).skips
    assert skip.denial is DenialCode.REGIME_BLOCKS_ENTRY
    rolling = replace(PARAMS, roll=Roll.TOUCHED)
    touched = marked(desk, {f"{ID}:touched": 2})
    assert not rolls.propose(Entry(touched, rolling, ALLOWANCE, RELEASES), frozenset()).intents
    for name in ("stop", "profit"):
        closing = asked(marked(desk, {f"{ID}:{name}": 2}))
        assert closing is not None
        assert closing.purpose is Purpose.CLOSE_CONDOR
        assert regime_permits(closing, desk, RiskLimits()) is None


LATER = date(2018, 3, 16)  # a third Friday, 14 days after 2018-03-02
ROLLING = IronCondorParams(roll=Roll.TOUCHED)


def threatened(debit: float, credit: float, days: date = LATER, rolled: int = 0) -> Desk:
    """SPX at 2850, the short call. Old package at ``debit``, the same strikes later at ``credit``,
    both 0.80 wide; touched for two marks.
    """
    desk = replace(ready_desk(), chains={"SPXW": spx_chain((EXPIRATION, days))})
    desk = quoted(with_condor(desk), Market(spx=2850.0))
    (held,) = desk.book.open_condors
    book = replace(desk.book, condors={ID: replace(held, rolls=rolled)})
    moved = IronCondor(*(replace(c, expiration=days) for c in held.combo.contracts))
    desk = priced(priced(replace(desk, book=book), debit), credit, moved)
    return marked(desk, {f"{ID}:touched": 2})


def rolled(desk: Desk, params: IronCondorParams = ROLLING) -> tuple[OrderIntent, ...]:
    return rolls.propose(Entry(desk, params, ALLOWANCE, RELEASES), frozenset()).intents


def test_no_roll_unless_asked_for() -> None:
    assert rolled(threatened(12.0, 14.0), PARAMS) == ()
    (closing,) = rolled(threatened(12.0, 14.0))
    assert (closing.rule, closing.quantity, closing.subject) == ("4.3.roll", 4, ID)


@pytest.mark.parametrize(
    ("spx", "touched"), [(2849.9, False), (2850.0, True), (2685.0, True), (2685.1, False)]
)
def test_a_roll_needs_a_touched_short_strike(spx: float, *, touched: bool) -> None:
    desk = with_condor(ready_desk())
    desk = replace(desk, quotes={SPX: Quote(desk.now, last=spx)})
    assert rolls.conditions(desk, ROLLING) == {f"{ID}:touched": touched}


@pytest.mark.parametrize(("credit", "rolls_it"), [(12.40, False), (12.45, True)])
def test_a_roll_needs_a_net_credit_at_the_worst_prices(credit: float, *, rolls_it: bool) -> None:
    """Closing at 12.00 may cost 12.00 + 0.25 x 0.80 = 12.20; opening may bring credit - 0.20.
    12.40 - 0.20 = 12.20 earns nothing; 12.45 - 0.20 = 12.25 earns 0.05.
    """
    assert bool(rolled(threatened(12.0, credit))) is rolls_it


@pytest.mark.parametrize(
    ("days", "rolls_it"),
    [
        (date(2018, 3, 8), False),  # 6 days after 03-02
        (date(2018, 3, 9), True),  # 7
        (date(2018, 3, 23), True),  # 21
        (date(2018, 3, 24), False),  # 22
    ],
)
def test_a_roll_goes_seven_to_twenty_one_days_on(days: date, *, rolls_it: bool) -> None:
    assert bool(rolled(threatened(12.0, 14.0, days))) is rolls_it


def test_a_condor_is_rolled_once() -> None:
    assert rolled(threatened(12.0, 14.0, rolled=1)) == ()


def test_nothing_grows_after_a_loss() -> None:
    """Factor 1.0: after 2 % less net liquidation 1 % of it is 9,800; 9,800 / 2,320 = 4.22, still 4;
    at 900,000 it is 9,000 / 2,320 = 3.88: 3. Never more than before.
    """
    from strategies.iron_condor.candidate import quantity_of

    sizes = []
    for nlv in (1_000_000, 980_000, 900_000):
        entry = Entry(ready_desk(nlv=str(nlv)), PARAMS, ALLOWANCE, RELEASES)
        sizes.append(quantity_of(entry, condor(), Decimal("6.80"), Decimal(nlv), ALLOWANCE))
    assert sizes == [4, 4, 3]


def test_the_marks_of_a_condor_are_of_its_own_legs() -> None:
    """2685 put at 22.00, the others at 1.00: 22 - 1 + 1 - 1 = 21.00 at mid."""
    desk = at_high_noon(21.0)
    mids = {
        (2655.0, Right.PUT): 1.0, (2685.0, Right.PUT): 22.0,
        (2850.0, Right.CALL): 1.0, (2880.0, Right.CALL): 1.0,
    }  # fmt: skip
    for (strike, right), mid in mids.items():
        assert desk.quotes[spxw_option(EXPIRATION, strike, right)].mid == pytest.approx(mid)
    market = management.package_quote(condor().closing, desk.quote)
    assert market is not None
    assert market.mid == pytest.approx(22 - 1 + 1 - 1)
    assert timedelta(seconds=RiskLimits().mark_every_s) == timedelta(minutes=5)

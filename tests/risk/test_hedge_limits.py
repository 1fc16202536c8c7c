"""S4, S36, S37 and S43 at the limit, one below and one above, with the arithmetic."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.desk import Desk
from domain.instruments import vix_option
from domain.orders import DenialCode, Layer, Leg, OrderIntent, Purpose
from domain.quotes import Quote
from domain.record import DayMark
from risk.checks import PRE_TRADE_CHECKS
from risk.hedge_cash import cash_multiple, condor_cash
from risk.hedge_checks import (
    hedge_turnover_within_limit,
    hedge_within_stress,
    hedge_worth_its_cash,
)
from risk.hedge_conditions import unscheduled
from risk.hedge_stress import condor_loss, units_within_stress
from risk.limit_checks import quick_ratio_above_floor
from risk.limits import RiskLimits
from tests.builders import Market, condor, ny, order, quoted, ready_desk, with_calls, with_condor

LIMITS = RiskLimits()
CALL = vix_option(date(2018, 2, 13), 15.0)
LONG = vix_option(date(2018, 5, 15), 22.0)


def buying(rule: str = "4.4.build", quantity: int = 1) -> OrderIntent:
    legs = (Leg(LONG, 1),)
    return order("b", Purpose.BUY_HEDGE, Layer.HEDGE_MEDIUM, legs, quantity, "1.00",
                 rule=rule).intent  # fmt: skip


def hedged() -> Desk:
    desk = with_calls(with_condor(ready_desk()))
    return quoted(desk, Market(), [*desk.book.positions(), LONG])


def bid(desk: Desk, points: float) -> Desk:
    return replace(desk, quotes={**desk.quotes, CALL: Quote(desk.now, points, points + 1)})


@pytest.mark.parametrize(("points", "refused"), [(168.0, False), (168.01, True)])
def test_nothing_is_added_above_twelve_times_the_condor_cash(
    points: float, *, refused: bool
) -> None:
    """4 condors at 7.00 brought 4 x 100 x 7 = 2,800; 12 x 2,800 = 33,600 = 2 calls bid at 168."""
    desk = bid(hedged(), points)
    assert condor_cash(desk) == pytest.approx(2800.0)
    assert cash_multiple(desk) == pytest.approx(200 * points / 2800)
    denied = hedge_worth_its_cash(buying(), desk, LIMITS)
    assert (denied is not None) is refused
    if denied is not None:
        assert denied.code is DenialCode.HEDGE_CASH_MULTIPLE


def test_condor_cash_looks_back_thirty_days() -> None:
    """2,800 since the first day, of which 1,300 had come in by the mark 30 days ago: 1,500."""
    desk = hedged()
    days = (DayMark(date(2017, 12, 15), "low", condor_cash=1300.0),
            DayMark(date(2018, 1, 12), "low", condor_cash=2000.0))  # fmt: skip
    desk = replace(desk, record=replace(desk.record, days=days))
    assert condor_cash(desk) == pytest.approx(1500.0)


def test_without_condor_cash_there_is_no_multiple_and_no_refusal() -> None:
    """After a month of losses there is nothing to compare with: cap and budget still bound it."""
    desk = bid(with_calls(quoted(ready_desk(), Market())), 100.0)
    assert cash_multiple(desk) is None
    assert hedge_worth_its_cash(buying(), desk, LIMITS) is None


def test_a_call_without_a_quote_leaves_the_multiple_unknown_and_blocks() -> None:
    desk = hedged()
    blind = replace(desk, quotes={c: q for c, q in desk.quotes.items() if c != CALL})
    denied = hedge_worth_its_cash(buying(), blind, LIMITS)
    assert denied is not None
    assert denied.code is DenialCode.QUOTE_MISSING


def test_the_stress_loss_of_a_condor_lies_between_half_and_all_of_its_maximum() -> None:
    """30 wide for 7.00: at most 2,300 each. 10 % lower SPX stands at 2,498, far below both puts."""
    desk = hedged()
    loss = condor_loss(desk, LIMITS)
    assert loss is not None
    assert 0.5 * 4 * 2300 < loss < 4 * 3000


def test_the_hedge_stays_below_the_stress_loss() -> None:
    """Room = k x loss - used; one LONG adds 100 x F x max(delta, 0.10)."""
    desk = hedged()
    loss = condor_loss(desk, LIMITS)
    assert loss is not None
    assert units_within_stress(desk, LIMITS, LONG, 1) == 1
    tight = replace(LIMITS, hedge_delta_per_stress=1.0 / loss)  # one USD in all
    assert units_within_stress(desk, tight, LONG, 3) == 0
    denied = hedge_within_stress(buying(), desk, tight)
    assert denied is not None
    assert denied.code is DenialCode.HEDGE_STRESS
    assert hedge_within_stress(buying(), desk, LIMITS) is None


def test_a_loss_that_cannot_be_measured_blocks_purchases_but_no_sale() -> None:
    desk = hedged()
    blind = replace(desk, quotes={c: q for c, q in desk.quotes.items() if c.symbol != "SPX"})
    denied = hedge_within_stress(buying(), blind, LIMITS)
    assert denied is not None
    selling = order("s", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, -1),), 1, "-0.50")
    assert hedge_within_stress(selling.intent, blind, LIMITS) is None


def with_orders(desk: Desk, rule: str, days: list[int]) -> Desk:
    made = {
        f"u{n}": order(f"u{n}", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, -1),), 1, "-0.50",
                       rule=rule, at=ny(2018, 1, day))
        for n, day in enumerate(days)
    }  # fmt: skip
    return replace(desk, orders={**desk.orders, **made})


def test_three_unscheduled_orders_a_week_and_no_fourth() -> None:
    """2018-01-16 is a Tuesday: Monday the 15th counts, Friday the 12th was last week."""
    redeploy = buying("4.6.redeploy")
    desk = with_orders(hedged(), "4.6.ladder", [12, 15, 16])
    assert len(unscheduled(desk)) == 2
    assert hedge_turnover_within_limit(redeploy, desk, LIMITS) is None
    full = with_orders(desk, "4.6.ladder", [15, 15, 16])
    denied = hedge_turnover_within_limit(redeploy, full, LIMITS)
    assert denied is not None
    assert denied.code is DenialCode.HEDGE_TURNOVER
    assert hedge_turnover_within_limit(buying(), full, LIMITS) is None, "builds are scheduled"


def test_scheduled_orders_do_not_count() -> None:
    desk = with_orders(hedged(), "4.4.roll", [15, 15, 16, 16])
    assert unscheduled(desk) == ()


@pytest.mark.parametrize(("margin", "refused"), [(1_000_000, False), (1_000_103, True)])
def test_a_quick_ratio_below_one_adds_no_risk(margin: int, *, refused: bool) -> None:
    """Cash 1,000,000 and 2 calls bid at 0.51: 1,000,102 over a margin of the same is 1."""
    desk = hedged()
    account = replace(desk.account, maintenance_margin=Decimal(margin))
    desk = replace(desk, account=account)
    denied = quick_ratio_above_floor(buying(), desk, LIMITS)
    assert (denied is not None) is refused
    closing = order("c", Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 1, "7.00", "held")
    assert quick_ratio_above_floor(closing.intent, desk, LIMITS) is None


def test_an_unknown_quick_ratio_adds_no_risk() -> None:
    desk = hedged()
    desk = replace(desk, account=replace(desk.account, cash=None))
    denied = quick_ratio_above_floor(buying(), desk, LIMITS)
    assert denied is not None
    assert denied.code is DenialCode.QUICK_RATIO


def test_all_of_them_are_asked_before_a_trade() -> None:
    checks = (hedge_within_stress, hedge_worth_its_cash, hedge_turnover_within_limit)
    assert {*checks, quick_ratio_above_floor} <= set(PRE_TRADE_CHECKS)

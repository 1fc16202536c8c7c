"""When an order on paper fills, at what price, and what the account says: worked by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.desk import Regime
from domain.effects import AskMargin, CancelOrder, ModifyLimit, PlaceOrder
from domain.events import (
    CommissionReported,
    LimitModified,
    MarginAnswered,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderSubmitted,
)
from domain.instruments import VIX, vix_option
from domain.orders import Layer, Leg, Purpose
from domain.quotes import Quote
from engine.fold import apply_effect, fold
from engine.shadow.venue import (
    PaperFills,
    account,
    answered,
    expired,
    filled,
    report_due,
    worth,
)
from tests.builders import TUESDAY, condor, ny, order, ready_desk, with_calls, with_condor

CALL = vix_option(date(2018, 2, 13), 15.0)
FEE = Decimal("1.25")
LATER = TUESDAY + timedelta(minutes=1)
START = Decimal(1_000_000)


def resting(limit, worst, *, regime=Regime.LOW, quantity=2, bid=0.90, ask=1.10, size=50, **quote):
    """A desk with a resting purchase of VIX calls, quoted a minute after it was placed."""
    placed = order(
        "cb-1", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, 1),), quantity, limit, worst=worst
    )
    desk = apply_effect(ready_desk(regime=regime), PlaceOrder(placed))
    desk = fold(desk, OrderAccepted(TUESDAY, "cb-1", 1))
    at = quote.pop("at", LATER)
    return replace(desk, quotes={CALL: Quote(at, bid, ask, size, size, **quote)})


RULES = PaperFills()


def executions(desk, now=LATER):
    return filled(desk, desk.orders["cb-1"], now, RULES, FEE)


def prices(events):
    return [(e.quantity, e.price) for e in events if isinstance(e, OrderFilled)]


def test_a_limit_at_or_above_the_offer_fills_at_the_offer_and_never_better():
    assert prices(executions(resting("1.10", "1.10"))) == [(2, Decimal("1.10"))]
    assert prices(executions(resting("1.20", "1.20"))) == [(2, Decimal("1.10"))]


def test_inside_the_spread_only_the_end_of_the_walk_fills_and_only_with_enough_given_up():
    # mid 1.00, half-spread 0.10: 6 % of the mid is 0.06, a quarter of the half-spread 0.025.
    # So 1.025 is the threshold: 1.03 is enough, 1.02 is not.
    assert prices(executions(resting("1.03", "1.03"))) == [(2, Decimal("1.03"))]
    assert prices(executions(resting("1.02", "1.02"))) == []
    assert prices(executions(resting("1.03", "1.04"))) == [], "the walk has not ended"


def test_in_a_wide_market_the_share_of_the_mid_decides_and_high_vix_asks_for_more():
    # bid 0.50, ask 1.50: mid 1.00, a quarter of the half-spread is 0.125.
    # Calm: 6 % of 1.00 = 0.06, so 1.06. HIGH: 13 % = 0.13, so min(0.13, 0.125) = 1.125.
    wide = {"bid": 0.50, "ask": 1.50}
    assert prices(executions(resting("1.06", "1.06", **wide))) == [(2, Decimal("1.06"))]
    assert prices(executions(resting("1.05", "1.05", **wide))) == []
    high = {**wide, "regime": Regime.HIGH}
    assert prices(executions(resting("1.12", "1.12", **high))) == []
    assert prices(executions(resting("1.13", "1.13", **high))) == [(2, Decimal("1.13"))]


def test_no_more_is_filled_than_the_touch_shows():
    assert prices(executions(resting("1.10", "1.10", quantity=5, size=3))) == [(3, Decimal("1.10"))]
    assert prices(executions(resting("1.10", "1.10", size=0))) == []


@pytest.mark.parametrize(
    "quote",
    [
        {"halted": True},
        {"delayed": True},
        {"at": LATER - timedelta(seconds=601)},
        {"ask": None},
        {"bid": None},
    ],
)
def test_what_is_not_a_real_quote_of_now_fills_nothing(quote):
    assert executions(resting("1.20", "1.20", **quote)) == []


def test_nothing_fills_in_the_look_that_placed_it_or_outside_hours():
    desk = resting("1.20", "1.20")
    assert executions(desk, TUESDAY) == []
    assert executions(desk, ny(2018, 1, 16, 16, 16)) == []


def test_a_condor_inside_the_spread_fills_leg_by_leg_to_its_limit():
    # Natural: sell at the bids 12.40 + 6.90, buy at the asks 9.10 + 3.60: -6.60. Mid -7.00.
    # min(6 % of 7.00 = 0.42, a quarter of 0.40 = 0.10) = 0.10: filled from -6.90 on.
    combo = condor()
    quotes = dict(zip(combo.contracts, ((8.9, 9.1), (12.4, 12.6), (6.9, 7.1), (3.4, 3.6)),
                      strict=True))  # fmt: skip
    for limit, expected in (("-6.95", None), ("-6.90", Decimal("-6.90"))):
        placed = order(
            "cb-1", Purpose.OPEN_CONDOR, Layer.CONDOR, combo.opening, 3, limit, worst=limit
        )
        desk = fold(
            apply_effect(ready_desk(), PlaceOrder(placed)), OrderAccepted(TUESDAY, "cb-1", 1)
        )
        desk = replace(desk, quotes={c: Quote(LATER, b, a, 9, 9) for c, (b, a) in quotes.items()})
        found = executions(desk)
        total = sum(quantity // 3 * price for quantity, price in prices(found))
        assert (total if found else None) == expected
    fees = [event.commission for event in found if isinstance(event, CommissionReported)]
    assert fees == [Decimal("3.75")] * 4, "three contracts a leg at 1.25"
    # Each leg gets 0.30 / 0.80 of its spread of 0.20: 0.075 better, in whole cents.
    assert [price for _, price in prices(found)] == [
        Decimal(points) for points in ("9.02", "12.47", "6.97", "3.52")
    ]


def test_an_order_asked_about_needs_its_wider_wing_and_one_for_calls_its_premium():
    combo = condor()  # 30 wide
    opening = order("cb-1", Purpose.OPEN_CONDOR, Layer.CONDOR, combo.opening, 3, "-7.00",
                    worst="-6.80")  # fmt: skip
    (answer,) = answered(ready_desk(), [AskMargin(opening)], START)
    assert isinstance(answer, MarginAnswered)
    assert answer.initial_change == answer.maintenance_after == Decimal(9000)
    assert answer.equity_after == START + 2040, "the credit at its worst, 6.80 x 300"
    calls = order("cb-2", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, 1),), 4, "1.00",
                  worst="1.05")  # fmt: skip
    (answer,) = answered(ready_desk(), [AskMargin(calls)], START)
    assert (answer.initial_change, answer.equity_after) == (0, START - Decimal(420))


def test_every_effect_that_would_leave_is_answered_on_paper():
    placed = order("cb-1", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, 1),), 4, "1.00")
    effects = [
        PlaceOrder(placed), ModifyLimit("cb-1", Decimal("1.05")), CancelOrder("cb-1", "late"),
    ]  # fmt: skip
    kinds = [type(event) for event in answered(ready_desk(), effects, START)]
    assert kinds == [OrderSubmitted, OrderAccepted, LimitModified, OrderCanceled]


def test_the_account_is_cash_and_marks_and_knows_what_it_cannot_price():
    desk = with_calls(with_condor(ready_desk()))  # 4 condors for 7.00, 2 calls at 0.70
    # 1,000,000 + 2,800 - 140; condors need 30 x 100 x 4.
    combo = condor()
    marks = dict(zip(combo.contracts, (9.0, 12.0, 7.0, 3.5), strict=True))  # now 6.50 to close
    quotes = {c: Quote(TUESDAY, m - 0.1, m + 0.1, 9, 9) for c, m in marks.items()}
    desk = replace(desk, quotes={**quotes, CALL: Quote(TUESDAY, None, 0.10, 0, 9)})
    told = account(desk, TUESDAY, START)
    assert (told.cash, told.maintenance_margin) == (Decimal(1_002_660), Decimal(12_000))
    assert told.excess_liquidity == Decimal(990_660)
    # less 6.50 x 400 = 2,600, and two calls at half of 0.10: 10
    assert told.net_liquidation == Decimal("1000070.00")
    assert worth(replace(desk, quotes=quotes), START) is None


def test_what_has_settled_is_gone_and_the_engine_takes_it_out_at_the_level_it_knows():
    desk = with_calls(ready_desk())  # last trading day 2018-02-13, settled at the open after it
    desk = fold(desk, expired(desk, TUESDAY))
    assert not report_due(desk, TUESDAY)
    after = ny(2018, 2, 14, 9, 31)
    assert report_due(desk, after)
    report = expired(desk, after)
    assert report.positions == ()
    desk = replace(desk, quotes={VIX: Quote(after, last=25.0)})
    assert fold(desk, report).broker_positions == {}
